use std::sync::Arc;

use store::{StoreError, StoreErrorKind};
use types::{BodyError, BodyErrorKind};

/// One failure that several hear of.
#[derive(Debug, Clone)]
pub(crate) struct Shared(Arc<StoreError>);

impl From<StoreError> for Shared {
    fn from(error: StoreError) -> Self {
        Self(Arc::new(error))
    }
}

impl std::fmt::Display for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Shared {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_ref().map(|source| &**source as _)
    }
}

impl Shared {
    pub(crate) fn kind(&self) -> &StoreErrorKind {
        &self.0.kind
    }

    /// The failure as one of its hearers passes it on.
    pub(crate) fn store_error(&self) -> StoreError {
        StoreError::with_source(same_kind(&self.0.kind), self.0.operation, self.clone())
    }

    /// The failure as the end of a body.
    pub(crate) fn body_error(&self) -> BodyError {
        let kind = match &self.0.kind {
            StoreErrorKind::Body(error) => error.kind.clone(),
            StoreErrorKind::Corrupt => BodyErrorKind::Corrupt,
            _ => BodyErrorKind::Storage,
        };
        BodyError::with_source(kind, self.store_error())
    }
}

fn same_kind(kind: &StoreErrorKind) -> StoreErrorKind {
    match kind {
        StoreErrorKind::Missing(what) => StoreErrorKind::Missing(*what),
        StoreErrorKind::DeleteMarker { version_id, named, modified_at } => StoreErrorKind::DeleteMarker {
            version_id: version_id.clone(),
            named: *named,
            modified_at: *modified_at,
        },
        StoreErrorKind::BucketExists => StoreErrorKind::BucketExists,
        StoreErrorKind::BucketNotEmpty => StoreErrorKind::BucketNotEmpty,
        StoreErrorKind::ConditionFailed => StoreErrorKind::ConditionFailed,
        StoreErrorKind::Conflict => StoreErrorKind::Conflict,
        StoreErrorKind::Part(problem) => StoreErrorKind::Part(*problem),
        StoreErrorKind::DigestMismatch(algorithm) => StoreErrorKind::DigestMismatch(*algorithm),
        StoreErrorKind::TrailerMissing(algorithm) => StoreErrorKind::TrailerMissing(*algorithm),
        StoreErrorKind::Denied => StoreErrorKind::Denied,
        StoreErrorKind::Forbidden(why) => StoreErrorKind::Forbidden(why),
        StoreErrorKind::Unsupported(why) => StoreErrorKind::Unsupported(why),
        StoreErrorKind::Body(error) => StoreErrorKind::Body(error.kind.clone().into()),
        StoreErrorKind::Full(what) => StoreErrorKind::Full(what),
        StoreErrorKind::Corrupt => StoreErrorKind::Corrupt,
        StoreErrorKind::Unavailable => StoreErrorKind::Unavailable,
        StoreErrorKind::Internal => StoreErrorKind::Internal,
    }
}

/// Whether a failed write may still take effect.
pub(crate) fn is_uncertain(error: &StoreError) -> bool {
    matches!(error.kind, StoreErrorKind::Unavailable | StoreErrorKind::Internal | StoreErrorKind::Corrupt)
}
