use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Semaphore;

use super::*;

/// Issues tokens that last an hour, one for each permit; fails without one where it is told to.
struct Source {
    issued: AtomicU64,
    permits: Semaphore,
    waits: bool,
}

impl Source {
    fn new(permits: usize, waits: bool) -> Arc<Self> {
        Arc::new(Self { issued: AtomicU64::new(0), permits: Semaphore::new(permits), waits })
    }
}

const START: Timestamp = Timestamp::from_secs(1_000_000);

#[async_trait]
impl TokenSource for Source {
    async fn token(&self) -> Result<Token, RemoteError> {
        if self.waits {
            self.permits.acquire().await.unwrap().forget();
        } else {
            let permit = self.permits.try_acquire().map_err(|_| RemoteErrorKind::Unreachable)?;
            permit.forget();
        }
        let number = self.issued.fetch_add(1, Ordering::Relaxed) + 1;
        let expires_at = START.plus(Duration::from_secs(3600 * number));
        Ok(Token::new(format!("token-{number}"), expires_at))
    }
}

async fn header(bearer: &Bearer, seconds: u64) -> Result<String, RemoteError> {
    let (mut parts, ()) = http::Request::new(()).into_parts();
    bearer.authorize(&mut parts, START.plus(Duration::from_secs(seconds))).await?;
    let value = &parts.headers[AUTHORIZATION];
    assert!(value.is_sensitive(), "it is never logged");
    Ok(value.to_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_token_is_kept_until_shortly_before_it_expires() {
    let bearer = Bearer::new(Source::new(9, false));
    let margin = MARGIN.as_secs();
    assert_eq!(header(&bearer, 0).await.unwrap(), "Bearer token-1");
    assert_eq!(header(&bearer, 3600 - margin - 1).await.unwrap(), "Bearer token-1");
    assert_eq!(header(&bearer, 3600 - margin).await.unwrap(), "Bearer token-2");
}

#[tokio::test]
async fn many_requests_ask_for_one_token() {
    let source = Source::new(0, true);
    let bearer = Arc::new(Bearer::new(source.clone()));
    let tasks: Vec<_> = (0..32)
        .map(|_| {
            let bearer = bearer.clone();
            tokio::spawn(async move { header(&bearer, 0).await.unwrap() })
        })
        .collect();
    tokio::task::yield_now().await;
    source.permits.add_permits(32);
    for task in tasks {
        assert_eq!(task.await.unwrap(), "Bearer token-1");
    }
    assert_eq!(source.issued.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_good_token_outlives_a_failing_source_and_a_dead_one_does_not() {
    let bearer = Bearer::new(Source::new(1, false));
    header(&bearer, 0).await.unwrap();
    assert_eq!(header(&bearer, 3599).await.unwrap(), "Bearer token-1");
    assert!(matches!(header(&bearer, 3600).await.unwrap_err().kind, RemoteErrorKind::Unreachable));
}

#[tokio::test]
async fn a_refused_token_is_dropped_once() {
    let bearer = Bearer::new(Source::new(9, false));
    header(&bearer, 0).await.unwrap();
    assert!(!bearer.refused(StatusCode::FORBIDDEN));
    assert!(bearer.refused(StatusCode::UNAUTHORIZED));
    assert!(!bearer.refused(StatusCode::UNAUTHORIZED), "there is nothing left to drop");
    assert_eq!(header(&bearer, 0).await.unwrap(), "Bearer token-2");
}
