use store::{StoreError, StoreErrorKind};

/// Whether the store works and the request cannot be served, rather than that the store does not work.
pub(crate) fn is_refusal(error: &StoreError) -> bool {
    match error.kind {
        StoreErrorKind::Full(_)
        | StoreErrorKind::Corrupt
        | StoreErrorKind::Unavailable
        | StoreErrorKind::Internal => false,
        StoreErrorKind::Missing(_)
        | StoreErrorKind::DeleteMarker { .. }
        | StoreErrorKind::BucketExists
        | StoreErrorKind::BucketNotEmpty
        | StoreErrorKind::ConditionFailed
        | StoreErrorKind::Conflict
        | StoreErrorKind::Part(_)
        | StoreErrorKind::DigestMismatch(_)
        | StoreErrorKind::TrailerMissing(_)
        | StoreErrorKind::Denied
        | StoreErrorKind::Forbidden(_)
        | StoreErrorKind::Unsupported(_)
        | StoreErrorKind::Body(_) => true,
    }
}
