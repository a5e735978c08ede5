use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use remote::{Client, RemoteError, Response};
use serde::Deserialize;
use types::{Clock, Timestamp};
use zeroize::Zeroizing;

use super::token::{Issued, Issuer, exchange};
use super::{InvalidCredentials, TOKEN_URI, TokenSource, fields, secret};

/// A user who has let an application act for him.
#[derive(Clone)]
pub struct AuthorizedUser(Arc<File>);

#[derive(Deserialize)]
struct File {
    client_id: String,
    #[serde(deserialize_with = "secret")]
    client_secret: Zeroizing<String>,
    #[serde(deserialize_with = "secret")]
    refresh_token: Zeroizing<String>,
    token_uri: Option<String>,
    quota_project_id: Option<String>,
}

impl fmt::Debug for AuthorizedUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizedUser").field("client_id", &self.0.client_id).finish_non_exhaustive()
    }
}

impl AuthorizedUser {
    /// Reads the file that `gcloud auth application-default login` writes.
    ///
    /// # Errors
    /// [`InvalidCredentials`].
    pub fn from_json(text: &str) -> Result<Self, InvalidCredentials> {
        fields(text).map(|file| Self(Arc::new(file)))
    }

    /// The project that pays for the user's requests.
    #[must_use]
    pub fn project(&self) -> Option<&str> {
        self.0.quota_project_id.as_deref()
    }

    pub(super) fn source(&self, client: Client, clock: Arc<dyn Clock>) -> impl TokenSource + use<> {
        Issued { issuer: self.clone(), client, clock }
    }
}

#[async_trait]
impl Issuer for AuthorizedUser {
    /// Source: RFC 6749, section 6.
    async fn ask(&self, client: &Client, _: Timestamp) -> Result<Response, RemoteError> {
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", self.0.client_id.as_str()),
            ("client_secret", self.0.client_secret.as_str()),
            ("refresh_token", self.0.refresh_token.as_str()),
        ];
        exchange(client, self.0.token_uri.as_deref().unwrap_or(TOKEN_URI), &form).await
    }
}
