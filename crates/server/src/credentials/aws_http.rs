use std::fmt;
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use remote::{Anonymous, Payload, RemoteError, RemoteErrorKind, Replay, Request};
use types::Context;

/// The largest answer of a service that issues credentials; they are a few kilobytes.
const ANSWER_MAX_BYTES: usize = 256 * 1024;
/// How long one request may take where the chain does not say.
const REQUEST_MAX_TIME: Duration = Duration::from_secs(10);

/// Carries the requests of Amazon's chain over a client of ours, so that there is one TLS and one pool in the process.
#[derive(Clone)]
pub(super) struct AwsHttp {
    client: remote::Client,
    max_time: Duration,
}

impl fmt::Debug for AwsHttp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AwsHttp").field("max_time", &self.max_time).finish_non_exhaustive()
    }
}

impl AwsHttp {
    pub(super) fn new(client: remote::Client) -> Self {
        Self { client, max_time: REQUEST_MAX_TIME }
    }

    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let request = inward(&request).map_err(|error| ConnectorError::user(error.into()))?;
        let sending = async {
            let response = self.client.send(&Context::background(), request, &Anonymous).await?;
            let (status, headers) = (response.status, response.headers.clone());
            Ok::<_, RemoteError>((status, headers, response.collect(ANSWER_MAX_BYTES).await?))
        };
        let (status, headers, body) = match tokio::time::timeout(self.max_time, sending).await {
            Ok(done) => done.map_err(failed)?,
            Err(elapsed) => return Err(ConnectorError::timeout(elapsed.into())),
        };
        let status = status.as_u16().try_into().map_err(|_| ConnectorError::user("no HTTP status".into()))?;
        let mut response = HttpResponse::new(status, SdkBody::from(body));
        for (name, value) in &headers {
            if let Ok(value) = value.to_str() {
                response.headers_mut().append(name.as_str().to_owned(), value.to_owned());
            }
        }
        Ok(response)
    }
}

impl HttpClient for AwsHttp {
    fn http_connector(&self, settings: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        let told = [settings.connect_timeout(), settings.read_timeout()];
        let max_time = told.into_iter().flatten().reduce(|sum, time| sum + time);
        let max_time = max_time.unwrap_or(REQUEST_MAX_TIME);
        SharedHttpConnector::new(Self { client: self.client.clone(), max_time })
    }
}

impl HttpConnector for AwsHttp {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let this = self.clone();
        HttpConnectorFuture::new(async move { this.send(request).await })
    }
}

/// The request as our client sends it. The chain repeats requests itself.
fn inward(request: &HttpRequest) -> Result<Request, http::Error> {
    let mut headers = HeaderMap::new();
    for (name, value) in request.headers() {
        headers.append(HeaderName::from_bytes(name.as_bytes())?, HeaderValue::from_str(value)?);
    }
    let body = request.body().bytes().map_or_else(Bytes::new, Bytes::copy_from_slice);
    Ok(Request {
        method: Method::from_bytes(request.method().as_bytes())?,
        uri: request.uri().parse::<Uri>()?,
        headers,
        body: if body.is_empty() { Payload::Empty } else { Payload::Bytes(body) },
        replay: Replay::Unsent,
    })
}

fn failed(error: RemoteError) -> ConnectorError {
    match error.kind {
        RemoteErrorKind::TimedOut => ConnectorError::timeout(error.into()),
        _ => ConnectorError::io(error.into()),
    }
}
