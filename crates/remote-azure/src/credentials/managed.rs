use std::fmt;

use async_trait::async_trait;
use http::header::{HeaderName, HeaderValue};
use http::{Method, Uri};
use remote::{Anonymous, Client, RemoteError, RemoteErrorKind, Request};
use types::{Context, Timestamp};

use super::token::read_answer;
use super::{RESOURCE, TOKEN_ANSWER_MAX_BYTES, Token, TokenSource};
use crate::encode::percent_encode;

/// Where a machine asks for its identity's tokens.
#[derive(Clone)]
pub enum IdentityEndpoint {
    /// The instance metadata service of virtual machines.
    /// Source: "How to use managed identities for Azure resources on an Azure VM to acquire an access token".
    Instance {
        /// `http://169.254.169.254`, but for tests.
        base: String,
    },
    /// The endpoint of App Service, Functions and Container Apps.
    /// Source: "How to use managed identities for App Service and Azure Functions".
    AppService {
        /// `IDENTITY_ENDPOINT`.
        url: String,
        /// `IDENTITY_HEADER`.
        header: String,
    },
}

impl fmt::Debug for IdentityEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Instance { base } => f.debug_struct("Instance").field("base", base).finish(),
            Self::AppService { url, .. } => {
                f.debug_struct("AppService").field("url", url).finish_non_exhaustive()
            }
        }
    }
}

impl IdentityEndpoint {
    /// The instance metadata service where virtual machines find it.
    pub const INSTANCE: &'static str = "http://169.254.169.254";
}

/// The identity of the machine that this runs on.
pub struct ManagedIdentity {
    client: Client,
    endpoint: IdentityEndpoint,
    client_id: Option<String>,
}

impl ManagedIdentity {
    /// The machine's identity; `client_id` tells which one, where it has several that users assigned.
    #[must_use]
    pub fn new(client: Client, endpoint: IdentityEndpoint, client_id: Option<String>) -> Self {
        Self { client, endpoint, client_id }
    }

    fn request(&self) -> Result<Request, RemoteError> {
        const BAD: RemoteErrorKind = RemoteErrorKind::Malformed("the identity endpoint's address");
        let (url, version, header) = match &self.endpoint {
            IdentityEndpoint::Instance { base } => {
                let header = (HeaderName::from_static("metadata"), HeaderValue::from_static("true"));
                (format!("{base}/metadata/identity/oauth2/token"), "2018-02-01", header)
            }
            IdentityEndpoint::AppService { url, header } => {
                let mut value = HeaderValue::from_str(header).map_err(|_| BAD)?;
                value.set_sensitive(true);
                (url.clone(), "2019-08-01", (HeaderName::from_static("x-identity-header"), value))
            }
        };
        let mut url = format!("{url}?api-version={version}&resource={}", percent_encode(RESOURCE));
        if let Some(id) = &self.client_id {
            url.push_str("&client_id=");
            url.push_str(&percent_encode(id));
        }
        let mut request = Request::new(Method::GET, url.parse::<Uri>().map_err(|_| BAD)?);
        request.headers.insert(header.0, header.1);
        Ok(request)
    }
}

#[async_trait]
impl TokenSource for ManagedIdentity {
    async fn fetch(&self, now: Timestamp) -> Result<Token, RemoteError> {
        ask(&self.client, self.request()?, now).await
    }
}

/// Asks a token endpoint.
pub(super) async fn ask(client: &Client, request: Request, now: Timestamp) -> Result<Token, RemoteError> {
    let response = client.send(&Context::background(), request, &Anonymous).await?;
    let status = response.status;
    if status.is_server_error() {
        return Err(RemoteErrorKind::Overloaded.into());
    }
    if !status.is_success() {
        let refused = format!("the token endpoint answered {status}");
        return Err(RemoteError::with_source(RemoteErrorKind::Credentials, refused));
    }
    read_answer(&response.collect(TOKEN_ANSWER_MAX_BYTES).await?, now)
}
