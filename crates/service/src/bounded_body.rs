use std::pin::Pin;
use std::task::{Context, Poll};

use types::{Body, BodyError, BodyErrorKind, BodyStream, Frame};

/// A body whose length nobody announced, cut off with an error once it is larger than is allowed.
struct BoundedBody {
    inner: Body,
    max_bytes: u64,
    seen_bytes: u64,
}

/// Holds a body to `max_bytes` while it streams. One with a known length passes as it is: its length has been looked at.
pub(crate) fn bounded(body: Body, max_bytes: u64) -> Body {
    if body.length_bytes().is_some() {
        return body;
    }
    Body::new(BoundedBody { inner: body, max_bytes, seen_bytes: 0 }, None)
}

impl BodyStream for BoundedBody {
    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, BodyError>>> {
        let polled = self.inner.poll_frame(cx);
        if let Poll::Ready(Some(Ok(Frame::Data(data)))) = &polled {
            self.seen_bytes = self.seen_bytes.saturating_add(data.len() as u64);
            if self.seen_bytes > self.max_bytes {
                let kind = BodyErrorKind::TooLarge { max_bytes: self.max_bytes };
                return Poll::Ready(Some(Err(kind.into())));
            }
        }
        polled
    }
}
