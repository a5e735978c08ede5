use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Method, Uri};
use remote::{Anonymous, Client, Payload, RemoteError, RemoteErrorKind, Replay, Request, Response};
use serde::Deserialize;
use types::{Clock, Context, Timestamp};
use zeroize::Zeroizing;

use crate::names::escape;

/// The largest answer with a token.
const TOKEN_MAX_BYTES: usize = 64 * 1024;
/// The longest that a token is believed to last, whatever its answer says.
const LIFETIME_MAX: Duration = Duration::from_secs(24 * 3600);

/// An access token.
#[derive(Clone)]
pub struct Token {
    value: Zeroizing<String>,
    expires_at: Timestamp,
}

impl Token {
    /// A token and the moment from which it is of no use.
    #[must_use]
    pub fn new(value: String, expires_at: Timestamp) -> Self {
        Self { value: Zeroizing::new(value), expires_at }
    }

    pub(crate) fn value(&self) -> &str {
        &self.value
    }

    pub(crate) fn expires_at(&self) -> Timestamp {
        self.expires_at
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

/// Issues access tokens. Each call asks anew; whoever uses them keeps them until they expire.
#[async_trait]
pub trait TokenSource: Send + Sync {
    /// A fresh token.
    ///
    /// # Errors
    /// `Credentials` where it is refused; the errors of the request that asks for it.
    async fn token(&self) -> Result<Token, RemoteError>;
}

/// Who is asked for tokens, and how.
#[async_trait]
pub(super) trait Issuer: Send + Sync {
    /// The issuer's answer, good or not.
    async fn ask(&self, client: &Client, now: Timestamp) -> Result<Response, RemoteError>;
}

/// An issuer, with the way there and the time.
pub(super) struct Issued<I> {
    pub(super) issuer: I,
    pub(super) client: Client,
    pub(super) clock: Arc<dyn Clock>,
}

#[async_trait]
impl<I: Issuer> TokenSource for Issued<I> {
    async fn token(&self) -> Result<Token, RemoteError> {
        let now = self.clock.now();
        read(self.issuer.ask(&self.client, now).await?, now).await
    }
}

#[derive(Deserialize)]
struct Answer {
    access_token: String,
    expires_in: u64,
}

/// Sends a form to a token endpoint. Source: RFC 6749, section 3.2.
pub(super) async fn exchange(
    client: &Client,
    uri: &str,
    form: &[(&str, &str)],
) -> Result<Response, RemoteError> {
    let uri: Uri = uri
        .parse()
        .map_err(|error| RemoteError::with_source(RemoteErrorKind::Malformed("bad token address"), error))?;
    let form: Vec<String> = form.iter().map(|(name, value)| format!("{name}={}", escape(value))).collect();
    let mut request = Request::new(Method::POST, uri);
    let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
    request.headers.insert(CONTENT_TYPE, kind);
    request.body = Payload::Bytes(Bytes::from(form.join("&")));
    request.replay = Replay::Safe;
    client.send(&Context::background(), request, &Anonymous).await
}

/// Reads the answer of a token endpoint. Source: RFC 6749, section 5.
async fn read(response: Response, asked_at: Timestamp) -> Result<Token, RemoteError> {
    let status = response.status;
    let bytes = response.collect(TOKEN_MAX_BYTES).await?;
    if status.is_server_error() {
        return Err(RemoteErrorKind::Overloaded.into());
    }
    if !status.is_success() {
        let refusal = format!("the token endpoint answered {status}: {}", refusal(&bytes));
        return Err(RemoteError::with_source(RemoteErrorKind::Credentials, refusal));
    }
    let answer: Answer = serde_json::from_slice(&bytes)
        .map_err(|_| RemoteError::from(RemoteErrorKind::Malformed("not an access token")))?;
    let lifetime = Duration::from_secs(answer.expires_in).min(LIFETIME_MAX);
    Ok(Token::new(answer.access_token, asked_at.plus(lifetime)))
}

#[derive(Deserialize, Default)]
struct RefusalDocument {
    #[serde(default)]
    error: String,
    #[serde(default)]
    error_description: String,
}

/// What an endpoint says about its refusal.
fn refusal(bytes: &Bytes) -> String {
    let document: RefusalDocument = serde_json::from_slice(bytes).unwrap_or_default();
    format!("{} {}", document.error, document.error_description).trim().to_owned()
}
