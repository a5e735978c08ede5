//! The blob port: immutable bytes by id.
//!
//! Knows: what every blob store promises, and the implementations in memory and on files.
//! Does not know: keys, buckets, what a blob is part of.

mod error;
mod file;
pub mod fs;
mod id;
mod memory;
mod port;
mod stats;

pub use error::{BlobError, BlobErrorKind};
pub use file::{BLOB_MAX_BYTES, Durability, FileBlobs, FileOptions, verify};
pub use id::BlobId;
pub use memory::{MemoryBlobs, MemoryImage, RemovalHold};
pub use port::{BlobInfo, BlobReader, BlobStore, MakeRoom, ScanScope, WriteOptions, WrittenBlob};
pub use stats::BlobStats;
