use std::ffi::OsString;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::Path;

use meta::MetaError;

use crate::error::from_io;

/// Makes durable whatever an earlier process left in the log, before anything of it is read.
///
/// A process that was killed between writing a commit to the log and syncing it leaves a whole commit that only the kernel
/// has. The next process recovers and shows it, and others act on what they see: the collector removes for good a blob that
/// the commit released. A power cut after that must not take the commit back.
///
/// Called under the lock and before SQLite opens the files, for closing a handle drops the locks of its whole process.
///
/// # Errors
/// Those of the device.
pub(crate) fn settle(path: &Path) -> Result<(), MetaError> {
    let mut log = OsString::from(path);
    log.push("-wal");
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let synced = sync_if_there(Path::new(&log))
        .and_then(|()| sync_if_there(path))
        .and_then(|()| File::open(parent)?.sync_all());
    synced.map_err(|error| from_io(error, "sync what an earlier process left"))
}

fn sync_if_there(path: &Path) -> io::Result<()> {
    match File::open(path) {
        Ok(file) => file.sync_all(),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_database_has_nothing_to_settle_and_a_lost_directory_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("metadata.db");
        settle(&path).unwrap();
        std::fs::write(&path, b"database").unwrap();
        std::fs::write(dir.path().join("metadata.db-wal"), b"log").unwrap();
        settle(&path).unwrap();
        assert!(settle(&dir.path().join("gone/metadata.db")).is_err());
    }
}
