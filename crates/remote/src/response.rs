use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use types::{Body, BodyErrorKind};

use crate::{RemoteError, RemoteErrorKind};

/// An answer of any status.
#[derive(Debug)]
pub struct Response {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, its frames counted in the budget. One that ends before its `Content-Length` ends with an error.
    pub body: Body,
}

impl Response {
    /// The whole body.
    ///
    /// # Errors
    /// `TooLarge` past `max_bytes`; `TimedOut` or `Reset` where it broke off.
    pub async fn collect(self, max_bytes: usize) -> Result<Bytes, RemoteError> {
        self.body.collect(max_bytes).await.map_err(|error| match error.kind {
            BodyErrorKind::TooLarge { .. } => RemoteErrorKind::TooLarge.into(),
            BodyErrorKind::TimedOut => RemoteError::with_source(RemoteErrorKind::TimedOut, error),
            _ => RemoteError::with_source(RemoteErrorKind::Reset, error),
        })
    }

    /// A header as text; `None` where it is missing or not text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}
