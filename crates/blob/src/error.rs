use std::error::Error;
use std::fmt;

use types::BodyError;

use crate::BlobId;

/// What a caller can do about a failed call.
#[derive(Debug)]
pub enum BlobErrorKind {
    /// No such blob.
    NotFound,
    /// The body that was to be stored failed; its own error.
    Body(BodyError),
    /// No room left, on the device or under the configured ceiling.
    Full,
    /// The device accepts no writes.
    ReadOnly,
    /// Too many open files or the like: passing, try again later.
    Busy,
    /// The blob is damaged.
    Corrupt,
    /// Any other failure of the device.
    Io,
}

/// A failed call of a blob store.
#[derive(Debug)]
pub struct BlobError {
    /// What the caller can do.
    pub kind: BlobErrorKind,
    /// What was being done.
    pub operation: &'static str,
    /// Which blob, where there is one yet.
    pub id: Option<BlobId>,
    /// The device's own error.
    pub source: Option<Box<dyn Error + Send + Sync>>,
}

impl BlobError {
    /// An error without a cause underneath.
    #[must_use]
    pub fn new(kind: BlobErrorKind, operation: &'static str, id: Option<BlobId>) -> Self {
        Self { kind, operation, id, source: None }
    }
}

impl fmt::Display for BlobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.operation)?;
        if let Some(id) = self.id {
            write!(f, "blob {id}: ")?;
        }
        match &self.kind {
            BlobErrorKind::NotFound => f.write_str("not found"),
            BlobErrorKind::Body(error) => error.fmt(f),
            BlobErrorKind::Full => f.write_str("no room left"),
            BlobErrorKind::ReadOnly => f.write_str("the device accepts no writes"),
            BlobErrorKind::Busy => f.write_str("too many open files, or the device is busy"),
            BlobErrorKind::Corrupt => f.write_str("damaged"),
            BlobErrorKind::Io => f.write_str("the device failed"),
        }
    }
}

impl Error for BlobError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| &**source as _)
    }
}
