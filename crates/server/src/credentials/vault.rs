use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use crypt::{KeyError, KeyErrorKind, KeyService, Secret};
use http::header::{CONTENT_TYPE, HeaderValue};
use http::request::Parts;
use http::{Method, StatusCode, Uri};
use remote::{Authorize, Client, Payload, RemoteError, RemoteErrorKind, Replay, Request};
use serde::Deserialize;
use serde_json::json;
use types::{Clock, Context, Timestamp};
use zeroize::Zeroizing;

use super::newest::Newest;
use crate::config::VaultSettings;

/// The longest answer of the service, in bytes.
const ANSWER_MAX_BYTES: usize = 64 * 1024;

/// A key that a service keeps, which speaks as Vault's Transit engine does. The key's type must be one that takes associated
/// data (`aes256-gcm96`, the default, or `chacha20-poly1305`).
///
/// Its id for us is `MOUNT/NAME:vVERSION`: rotating the key in the service is a new primary key here. The service is asked for
/// the newest version once in a minute at most, and what it said last holds while it cannot be reached.
///
/// Source: "Transit secrets engine (API)", HashiCorp's documentation of Vault.
pub(crate) struct Transit {
    client: Client,
    settings: VaultSettings,
    newest: Newest,
}

/// `data` of an answer.
#[derive(Deserialize)]
struct Answer<T> {
    data: T,
}

#[derive(Deserialize)]
struct Encrypted {
    ciphertext: String,
}

#[derive(Deserialize)]
struct Decrypted {
    plaintext: String,
}

#[derive(Deserialize)]
struct KeyFacts {
    latest_version: u64,
    #[serde(default)]
    min_decryption_version: u64,
}

/// What the service refuses, and what keeps it from answering.
enum Failed {
    Refused(StatusCode),
    Remote(RemoteError),
}

impl From<RemoteError> for Failed {
    fn from(error: RemoteError) -> Self {
        Self::Remote(error)
    }
}

impl Transit {
    /// Asks nothing yet.
    pub(crate) fn new(client: Client, settings: VaultSettings, clock: Arc<dyn Clock>) -> Self {
        Self { client, settings, newest: Newest::new(clock) }
    }

    /// Has the service asked for the newest version when it is needed next.
    pub(crate) fn forget(&self) {
        self.newest.forget();
    }

    fn name(&self) -> String {
        format!("{}/{}", self.settings.mount, self.settings.key)
    }

    async fn facts(&self) -> Result<KeyFacts, Failed> {
        self.ask(Method::GET, "keys", Payload::Empty).await
    }

    /// The newest version. Where the token may not read the key, what is encrypted with it tells.
    async fn latest_version(&self) -> Result<u64, Failed> {
        match self.facts().await {
            Ok(facts) => Ok(facts.latest_version),
            Err(Failed::Refused(StatusCode::FORBIDDEN)) => {
                let told = version_of(&self.encrypt(b"version", b"").await?);
                let malformed =
                    || RemoteErrorKind::Malformed("it is no ciphertext of a Transit engine").into();
                told.ok_or_else(malformed).map_err(Failed::Remote)
            }
            Err(failed) => Err(failed),
        }
    }

    async fn encrypt(&self, plain: &[u8], context: &[u8]) -> Result<String, Failed> {
        let plaintext = Zeroizing::new(STANDARD.encode(plain));
        let body = json!({ "plaintext": *plaintext, "associated_data": STANDARD.encode(context) });
        let body = Payload::Bytes(body.to_string().into());
        Ok(self.ask::<Encrypted>(Method::POST, "encrypt", body).await?.ciphertext)
    }

    async fn ask<T: for<'de> Deserialize<'de>>(
        &self,
        method: Method,
        action: &str,
        body: Payload,
    ) -> Result<T, Failed> {
        let VaultSettings { address, mount, key, .. } = &self.settings;
        let uri = format!("{address}/v1/{mount}/{action}/{key}").parse::<Uri>();
        let uri = uri.map_err(|error| RemoteError::with_source(RemoteErrorKind::Unreachable, error))?;
        let mut request = Request { body, replay: Replay::Safe, ..Request::new(method, uri) };
        request.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let response = self.client.send(&Context::background(), request, self).await?;
        let status = response.status;
        let answer = response.collect(ANSWER_MAX_BYTES).await?;
        if status != StatusCode::OK {
            return Err(Failed::Refused(status));
        }
        let malformed = |_| RemoteErrorKind::Malformed("it is no answer of a Transit engine").into();
        let read: Result<Answer<T>, RemoteError> = serde_json::from_slice(&answer).map_err(malformed);
        Ok(read?.data)
    }

    /// A refusal to open what was wrapped, as the state of the key explains it.
    async fn explained(&self, key_id: &str, wrapped: &str, status: StatusCode) -> KeyErrorKind {
        if status != StatusCode::BAD_REQUEST {
            return kind_of(status);
        }
        match self.facts().await {
            Err(Failed::Refused(StatusCode::NOT_FOUND)) => KeyErrorKind::Unknown,
            Ok(facts)
                if version_of(wrapped).is_some_and(|version| version < facts.min_decryption_version) =>
            {
                tracing::warn!(key = key_id, "the service does not decrypt with that version any more");
                KeyErrorKind::Unknown
            }
            _ => KeyErrorKind::Damaged,
        }
    }
}

/// The version in `vault:vVERSION:…`.
fn version_of(ciphertext: &str) -> Option<u64> {
    ciphertext.split(':').nth(1)?.strip_prefix('v')?.parse().ok()
}

fn kind_of(status: StatusCode) -> KeyErrorKind {
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => KeyErrorKind::Denied,
        StatusCode::NOT_FOUND => KeyErrorKind::Unknown,
        StatusCode::BAD_REQUEST => KeyErrorKind::Damaged,
        _ => KeyErrorKind::Unavailable,
    }
}

fn key_error(key_id: &str, failed: Failed) -> KeyError {
    match failed {
        Failed::Refused(status) => KeyError {
            source: Some(format!("the service answered {status}").into()),
            ..KeyError::new(kind_of(status), key_id)
        },
        Failed::Remote(error) => {
            KeyError { source: Some(error.into()), ..KeyError::new(KeyErrorKind::Unavailable, key_id) }
        }
    }
}

#[async_trait]
impl Authorize for Transit {
    async fn authorize(&self, parts: &mut Parts, _: Timestamp) -> Result<(), RemoteError> {
        let value = |text: &str| {
            let value = HeaderValue::from_str(text);
            value.map_err(|error| RemoteError::with_source(RemoteErrorKind::Credentials, error))
        };
        let mut token = value(self.settings.token.expose())?;
        token.set_sensitive(true);
        parts.headers.insert("x-vault-token", token);
        if let Some(namespace) = &self.settings.namespace {
            parts.headers.insert("x-vault-namespace", value(namespace)?);
        }
        Ok(())
    }

    fn refused(&self, _: StatusCode) -> bool {
        false
    }
}

#[async_trait]
impl KeyService for Transit {
    async fn primary(&self) -> Result<String, KeyError> {
        let ask = async {
            let (name, version) = (self.name(), self.latest_version().await);
            match version {
                Ok(version) => Ok(format!("{name}:v{version}")),
                Err(failed) => Err(key_error(&name, failed)),
            }
        };
        self.newest.get(ask).await
    }

    async fn wrap(&self, key_id: &str, secret: &Secret, context: &[u8]) -> Result<Vec<u8>, KeyError> {
        let wrapped = self.encrypt(secret.expose(), context).await;
        Ok(wrapped.map_err(|failed| key_error(key_id, failed))?.into_bytes())
    }

    async fn unwrap(&self, key_id: &str, wrapped: &[u8], context: &[u8]) -> Result<Secret, KeyError> {
        let damaged = || KeyError::new(KeyErrorKind::Damaged, key_id);
        let is_ours =
            key_id.strip_prefix(&self.name()).is_some_and(|rest| rest.is_empty() || rest.starts_with(":v"));
        if !is_ours {
            return Err(KeyError::new(KeyErrorKind::Unknown, key_id));
        }
        let ciphertext = std::str::from_utf8(wrapped).map_err(|_| damaged())?;
        let body = json!({ "ciphertext": ciphertext, "associated_data": STANDARD.encode(context) });
        let asked =
            self.ask::<Decrypted>(Method::POST, "decrypt", Payload::Bytes(body.to_string().into())).await;
        let plaintext = match asked {
            Ok(answer) => Zeroizing::new(answer.plaintext),
            Err(Failed::Refused(status)) => {
                return Err(KeyError::new(self.explained(key_id, ciphertext, status).await, key_id));
            }
            Err(failed) => return Err(key_error(key_id, failed)),
        };
        let bytes = STANDARD.decode(&*plaintext).map(Zeroizing::new).map_err(|_| damaged())?;
        Secret::from_slice(&bytes).ok_or_else(damaged)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_what_is_wrapped_is_read() {
        assert_eq!(version_of("vault:v12:c2VjcmV0"), Some(12));
        for other in ["vault:12:x", "vault", "", "vault:vx:y"] {
            assert_eq!(version_of(other), None, "{other}");
        }
    }
}
