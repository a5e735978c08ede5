use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// A directory or file of the state that cannot be used: which one, and what to do.
#[derive(Debug)]
pub(crate) struct StateError {
    path: PathBuf,
    message: String,
}

impl StateError {
    pub(crate) fn new(path: &Path, message: impl Into<String>) -> Self {
        Self { path: path.to_owned(), message: message.into() }
    }

    /// An error of the operating system, with what a person can do about it.
    pub(crate) fn io(path: &Path, doing: &str, error: &io::Error) -> Self {
        let advice = match error.kind() {
            io::ErrorKind::PermissionDenied => {
                "; give this user the right to write there, or serve another directory"
            }
            io::ErrorKind::ReadOnlyFilesystem => {
                "; the file system is read-only: mount it for writing, or serve another directory"
            }
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                "; the device is full: free some room first"
            }
            io::ErrorKind::NotADirectory => "; a part of the path is a file",
            _ => "",
        };
        Self::new(path, format!("{doing}: {error}{advice}"))
    }
}

impl fmt::Display for StateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.message)
    }
}

impl std::error::Error for StateError {}
