use async_trait::async_trait;
use http::StatusCode;
use http::request::Parts;
use types::Timestamp;

use crate::RemoteError;

/// Signs requests, or puts tokens on them.
#[async_trait]
pub trait Authorize: Send + Sync {
    /// Makes a request one that the service will accept. Called before each attempt with the head as the caller made it,
    /// so that dates and tokens are fresh.
    ///
    /// # Errors
    /// `Credentials` where there are none; the errors of the request that asks for them.
    async fn authorize(&self, parts: &mut Parts, now: Timestamp) -> Result<(), RemoteError>;

    /// The service has answered 401 or 403: drops what was cached where it may be stale, and says whether another attempt
    /// may help. Asked at most once for each request sent.
    fn refused(&self, status: StatusCode) -> bool;
}

/// No proof at all.
#[derive(Debug, Clone, Copy, Default)]
pub struct Anonymous;

#[async_trait]
impl Authorize for Anonymous {
    async fn authorize(&self, _: &mut Parts, _: Timestamp) -> Result<(), RemoteError> {
        Ok(())
    }

    fn refused(&self, _: StatusCode) -> bool {
        false
    }
}
