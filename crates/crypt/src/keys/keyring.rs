use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use types::Random;
use zeroize::Zeroizing;

use super::service::{KeyError, KeyErrorKind, KeyService};
use crate::format::{Algorithm, Cipher, KEY_BYTES, NONCE_BYTES, Secret, TAG_BYTES};

/// The longest id of a key, in bytes.
pub const KEY_ID_MAX_BYTES: usize = 255;
/// The most keys of a keyring.
const KEYS_MAX: usize = 1000;

/// Why a text is no keyring. It names entries by their place and id, never by a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyringError {
    /// It is not TOML, or has other entries than `primary` and `[[key]]` tables of `id` and `secret`.
    Malformed(String),
    /// There is no key in it.
    Empty,
    /// There are too many keys in it.
    TooMany,
    /// The id of the key at this place, from 1, is empty or too long.
    Id(usize),
    /// Two keys have this id.
    Twice(String),
    /// The secret of this key is not 32 bytes in base64.
    Secret(String),
    /// `primary` names a key that is not there.
    Primary(String),
}

impl fmt::Display for KeyringError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(why) => write!(f, "the keyring is malformed: {why}"),
            Self::Empty => f.write_str("the keyring has no [[key]]"),
            Self::TooMany => write!(f, "the keyring has more than {KEYS_MAX} keys"),
            Self::Id(place) => {
                write!(
                    f,
                    "the id of key {place} of the keyring is empty or longer than {KEY_ID_MAX_BYTES} bytes"
                )
            }
            Self::Twice(id) => write!(f, "the keyring has two keys with the id \"{id}\""),
            Self::Secret(id) => write!(f, "the secret of key \"{id}\" is not 32 bytes in base64"),
            Self::Primary(id) => write!(f, "the primary key \"{id}\" is not in the keyring"),
        }
    }
}

impl std::error::Error for KeyringError {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    primary: Option<String>,
    #[serde(default)]
    key: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    secret: String,
}

struct Keys {
    primary: String,
    secrets: HashMap<String, Secret>,
}

/// Keys from a text: TOML with `[[key]]` tables of `id` and `secret` (32 bytes in base64). The first is primary unless
/// `primary = "ID"` names another. Cloning shares it, and so does what is loaded into it later.
#[derive(Clone)]
pub struct Keyring(Arc<RwLock<Arc<Keys>>>);

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyring").field("primary", &self.keys().primary).finish_non_exhaustive()
    }
}

impl Keyring {
    /// Reads a keyring.
    ///
    /// # Errors
    /// [`KeyringError`] says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, KeyringError> {
        Ok(Self(Arc::new(RwLock::new(Arc::new(read(text)?)))))
    }

    /// Takes another text's keys in place of the present ones.
    ///
    /// # Errors
    /// [`KeyringError`]; the present keys stay.
    pub fn reload(&self, text: &str) -> Result<(), KeyringError> {
        let keys = Arc::new(read(text)?);
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = keys;
        Ok(())
    }

    /// The text of a new keyring with one key, or of `old` with another one, which becomes primary.
    ///
    /// # Errors
    /// [`KeyringError`] where `old` is no keyring, or has a key of that id.
    pub fn extend(old: Option<&str>, id: &str, random: &dyn Random) -> Result<String, KeyringError> {
        let old = old.unwrap_or_default();
        let mut text = String::new();
        if old.trim().is_empty() {
            text.push_str("# Whoever has these keys can read what they encrypt; without them nobody can. Keep a copy.\n");
        } else {
            read(old)?;
            // `primary` stands before the first table, where TOML wants it, and only once.
            let is_primary = |line: &str| {
                line.trim_start()
                    .strip_prefix("primary")
                    .is_some_and(|rest| rest.trim_start().starts_with('='))
            };
            let head = old.lines().take_while(|line| !line.trim_start().starts_with("[["));
            let count = head.clone().count();
            head.filter(|line| !is_primary(line)).for_each(|line| text.extend([line, "\n"]));
            text.push_str(&format!("primary = {}\n", quoted(id)));
            old.lines().skip(count).for_each(|line| text.extend([line, "\n"]));
        }
        let secret = Zeroizing::new(STANDARD.encode(Secret::random(random).expose()));
        text.push_str(&format!("\n[[key]]\nid = {}\nsecret = \"{}\"\n", quoted(id), *secret));
        read(&text)?;
        Ok(text)
    }

    /// The ids of all keys, in order.
    #[must_use]
    pub fn ids(&self) -> Vec<String> {
        let mut ids: Vec<String> = self.keys().secrets.keys().cloned().collect();
        ids.sort();
        ids
    }

    fn keys(&self) -> Arc<Keys> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn cipher(&self, key_id: &str) -> Result<Cipher, KeyError> {
        let keys = self.keys();
        let unknown = || KeyError::new(KeyErrorKind::Unknown, key_id);
        let secret = keys.secrets.get(key_id).ok_or_else(unknown)?;
        Ok(Cipher::new(Algorithm::Aes256Gcm, secret))
    }
}

/// An id as a basic string of TOML.
fn quoted(id: &str) -> String {
    let mut text = String::from('"');
    for character in id.chars() {
        match character {
            '"' | '\\' => text.extend(['\\', character]),
            _ if character.is_control() => text.push_str(&format!("\\u{:04x}", u32::from(character))),
            _ => text.push(character),
        }
    }
    text.push('"');
    text
}

fn read(text: &str) -> Result<Keys, KeyringError> {
    // The parser's own words may repeat a line of the file, with a secret in it.
    let file: File =
        toml::from_str(text).map_err(|error| KeyringError::Malformed(error.message().to_owned()))?;
    if file.key.len() > KEYS_MAX {
        return Err(KeyringError::TooMany);
    }
    let mut secrets = HashMap::with_capacity(file.key.len());
    let first = file.key.first().map(|entry| entry.id.clone()).ok_or(KeyringError::Empty)?;
    for (place, entry) in (1..).zip(file.key) {
        if entry.id.is_empty() || entry.id.len() > KEY_ID_MAX_BYTES {
            return Err(KeyringError::Id(place));
        }
        let text = Zeroizing::new(entry.secret);
        let bytes = STANDARD.decode(text.trim()).map(Zeroizing::new);
        let secret = bytes.ok().and_then(|bytes| Secret::from_slice(&bytes));
        let secret = secret.ok_or_else(|| KeyringError::Secret(entry.id.clone()))?;
        if secrets.insert(entry.id.clone(), secret).is_some() {
            return Err(KeyringError::Twice(entry.id));
        }
    }
    let primary = file.primary.unwrap_or(first);
    if !secrets.contains_key(&primary) {
        return Err(KeyringError::Primary(primary));
    }
    Ok(Keys { primary, secrets })
}

/// Source of nonces of a keyring: an epoch key is wrapped a few times in its life, by the operating system's randomness.
fn nonce() -> Result<[u8; NONCE_BYTES], aws_lc_rs::error::Unspecified> {
    let mut nonce = [0; NONCE_BYTES];
    aws_lc_rs::rand::fill(&mut nonce)?;
    Ok(nonce)
}

#[async_trait]
impl KeyService for Keyring {
    async fn primary(&self) -> Result<String, KeyError> {
        Ok(self.keys().primary.clone())
    }

    async fn wrap(&self, key_id: &str, secret: &Secret, context: &[u8]) -> Result<Vec<u8>, KeyError> {
        let cipher = self.cipher(key_id)?;
        let nonce = nonce().map_err(|_| KeyError::new(KeyErrorKind::Unavailable, key_id))?;
        let mut wrapped = vec![0; NONCE_BYTES + KEY_BYTES + TAG_BYTES];
        wrapped[..NONCE_BYTES].copy_from_slice(&nonce);
        cipher.seal(nonce, context, secret.expose(), &mut wrapped[NONCE_BYTES..]);
        Ok(wrapped)
    }

    async fn unwrap(&self, key_id: &str, wrapped: &[u8], context: &[u8]) -> Result<Secret, KeyError> {
        let cipher = self.cipher(key_id)?;
        let damaged = || KeyError::new(KeyErrorKind::Damaged, key_id);
        let (nonce, sealed) = wrapped.split_at_checked(NONCE_BYTES).ok_or_else(damaged)?;
        let nonce = nonce.try_into().map_err(|_| damaged())?;
        let mut secret = Zeroizing::new([0; KEY_BYTES]);
        if sealed.len() != KEY_BYTES + TAG_BYTES {
            return Err(damaged());
        }
        cipher.open(nonce, context, sealed, &mut *secret).map_err(|_| damaged())?;
        Ok(Secret::new(*secret))
    }
}

#[cfg(test)]
mod tests;
