use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::SqliteOptions;
use crate::checkpoint::FRAME_BYTES;
use crate::queue::QUEUE_MAX_BYTES;

/// Frames of the log that one page of its index covers; the first page, which has a header, a few less. Source:
/// "WAL-mode File Format", section 2.
const INDEX_PAGE_FRAMES: u64 = 4096;
/// Bytes of a page of the index.
const INDEX_PAGE_BYTES: u64 = 32 * 1024;

/// The room of the log's index, which SQLite maps into memory and lengthens as the log grows. Where the device is full by
/// then, that fails behind the commit's last write: whether the commit lasts is unknown, and nothing may be written any more
/// until the store is opened again. So the index has all the room that it can need from the beginning.
pub(crate) struct LogIndex {
    /// Open for as long as the database is: closing it drops the locks that SQLite holds on the file.
    _file: Option<File>,
}

impl LogIndex {
    /// Lengthens the index that SQLite has made for the database at `path`. Where there is no room for it even now, it is left
    /// to SQLite.
    pub(crate) fn reserve(path: &Path, options: &SqliteOptions) -> Self {
        let mut index = OsString::from(path);
        index.push("-shm");
        Self { _file: lengthen(Path::new(&index), index_bytes(options)).ok() }
    }
}

/// Bytes of the index of the longest log: as long as its ceiling, and what is queued on top.
fn index_bytes(options: &SqliteOptions) -> u64 {
    let ceiling = options.log_bytes.saturating_mul(SqliteOptions::LOG_CEILING_FACTOR);
    let frames = ceiling.saturating_add(2 * QUEUE_MAX_BYTES as u64) / FRAME_BYTES;
    // One page more for the header in the first one.
    (frames.div_ceil(INDEX_PAGE_FRAMES) + 1) * INDEX_PAGE_BYTES
}

/// Writes zeros behind the end, as SQLite does: a hole would have no room.
fn lengthen(path: &Path, size_bytes: u64) -> io::Result<File> {
    let file = OpenOptions::new().read(true).write(true).open(path)?;
    let zeros = vec![0; INDEX_PAGE_BYTES as usize];
    let mut end = file.metadata()?.len();
    while end < size_bytes {
        let step = (INDEX_PAGE_BYTES - end % INDEX_PAGE_BYTES) as usize;
        // What was written before the device was full is of use all the same.
        if file.write_all_at(&zeros[..step], end).is_err() {
            break;
        }
        end += step as u64;
    }
    Ok(file)
}
