use ::record::Malformed;
use meta::{MetaError, MetaErrorKind};
use store::{StoreError, StoreErrorKind};

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

/// What the reading of a record came to, as a store's outcome.
pub(super) trait Sound<T> {
    /// # Errors
    /// `Corrupt` where the record cannot be read.
    fn sound(self) -> Result<T, StoreError>;
}

impl<T> Sound<T> for Result<T, Malformed> {
    fn sound(self) -> Result<T, StoreError> {
        self.map_err(|malformed| StoreError::with_source(StoreErrorKind::Corrupt, OPERATION, malformed))
    }
}

/// A record that its caller must not write.
pub(super) fn misuse(why: &'static str) -> StoreError {
    StoreError::with_source(StoreErrorKind::Internal, OPERATION, why)
}
