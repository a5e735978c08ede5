use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use aws_lc_rs::hmac;
use iam::Principal;

use crate::Secret;
use crate::v4::{Credential, SigningKey, SigningKeys, derive};

/// The longest access key id, in bytes. Source: IAM's `AccessKey` type.
pub const ACCESS_KEY_ID_MAX_BYTES: usize = 128;
/// The shortest secret, in bytes: less can be guessed.
pub const SECRET_MIN_BYTES: usize = 8;

/// One access key: its id, its secret, and whom it belongs to.
pub struct AccessKey {
    id: Arc<str>,
    secret: Secret,
    who: Arc<Principal>,
    v2: hmac::Key,
    signing_keys: SigningKeys,
}

/// Why an access key cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvalidAccessKey {
    /// The id is empty, over [`ACCESS_KEY_ID_MAX_BYTES`], or has a character that cannot stand in a credential.
    Id,
    /// The secret is shorter than [`SECRET_MIN_BYTES`].
    Secret,
    /// Two keys have one id.
    Duplicate,
}

impl fmt::Display for InvalidAccessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id => f.write_str(
                "an access key id is 1 to 128 visible ASCII characters other than ',', '/', ':', '=', '\"' and '\\'",
            ),
            Self::Secret => write!(f, "a secret key has at least {SECRET_MIN_BYTES} characters"),
            Self::Duplicate => f.write_str("two access keys have the same id"),
        }
    }
}

impl std::error::Error for InvalidAccessKey {}

impl AccessKey {
    /// A key of `who`.
    ///
    /// # Errors
    /// [`InvalidAccessKey`] where the id or the secret breaks its rule.
    pub fn new(id: &str, secret: Secret, who: Arc<Principal>) -> Result<Self, InvalidAccessKey> {
        let legal = |byte: u8| byte.is_ascii_graphic() && !b",/:=\"\\".contains(&byte);
        if id.is_empty() || id.len() > ACCESS_KEY_ID_MAX_BYTES || !id.bytes().all(legal) {
            return Err(InvalidAccessKey::Id);
        }
        if secret.as_bytes().len() < SECRET_MIN_BYTES {
            return Err(InvalidAccessKey::Secret);
        }
        let v2 = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret.as_bytes());
        Ok(Self { id: id.into(), secret, who, v2, signing_keys: SigningKeys::default() })
    }

    /// The id.
    #[must_use]
    pub fn id(&self) -> &Arc<str> {
        &self.id
    }

    /// Whom it belongs to.
    #[must_use]
    pub fn who(&self) -> &Arc<Principal> {
        &self.who
    }

    /// The key of Signature Version 2: the secret itself.
    pub(crate) fn v2(&self) -> &hmac::Key {
        &self.v2
    }

    /// Hands the signing key of a scope to `is_valid`, and returns it where that finds a signature valid. Only then is a key
    /// that had to be derived kept.
    pub(crate) fn signing_key(
        &self,
        credential: &Credential<'_>,
        is_valid: impl FnOnce(&SigningKey) -> bool,
    ) -> Option<SigningKey> {
        if let Some(key) = self.signing_keys.find(credential) {
            return is_valid(&key).then_some(key);
        }
        let key = derive(&self.secret, credential);
        is_valid(&key).then(|| {
            self.signing_keys.keep(credential, &key);
            key
        })
    }
}

impl fmt::Debug for AccessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessKey").field("id", &self.id).field("who", &self.who).finish_non_exhaustive()
    }
}

/// All access keys, by id.
#[derive(Debug, Default)]
pub struct Keyring(HashMap<Arc<str>, AccessKey>);

impl Keyring {
    /// A ring of these keys.
    ///
    /// # Errors
    /// [`InvalidAccessKey::Duplicate`] where two have one id.
    pub fn new(keys: impl IntoIterator<Item = AccessKey>) -> Result<Self, InvalidAccessKey> {
        let mut ring = HashMap::new();
        for key in keys {
            if ring.insert(Arc::clone(&key.id), key).is_some() {
                return Err(InvalidAccessKey::Duplicate);
            }
        }
        Ok(Self(ring))
    }

    /// The key of this id.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<&AccessKey> {
        self.0.get(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(id: &str, secret: &str) -> Result<AccessKey, InvalidAccessKey> {
        AccessKey::new(id, Secret::new(secret), Arc::new(Principal::root()))
    }

    #[test]
    fn rules_hold_at_their_limits() {
        assert!(key(&"k".repeat(ACCESS_KEY_ID_MAX_BYTES), "12345678").is_ok());
        for id in ["", "a/b", "a,b", "a b", "a=b", "\u{e9}", &"k".repeat(ACCESS_KEY_ID_MAX_BYTES + 1)] {
            assert_eq!(key(id, "12345678").err(), Some(InvalidAccessKey::Id), "{id}");
        }
        assert_eq!(key("id", "1234567").err(), Some(InvalidAccessKey::Secret));
        let twice = [key("id", "12345678").unwrap(), key("id", "87654321").unwrap()];
        assert_eq!(Keyring::new(twice).err(), Some(InvalidAccessKey::Duplicate));
    }

    #[test]
    fn a_secret_is_not_shown() {
        let ring = Keyring::new([key("id", "very-secret-text").unwrap()]).unwrap();
        let shown = format!("{ring:?} {:?}", ring.find("id").unwrap().secret);
        assert!(shown.contains("\"id\"") && !shown.contains("very-secret"), "{shown}");
    }
}
