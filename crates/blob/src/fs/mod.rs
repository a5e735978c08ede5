//! The file layer: the few things that blobs on files ask of an operating system, so that a simulator can stand in.

mod direct;
mod hints;
mod os;
mod port;

pub use os::OsFileSystem;
pub use port::{DirectoryEntry, File, FileSystem};
