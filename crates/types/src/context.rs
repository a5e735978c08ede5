use std::fmt;
use std::time::Instant;

use crate::Notes;

/// A request's id: 16 characters of `0-9A-F`, as S3's `x-amz-request-id`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct RequestId([u8; 16]);

impl RequestId {
    const BACKGROUND: Self = Self([b'0'; 16]);

    /// Writes a number as an id.
    #[must_use]
    pub fn from_u64(number: u64) -> Self {
        const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
        Self(std::array::from_fn(|place| DIGITS[(number >> (60 - 4 * place) & 15) as usize]))
    }

    /// Whether it is a request's; what goes on in the background has none of its own.
    #[must_use]
    pub fn is_known(&self) -> bool {
        *self != Self::BACKGROUND
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What every call bears downwards: which request it serves and until when it is worth doing.
///
/// Cancellation is dropping the future. It holds no store, client or setting.
#[derive(Debug, Clone)]
pub struct Context {
    /// The request served.
    pub request_id: RequestId,
    /// When the caller stops waiting, if ever.
    pub deadline: Option<Instant>,
    /// Where layers say what the answer's headers and the log line tell.
    pub notes: Notes,
}

impl Context {
    /// A context for background work and tests: no deadline.
    #[must_use]
    pub fn background() -> Self {
        Self { request_id: RequestId::BACKGROUND, deadline: None, notes: Notes::unread() }
    }
}
