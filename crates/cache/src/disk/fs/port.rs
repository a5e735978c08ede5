use std::io::{self, IoSlice};
use std::ops::Range;
use std::sync::Arc;

/// Whether a file system takes room back out of the middle of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::disk) enum Holes {
    /// The range takes no room any more and reads as zeros.
    Punched,
    /// It cannot; nothing was changed.
    Unsupported,
}

/// One directory of files. All calls may block, and fail as the operating system says.
pub(in crate::disk) trait Directory: Send + Sync + 'static {
    /// Makes a file for reading and writing; it is an error when the name is taken.
    fn create(&self, name: &str) -> io::Result<Arc<dyn File>>;

    /// Opens a file for reading and writing.
    fn open(&self, name: &str) -> io::Result<Arc<dyn File>>;

    /// Removes a file's name. What is open keeps its room until it is closed.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Renames a file, replacing what bears the new name.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// The names of all files, in no order.
    fn list(&self) -> io::Result<Vec<String>>;

    /// Makes every change of names durable that was made before.
    fn sync(&self) -> io::Result<()>;

    /// What the file system has free for this process, in bytes.
    fn free_bytes(&self) -> io::Result<u64>;
}

/// An open file. All calls may block but the one that says otherwise.
pub(in crate::disk) trait File: Send + Sync + 'static {
    /// The file's size.
    fn size_bytes(&self) -> io::Result<u64>;

    /// What the file takes on the device, in bytes.
    fn allocated_bytes(&self) -> io::Result<u64>;

    /// Writes all parts, one behind the other, from `offset` on. After an error part of the bytes may be written.
    fn write_at(&self, offset: u64, parts: &[IoSlice<'_>]) -> io::Result<()>;

    /// Reads from `offset` until the buffer is full or the file ends; the number of bytes read.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;

    /// Reads what is in memory already, from `offset` on; the number of bytes read, which may be none. Never blocks.
    fn read_cached_at(&self, offset: u64, buffer: &mut [u8]) -> usize;

    /// Gives the room of a range back.
    fn punch(&self, range: Range<u64>) -> io::Result<Holes>;

    /// Cuts the file to `size_bytes`.
    fn truncate(&self, size_bytes: u64) -> io::Result<()>;

    /// Has the range read into memory soon. Only a hint.
    fn will_need(&self, range: Range<u64>);

    /// Makes the file's bytes and size durable.
    fn sync(&self) -> io::Result<()>;
}
