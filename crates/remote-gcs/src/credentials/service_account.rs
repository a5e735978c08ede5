use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::StatusCode;
use http::header::DATE;
use remote::{Client, RemoteError, RemoteErrorKind, Response};
use serde::Deserialize;
use types::{Clock, Timestamp};
use zeroize::Zeroizing;

use super::token::{Issued, Issuer, exchange};
use super::{InvalidCredentials, SCOPE, TOKEN_URI, TokenSource, fields, secret};

/// The longest that an assertion may be good for. Source: "Using OAuth 2.0 for server to server applications".
const ASSERTION_SECS: u64 = 3600;
/// How far our clock may be off before the token endpoint's is taken.
const SKEW_MAX: Duration = Duration::from_secs(60);
const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// A service account with its private key.
#[derive(Clone)]
pub struct ServiceAccount(Arc<Account>);

struct Account {
    email: String,
    key_id: Option<String>,
    key: KeyPair,
    token_uri: String,
    project: Option<String>,
}

#[derive(Deserialize)]
struct File {
    client_email: String,
    private_key_id: Option<String>,
    #[serde(deserialize_with = "secret")]
    private_key: Zeroizing<String>,
    token_uri: Option<String>,
    project_id: Option<String>,
}

impl fmt::Debug for ServiceAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceAccount").field("email", &self.0.email).finish_non_exhaustive()
    }
}

/// The bytes within a PEM block.
fn pem(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let body = text.split_once("-----BEGIN PRIVATE KEY-----")?.1.split_once("-----END PRIVATE KEY-----")?.0;
    let digits: Zeroizing<String> = Zeroizing::new(body.split_whitespace().collect());
    STANDARD.decode(digits.as_bytes()).ok().map(Zeroizing::new)
}

impl ServiceAccount {
    /// Reads the key file of a service account.
    ///
    /// # Errors
    /// [`InvalidCredentials`].
    pub fn from_json(text: &str) -> Result<Self, InvalidCredentials> {
        let file: File = fields(text)?;
        let key = pem(&file.private_key).ok_or(InvalidCredentials::PrivateKey)?;
        let key = KeyPair::from_pkcs8(&key).map_err(|_| InvalidCredentials::PrivateKey)?;
        Ok(Self(Arc::new(Account {
            email: file.client_email,
            key_id: file.private_key_id,
            key,
            token_uri: file.token_uri.unwrap_or_else(|| TOKEN_URI.to_owned()),
            project: file.project_id,
        })))
    }

    /// The project that the account belongs to.
    #[must_use]
    pub fn project(&self) -> Option<&str> {
        self.0.project.as_deref()
    }

    pub(super) fn source(&self, client: Client, clock: Arc<dyn Clock>) -> impl TokenSource + use<> {
        Issued { issuer: self.0.clone(), client, clock }
    }
}

impl Account {
    /// The signed claim that is exchanged for a token. Source: RFC 7523 and RFC 7515.
    fn assertion(&self, now: Timestamp) -> Result<Zeroizing<String>, RemoteError> {
        let header = serde_json::json!({ "alg": "RS256", "typ": "JWT", "kid": self.key_id });
        let claims = serde_json::json!({
            "iss": self.email,
            "scope": SCOPE,
            "aud": self.token_uri,
            "iat": now.as_secs(),
            "exp": now.as_secs() + ASSERTION_SECS,
        });
        let encode = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let mut text = Zeroizing::new(format!("{}.{}", encode(&header), encode(&claims)));
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature)
            .map_err(|_| RemoteError::from(RemoteErrorKind::Credentials))?;
        text.push('.');
        text.push_str(&URL_SAFE_NO_PAD.encode(&signature));
        Ok(text)
    }

    async fn exchange(&self, client: &Client, moment: Timestamp) -> Result<Response, RemoteError> {
        let assertion = self.assertion(moment)?;
        let form = [("grant_type", GRANT_TYPE), ("assertion", assertion.as_str())];
        exchange(client, &self.token_uri, &form).await
    }
}

#[async_trait]
impl Issuer for Arc<Account> {
    async fn ask(&self, client: &Client, now: Timestamp) -> Result<Response, RemoteError> {
        let response = self.exchange(client, now).await?;
        let theirs = response.header(DATE.as_str()).and_then(crate::time::from_http);
        match theirs {
            // Our clock is wrong: the moment that the service tells is the one that it will believe.
            Some(theirs) if response.status == StatusCode::BAD_REQUEST && is_apart(now, theirs) => {
                self.exchange(client, theirs).await
            }
            _ => Ok(response),
        }
    }
}

/// Whether two clocks differ by more than a request's way explains.
fn is_apart(ours: Timestamp, theirs: Timestamp) -> bool {
    ours.since(theirs).max(theirs.since(ours)) > SKEW_MAX
}
