use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::state::{StateError, replace_file};

/// Where a store keeps how far its check has come.
const CURSOR_FILE: &str = "scrub.json";

/// How far a store's check has come; kept beside the store, so that an interrupted run is gone on with.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cursor {
    /// The next step.
    pub(super) step: Step,
    /// Records verified so far.
    pub(super) records: u64,
    /// Blobs verified so far.
    pub(super) blobs: u64,
    /// Bytes of blobs verified so far.
    pub(super) bytes: u64,
    /// How much was found damaged so far.
    pub(super) damaged: u64,
}

/// What is checked next.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Step {
    /// The database's own structure.
    #[default]
    Structure,
    /// Records from this key on, in hexadecimal digits.
    Records(String),
    /// Blobs behind this id, all where none is named.
    Blobs(Option<String>),
}

impl Cursor {
    /// The path of a store's cursor.
    pub(super) fn path(store_dir: &Path) -> PathBuf {
        store_dir.join(CURSOR_FILE)
    }

    /// What an interrupted run has left, if one has.
    pub(super) fn load(path: &Path) -> Option<Self> {
        // A cursor that cannot be read only costs a check from the start.
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

/// Bytes as hexadecimal digits.
pub(super) fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Hexadecimal digits as bytes; `None` where they are none.
pub(super) fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes().chunks(2);
    digits.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_kept_and_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        let path = Cursor::path(dir.path());
        assert_eq!(Cursor::load(&path), None);
        for step in [
            Step::Structure,
            Step::Records(to_hex(b"\0\xff/")),
            Step::Blobs(None),
            Step::Blobs(Some("ab".into())),
        ] {
            let cursor = Cursor { step, records: 7, blobs: 8, bytes: 9, damaged: 1 };
            cursor.save(&path).unwrap();
            assert_eq!(Cursor::load(&path), Some(cursor));
        }
        Cursor::forget(&path).unwrap();
        Cursor::forget(&path).unwrap();
        assert_eq!(Cursor::load(&path), None);
    }

    #[test]
    fn hexadecimal_digits_go_both_ways() {
        assert_eq!(from_hex(&to_hex(b"\0a\xff")).unwrap(), b"\0a\xff");
        assert_eq!(from_hex("0g"), None);
    }
}
