use meta::{MetaError, MetaErrorKind};
use store::{StoreError, StoreErrorKind};
use types::{BodyError, BodyErrorKind};

use crate::format::Damaged;
use crate::keys::{KeyError, KeyErrorKind};

/// What a caller is told whose object is wrapped with a key that is gone.
pub(crate) const KEY_GONE: &str =
    "The object is encrypted, and the key that its keys are wrapped with is missing or was destroyed.";
/// What a caller is told whose object was not written through the layer.
pub(crate) const FOREIGN: &str =
    "The object was not encrypted by this server, and such objects are refused here.";
/// What a caller is told who asks for a key of the layer's own.
pub(crate) const RESERVED: &str = "Keys that begin so are kept for the keys of encryption.";
/// What a caller is told whose bucket was begun with plain names, or has lost the key of encrypted ones.
pub(crate) const NAMES_MISSING: &str = "Names are to be encrypted, but the bucket has keys and none of names among them: it was begun with plain names, or the key of names was lost.";
/// What a caller is told who writes plain names where there is a key of encrypted ones.
pub(crate) const NAMES_ENCRYPTED: &str = "The bucket has a key of encrypted names, and here names are to be plain: set names = \"encrypted\". Only where all names in the store are plain, delete the object .sluice/crypt/names there (of a layer at level N, .sluice/crypt-N/names).";
/// What a caller is told who sends metadata of the layer's own name.
pub(crate) const RESERVED_METADATA: &str = "This name of user metadata is kept for encryption.";

/// Stored bytes are not what was sealed.
pub(crate) fn corrupt(operation: &'static str) -> StoreError {
    StoreError::with_source(StoreErrorKind::Corrupt, operation, Damaged)
}

pub(crate) fn from_key(error: KeyError, operation: &'static str) -> StoreError {
    let kind = match error.kind {
        KeyErrorKind::Unknown | KeyErrorKind::Denied => StoreErrorKind::Forbidden(KEY_GONE),
        KeyErrorKind::Damaged => StoreErrorKind::Corrupt,
        KeyErrorKind::Unavailable => StoreErrorKind::Unavailable,
    };
    StoreError::with_source(kind, operation, error)
}

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

/// A stored body could not be read.
pub(crate) fn from_stored_body(error: BodyError, operation: &'static str) -> StoreError {
    let kind = match error.kind {
        BodyErrorKind::Corrupt => StoreErrorKind::Corrupt,
        _ => StoreErrorKind::Unavailable,
    };
    StoreError::with_source(kind, operation, error)
}

/// Says in the store's words what was wrong with a body that was to be stored.
pub(crate) fn from_sent_body(kind: BodyErrorKind, operation: &'static str) -> StoreError {
    let kind = match kind {
        BodyErrorKind::DigestMismatch(algorithm) => StoreErrorKind::DigestMismatch(algorithm),
        BodyErrorKind::TrailerMissing(algorithm) => StoreErrorKind::TrailerMissing(algorithm),
        kind => StoreErrorKind::Body(kind.into()),
    };
    StoreError::new(kind, operation)
}

/// Names the operation of a damage.
pub(crate) trait During<T> {
    fn during(self, operation: &'static str) -> Result<T, StoreError>;
}

impl<T> During<T> for Result<T, Damaged> {
    fn during(self, operation: &'static str) -> Result<T, StoreError> {
        self.map_err(|_| corrupt(operation))
    }
}

impl<T> During<T> for Result<T, MetaError> {
    fn during(self, operation: &'static str) -> Result<T, StoreError> {
        self.map_err(|error| from_meta(error, operation))
    }
}

impl<T> During<T> for Result<T, KeyError> {
    fn during(self, operation: &'static str) -> Result<T, StoreError> {
        self.map_err(|error| from_key(error, operation))
    }
}
