use std::error::Error;
use std::{fmt, iter};

use types::{BodyError, ChecksumAlgorithm, Timestamp, VersionId};

/// What is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// The bucket.
    Bucket,
    /// The key, or its current object.
    Key,
    /// The version of the key.
    Version,
    /// The upload.
    Upload,
}

/// What is wrong with the parts of an upload or object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartProblem {
    /// A part listed was not uploaded, or its tag or checksum differs; its number.
    Invalid(u32),
    /// The parts are not listed in ascending order.
    Order,
    /// A part but the last is below 5 MiB; its number and size.
    TooSmall {
        /// The part.
        number: u32,
        /// Its size.
        size_bytes: u64,
    },
    /// The parts together are larger than [`crate::CompleteOptions::max_size_bytes`].
    TooLarge {
        /// Their sum.
        size_bytes: u64,
    },
    /// The object has no part of that number.
    NoSuchPart,
    /// The part's checksum is of another algorithm than the upload's.
    ChecksumAlgorithm(ChecksumAlgorithm),
    /// The kind named on completing is not the upload's.
    ChecksumKind,
    /// The size named on completing is not the sum of the parts'.
    ObjectSize,
    /// A part of a composite upload was listed without its checksum; its number.
    ChecksumMissing(u32),
}

/// What a caller can do about a failed call.
#[derive(Debug)]
pub enum StoreErrorKind {
    /// It is not there.
    Missing(Missing),
    /// The version named, or the current one, is a delete marker.
    DeleteMarker {
        /// The marker's version.
        version_id: VersionId,
        /// Whether the request named it, or found it as the current version.
        named: bool,
        /// When the marker was made.
        modified_at: Timestamp,
    },
    /// A bucket of that name is there.
    BucketExists,
    /// The bucket holds objects.
    BucketNotEmpty,
    /// The condition of a write does not hold.
    ConditionFailed,
    /// A race decided it: the caller may repeat the whole request.
    Conflict,
    /// The parts are wrong.
    Part(PartProblem),
    /// The bytes do not have the checksum that was expected; `None` is `Content-MD5`.
    DigestMismatch(Option<ChecksumAlgorithm>),
    /// A trailer that was announced did not come, or another one came.
    TrailerMissing(ChecksumAlgorithm),
    /// The account that the store itself uses may not do this where the data lives.
    Denied,
    /// Sluice itself does not allow it here, whoever asks; why, in words for the client.
    Forbidden(&'static str),
    /// The store does not do this; why.
    Unsupported(&'static str),
    /// The body that was to be stored failed; its own error.
    Body(BodyError),
    /// No room left, on the device or under the configured ceiling; says which.
    Full(&'static str),
    /// Stored data is damaged.
    Corrupt,
    /// Passing: try again later.
    Unavailable,
    /// Any other failure of the store.
    Internal,
}

/// A failed call of a store.
#[derive(Debug)]
pub struct StoreError {
    /// What the caller can do.
    pub kind: StoreErrorKind,
    /// What was being done.
    pub operation: &'static str,
    /// The cause underneath.
    pub source: Option<Box<dyn Error + Send + Sync>>,
}

impl StoreError {
    /// An error without a cause underneath.
    #[must_use]
    pub fn new(kind: StoreErrorKind, operation: &'static str) -> Self {
        Self { kind, operation, source: None }
    }

    /// An error with the cause underneath.
    #[must_use]
    pub fn with_source(
        kind: StoreErrorKind,
        operation: &'static str,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self { kind, operation, source: Some(source.into()) }
    }

    /// Whether the store could not be asked because its callers come faster than they may.
    #[must_use]
    pub fn is_throttled(&self) -> bool {
        let first: Option<&(dyn Error + 'static)> = self.source();
        let mut causes = iter::successors(first, |cause| (*cause).source());
        matches!(self.kind, StoreErrorKind::Unavailable) && causes.any(|cause| cause.is::<Throttled>())
    }

    /// An error that says what is not there.
    #[must_use]
    pub fn missing(what: Missing, operation: &'static str) -> Self {
        Self::new(StoreErrorKind::Missing(what), operation)
    }
}

/// The cause of an [`Unavailable`](StoreErrorKind::Unavailable) that says nothing of the store: its callers come faster than they may
/// here. S3 answers it with 503 `SlowDown`, which clients take as a wish to send less.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Throttled;

impl fmt::Display for Throttled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the configured limit is reached")
    }
}

impl Error for Throttled {}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.operation)?;
        match &self.kind {
            StoreErrorKind::Missing(what) => {
                let what = match what {
                    Missing::Bucket => "bucket",
                    Missing::Key => "key",
                    Missing::Version => "version",
                    Missing::Upload => "upload",
                };
                write!(f, "no such {what}")
            }
            StoreErrorKind::DeleteMarker { version_id, .. } => {
                write!(f, "version {version_id} is a delete marker")
            }
            StoreErrorKind::BucketExists => f.write_str("a bucket of that name exists"),
            StoreErrorKind::BucketNotEmpty => f.write_str("the bucket is not empty"),
            StoreErrorKind::ConditionFailed => f.write_str("the condition does not hold"),
            StoreErrorKind::Conflict => f.write_str("a concurrent change came first"),
            StoreErrorKind::Part(problem) => write!(f, "part list refused: {problem:?}"),
            StoreErrorKind::DigestMismatch(algorithm) => {
                write!(f, "the {} does not match", algorithm.map_or("Content-MD5", ChecksumAlgorithm::name))
            }
            StoreErrorKind::TrailerMissing(algorithm) => {
                write!(f, "the {} trailer did not come", algorithm.name())
            }
            StoreErrorKind::Denied => f.write_str("the store's own account may not do this"),
            StoreErrorKind::Forbidden(why) => write!(f, "not allowed: {why}"),
            StoreErrorKind::Unsupported(why) => write!(f, "not supported: {why}"),
            StoreErrorKind::Body(error) => error.fmt(f),
            StoreErrorKind::Full(what) => write!(f, "no room left: {what}"),
            StoreErrorKind::Corrupt => f.write_str("stored data is damaged"),
            StoreErrorKind::Unavailable => f.write_str("the store is unavailable for now"),
            StoreErrorKind::Internal => f.write_str("the store failed"),
        }
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| &**source as _)
    }
}
