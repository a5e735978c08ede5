use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// A snapshot that cannot be written or read.
#[derive(Debug)]
pub(crate) struct SnapshotError {
    path: PathBuf,
    message: String,
}

impl SnapshotError {
    pub(super) fn new(path: &Path, message: impl Into<String>) -> Self {
        Self { path: path.to_owned(), message: message.into() }
    }

    pub(super) fn io(path: &Path, doing: &str, error: &io::Error) -> Self {
        Self::new(path, format!("{doing}: {error}"))
    }

    pub(super) fn damaged(path: &Path, what: &str) -> Self {
        Self::new(path, format!("the snapshot is damaged ({what}); move it away to start empty"))
    }
}

impl fmt::Display for SnapshotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.message)
    }
}

impl std::error::Error for SnapshotError {}
