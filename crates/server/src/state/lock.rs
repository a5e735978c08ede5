use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::StateError;

const LOCK_FILE: &str = "lock";
/// A lock file holds two short lines; more is not ours.
const LOCK_MAX_BYTES: u64 = 4096;

/// A directory that this process alone uses, until this is dropped or the process ends, however it ends.
#[derive(Debug)]
pub(crate) struct LockFile {
    file: File,
    path: PathBuf,
}

/// What the process that holds a directory has written about itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Holder {
    pub(crate) pid: Option<u32>,
    /// Where its admin listener is, as a URL.
    pub(crate) admin: Option<String>,
}

impl LockFile {
    /// Locks a directory that is there.
    ///
    /// # Errors
    /// Where another process holds it, whose number is named, or the lock file cannot be made.
    pub(crate) fn acquire(dir: &Path) -> Result<Self, StateError> {
        match Self::try_acquire(dir)? {
            Ok(lock) => Ok(lock),
            Err(holder) => {
                let who = holder.pid.map_or_else(String::new, |pid| format!(" (process {pid})"));
                let message =
                    format!("another sluice{who} uses this directory; stop it, or serve another directory");
                Err(StateError::new(dir, message))
            }
        }
    }

    /// Locks a directory, or says who holds it.
    ///
    /// # Errors
    /// Where the lock file cannot be made.
    pub(crate) fn try_acquire(dir: &Path) -> Result<Result<Self, Holder>, StateError> {
        let path = dir.join(LOCK_FILE);
        let refused = |error: std::io::Error| StateError::io(&path, "cannot lock the directory", &error);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(refused)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => return Ok(Err(read_holder(&mut file))),
            Err(error) => return Err(refused(error.into())),
        }
        let mut lock = Self { file, path: path.clone() };
        lock.write_holder(None)?;
        Ok(Ok(lock))
    }

    /// Writes where this process' admin listener is, for commands that speak to it.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub(crate) fn write_holder(&mut self, admin: Option<&str>) -> Result<(), StateError> {
        let mut text = format!("pid = {}\n", std::process::id());
        if let Some(admin) = admin {
            text.push_str(&format!("admin = \"{admin}\"\n"));
        }
        let written = self
            .file
            .set_len(0)
            .and_then(|()| self.file.rewind())
            .and_then(|()| self.file.write_all(text.as_bytes()));
        written.map_err(|error| StateError::io(&self.path, "cannot write the lock file", &error))
    }
}

fn read_holder(file: &mut File) -> Holder {
    let mut text = String::new();
    if file.take(LOCK_MAX_BYTES).read_to_string(&mut text).is_err() {
        return Holder::default();
    }
    let Ok(table) = text.parse::<toml::Table>() else { return Holder::default() };
    Holder {
        pid: table.get("pid").and_then(toml::Value::as_integer).and_then(|pid| u32::try_from(pid).ok()),
        admin: table.get("admin").and_then(toml::Value::as_str).map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_held_directory_is_refused_by_name_and_free_after_drop() {
        let dir = tempfile::tempdir().unwrap();
        let mut lock = LockFile::acquire(dir.path()).unwrap();
        lock.write_holder(Some("http://127.0.0.1:9001")).unwrap();
        let holder = LockFile::try_acquire(dir.path()).unwrap().unwrap_err();
        assert_eq!(holder.pid, Some(std::process::id()));
        assert_eq!(holder.admin.as_deref(), Some("http://127.0.0.1:9001"));
        let refusal = LockFile::acquire(dir.path()).unwrap_err().to_string();
        assert!(refusal.contains(&format!("process {}", std::process::id())), "{refusal}");
        drop(lock);
        assert!(LockFile::acquire(dir.path()).is_ok());
    }
}
