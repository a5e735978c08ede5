use std::fmt;
use std::sync::Arc;

use http::StatusCode;
use remote::{RemoteError, RemoteErrorKind};
use store::{StoreError, StoreErrorKind};

/// What a caller can conclude from a failed call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ApiErrorKind {
    /// 404: it is not there.
    Gone,
    /// 422: the service does not take what it was asked.
    Unprocessable,
    /// 401 or 403: the token does not do.
    Refused,
    /// 402, 413 or 507: no room.
    Full,
    /// It may have taken effect or not.
    Ambiguous,
    /// As [`ApiErrorKind::Ambiguous`]: an answer came, but it broke off or cannot be read.
    Garbled,
    /// It surely had no effect and may be tried again later.
    Unavailable,
    /// The answer is not what the page says.
    Malformed(&'static str),
    /// Another status.
    Status(u16),
}

/// A failed call. Cloning shares the cause, so that all who waited for one call are told.
#[derive(Debug, Clone)]
pub(crate) struct ApiError {
    /// What to conclude.
    pub(crate) kind: ApiErrorKind,
    /// Which call.
    pub(crate) call: &'static str,
    /// The cause underneath.
    pub(crate) source: Option<Arc<RemoteError>>,
}

impl ApiError {
    pub(crate) fn new(kind: ApiErrorKind, call: &'static str) -> Self {
        Self { kind, call, source: None }
    }

    /// The error of an answer that is no success.
    pub(crate) fn of_status(status: StatusCode, call: &'static str) -> Self {
        Self::new(
            match status.as_u16() {
                404 | 410 => ApiErrorKind::Gone,
                422 => ApiErrorKind::Unprocessable,
                401 | 403 => ApiErrorKind::Refused,
                402 | 413 | 507 => ApiErrorKind::Full,
                408 | 429 | 503 => ApiErrorKind::Unavailable,
                500..=599 => ApiErrorKind::Ambiguous,
                other => ApiErrorKind::Status(other),
            },
            call,
        )
    }

    pub(crate) fn is_ambiguous(&self) -> bool {
        matches!(self.kind, ApiErrorKind::Ambiguous | ApiErrorKind::Garbled)
    }

    /// Whether the service says that it does not do this, or does not know what it was asked about.
    pub(crate) fn is_refusal(&self) -> bool {
        matches!(self.kind, ApiErrorKind::Gone | ApiErrorKind::Unprocessable | ApiErrorKind::Status(_))
    }

    /// The error as a store's.
    pub(crate) fn into_store(mut self) -> StoreError {
        let call = self.call;
        // The body that was to be sent failed: its own error says more than that the call did.
        if let Some(source) = self.source.take() {
            match Arc::try_unwrap(source) {
                Ok(RemoteError { kind: RemoteErrorKind::Body(error), .. }) => return of_body(error, call),
                Ok(other) => self.source = Some(Arc::new(other)),
                Err(shared) => self.source = Some(shared),
            }
        }
        let kind = match self.kind {
            ApiErrorKind::Ambiguous | ApiErrorKind::Garbled | ApiErrorKind::Unavailable => {
                StoreErrorKind::Unavailable
            }
            ApiErrorKind::Full => StoreErrorKind::Full("the drive"),
            ApiErrorKind::Refused => StoreErrorKind::Denied,
            _ => StoreErrorKind::Internal,
        };
        StoreError::with_source(kind, call, self)
    }
}

/// A body's own error as a store's: what is wrong with its digests has words of its own.
pub(crate) fn of_body(error: types::BodyError, operation: &'static str) -> StoreError {
    let kind = match error.kind {
        types::BodyErrorKind::DigestMismatch(algorithm) => StoreErrorKind::DigestMismatch(algorithm),
        types::BodyErrorKind::TrailerMissing(algorithm) => StoreErrorKind::TrailerMissing(algorithm),
        _ => StoreErrorKind::Body(error),
    };
    StoreError::new(kind, operation)
}

impl From<(RemoteError, &'static str)> for ApiError {
    fn from((error, call): (RemoteError, &'static str)) -> Self {
        let kind = match &error.kind {
            RemoteErrorKind::Malformed(how) => ApiErrorKind::Malformed(how),
            RemoteErrorKind::TooLarge => ApiErrorKind::Malformed("an answer that is too large"),
            RemoteErrorKind::Credentials => ApiErrorKind::Refused,
            _ if error.is_ambiguous() => ApiErrorKind::Ambiguous,
            _ => ApiErrorKind::Unavailable,
        };
        Self { kind, call, source: Some(Arc::new(error)) }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.call)?;
        match &self.kind {
            ApiErrorKind::Gone => f.write_str("the drive says that it is not there"),
            ApiErrorKind::Unprocessable => f.write_str("the drive does not take it"),
            ApiErrorKind::Refused => f.write_str("the drive refuses the token"),
            ApiErrorKind::Full => f.write_str("the drive has no room left"),
            ApiErrorKind::Ambiguous => f.write_str("the drive's answer was lost"),
            ApiErrorKind::Garbled => f.write_str("the drive's answer broke off or makes no sense"),
            ApiErrorKind::Unavailable => f.write_str("the drive cannot be asked for now"),
            ApiErrorKind::Malformed(how) => write!(f, "the drive answered {how}"),
            ApiErrorKind::Status(status) => write!(f, "the drive answered {status}"),
        }
    }
}

impl std::error::Error for ApiError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| &**source as _)
    }
}
