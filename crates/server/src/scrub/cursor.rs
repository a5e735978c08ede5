use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::state::{StateError, replace_file};

/// Where a store keeps how far its check has come.
const CURSOR_FILE: &str = "scrub.json";

/// How far a store's check has come; kept beside the store, so that an interrupted run is gone on with.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Kept {
    /// Where to go on, as the store wrote it.
    pub(super) place: String,
    /// Records verified so far.
    pub(super) records: u64,
    /// Blobs verified so far.
    pub(super) blobs: u64,
    /// Bytes of blobs verified so far.
    pub(super) bytes: u64,
    /// How much was found damaged so far.
    pub(super) damaged: u64,
}

impl Kept {
    /// The path of a store's file.
    pub(super) fn path(store_dir: &Path) -> PathBuf {
        store_dir.join(CURSOR_FILE)
    }

    /// What an interrupted run has left, if one has.
    pub(super) fn load(path: &Path) -> Option<Self> {
        // A file that cannot be read only costs a check from the start.
        serde_json::from_str(&std::fs::read_to_string(path).ok()?).ok()
    }

    /// Keeps it for a later run.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub(super) fn save(&self, path: &Path) -> Result<(), StateError> {
        let text = serde_json::to_string(self).map_err(|error| StateError::new(path, error.to_string()))?;
        replace_file(path, text.as_bytes())
    }

    /// Forgets it: the next run begins anew.
    ///
    /// # Errors
    /// The operating system's.
    pub(super) fn forget(path: &Path) -> io::Result<()> {
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_kept_and_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        let path = Kept::path(dir.path());
        assert_eq!(Kept::load(&path), None);
        let kept = Kept { place: "records:00ff".to_owned(), records: 7, blobs: 8, bytes: 9, damaged: 1 };
        kept.save(&path).unwrap();
        assert_eq!(Kept::load(&path), Some(kept));
        Kept::forget(&path).unwrap();
        Kept::forget(&path).unwrap();
        assert_eq!(Kept::load(&path), None);
    }
}
