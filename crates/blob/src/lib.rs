//! The blob port: immutable bytes by id.
//!
//! Knows: what every blob store promises, and the implementations in memory and on files.
//! Does not know: keys, buckets, what a blob is part of.

mod error;
mod id;
mod port;

pub use error::{BlobError, BlobErrorKind};
pub use id::BlobId;
pub use port::{BlobInfo, BlobReader, BlobStore, ScanScope, WriteHint, WrittenBlob};
