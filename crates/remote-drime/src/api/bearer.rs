use async_trait::async_trait;
use http::StatusCode;
use http::header::{ACCEPT, AUTHORIZATION, HeaderValue};
use http::request::Parts;
use remote::{Authorize, RemoteError};
use types::Timestamp;

use super::{Lane, Limiter};

/// Puts the token on a call once its turn has come. Each attempt takes a turn.
pub(super) struct Bearer<'a> {
    pub(super) token: &'a HeaderValue,
    pub(super) limiter: &'a Limiter,
    pub(super) lane: Lane,
}

#[async_trait]
impl Authorize for Bearer<'_> {
    async fn authorize(&self, parts: &mut Parts, _: Timestamp) -> Result<(), RemoteError> {
        self.limiter.turn(self.lane.0).await;
        parts.headers.insert(AUTHORIZATION, self.token.clone());
        parts.headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        Ok(())
    }

    fn refused(&self, _: StatusCode) -> bool {
        false
    }
}
