//! A cache of blocks on a local directory in front of any store.
//!
//! Knows: blocks, their files and index, eviction, how a miss is fetched, how long what is cached may be believed.
//! Does not know: any one store, HTTP, settings.

mod admin;
mod belief;
mod cache;
mod change;
pub mod disk;
mod error;
mod fill;
mod flight;
mod layer;
mod listing;
mod memory;
mod name;
mod object;
mod options;
mod pool;
mod read;
mod state;
mod stats;
mod store_impl;
#[cfg(test)]
mod testing;

pub use admin::{CachePurge, Warm, WarmProgress};
pub use cache::{Cache, CacheOptions};
pub use disk::{
    CEILING_MIN_BYTES, CallerStats, Condition, DiskCounters, DiskError, DiskErrorKind, DiskStats,
    PurgeProgress, PurgeScope, Verify, VerifyCursor, VerifyProgress, Watermarks, probe,
};
pub use layer::CacheLayer;
pub use options::{
    BLOCK_DEFAULT_BYTES, BLOCK_MAX_BYTES, BLOCK_MIN_BYTES, InvalidOptions, LayerOptions, Mode,
};
pub use stats::{MemoryUse, Stats};
