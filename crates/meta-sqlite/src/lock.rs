use std::ffi::OsString;
use std::fs::{File, TryLockError};
use std::path::Path;

use meta::{MetaError, MetaErrorKind};

use crate::error::from_io;

/// Keeps other processes, and other openings in this one, from the database while it lives.
///
/// It stands on a file of its own: closing any second handle of the database would take away the locks that SQLite itself
/// holds on it in this process.
#[derive(Debug)]
pub(crate) struct FileLock(#[expect(dead_code, reason = "closing the file gives the lock back")] File);

impl FileLock {
    /// Locks the database at `path`.
    ///
    /// # Errors
    /// `Unavailable` where it is open elsewhere; `Io`, `ReadOnly`, `Full` from the device.
    pub(crate) fn take(path: &Path) -> Result<Self, MetaError> {
        const OPERATION: &str = "lock the metadata database";
        let mut name = OsString::from(path);
        name.push("-lock");
        let file = File::options().create(true).truncate(false).write(true).open(&name);
        let file = file.map_err(|error| from_io(error, OPERATION))?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => {
                Err(MetaError::with_source(MetaErrorKind::Unavailable, OPERATION, "it is open elsewhere"))
            }
            Err(TryLockError::Error(error)) => Err(from_io(error, OPERATION)),
        }
    }
}
