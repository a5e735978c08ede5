use std::sync::Arc;

use http::header::{HeaderName, HeaderValue};
use http::{Method, Uri};
use remote::{Client, Payload, RemoteError, RemoteErrorKind, Replay, Request, Response};
use types::{Clock, Context};

use super::{API_VERSION, Failure};
use crate::encode::{encode_path, percent_encode};
use crate::{Credential, Endpoint};

/// The account's blob service, as calls see it. Cloning shares it.
#[derive(Clone)]
pub(crate) struct Api(Arc<Shared>);

struct Shared {
    endpoint: Endpoint,
    credential: Credential,
    client: Client,
    clock: Arc<dyn Clock>,
}

/// What a call is about.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Place<'a> {
    Account,
    Container(&'a str),
    Blob(&'a str, &'a str),
}

/// One request in the making.
#[derive(Debug)]
pub(crate) struct Call {
    method: Method,
    path: String,
    query: String,
    headers: http::HeaderMap,
    body: Payload,
    replay: Replay,
    unbearable: bool,
}

impl Call {
    /// A call without headers or body that may be repeated.
    pub(crate) fn new(method: Method, place: Place<'_>) -> Self {
        let path = match place {
            Place::Account => "/".to_owned(),
            Place::Container(container) => format!("/{container}"),
            Place::Blob(container, blob) => format!("/{container}/{}", encode_path(blob)),
        };
        Self {
            method,
            path,
            query: String::new(),
            headers: http::HeaderMap::new(),
            body: Payload::Empty,
            replay: Replay::Safe,
            unbearable: false,
        }
    }

    /// Adds a parameter.
    pub(crate) fn param(mut self, name: &str, value: &str) -> Self {
        self.query.push(if self.query.is_empty() { '?' } else { '&' });
        self.query.push_str(name);
        self.query.push('=');
        self.query.push_str(&percent_encode(value));
        self
    }

    /// Adds a header. One that no header can bear makes the call fail before it is sent.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        match (HeaderName::try_from(name), HeaderValue::from_str(value)) {
            (Ok(name), Ok(value)) => {
                self.headers.insert(name, value);
            }
            _ => self.unbearable = true,
        }
        self
    }

    /// Adds a header where there is a value for it.
    pub(crate) fn maybe(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.header(name, value),
            None => self,
        }
    }

    /// Adds the URL that the service is to read from, which bears a proof and is not to be shown.
    pub(crate) fn source(mut self, url: &str) -> Self {
        match HeaderValue::from_str(url) {
            Ok(mut value) => {
                value.set_sensitive(true);
                self.headers.insert(HeaderName::from_static("x-ms-copy-source"), value);
            }
            Err(_) => self.unbearable = true,
        }
        self
    }

    /// Adds a header that is not to be shown.
    pub(crate) fn secret(mut self, name: &'static str, value: Option<HeaderValue>) -> Self {
        if let Some(value) = value {
            self.headers.insert(HeaderName::from_static(name), value);
        }
        self
    }

    /// Gives the call a body.
    pub(crate) fn body(mut self, body: Payload) -> Self {
        self.body = body;
        self
    }

    /// The call may be repeated only while it surely had no effect.
    pub(crate) fn once(mut self) -> Self {
        self.replay = Replay::Unsent;
        self
    }
}

impl Api {
    pub(crate) fn new(
        endpoint: Endpoint,
        credential: Credential,
        client: Client,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self(Arc::new(Shared { endpoint, credential, client, clock }))
    }

    /// Sends a call; an answer that is no success is a failure.
    pub(crate) async fn send(&self, cx: &Context, call: Call) -> Result<Response, Failure> {
        if call.unbearable {
            return Err(
                RemoteError::from(RemoteErrorKind::Malformed("a header that no request can bear")).into()
            );
        }
        let url = format!("{}{}", self.0.endpoint.url(&call.path), call.query);
        let uri: Uri = url.parse().map_err(|_| RemoteError::from(RemoteErrorKind::Malformed("a bad URL")))?;
        let mut request = Request::new(call.method, uri);
        request.headers = call.headers;
        request.headers.insert("x-ms-version", HeaderValue::from_static(API_VERSION));
        request.body = call.body;
        request.replay = call.replay;
        let response = self.0.client.send(cx, request, &self.0.credential).await?;
        if response.status.is_success() { Ok(response) } else { Err(Failure::of(response).await) }
    }

    /// The URL at which the service reads a blob itself, and what else the request needs for that.
    pub(super) async fn source(
        &self,
        container: &str,
        blob: &str,
    ) -> Result<(String, Option<HeaderValue>), Failure> {
        let proof = self.0.credential.source_proof(container, blob, self.0.clock.now()).await?;
        let mut url = self.0.endpoint.url(&format!("/{container}/{}", encode_path(blob)));
        if let Some(query) = proof.query {
            url.push('?');
            url.push_str(&query);
        }
        Ok((url, proof.authorization))
    }

    pub(crate) fn client(&self) -> &Client {
        &self.0.client
    }
}
