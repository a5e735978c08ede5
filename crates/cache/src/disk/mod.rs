//! Blocks on a local directory: `docs/format/cache.md` says how they lie there.

mod error;
mod key;
mod options;
mod stats;
mod store;

pub use error::{DiskError, DiskErrorKind, WriteFailed};
pub use key::{BlockKey, BlockKind, NAME_MAX_BYTES, Names, Source};
pub use options::{CEILING_MIN_BYTES, DiskOptions, Watermarks};
pub use stats::{CallerStats, Condition, DiskCounters, DiskStats};
pub use store::*;
