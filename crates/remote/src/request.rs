use bytes::Bytes;
use http::{HeaderMap, Method, Uri};
use types::Body;

/// A request before it is signed.
#[derive(Debug)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// Scheme, authority, path and query; sent as they are written.
    pub uri: Uri,
    /// Headers. `Host`, `Content-Length` and `Connection` are the client's own; a `Host` that is there is kept.
    pub headers: HeaderMap,
    /// The body.
    pub body: Payload,
    /// Whether it may be sent again.
    pub replay: Replay,
}

impl Request {
    /// A request without headers or body that may be sent again.
    #[must_use]
    pub fn new(method: Method, uri: Uri) -> Self {
        Self { method, uri, headers: HeaderMap::new(), body: Payload::Empty, replay: Replay::Safe }
    }
}

/// What is sent behind the head.
#[derive(Debug)]
pub enum Payload {
    /// Nothing, with `Content-Length: 0` where the method asks for one.
    Empty,
    /// These bytes.
    Bytes(Bytes),
    /// A stream of an exact length. It is never sent again once a byte of it was taken. Its last frame is held back until
    /// the stream has ended well, so that a body whose digest turns out wrong never completes.
    Stream {
        /// The stream.
        body: Body,
        /// Its length; a stream of any other length fails.
        length_bytes: u64,
    },
}

impl Payload {
    /// How many bytes are sent.
    #[must_use]
    pub fn length_bytes(&self) -> u64 {
        match self {
            Self::Empty => 0,
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Stream { length_bytes, .. } => *length_bytes,
        }
    }
}

/// Whether a request may be sent again after a passing failure. Whatever this says, a stream of which a byte was taken is
/// never sent again. `docs/decisions/0066-what-is-tried-again.md` has the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replay {
    /// After any: doing it twice is doing it once.
    Safe,
    /// Only while it surely had no effect:
    ///
    /// - no connection was made;
    /// - the service refused by 429, which it says before it acts, or refused stale credentials;
    /// - it is a stream of which nothing was taken yet: a service cannot act on a body that it has no byte of.
    ///
    /// After 408, 5xx, a reset or no answer in time a request without a body, or with bytes at hand, may have taken effect: the
    /// failure is the caller's, who looks before it reports.
    Unsent,
}
