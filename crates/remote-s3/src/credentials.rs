use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::RwLock;
use sigv4::Secret;
use tokio::sync::Mutex;
use types::{Clock, Timestamp};

/// How long before their end credentials are asked for anew, so that a request signed just before is still accepted.
const REFRESH_AHEAD: Duration = Duration::from_secs(5 * 60);

/// An access key as a service issues it.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The id.
    pub access_key_id: String,
    /// The secret.
    pub secret: Secret,
    /// The token that goes with temporary keys.
    pub session_token: Option<Secret>,
    /// When they end; never where none is told.
    pub expires_at: Option<Timestamp>,
}

/// There are no credentials; why.
#[derive(Debug)]
pub struct NoCredentials(pub String);

impl std::fmt::Display for NoCredentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NoCredentials {}

/// Where credentials come from.
#[async_trait]
pub trait CredentialsSource: Send + Sync + 'static {
    /// Credentials that are good now. Asked again before they end, and when the service refuses them.
    ///
    /// # Errors
    /// [`NoCredentials`] where there are none.
    async fn credentials(&self) -> Result<Credentials, NoCredentials>;
}

#[async_trait]
impl CredentialsSource for Credentials {
    async fn credentials(&self) -> Result<Credentials, NoCredentials> {
        Ok(self.clone())
    }
}

/// Credentials from a source, kept until shortly before their end. One caller asks the source while the others go on with
/// what is there, or wait where nothing is.
pub(crate) struct Keyring {
    source: Arc<dyn CredentialsSource>,
    clock: Arc<dyn Clock>,
    kept: RwLock<Option<Arc<Credentials>>>,
    asking: Mutex<()>,
}

impl Keyring {
    pub(crate) fn new(source: Arc<dyn CredentialsSource>, clock: Arc<dyn Clock>) -> Self {
        Self { source, clock, kept: RwLock::default(), asking: Mutex::default() }
    }

    /// Credentials that are good now.
    pub(crate) async fn get(&self) -> Result<Arc<Credentials>, NoCredentials> {
        let now = self.clock.now();
        let kept = self.kept.read().clone();
        let asking = match kept {
            Some(kept) if !ends_within(&kept, now, REFRESH_AHEAD) => return Ok(kept),
            Some(kept) if !ends_within(&kept, now, Duration::ZERO) => match self.asking.try_lock() {
                Ok(asking) => asking,
                Err(_) => return Ok(kept),
            },
            _ => self.asking.lock().await,
        };
        let result = self.ask(now).await;
        drop(asking);
        result
    }

    async fn ask(&self, now: Timestamp) -> Result<Arc<Credentials>, NoCredentials> {
        let kept = self.kept.read().clone();
        if let Some(kept) = kept.as_ref().filter(|kept| !ends_within(kept, now, REFRESH_AHEAD)) {
            return Ok(Arc::clone(kept));
        }
        match self.source.credentials().await {
            Ok(fresh) => {
                let fresh = Arc::new(fresh);
                *self.kept.write() = Some(Arc::clone(&fresh));
                Ok(fresh)
            }
            // What is there is still good for some minutes.
            Err(error) => kept.filter(|kept| !ends_within(kept, now, Duration::ZERO)).ok_or(error),
        }
    }

    /// The service has refused what was kept: the source is asked anew. Says whether that may help.
    pub(crate) fn refused(&self) -> bool {
        self.kept.write().take().is_some_and(|kept| is_temporary(&kept))
    }
}

/// Whether the source may have others by now.
fn is_temporary(credentials: &Credentials) -> bool {
    credentials.expires_at.is_some() || credentials.session_token.is_some()
}

fn ends_within(credentials: &Credentials, now: Timestamp, ahead: Duration) -> bool {
    credentials.expires_at.is_some_and(|end| end <= now.plus(ahead))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    struct Wall(AtomicU64);

    impl Clock for Wall {
        fn now(&self) -> Timestamp {
            Timestamp::from_secs(self.0.load(Ordering::Relaxed))
        }
    }

    /// Issues keys that live for an hour.
    struct Issuer(Arc<Wall>, AtomicU64);

    #[async_trait]
    impl CredentialsSource for Issuer {
        async fn credentials(&self) -> Result<Credentials, NoCredentials> {
            let number = self.1.fetch_add(1, Ordering::Relaxed);
            if number == 2 {
                return Err(NoCredentials("the issuer is away".to_owned()));
            }
            Ok(Credentials {
                access_key_id: format!("key-{number}"),
                secret: Secret::new("secret"),
                session_token: None,
                expires_at: Some(self.0.now().plus(Duration::from_secs(3600))),
            })
        }
    }

    #[tokio::test]
    async fn credentials_are_asked_for_before_they_end_and_kept_while_the_issuer_is_away() {
        let wall = Arc::new(Wall(AtomicU64::new(0)));
        let keyring =
            Keyring::new(Arc::new(Issuer(Arc::clone(&wall), AtomicU64::default())), wall.clone() as Arc<_>);
        let at = async |second| {
            wall.0.store(second, Ordering::Relaxed);
            keyring.get().await.map(|kept| kept.access_key_id.clone()).map_err(|error| error.0)
        };
        assert_eq!(at(0).await.as_deref(), Ok("key-0"));
        assert_eq!(at(3299).await.as_deref(), Ok("key-0"));
        assert_eq!(at(3300).await.as_deref(), Ok("key-1"));
        assert_eq!(at(6700).await.as_deref(), Ok("key-1"), "the issuer is away");
        assert_eq!(at(6701).await.as_deref(), Ok("key-3"));
        assert!(keyring.refused());
        assert_eq!(at(6702).await.as_deref(), Ok("key-4"));
    }
}
