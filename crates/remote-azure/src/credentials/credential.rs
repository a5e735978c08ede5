use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use http::header::{AUTHORIZATION, HeaderValue};
use http::request::Parts;
use http::{StatusCode, Uri};
use remote::{Authorize, RemoteError, RemoteErrorKind};
use types::Timestamp;

use super::{SharedKey, TokenCache, shared_access};

/// How requests prove who sends them.
#[derive(Clone)]
pub enum Credential {
    /// The account's key.
    SharedKey(SharedKey),
    /// A shared access signature, as a query without its question mark.
    SharedAccess(Arc<str>),
    /// Tokens of a managed or workload identity.
    Token(Arc<TokenCache>),
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SharedKey(_) => "SharedKey",
            Self::SharedAccess(_) => "SharedAccess",
            Self::Token(_) => "Token",
        })
    }
}

/// What lets the service read the source of a copy: a query behind its URL, or a header of the request.
#[derive(Debug, Default)]
pub(crate) struct SourceProof {
    pub(crate) query: Option<String>,
    pub(crate) authorization: Option<HeaderValue>,
}

impl Credential {
    /// A shared access signature as the portal shows it, with or without its question mark.
    #[must_use]
    pub fn shared_access(query: &str) -> Self {
        Self::SharedAccess(query.trim().trim_start_matches('?').into())
    }

    /// Lets the service read one blob of the account on our behalf.
    pub(crate) async fn source_proof(
        &self,
        container: &str,
        blob: &str,
        now: Timestamp,
    ) -> Result<SourceProof, RemoteError> {
        Ok(match self {
            Self::SharedKey(key) => SourceProof {
                query: Some(shared_access::for_reading(key, container, blob, now)),
                authorization: None,
            },
            Self::SharedAccess(query) => {
                SourceProof { query: Some(query.as_ref().to_owned()), authorization: None }
            }
            Self::Token(tokens) => {
                SourceProof { query: None, authorization: Some(bearer(tokens.token(now).await?.value())?) }
            }
        })
    }
}

fn bearer(token: &str) -> Result<HeaderValue, RemoteError> {
    let value = HeaderValue::from_str(&format!("Bearer {token}"));
    let mut value = value.map_err(|_| RemoteErrorKind::Malformed("a token that no header can bear"))?;
    value.set_sensitive(true);
    Ok(value)
}

#[async_trait]
impl Authorize for Credential {
    async fn authorize(&self, parts: &mut Parts, now: Timestamp) -> Result<(), RemoteError> {
        match self {
            Self::SharedKey(key) => key.sign(parts, now),
            Self::SharedAccess(query) => {
                let url = parts.uri.to_string();
                let sign = if parts.uri.query().is_some() { '&' } else { '?' };
                parts.uri = format!("{url}{sign}{query}").parse::<Uri>().map_err(|_| {
                    RemoteErrorKind::Malformed("a shared access signature that no URL can bear")
                })?;
                Ok(())
            }
            Self::Token(tokens) => {
                parts.headers.insert(AUTHORIZATION, bearer(tokens.token(now).await?.value())?);
                Ok(())
            }
        }
    }

    fn refused(&self, status: StatusCode) -> bool {
        match self {
            Self::Token(tokens) => status == StatusCode::UNAUTHORIZED && tokens.forget(),
            Self::SharedKey(_) | Self::SharedAccess(_) => false,
        }
    }
}
