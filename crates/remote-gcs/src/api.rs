use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Method, StatusCode, Uri};
use remote::{Authorize, Client, Payload, RemoteError, RemoteErrorKind, Replay, Request, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use store::{StoreError, StoreErrorKind};
use types::Context;

use crate::names::escape;

/// The largest answer that is not an object: a page of a thousand objects with 8 KiB of metadata each fits.
pub(crate) const ANSWER_MAX_BYTES: usize = 16 * 1024 * 1024;
/// The largest error that is read.
const ERROR_MAX_BYTES: usize = 64 * 1024;

/// How often an answer is asked for that breaks off.
const ANSWERS_MAX: usize = 3;

/// One endpoint, and who asks.
pub(crate) struct Api {
    base: String,
    client: Client,
    auth: Arc<dyn Authorize>,
}

/// An answer that is not the one hoped for.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) message: String,
}

/// What became of a request: its answer, or the service's refusal.
pub(crate) type Asked<T> = Result<Result<T, Refusal>, RemoteError>;

/// Parameters of a query.
#[derive(Debug, Clone, Default)]
pub(crate) struct Query(String);

impl Query {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// A parameter with a value.
    pub(crate) fn with(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.0.push(if self.0.is_empty() { '?' } else { '&' });
        self.0.push_str(name);
        self.0.push('=');
        self.0.push_str(&escape(&value.to_string()));
        self
    }

    /// A parameter where there is a value.
    pub(crate) fn with_some(self, name: &str, value: Option<impl fmt::Display>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// A parameter that has no value.
    pub(crate) fn flag(mut self, name: &str) -> Self {
        self.0.push(if self.0.is_empty() { '?' } else { '&' });
        self.0.push_str(name);
        self
    }
}

impl Api {
    pub(crate) fn new(endpoint: &str, client: Client, auth: Arc<dyn Authorize>) -> Self {
        Self { base: endpoint.trim_end_matches('/').to_owned(), client, auth }
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// The address of a path below the endpoint.
    pub(crate) fn uri(&self, path: &str, query: &Query) -> Result<Uri, RemoteError> {
        let text = format!("{}{path}{}", self.base, query.0);
        text.parse()
            .map_err(|error| RemoteError::with_source(RemoteErrorKind::Malformed("bad address"), error))
    }

    /// A request to the endpoint.
    pub(crate) fn request(&self, method: Method, path: &str, query: &Query) -> Result<Request, RemoteError> {
        Ok(Request::new(method, self.uri(path, query)?))
    }

    /// A request with a JSON document.
    pub(crate) fn with_json(
        &self,
        method: Method,
        path: &str,
        query: &Query,
        document: &serde_json::Value,
    ) -> Result<Request, RemoteError> {
        let mut request = self.request(method, path, query)?;
        request.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        request.body = Payload::Bytes(document.to_string().into());
        Ok(request)
    }

    /// Sends a request; any answer but a success is a refusal.
    pub(crate) async fn ask(&self, cx: &Context, request: Request) -> Asked<Response> {
        let response = self.client.send(cx, request, &*self.auth).await?;
        if response.status.is_success() {
            return Ok(Ok(response));
        }
        Ok(Err(Refusal::read(response).await))
    }

    /// Sends a request; an answer of any status is one.
    pub(crate) async fn ask_any(&self, cx: &Context, request: Request) -> Result<Response, RemoteError> {
        self.client.send(cx, request, &*self.auth).await
    }

    /// Sends a request and reads its answer. An answer that breaks off is asked for again, where the request may be
    /// repeated.
    pub(crate) async fn ask_bytes(&self, cx: &Context, request: Request) -> Asked<Bytes> {
        let mut next = Some(request);
        let mut broken = RemoteError::from(RemoteErrorKind::Reset);
        for _ in 0..ANSWERS_MAX {
            let Some(request) = next.take() else { break };
            next = again(&request);
            let response = match self.ask(cx, request).await? {
                Ok(response) => response,
                Err(refusal) => return Ok(Err(refusal)),
            };
            match response.collect(ANSWER_MAX_BYTES).await {
                Ok(bytes) => return Ok(Ok(bytes)),
                Err(error) if error.is_ambiguous() => broken = error,
                Err(error) => return Err(error),
            }
        }
        Err(broken)
    }

    /// Sends a request and reads its JSON answer.
    pub(crate) async fn ask_json<T: DeserializeOwned>(&self, cx: &Context, request: Request) -> Asked<T> {
        match self.ask_bytes(cx, request).await? {
            Ok(bytes) => parse(&bytes).map(Ok),
            Err(refusal) => Ok(Err(refusal)),
        }
    }

    /// Sends a request whose answer is of no interest beyond its status.
    pub(crate) async fn ask_nothing(&self, cx: &Context, request: Request) -> Asked<()> {
        match self.ask(cx, request).await? {
            Ok(response) => {
                // Read, so that the connection may serve again.
                let _ = response.collect(ERROR_MAX_BYTES).await;
                Ok(Ok(()))
            }
            Err(refusal) => Ok(Err(refusal)),
        }
    }
}

/// The same request once more, where it may be repeated.
fn again(request: &Request) -> Option<Request> {
    let body = match &request.body {
        Payload::Empty => Payload::Empty,
        Payload::Bytes(bytes) => Payload::Bytes(bytes.clone()),
        Payload::Stream { .. } => return None,
    };
    (request.replay == Replay::Safe).then(|| Request {
        method: request.method.clone(),
        uri: request.uri.clone(),
        headers: request.headers.clone(),
        body,
        replay: Replay::Safe,
    })
}

fn parse<T: DeserializeOwned>(bytes: &Bytes) -> Result<T, RemoteError> {
    serde_json::from_slice(bytes)
        .map_err(|error| RemoteError::with_source(RemoteErrorKind::Malformed("not the JSON expected"), error))
}

#[derive(Deserialize)]
struct ErrorDocument {
    error: ErrorBody,
}

#[derive(Deserialize)]
struct ErrorBody {
    #[serde(default)]
    message: String,
}

impl Refusal {
    /// Reads the error document of an answer, as far as there is one.
    pub(crate) async fn read(response: Response) -> Self {
        let status = response.status;
        let bytes = response.collect(ERROR_MAX_BYTES).await.unwrap_or_default();
        let message = match serde_json::from_slice::<ErrorDocument>(&bytes) {
            Ok(document) => document.error.message,
            Err(_) => String::from_utf8_lossy(&bytes).into_owned(),
        };
        Self { status, message }
    }

    pub(crate) fn is_missing(&self) -> bool {
        self.status == StatusCode::NOT_FOUND
    }

    /// A condition did not hold; 304 is how one by "not match" fails.
    pub(crate) fn is_condition(&self) -> bool {
        matches!(self.status, StatusCode::PRECONDITION_FAILED | StatusCode::NOT_MODIFIED)
    }

    /// Whether the request may have taken effect all the same.
    pub(crate) fn is_ambiguous(&self) -> bool {
        self.status.is_server_error() && self.status != StatusCode::SERVICE_UNAVAILABLE
    }

    /// The refusal as a store's error, where the operation has no better one.
    pub(crate) fn into_store(self, operation: &'static str) -> StoreError {
        let kind = match self.status {
            StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT => StoreErrorKind::Unavailable,
            StatusCode::CONFLICT => StoreErrorKind::Conflict,
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => StoreErrorKind::Denied,
            StatusCode::NOT_IMPLEMENTED => {
                StoreErrorKind::Unsupported("the endpoint does not implement what this needs")
            }
            status if status.is_server_error() => StoreErrorKind::Unavailable,
            _ => StoreErrorKind::Internal,
        };
        StoreError::with_source(kind, operation, self)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the service answered {}: {}", self.status, self.message)
    }
}

impl std::error::Error for Refusal {}

/// What became of a request, refusals made errors.
pub(crate) fn settled<T>(asked: Asked<T>, operation: &'static str) -> Result<T, StoreError> {
    asked.map_err(|error| failed(error, operation))?.map_err(|refusal| refusal.into_store(operation))
}

/// The error of a request that got no answer. Wrong digests are the store's own kinds.
pub(crate) fn failed(error: RemoteError, operation: &'static str) -> StoreError {
    let mut error = error.into_store(operation);
    if let StoreErrorKind::Body(body) = &error.kind {
        match body.kind {
            types::BodyErrorKind::DigestMismatch(algorithm) => {
                error.kind = StoreErrorKind::DigestMismatch(algorithm);
            }
            types::BodyErrorKind::TrailerMissing(algorithm) => {
                error.kind = StoreErrorKind::TrailerMissing(algorithm);
            }
            _ => {}
        }
    }
    error
}

/// The path of a bucket in the JSON API.
pub(crate) fn bucket_path(bucket: &str) -> String {
    format!("/storage/v1/b/{bucket}")
}

/// The path of an object in the JSON API.
pub(crate) fn object_path(bucket: &str, name: &str) -> String {
    format!("/storage/v1/b/{bucket}/o/{}", escape(name))
}

/// The path of an object in the XML API.
pub(crate) fn xml_path(bucket: &str, name: &str) -> String {
    format!("/{bucket}/{}", escape(name))
}
