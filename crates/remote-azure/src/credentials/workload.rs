use std::sync::Arc;

use async_trait::async_trait;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Method, Uri};
use remote::{Client, Payload, RemoteError, RemoteErrorKind, Request};
use types::Timestamp;

use super::managed::ask;
use super::{Token, TokenSource};
use crate::encode::percent_encode;

/// What the exchanged token is for.
const SCOPE: &str = "https://storage.azure.com/.default";
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The token that the platform gives to a workload; read anew for each exchange, as the platform replaces it.
#[async_trait]
pub trait FederatedToken: Send + Sync {
    /// The token as it is now.
    ///
    /// # Errors
    /// `Credentials` where it cannot be had.
    async fn read(&self) -> Result<String, RemoteError>;
}

/// The identity of a workload, by exchange of its federated token.
///
/// Source: "Microsoft identity platform and the OAuth 2.0 client credentials flow", "access token request with a federated
/// credential".
pub struct WorkloadIdentity {
    /// Sends the exchange.
    pub client: Client,
    /// The authority, `https://login.microsoftonline.com` in the public cloud.
    pub authority: String,
    /// The tenant.
    pub tenant_id: String,
    /// The application.
    pub client_id: String,
    /// What is exchanged.
    pub federated: Arc<dyn FederatedToken>,
}

#[async_trait]
impl TokenSource for WorkloadIdentity {
    async fn fetch(&self, now: Timestamp) -> Result<Token, RemoteError> {
        let federated = self.federated.read().await?;
        let authority = self.authority.trim_end_matches('/');
        let url = format!("{authority}/{}/oauth2/v2.0/token", percent_encode(&self.tenant_id));
        let url: Uri = url.parse().map_err(|_| RemoteErrorKind::Malformed("the authority's address"))?;
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", &self.client_id),
            ("scope", SCOPE),
            ("client_assertion_type", ASSERTION_TYPE),
            ("client_assertion", federated.trim()),
        ];
        let form: Vec<_> =
            form.iter().map(|(name, value)| format!("{name}={}", percent_encode(value))).collect();
        let mut request = Request::new(Method::POST, url);
        let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
        request.headers.insert(CONTENT_TYPE, kind);
        request.body = Payload::Bytes(form.join("&").into());
        ask(&self.client, request, now).await
    }
}
