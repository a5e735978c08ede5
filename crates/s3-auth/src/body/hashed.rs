use std::pin::Pin;
use std::task::{Context, Poll};

use aws_lc_rs::digest;
use types::{Body, BodyError, BodyErrorKind, BodyStream, Frame};

/// A body whose SHA-256 was signed: hashed as it passes and compared at its end.
pub(crate) struct HashedBody {
    inner: Body,
    expected: [u8; 32],
    hash: digest::Context,
}

impl HashedBody {
    pub(crate) fn wrap(inner: Body, expected: [u8; 32]) -> Body {
        let length_bytes = inner.length_bytes();
        Body::new(Self { inner, expected, hash: digest::Context::new(&digest::SHA256) }, length_bytes)
    }
}

impl BodyStream for HashedBody {
    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, BodyError>>> {
        let this = &mut *self;
        let polled = this.inner.poll_frame(cx);
        match &polled {
            Poll::Ready(Some(Ok(Frame::Data(data)))) => this.hash.update(data),
            Poll::Ready(None) => {
                let hash = this.hash.clone().finish();
                if hash.as_ref() != this.expected {
                    return Poll::Ready(Some(Err(BodyErrorKind::PayloadHashMismatch.into())));
                }
            }
            Poll::Ready(Some(Ok(Frame::Trailer(_)) | Err(_))) | Poll::Pending => {}
        }
        polled
    }
}
