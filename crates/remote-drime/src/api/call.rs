use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use http::{HeaderMap, Method, StatusCode, Uri};
use remote::{Client, Payload, Replay, Request, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use types::Context;

use super::bearer::Bearer;
use super::{ApiError, ApiErrorKind, Limiter};

/// The largest answer that is read: a page of a listing with the longest names stays far below.
const ANSWER_MAX_BYTES: usize = 16 * 1024 * 1024;

/// How often an answer that breaks off is asked for.
const ATTEMPTS: u32 = 3;

/// Whose turn a call takes: buckets share the account's limit fairly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lane(pub(crate) u64);

impl Lane {
    /// For what serves no bucket.
    pub(crate) const OWN: Self = Self(0);
}

/// What the API is reached by.
pub(crate) struct ApiOptions {
    /// The base, without a slash at its end.
    pub(crate) endpoint: String,
    /// The token, as the header has it.
    pub(crate) authorization: HeaderValue,
    /// The workspace; 0 is the personal one.
    pub(crate) workspace: u64,
    /// What sends.
    pub(crate) client: Client,
    /// What paces.
    pub(crate) limiter: Limiter,
}

/// The drive's API. Cloning shares it.
#[derive(Clone)]
pub(crate) struct Api(Arc<ApiOptions>);

impl Api {
    pub(crate) fn new(options: ApiOptions) -> Self {
        Self(Arc::new(options))
    }

    pub(crate) fn limiter(&self) -> &Limiter {
        &self.0.limiter
    }

    pub(super) fn client(&self) -> &Client {
        &self.0.client
    }

    /// The URL of a call, with the workspace where it is not the personal one.
    pub(super) fn url(&self, path: &str, query: &str, call: &'static str) -> Result<Uri, ApiError> {
        let workspace = match self.0.workspace {
            0 => String::new(),
            number => format!("workspaceId={number}"),
        };
        let query =
            [query, &workspace].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("&");
        let mark = if query.is_empty() { "" } else { "?" };
        let url = format!("{}{path}{mark}{query}", self.0.endpoint);
        url.parse().map_err(|_| ApiError::new(ApiErrorKind::Malformed("an address that is none"), call))
    }

    /// The workspace as request bodies name it; `None` for the personal one.
    pub(super) fn workspace(&self) -> Option<u64> {
        (self.0.workspace != 0).then_some(self.0.workspace)
    }

    /// Sends a call with the token, and tells the limiter what the service says about its limit.
    pub(super) async fn send(
        &self,
        cx: &Context,
        lane: Lane,
        call: &'static str,
        request: Request,
    ) -> Result<Response, ApiError> {
        let bearer = Bearer { token: &self.0.authorization, limiter: &self.0.limiter, lane };
        let sent = self.0.client.send(cx, request, &bearer).await;
        let response = sent.map_err(|error| ApiError::from((error, call)))?;
        let number = |name| response.header(name).and_then(|text| text.trim().parse().ok());
        self.0.limiter.told(number("x-ratelimit-limit"), number("x-ratelimit-remaining"));
        if response.status == StatusCode::TOO_MANY_REQUESTS {
            let seconds = response.header(RETRY_AFTER.as_str()).and_then(|text| text.trim().parse().ok());
            self.0.limiter.refused(seconds.map(Duration::from_secs));
        }
        Ok(response)
    }

    /// Sends a call with a body of JSON and reads its answer.
    pub(super) async fn post<A: DeserializeOwned>(
        &self,
        cx: &Context,
        lane: Lane,
        post: Post<'_, impl Serialize>,
    ) -> Result<A, ApiError> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if post.overridden {
            headers.insert("x-http-method-override", HeaderValue::from_static("PUT"));
        }
        let body = serde_json::to_vec(post.body).map(Bytes::from).map_err(|_| {
            ApiError::new(ApiErrorKind::Malformed("nothing: the call cannot be written"), post.call)
        })?;
        let uri = self.url(post.path, "", post.call)?;
        let request = || Request {
            method: Method::POST,
            uri: uri.clone(),
            headers: headers.clone(),
            body: Payload::Bytes(body.clone()),
            replay: post.replay,
        };
        self.ask(cx, lane, post.call, request).await
    }

    /// Sends a call and reads its answer. An answer that breaks off is asked for again where that changes nothing.
    pub(super) async fn ask<A: DeserializeOwned>(
        &self,
        cx: &Context,
        lane: Lane,
        call: &'static str,
        request: impl Fn() -> Request,
    ) -> Result<A, ApiError> {
        let mut attempts = 0;
        loop {
            let request = request();
            let may_repeat = request.replay == Replay::Safe;
            let response = self.send(cx, lane, call, request).await?;
            attempts += 1;
            match read(response, call).await {
                Err(error) if error.kind == ApiErrorKind::Garbled && may_repeat && attempts < ATTEMPTS => {}
                done => return done,
            }
        }
    }
}

/// A call with a body of JSON.
pub(super) struct Post<'a, B> {
    /// Its name in errors.
    pub(super) call: &'static str,
    /// The path behind the base.
    pub(super) path: &'a str,
    /// What is sent.
    pub(super) body: &'a B,
    /// Whether it may be sent twice.
    pub(super) replay: Replay,
    /// Whether it stands for a PUT.
    pub(super) overridden: bool,
}

impl<'a, B> Post<'a, B> {
    pub(super) fn new(call: &'static str, path: &'a str, body: &'a B, replay: Replay) -> Self {
        Self { call, path, body, replay, overridden: false }
    }
}

/// The body of an answer.
pub(super) async fn body(response: Response, call: &'static str) -> Result<Bytes, ApiError> {
    let status = response.status;
    let body = response.collect(ANSWER_MAX_BYTES).await;
    if !status.is_success() {
        return Err(ApiError::of_status(status, call));
    }
    body.map_err(|error| match error.is_ambiguous() {
        true => ApiError { kind: ApiErrorKind::Garbled, ..ApiError::from((error, call)) },
        false => ApiError::from((error, call)),
    })
}

/// The answer of a call that succeeded.
pub(super) async fn read<A: DeserializeOwned>(response: Response, call: &'static str) -> Result<A, ApiError> {
    let body = body(response, call).await?;
    // A body that was cut or garbled says nothing about whether the call took effect.
    serde_json::from_slice(&body).map_err(|error| {
        tracing::warn!(call, %error, "an answer of the drive is not what was expected");
        ApiError::new(ApiErrorKind::Garbled, call)
    })
}
