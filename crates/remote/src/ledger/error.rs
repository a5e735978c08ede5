use meta::{MetaError, MetaErrorKind};
use store::{StoreError, StoreErrorKind};

use super::codec::Malformed;

const OPERATION: &str = "keep the ledger";

/// A failure of the engine as the store's.
pub(super) fn engine(error: MetaError) -> StoreError {
    let kind = match error.kind {
        MetaErrorKind::Conflict(_) => StoreErrorKind::Conflict,
        MetaErrorKind::Full => StoreErrorKind::Full("the device of the state directory"),
        MetaErrorKind::Corrupt => StoreErrorKind::Corrupt,
        MetaErrorKind::Unavailable => StoreErrorKind::Unavailable,
        MetaErrorKind::TooLarge | MetaErrorKind::ReadOnly | MetaErrorKind::Io => StoreErrorKind::Internal,
    };
    StoreError::with_source(kind, OPERATION, error)
}

/// A record that cannot be read.
pub(super) fn corrupt(malformed: Malformed) -> StoreError {
    StoreError::with_source(StoreErrorKind::Corrupt, OPERATION, malformed)
}

/// A record that its caller must not write.
pub(super) fn misuse(why: &'static str) -> StoreError {
    StoreError::with_source(StoreErrorKind::Internal, OPERATION, why)
}
