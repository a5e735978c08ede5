use std::time::Duration;

/// Limits of the S3 listener's connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The most connections at once; one more is answered with 503 `SlowDown`.
    pub max_connections: usize,
    /// The longest that a request's head, or a TLS handshake, may take.
    pub header_timeout: Duration,
    /// The longest that a connection may be idle, or a peer stall while it sends or receives a body.
    pub idle_timeout: Duration,
    /// The longest that requests in flight are waited for at shutdown.
    pub shutdown_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_connections: 2048,
            header_timeout: Duration::from_secs(15),
            idle_timeout: Duration::from_secs(60),
            shutdown_timeout: Duration::from_secs(30),
        }
    }
}

/// The most bytes of request line and headers together. S3 documents 8 KiB of headers; presigned requests with long keys
/// and session policies need more in their query.
pub(crate) const HEAD_MAX_BYTES: usize = 16 * 1024;
/// The most bytes that a connection's read buffer grows to, which is also the largest frame that arrives.
pub(crate) const READ_BUFFER_MAX_BYTES: usize = 128 * 1024;
/// The most unread body bytes taken in after an early answer, so that the client sees the answer and keeps its connection.
pub(crate) const DRAIN_MAX_BYTES: u64 = 1024 * 1024;
/// The longest that an unread body is taken in after an early answer.
pub(crate) const DRAIN_MAX_TIME: Duration = Duration::from_secs(15);
/// The longest that a connection closed after an early answer goes on reading: closing with unread bytes resets it, and the
/// client would lose the answer.
pub(crate) const LINGER_MAX_TIME: Duration = Duration::from_secs(15);
/// The most bytes read while lingering.
pub(crate) const LINGER_MAX_BYTES: u64 = 64 * 1024 * 1024;
/// Connections waiting to be accepted, by the kernel's count.
pub(crate) const BACKLOG: u32 = 1024;
