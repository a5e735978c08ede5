use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::RwLock;
use remote::{RemoteError, RemoteErrorKind};
use serde::Deserialize;
use tokio::sync::Mutex;
use types::Timestamp;

/// A token is replaced when it has no longer to live than this.
const REFRESH_BEFORE: Duration = Duration::from_secs(5 * 60);

/// A bearer token.
#[derive(Clone)]
pub struct Token {
    value: Arc<str>,
    expires_at: Timestamp,
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

impl Token {
    /// A token that is good until then.
    #[must_use]
    pub fn new(value: &str, expires_at: Timestamp) -> Self {
        Self { value: value.into(), expires_at }
    }

    /// The token as text.
    pub(crate) fn value(&self) -> &str {
        &self.value
    }

    fn lives_for(&self, now: Timestamp) -> Duration {
        self.expires_at.since(now)
    }
}

/// Where tokens come from.
#[async_trait]
pub trait TokenSource: Send + Sync {
    /// A fresh token.
    ///
    /// # Errors
    /// `Credentials` where it was refused; the failures of the request.
    async fn fetch(&self, now: Timestamp) -> Result<Token, RemoteError>;
}

/// Tokens, fetched when they are needed: one request at a time however many callers wait, replaced before they expire.
pub struct TokenCache {
    source: Box<dyn TokenSource>,
    current: RwLock<Option<Token>>,
    fetching: Mutex<()>,
}

impl TokenCache {
    /// An empty cache over a source.
    #[must_use]
    pub fn new(source: impl TokenSource + 'static) -> Self {
        Self { source: Box::new(source), current: RwLock::new(None), fetching: Mutex::new(()) }
    }

    /// A token that is good for a while. While the one at hand still is good, a failure to replace it is passed over.
    pub(crate) async fn token(&self, now: Timestamp) -> Result<Token, RemoteError> {
        if let Some(token) = self.at_hand(now, REFRESH_BEFORE) {
            return Ok(token);
        }
        let _turn = self.fetching.lock().await;
        if let Some(token) = self.at_hand(now, REFRESH_BEFORE) {
            return Ok(token);
        }
        match self.source.fetch(now).await {
            Ok(token) => {
                *self.current.write() = Some(token.clone());
                Ok(token)
            }
            Err(error) => self.at_hand(now, Duration::ZERO).ok_or(error),
        }
    }

    fn at_hand(&self, now: Timestamp, left: Duration) -> Option<Token> {
        self.current.read().clone().filter(|token| token.lives_for(now) > left)
    }

    /// Drops the token at hand; whether there was one.
    pub(crate) fn forget(&self) -> bool {
        self.current.write().take().is_some()
    }
}

/// What token endpoints answer. One kind writes numbers as text, one names the moment, one the time left.
#[derive(Deserialize)]
struct Answer {
    access_token: String,
    expires_on: Option<Number>,
    expires_in: Option<Number>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Number {
    Plain(u64),
    Text(String),
}

impl Number {
    fn value(&self) -> Option<u64> {
        match self {
            Self::Plain(number) => Some(*number),
            Self::Text(text) => text.parse().ok(),
        }
    }
}

/// Reads the answer of a token endpoint.
pub(super) fn read_answer(json: &[u8], now: Timestamp) -> Result<Token, RemoteError> {
    const MALFORMED: RemoteErrorKind =
        RemoteErrorKind::Malformed("a token endpoint's answer without a token");
    let answer: Answer =
        serde_json::from_slice(json).map_err(|error| RemoteError::with_source(MALFORMED, error))?;
    let on = answer.expires_on.as_ref().and_then(Number::value).map(Timestamp::from_secs);
    let left = answer.expires_in.as_ref().and_then(Number::value);
    let after = left.map(|secs| now.plus(Duration::from_secs(secs)));
    Ok(Token::new(&answer.access_token, on.or(after).ok_or(MALFORMED)?))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    struct Counting(Arc<AtomicU64>, Duration);

    #[async_trait]
    impl TokenSource for Counting {
        async fn fetch(&self, now: Timestamp) -> Result<Token, RemoteError> {
            tokio::task::yield_now().await;
            let number = self.0.fetch_add(1, Ordering::Relaxed);
            if number == 1 {
                return Err(RemoteErrorKind::Unreachable.into());
            }
            Ok(Token::new(&number.to_string(), now.plus(self.1)))
        }
    }

    #[tokio::test]
    async fn many_callers_share_one_request_and_a_failure_keeps_what_is_good() {
        let fetched = Arc::new(AtomicU64::new(0));
        let cache = Arc::new(TokenCache::new(Counting(fetched.clone(), Duration::from_secs(600))));
        let at = Timestamp::from_secs;
        let callers: Vec<_> = (0..16)
            .map(|_| {
                let cache = cache.clone();
                tokio::spawn(async move { cache.token(at(1000)).await.unwrap().value().to_owned() })
            })
            .collect();
        for caller in callers {
            assert_eq!(caller.await.unwrap(), "0");
        }
        assert_eq!(fetched.load(Ordering::Relaxed), 1);
        assert_eq!(cache.token(at(1299)).await.unwrap().value(), "0", "fresh enough");
        assert_eq!(cache.token(at(1300)).await.unwrap().value(), "0", "not to be had, but still good");
        assert_eq!(cache.token(at(1301)).await.unwrap().value(), "2", "replaced before it expires");
        assert!(cache.forget());
        assert!(!cache.forget());
        assert_eq!(cache.token(at(1302)).await.unwrap().value(), "3");
    }

    #[test]
    fn answers_of_every_kind_are_read() {
        let now = Timestamp::from_secs(100);
        for json in [
            r#"{"access_token":"t","expires_in":3599,"token_type":"Bearer"}"#,
            r#"{"access_token":"t","expires_in":"3599"}"#,
            r#"{"access_token":"t","expires_on":"3699","expires_in":"1"}"#,
            r#"{"access_token":"t","expires_on":3699}"#,
        ] {
            let token = read_answer(json.as_bytes(), now).unwrap();
            assert_eq!((token.value(), token.expires_at), ("t", Timestamp::from_secs(3699)), "{json}");
        }
        for json in ["{}", "", r#"{"access_token":"t"}"#, r#"{"access_token":"t","expires_in":"soon"}"#] {
            assert!(read_answer(json.as_bytes(), now).is_err(), "{json}");
        }
    }
}
