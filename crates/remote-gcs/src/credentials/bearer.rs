use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http::StatusCode;
use http::header::{AUTHORIZATION, HeaderValue};
use http::request::Parts;
use parking_lot::Mutex;
use remote::{Authorize, RemoteError, RemoteErrorKind};
use types::Timestamp;

use super::{Token, TokenSource};

/// A token is renewed so long before it expires: longer than a request takes to arrive, and the metadata server gives a
/// new one only in the last five minutes.
const MARGIN: Duration = Duration::from_secs(225);

/// Puts a token on requests: asked for once, by one request at a time, kept until shortly before it expires.
pub struct Bearer {
    source: Arc<dyn TokenSource>,
    cached: Mutex<Option<Token>>,
    /// Held by the request that asks for a token; the others wait for what it gets.
    asking: tokio::sync::Mutex<()>,
}

impl Bearer {
    /// Tokens of this source.
    #[must_use]
    pub fn new(source: Arc<dyn TokenSource>) -> Self {
        Self { source, cached: Mutex::new(None), asking: tokio::sync::Mutex::new(()) }
    }

    fn cached(&self, until: Timestamp) -> Option<Token> {
        self.cached.lock().clone().filter(|token| token.expires_at() > until)
    }

    async fn token(&self, now: Timestamp) -> Result<Token, RemoteError> {
        if let Some(token) = self.cached(now.plus(MARGIN)) {
            return Ok(token);
        }
        let _asking = match self.cached(now) {
            // The token is still good: whoever finds another one asking goes on with it.
            Some(token) => match self.asking.try_lock() {
                Ok(asking) => asking,
                Err(_) => return Ok(token),
            },
            None => self.asking.lock().await,
        };
        if let Some(token) = self.cached(now.plus(MARGIN)) {
            return Ok(token);
        }
        match self.source.token().await {
            Ok(token) => {
                *self.cached.lock() = Some(token.clone());
                Ok(token)
            }
            // A token that is good for a while yet outlives a token endpoint that is not there for a moment.
            Err(error) => self.cached(now).ok_or(error),
        }
    }
}

#[async_trait]
impl Authorize for Bearer {
    async fn authorize(&self, parts: &mut Parts, now: Timestamp) -> Result<(), RemoteError> {
        let token = self.token(now).await?;
        let mut value = HeaderValue::from_str(&format!("Bearer {}", token.value()))
            .map_err(|_| RemoteError::from(RemoteErrorKind::Malformed("not an access token")))?;
        value.set_sensitive(true);
        parts.headers.insert(AUTHORIZATION, value);
        Ok(())
    }

    fn refused(&self, status: StatusCode) -> bool {
        // 403 is about what the account may do; another token would not help.
        status == StatusCode::UNAUTHORIZED && self.cached.lock().take().is_some()
    }
}

#[cfg(test)]
mod tests;
