//! Blocks on a local directory: `docs/format/cache.md` says how they lie there.

mod block;
mod error;
mod footer;
mod frame;
mod fs;
mod health;
mod index;
mod journal;
mod key;
mod layout;
mod load;
mod options;
mod probe;
mod purge;
mod record;
mod room;
mod segments;
mod shared;
mod state;
mod stats;
mod store;
mod stream;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod upkeep;
mod verify;
mod writing;

pub use block::Block;
pub use error::{DiskError, DiskErrorKind, WriteFailed};
pub use key::{BlockKey, BlockKind, NAME_MAX_BYTES, Names, Source};
pub use layout::{BLOCK_MAX_BYTES, PIECE_BYTES};
pub use options::{CEILING_MIN_BYTES, DiskOptions, Watermarks};
pub use probe::probe;
pub use purge::{Purge, PurgeProgress, PurgeScope};
pub use stats::{CallerStats, Condition, DiskCounters, DiskStats};
pub use store::BlockStore;
pub use verify::{Verify, VerifyCursor, VerifyProgress};
pub use writing::Writing;
