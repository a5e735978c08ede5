use std::path::PathBuf;
use std::{fmt, io};

/// Why a directory of blocks cannot be used.
#[derive(Debug)]
pub enum DiskErrorKind {
    /// Another process, or another store in this one, uses it.
    InUse,
    /// It cannot be made, read or written.
    Unusable(io::Error),
    /// A later release wrote its index.
    UnknownVersion(u32),
    /// The ceiling is below [`CEILING_MIN_BYTES`](super::CEILING_MIN_BYTES).
    CeilingTooLow,
}

/// A directory of blocks cannot be used.
#[derive(Debug)]
pub struct DiskError {
    /// The directory.
    pub directory: PathBuf,
    /// Why.
    pub kind: DiskErrorKind,
}

impl fmt::Display for DiskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the cache directory {} ", self.directory.display())?;
        match &self.kind {
            DiskErrorKind::InUse => f.write_str("is in use by another cache"),
            DiskErrorKind::Unusable(_) => f.write_str("cannot be used for reading and writing"),
            DiskErrorKind::UnknownVersion(version) => {
                write!(f, "has an index of version {version}, which this release does not know")
            }
            DiskErrorKind::CeilingTooLow => {
                write!(f, "needs a size of at least {} bytes", super::CEILING_MIN_BYTES)
            }
        }
    }
}

impl std::error::Error for DiskError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.kind {
            DiskErrorKind::Unusable(error) => Some(error),
            _ => None,
        }
    }
}

/// Bytes could not be written to a block, which is lost: what it was to hold passes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WriteFailed;

impl fmt::Display for WriteFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the block could not be written to the cache's directory")
    }
}

impl std::error::Error for WriteFailed {}
