use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use types::Body;

/// The body of an answer.
#[derive(Debug)]
pub enum ReplyBody {
    /// None.
    Empty,
    /// A document, whole.
    Document(Bytes),
    /// An object's bytes.
    Stream(Body),
}

/// An answer, but for the headers that every answer has (`x-amz-request-id`, `x-amz-id-2`, `Date`, `Server`).
#[derive(Debug)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The headers, `Content-Length` included where there is or would be a body.
    pub headers: HeaderMap,
    /// The body; to a HEAD request always empty.
    pub body: ReplyBody,
}

/// How the client reached the server, for URLs in answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// `http`.
    Http,
    /// `https`.
    Https,
}

impl Scheme {
    /// The scheme as it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}
