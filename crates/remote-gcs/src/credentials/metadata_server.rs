use std::sync::Arc;

use async_trait::async_trait;
use http::Method;
use http::header::{HeaderName, HeaderValue};
use remote::{Anonymous, Client, RemoteError, RemoteErrorKind, Request, Response};
use types::{Clock, Context, Timestamp};

use super::TokenSource;
use super::token::{Issued, Issuer};

/// Where machines of Google find their metadata server; its name needs no resolver of one's own.
const ADDRESS: &str = "169.254.169.254";
const PATH: &str = "/computeMetadata/v1/instance/service-accounts/default/token";
/// Both sides say so: a server that does not is another one, and gets no say.
const FLAVOR: (HeaderName, &str) = (HeaderName::from_static("metadata-flavor"), "Google");

/// The metadata server of a Google machine. Source: "About VM metadata".
#[derive(Debug, Clone)]
pub struct MetadataServer {
    host: String,
}

impl Default for MetadataServer {
    fn default() -> Self {
        Self::at(ADDRESS)
    }
}

impl MetadataServer {
    /// The server at a host, with its port where it is not 80 (`GCE_METADATA_HOST`).
    #[must_use]
    pub fn at(host: &str) -> Self {
        Self { host: host.to_owned() }
    }

    pub(super) fn source(&self, client: Client, clock: Arc<dyn Clock>) -> impl TokenSource + use<> {
        Issued { issuer: self.clone(), client, clock }
    }
}

#[async_trait]
impl Issuer for MetadataServer {
    async fn ask(&self, client: &Client, _: Timestamp) -> Result<Response, RemoteError> {
        let uri = format!("http://{}{PATH}", self.host).parse().map_err(|error| {
            RemoteError::with_source(RemoteErrorKind::Malformed("bad metadata server"), error)
        })?;
        let mut request = Request::new(Method::GET, uri);
        request.headers.insert(FLAVOR.0, HeaderValue::from_static(FLAVOR.1));
        let response = client.send(&Context::background(), request, &Anonymous).await?;
        if response.header(FLAVOR.0.as_str()) != Some(FLAVOR.1) {
            return Err(RemoteErrorKind::Malformed("not a metadata server").into());
        }
        Ok(response)
    }
}
