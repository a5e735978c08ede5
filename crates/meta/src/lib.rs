//! The metadata port: records by key in byte order, read one by one or in ranges, changed by atomic checked commits.
//!
//! Knows: what every metadata engine promises, and an engine in memory.
//! Does not know: what a record means, blobs, HTTP.

mod error;
mod fold;
mod limits;
mod memory;
mod port;
mod range;
mod request;

pub use error::{MetaError, MetaErrorKind};
pub use fold::after_prefix;
pub use memory::{MemoryMeta, MemoryRecords};
pub use port::{MetaRead, MetaStore};
pub use range::{KeyRange, behind_key, behind_prefix};
pub use request::{
    COMMIT_MAX_BYTES, COMMIT_MAX_WRITES, Check, Commit, ENCODED_KEY_MAX_BYTES, Fold, Record, Revision,
    SCAN_MAX_BYTES, ScanItem, ScanPage, ScanRequest, Write,
};
