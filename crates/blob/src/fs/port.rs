use std::io::{self, IoSlice};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// One name in a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryEntry {
    /// The name.
    pub name: String,
    /// Whether it is a directory.
    pub is_directory: bool,
}

/// A tree of directories and files below one root; paths are relative to it, and the empty path is the root.
///
/// What a power cut leaves: of a file, what was written before its last [`File::sync`], and any part of what was written
/// since; of a directory, the entries as of its last [`FileSystem::sync_directory`], each change since being made or not.
/// All calls may block, except those that say otherwise.
pub trait FileSystem: Send + Sync + 'static {
    /// Makes a file for writing and reading; it is an error when the name is taken.
    ///
    /// # Errors
    /// The operating system's.
    fn create(&self, path: &Path) -> io::Result<Arc<dyn File>>;

    /// Opens a file for reading.
    ///
    /// # Errors
    /// The operating system's.
    fn open(&self, path: &Path) -> io::Result<Arc<dyn File>>;

    /// Opens a file for reading if that does not wait for a device; `None` where it would, and where anything else is in
    /// the way. Never blocks.
    fn open_cached(&self, path: &Path) -> Option<Arc<dyn File>>;

    /// Removes a file's name. What is open stays readable.
    ///
    /// # Errors
    /// The operating system's.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Renames a file within its directory, replacing what bears the new name.
    ///
    /// # Errors
    /// The operating system's.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Makes a directory.
    ///
    /// # Errors
    /// The operating system's.
    fn create_directory(&self, path: &Path) -> io::Result<()>;

    /// Removes an empty directory.
    ///
    /// # Errors
    /// The operating system's; `DirectoryNotEmpty` where it holds an entry.
    fn remove_directory(&self, path: &Path) -> io::Result<()>;

    /// Makes every change of the directory's entries durable that was made before the call.
    ///
    /// # Errors
    /// The operating system's. Whether the changes last is unknown then.
    fn sync_directory(&self, path: &Path) -> io::Result<()>;

    /// The directory's entries in no order. Names that are not UTF-8 are left out: nothing here makes such.
    ///
    /// # Errors
    /// The operating system's.
    fn list(&self, path: &Path) -> io::Result<Vec<DirectoryEntry>>;
}

/// An open file.
pub trait File: Send + Sync + 'static {
    /// The file's size. Never blocks on an open file.
    ///
    /// # Errors
    /// The operating system's.
    fn size_bytes(&self) -> io::Result<u64>;

    /// Writes all parts, one behind the other, from `offset` on. A first part of [`types::FRAME_MAX_BYTES`] or more may go
    /// straight to the device where it and `offset` are aligned to [`types::FRAME_ALIGN_BYTES`]; what is written so is no
    /// more durable than the rest, and is read from the device first.
    ///
    /// # Errors
    /// The operating system's; part of the bytes may then be written.
    fn write_at(&self, offset: u64, parts: &[IoSlice<'_>]) -> io::Result<()>;

    /// Reads from `offset` until the buffer is full or the file ends; the number of bytes read.
    ///
    /// # Errors
    /// The operating system's.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;

    /// Reads what is in memory already, from `offset` on; the number of bytes read, which may be none. Never blocks.
    fn read_cached_at(&self, offset: u64, buffer: &mut [u8]) -> usize;

    /// Reserves room for the first `size_bytes` of the file without changing its size. Does nothing where the file system
    /// cannot.
    ///
    /// # Errors
    /// The operating system's; where there is no room, that.
    fn preallocate(&self, size_bytes: u64) -> io::Result<()>;

    /// Cuts or extends the file to `size_bytes`, and gives back room reserved past it.
    ///
    /// # Errors
    /// The operating system's.
    fn truncate(&self, size_bytes: u64) -> io::Result<()>;

    /// Has the range written to the device soon, so that a later [`File::sync`] has less to do. Only a hint.
    fn start_writeback(&self, range: Range<u64>);

    /// Has the range read into memory soon. Only a hint.
    fn will_need(&self, range: Range<u64>);

    /// Makes the file's bytes and size durable.
    ///
    /// # Errors
    /// The operating system's. What of the file lasts is unknown then, and a later sync does not tell.
    fn sync(&self) -> io::Result<()>;
}
