use std::error::Error;
use std::fmt;

use store::{StoreError, StoreErrorKind};
use types::{BodyError, BodyErrorKind};

/// What a caller can conclude from a failed request.
#[derive(Debug)]
pub enum RemoteErrorKind {
    /// No connection: the name, the address, or the handshake of TLS. Nothing was sent.
    Unreachable,
    /// The service let too much time pass, or the caller's deadline has come. Took effect or not: unknown.
    TimedOut,
    /// The connection broke after something was sent. Took effect or not: unknown.
    Reset,
    /// The service has failed so often that nothing is sent to it for a while.
    BreakerOpen,
    /// Too many requests are under way, or the service says so after all attempts.
    Overloaded,
    /// There are no credentials, or they cannot be had.
    Credentials,
    /// The body that was to be sent failed; its own error. Did not take effect.
    Body(BodyError),
    /// The answer is larger than its limit.
    TooLarge,
    /// The answer is not what the protocol says; how.
    Malformed(&'static str),
}

/// A request that got no answer, or none of use. An answer of any status is no error.
#[derive(Debug)]
pub struct RemoteError {
    /// What to conclude.
    pub kind: RemoteErrorKind,
    /// The cause underneath.
    pub source: Option<Box<dyn Error + Send + Sync>>,
}

impl RemoteError {
    /// An error with the cause underneath.
    #[must_use]
    pub fn with_source(kind: RemoteErrorKind, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { kind, source: Some(source.into()) }
    }

    /// The error as a store's, with what was being done.
    #[must_use]
    pub fn into_store(self, operation: &'static str) -> StoreError {
        let kind = match self.kind {
            RemoteErrorKind::Body(body) => return StoreError::new(StoreErrorKind::Body(body), operation),
            RemoteErrorKind::Unreachable
            | RemoteErrorKind::TimedOut
            | RemoteErrorKind::Reset
            | RemoteErrorKind::BreakerOpen
            | RemoteErrorKind::Overloaded => StoreErrorKind::Unavailable,
            RemoteErrorKind::Credentials | RemoteErrorKind::TooLarge | RemoteErrorKind::Malformed(_) => {
                StoreErrorKind::Internal
            }
        };
        StoreError::with_source(kind, operation, self)
    }

    /// Whether the request may have taken effect although there is no answer: whoever reports on it has to look first.
    #[must_use]
    pub fn is_ambiguous(&self) -> bool {
        match self.kind {
            RemoteErrorKind::TimedOut | RemoteErrorKind::Reset | RemoteErrorKind::Malformed(_) => true,
            RemoteErrorKind::Unreachable
            | RemoteErrorKind::BreakerOpen
            | RemoteErrorKind::Overloaded
            | RemoteErrorKind::Credentials
            | RemoteErrorKind::Body(_)
            | RemoteErrorKind::TooLarge => false,
        }
    }

    /// The error as that of a body that was being read from the service.
    #[must_use]
    pub fn into_body(self) -> BodyError {
        BodyError::with_source(BodyErrorKind::Storage, self)
    }
}

impl From<RemoteErrorKind> for RemoteError {
    fn from(kind: RemoteErrorKind) -> Self {
        Self { kind, source: None }
    }
}

impl From<RemoteError> for StoreError {
    fn from(error: RemoteError) -> Self {
        error.into_store("ask the service")
    }
}

impl fmt::Display for RemoteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            RemoteErrorKind::Unreachable => f.write_str("the service cannot be reached"),
            RemoteErrorKind::TimedOut => f.write_str("the service did not answer in time"),
            RemoteErrorKind::Reset => f.write_str("the connection to the service broke"),
            RemoteErrorKind::BreakerOpen => {
                f.write_str("the service failed too often and is left alone for a while")
            }
            RemoteErrorKind::Overloaded => f.write_str("too many requests to the service"),
            RemoteErrorKind::Credentials => f.write_str("there are no credentials for the service"),
            RemoteErrorKind::Body(error) => error.fmt(f),
            RemoteErrorKind::TooLarge => f.write_str("the service's answer is too large"),
            RemoteErrorKind::Malformed(how) => write!(f, "the service's answer is malformed: {how}"),
        }
    }
}

impl Error for RemoteError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.kind {
            RemoteErrorKind::Body(error) => error.source.as_ref().map(|source| &**source as _),
            _ => self.source.as_ref().map(|source| &**source as _),
        }
    }
}
