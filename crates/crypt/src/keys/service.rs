use std::error::Error;
use std::fmt;

use async_trait::async_trait;

use crate::format::Secret;

/// What went wrong with a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyErrorKind {
    /// There is no key of that id, or it was destroyed.
    Unknown,
    /// The service that keeps the keys does not allow this.
    Denied,
    /// What was wrapped does not open under the key: another key of the same id, or damaged bytes.
    Damaged,
    /// Passing: try again later.
    Unavailable,
}

/// A key could not be used.
#[derive(Debug)]
pub struct KeyError {
    /// What went wrong.
    pub kind: KeyErrorKind,
    /// Which key.
    pub key_id: String,
    /// The cause underneath.
    pub source: Option<Box<dyn Error + Send + Sync>>,
}

impl KeyError {
    /// An error without a cause underneath.
    #[must_use]
    pub fn new(kind: KeyErrorKind, key_id: &str) -> Self {
        Self { kind, key_id: key_id.to_owned(), source: None }
    }
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = &self.key_id;
        match self.kind {
            KeyErrorKind::Unknown => write!(f, "there is no key \"{id}\""),
            KeyErrorKind::Denied => write!(f, "the use of key \"{id}\" is not allowed"),
            KeyErrorKind::Damaged => write!(f, "what was wrapped does not open under key \"{id}\""),
            KeyErrorKind::Unavailable => write!(f, "key \"{id}\" cannot be reached for now"),
        }
    }
}

impl Error for KeyError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| &**source as _)
    }
}

/// Where the outermost keys are kept. It wraps epoch keys, of which a bucket has few, so it may be far away.
#[async_trait]
pub trait KeyService: Send + Sync + 'static {
    /// The id of the key that new epoch keys are wrapped with: at most [`crate::KEY_ID_MAX_BYTES`] bytes.
    ///
    /// # Errors
    /// [`KeyError`] where it cannot be told.
    async fn primary(&self) -> Result<String, KeyError>;

    /// Wraps a secret with the key `key_id`; it opens only in the same `context`.
    ///
    /// # Errors
    /// [`KeyError`].
    async fn wrap(&self, key_id: &str, secret: &Secret, context: &[u8]) -> Result<Vec<u8>, KeyError>;

    /// Opens what the key `key_id` has wrapped in this `context`.
    ///
    /// # Errors
    /// [`KeyError`].
    async fn unwrap(&self, key_id: &str, wrapped: &[u8], context: &[u8]) -> Result<Secret, KeyError>;
}
