use std::ops::RangeInclusive;
use std::pin::Pin;
use std::task::{Context, Poll};

use types::{Body, BodyError, BodyErrorKind, BodyStream, Frame};

/// A body whose length must lie in a range that a policy gives.
pub(crate) struct RangedBody {
    inner: Body,
    allowed: RangeInclusive<u64>,
    seen_bytes: u64,
}

impl RangedBody {
    pub(crate) fn wrap(inner: Body, allowed: RangeInclusive<u64>) -> Body {
        let length_bytes = inner.length_bytes();
        Body::new(Self { inner, allowed, seen_bytes: 0 }, length_bytes)
    }
}

impl BodyStream for RangedBody {
    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, BodyError>>> {
        let this = &mut *self;
        let (least, most) = (*this.allowed.start(), *this.allowed.end());
        let polled = this.inner.poll_frame(cx);
        match &polled {
            Poll::Ready(Some(Ok(Frame::Data(data)))) => {
                this.seen_bytes += data.len() as u64;
                if this.seen_bytes > most {
                    return Poll::Ready(Some(Err(BodyErrorKind::TooLarge { max_bytes: most }.into())));
                }
            }
            Poll::Ready(None) if this.seen_bytes < least => {
                return Poll::Ready(Some(Err(BodyErrorKind::TooSmall { min_bytes: least }.into())));
            }
            Poll::Ready(_) | Poll::Pending => {}
        }
        polled
    }
}
