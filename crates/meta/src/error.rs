use std::error::Error;
use std::fmt;

/// What a caller can do about a failed call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetaErrorKind {
    /// A check did not hold: read again and decide anew. Holds the index of the first such check.
    Conflict(usize),
    /// The commit, or a key in it, is over a limit: a mistake of the caller.
    TooLarge,
    /// No room left on the device.
    Full,
    /// The engine accepts no writes: its device or file is read-only, or an earlier write failed and it must be reopened.
    ReadOnly,
    /// A stored record does not match its checksum, or the engine found its files damaged.
    Corrupt,
    /// Passing: try again later.
    Unavailable,
    /// Any other failure of the device or engine.
    Io,
}

/// A failed call of a metadata store.
#[derive(Debug)]
pub struct MetaError {
    /// What the caller can do.
    pub kind: MetaErrorKind,
    /// What was being done.
    pub operation: &'static str,
    /// The engine's own error.
    pub source: Option<Box<dyn Error + Send + Sync>>,
}

impl MetaError {
    /// An error without a cause underneath.
    #[must_use]
    pub fn new(kind: MetaErrorKind, operation: &'static str) -> Self {
        Self { kind, operation, source: None }
    }

    /// An error with the engine's own error underneath.
    #[must_use]
    pub fn with_source(
        kind: MetaErrorKind,
        operation: &'static str,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self { kind, operation, source: Some(source.into()) }
    }
}

impl fmt::Display for MetaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            MetaErrorKind::Conflict(index) => {
                return write!(f, "{}: check {index} did not hold", self.operation);
            }
            MetaErrorKind::TooLarge => "over a limit of the metadata store",
            MetaErrorKind::Full => "no room left on the device",
            MetaErrorKind::ReadOnly => "the metadata store accepts no writes",
            MetaErrorKind::Corrupt => "a stored record is damaged",
            MetaErrorKind::Unavailable => "the metadata store is unavailable for now",
            MetaErrorKind::Io => "the metadata store failed",
        };
        write!(f, "{}: {what}", self.operation)
    }
}

impl Error for MetaError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| &**source as _)
    }
}
