//! Blobs as files: `docs/format/blob-file.md` tells the bytes, `docs/format/blob-directory.md` the names.

mod active;
mod check;
mod epochs;
mod failure;
mod flight;
mod footer;
mod frame;
mod group_sync;
mod intake;
mod layout;
mod name;
mod options;
mod partial;
mod reader;
mod scan;
mod store;
mod table;
mod watermark;
mod writer;

pub use check::verify;
pub use layout::BLOB_MAX_BYTES;
pub use options::{Durability, FileOptions};
pub use store::FileBlobs;
