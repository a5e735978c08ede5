use blob::{BlobError, BlobErrorKind};
use meta::{MetaError, MetaErrorKind};
use store::{StoreError, StoreErrorKind};
use types::{BodyError, BodyErrorKind};

use crate::record::Malformed;

/// Says a metadata error in the store's words. A conflict that reaches here is one that repeating did not settle.
pub(crate) fn from_meta(error: MetaError, operation: &'static str) -> StoreError {
    let kind = match error.kind {
        MetaErrorKind::Conflict(_) => StoreErrorKind::Conflict,
        MetaErrorKind::Full => StoreErrorKind::Full("the metadata store"),
        MetaErrorKind::Corrupt => StoreErrorKind::Corrupt,
        MetaErrorKind::ReadOnly | MetaErrorKind::Unavailable => StoreErrorKind::Unavailable,
        MetaErrorKind::TooLarge | MetaErrorKind::Io => StoreErrorKind::Internal,
    };
    StoreError::with_source(kind, operation, error)
}

/// Says a blob error in the store's words. A blob that is not found is one that a record refers to.
pub(crate) fn from_blob(error: BlobError, operation: &'static str) -> StoreError {
    let kind = match error.kind {
        BlobErrorKind::Body(error) => return from_body(error, operation),
        BlobErrorKind::NotFound | BlobErrorKind::Corrupt => StoreErrorKind::Corrupt,
        BlobErrorKind::Full => StoreErrorKind::Full("the blob store"),
        BlobErrorKind::ReadOnly | BlobErrorKind::Busy => StoreErrorKind::Unavailable,
        BlobErrorKind::Io => StoreErrorKind::Internal,
    };
    StoreError::with_source(kind, operation, error)
}

/// Says in the store's words what was wrong with a body that was to be stored.
pub(crate) fn from_body(error: BodyError, operation: &'static str) -> StoreError {
    let kind = match error.kind {
        BodyErrorKind::DigestMismatch(algorithm) => StoreErrorKind::DigestMismatch(algorithm),
        BodyErrorKind::TrailerMissing(algorithm) => StoreErrorKind::TrailerMissing(algorithm),
        _ => StoreErrorKind::Body(error),
    };
    StoreError::new(kind, operation)
}

/// A stored record does not decode.
pub(crate) fn from_malformed(error: Malformed, operation: &'static str) -> StoreError {
    StoreError::with_source(StoreErrorKind::Corrupt, operation, error)
}

/// A record says what another contradicts.
pub(crate) fn contradiction(operation: &'static str) -> StoreError {
    StoreError::new(StoreErrorKind::Corrupt, operation)
}

/// Names the operation of an error from below.
pub(crate) trait During<T> {
    /// The same result, with the error in the store's words.
    fn during(self, operation: &'static str) -> Result<T, StoreError>;
}

impl<T> During<T> for Result<T, MetaError> {
    fn during(self, operation: &'static str) -> Result<T, StoreError> {
        self.map_err(|error| from_meta(error, operation))
    }
}

impl<T> During<T> for Result<T, BlobError> {
    fn during(self, operation: &'static str) -> Result<T, StoreError> {
        self.map_err(|error| from_blob(error, operation))
    }
}

impl<T> During<T> for Result<T, BodyError> {
    fn during(self, operation: &'static str) -> Result<T, StoreError> {
        self.map_err(|error| from_body(error, operation))
    }
}

impl<T> During<T> for Result<T, Malformed> {
    fn during(self, operation: &'static str) -> Result<T, StoreError> {
        self.map_err(|error| from_malformed(error, operation))
    }
}
