use std::pin::Pin;
use std::task::{Context, Poll, ready};

use types::{
    Body, BodyError, BodyErrorKind, BodyStream, Checksum, ChecksumAlgorithm, ExpectedChecksum, Frame,
};

use crate::Hasher;

/// A body whose checksum is verified and forgotten; its trailer is consumed.
pub struct Checked {
    inner: Body,
    hasher: Option<Hasher>,
    algorithm: ChecksumAlgorithm,
    expected: Option<Checksum>,
    trailer_due: bool,
}

impl Checked {
    /// Wraps a body that must have this checksum; one of which nothing is expected is handed back as it is. The body ends in an
    /// error where the checksum is another one, or the trailer that bears it did not come.
    #[must_use]
    pub fn wrap(inner: Body, expected: ExpectedChecksum) -> Body {
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

#[cfg(test)]
mod tests {
    use super::*;

    async fn end(expected: ExpectedChecksum, frames: Vec<Frame>) -> Result<usize, BodyErrorKind> {
        struct Given(std::vec::IntoIter<Frame>);

        impl BodyStream for Given {
            fn poll_frame(
                mut self: Pin<&mut Self>,
                _: &mut Context<'_>,
            ) -> Poll<Option<Result<Frame, BodyError>>> {
                Poll::Ready(self.0.next().map(Ok))
            }
        }

        let body = Checked::wrap(Body::new(Given(frames.into_iter()), None), expected);
        body.collect(usize::MAX).await.map(|bytes| bytes.len()).map_err(|error| error.kind)
    }

    #[tokio::test]
    async fn a_body_ends_well_only_with_the_checksum_that_was_expected() {
        let data = Frame::Data(b"123456789".as_slice().into());
        let algorithm = ChecksumAlgorithm::Crc32c;
        let right = Hasher::checksum(algorithm, b"123456789");
        let wrong = Hasher::checksum(algorithm, b"12345678");
        let mismatch = Err(BodyErrorKind::DigestMismatch(Some(algorithm)));
        let missing = Err(BodyErrorKind::TrailerMissing(algorithm));
        let trailer = ExpectedChecksum::Trailer(algorithm);
        assert_eq!(end(ExpectedChecksum::Value(right), vec![data.clone()]).await, Ok(9));
        assert_eq!(end(ExpectedChecksum::Value(wrong), vec![data.clone()]).await, mismatch);
        assert_eq!(end(trailer, vec![data.clone(), Frame::Trailer(right)]).await, Ok(9));
        assert_eq!(end(trailer, vec![data.clone(), Frame::Trailer(wrong)]).await, mismatch);
        assert_eq!(end(trailer, vec![data.clone()]).await, missing);
        let other = Hasher::checksum(ChecksumAlgorithm::Crc32, b"123456789");
        assert_eq!(end(trailer, vec![data, Frame::Trailer(other)]).await, missing);
    }
}
