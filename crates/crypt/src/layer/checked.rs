use std::pin::Pin;
use std::task::{Context, Poll, ready};

use hash::Hasher;
use types::{
    Body, BodyError, BodyErrorKind, BodyStream, Checksum, ChecksumAlgorithm, ExpectedChecksum, Frame,
};

/// A body whose checksum is verified and forgotten; its trailer is consumed.
pub(super) struct Checked {
    inner: Body,
    hasher: Option<Hasher>,
    algorithm: ChecksumAlgorithm,
    expected: Option<Checksum>,
    trailer_due: bool,
}

impl Checked {
    /// Wraps a body that must have this checksum.
    pub(super) fn wrap(inner: Body, expected: ExpectedChecksum) -> Body {
        let (algorithm, value, trailer_due) = match expected {
            ExpectedChecksum::Default | ExpectedChecksum::Compute(_) => return inner,
            ExpectedChecksum::Value(value) => (value.algorithm, Some(value), false),
            ExpectedChecksum::Trailer(algorithm) => (algorithm, None, true),
        };
        let length_bytes = inner.length_bytes();
        let hasher = Some(Hasher::new(algorithm));
        Body::new(Self { inner, hasher, algorithm, expected: value, trailer_due }, length_bytes)
    }

    fn verify(&mut self) -> Result<(), BodyErrorKind> {
        let Some(hasher) = self.hasher.take() else { return Ok(()) };
        let missing = BodyErrorKind::TrailerMissing(self.algorithm);
        let expected = self.expected.ok_or(missing.clone())?;
        if expected.algorithm != self.algorithm {
            return Err(missing);
        }
        if hasher.finish().value != expected.value {
            return Err(BodyErrorKind::DigestMismatch(Some(self.algorithm)));
        }
        Ok(())
    }
}

impl BodyStream for Checked {
    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, BodyError>>> {
        loop {
            match ready!(self.inner.poll_frame(cx)) {
                Some(Ok(Frame::Trailer(checksum))) => {
                    if self.trailer_due {
                        self.expected = Some(checksum);
                    }
                }
                Some(Ok(Frame::Data(data))) => {
                    self.hasher.iter_mut().for_each(|hasher| hasher.update(&data));
                    return Poll::Ready(Some(Ok(Frame::Data(data))));
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(self.verify().err().map(|kind| Err(kind.into()))),
            }
        }
    }
}
