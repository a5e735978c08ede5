use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use types::{
    Body, BodyError, BodyErrorKind, BodyStream, Checksum, ETag, ExpectedChecksum, ExpectedDigests, Frame,
};

use crate::DigestStage;

/// What a verified body turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digests {
    /// The MD5 of the bytes.
    pub md5: [u8; 16],
    /// The checksum, of the algorithm that was expected.
    pub checksum: Checksum,
    /// How many bytes there were.
    pub size_bytes: u64,
}

impl Digests {
    /// The entity tag of an object of these bytes.
    #[must_use]
    pub fn etag(&self) -> ETag {
        ETag::from_md5(self.md5)
    }
}

/// Where the digests of an [`Ingest`] arrive once its body has ended well.
#[derive(Debug, Clone, Default)]
pub struct Receipt(Arc<OnceLock<Digests>>);

impl Receipt {
    /// The digests; `None` until the body has given its end.
    #[must_use]
    pub fn digests(&self) -> Option<Digests> {
        self.0.get().copied()
    }
}

/// A body that is hashed as it passes and verified at its end: what is expected but not met is an error in place of the
/// end, so whoever stores the bytes never sees a wrong body as finished. Trailers are consumed.
pub struct Ingest {
    inner: Body,
    stage: Option<DigestStage>,
    expected: ExpectedDigests,
    trailer: Option<Checksum>,
    absorbing: Option<Bytes>,
    /// The inner body has given its end.
    ended: bool,
    size_bytes: u64,
    receipt: Receipt,
}

impl Ingest {
    /// Wraps a body; the receipt holds the digests after its end.
    #[must_use]
    pub fn wrap(inner: Body, expected: ExpectedDigests) -> (Body, Receipt) {
        let receipt = Receipt::default();
        let length_bytes = inner.length_bytes();
        let ingest = Self {
            inner,
            stage: Some(DigestStage::new(expected.checksum.algorithm())),
            expected,
            trailer: None,
            absorbing: None,
            ended: false,
            size_bytes: 0,
            receipt: receipt.clone(),
        };
        (Body::new(ingest, length_bytes), receipt)
    }

    fn poll_absorbing(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        if let (Some(frame), Some(stage)) = (&self.absorbing, &mut self.stage) {
            ready!(stage.poll_absorb(frame, cx));
        }
        Poll::Ready(self.absorbing.take())
    }

    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, BodyError>>> {
        if let Some(stage) = &mut self.stage {
            ready!(stage.poll_flush(cx));
        }
        Poll::Ready(self.verify().err().map(|kind| Err(kind.into())))
    }

    fn verify(&mut self) -> Result<(), BodyErrorKind> {
        let Some(stage) = self.stage.take() else { return Ok(()) };
        let (md5, checksum) = stage.finish();
        if self.expected.content_md5.is_some_and(|expected| expected != md5) {
            return Err(BodyErrorKind::DigestMismatch(None));
        }
        let expected = match self.expected.checksum {
            ExpectedChecksum::Value(value) => Some(value),
            ExpectedChecksum::Trailer(algorithm) => {
                Some(self.trailer.ok_or(BodyErrorKind::TrailerMissing(algorithm))?)
            }
            ExpectedChecksum::Default | ExpectedChecksum::Compute(_) => self.trailer,
        };
        if expected.is_some_and(|expected| expected.algorithm != checksum.algorithm) {
            return Err(BodyErrorKind::TrailerMissing(checksum.algorithm));
        }
        if expected.is_some_and(|expected| expected.value != checksum.value) {
            return Err(BodyErrorKind::DigestMismatch(Some(checksum.algorithm)));
        }
        // Set once: the stage was taken above.
        let _ = self.receipt.0.set(Digests { md5, checksum, size_bytes: self.size_bytes });
        Ok(())
    }
}

impl BodyStream for Ingest {
    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, BodyError>>> {
        loop {
            if let Some(frame) = ready!(self.poll_absorbing(cx)) {
                self.size_bytes += frame.len() as u64;
                return Poll::Ready(Some(Ok(Frame::Data(frame))));
            }
            if self.ended {
                return self.poll_end(cx);
            }
            match ready!(self.inner.poll_frame(cx)) {
                Some(Ok(Frame::Data(data))) => self.absorbing = Some(data),
                Some(Ok(Frame::Trailer(checksum))) => self.trailer = Some(checksum),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => self.ended = true,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::Waker;

    use types::ChecksumAlgorithm;

    use super::*;
    use crate::{Hasher, Md5};

    struct Script(std::vec::IntoIter<Frame>);

    impl BodyStream for Script {
        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame, BodyError>>> {
            Poll::Ready(self.0.next().map(Ok))
        }
    }

    fn run(frames: Vec<Frame>, expected: ExpectedDigests) -> Result<Digests, BodyErrorKind> {
        let (body, receipt) = Ingest::wrap(Body::new(Script(frames.into_iter()), None), expected);
        let mut collecting = pin!(body.collect(1 << 20));
        match collecting.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Ok(_)) => Ok(receipt.digests().unwrap()),
            Poll::Ready(Err(error)) => {
                assert_eq!(receipt.digests(), None, "no receipt for a refused body");
                Err(error.kind)
            }
            Poll::Pending => panic!("a script never waits"),
        }
    }

    fn data(text: &'static str) -> Frame {
        Frame::Data(Bytes::from_static(text.as_bytes()))
    }

    #[test]
    fn every_algorithm_is_verified_by_value_and_by_trailer() {
        for algorithm in ChecksumAlgorithm::ALL {
            let right = Hasher::checksum(algorithm, b"abcdef");
            let wrong = Hasher::checksum(algorithm, b"abcdeF");
            let by = |checksum| ExpectedDigests { content_md5: None, checksum };
            let frames = || vec![data("abc"), data("def")];
            let digests = run(frames(), by(ExpectedChecksum::Value(right))).unwrap();
            assert_eq!((digests.checksum, digests.size_bytes), (right, 6));
            let mismatch = Err(BodyErrorKind::DigestMismatch(Some(algorithm)));
            assert_eq!(run(frames(), by(ExpectedChecksum::Value(wrong))), mismatch);
            let trailer = |checksum| [frames(), vec![Frame::Trailer(checksum)]].concat();
            assert_eq!(
                run(trailer(right), by(ExpectedChecksum::Trailer(algorithm))).unwrap().checksum,
                right
            );
            assert_eq!(run(trailer(wrong), by(ExpectedChecksum::Trailer(algorithm))), mismatch);
            let missing = Err(BodyErrorKind::TrailerMissing(algorithm));
            assert_eq!(run(frames(), by(ExpectedChecksum::Trailer(algorithm))), missing);
        }
    }

    #[test]
    fn long_bodies_side_by_side_keep_their_own_digests() {
        let body = |seed: u8| (0..30).map(|at| Bytes::from(vec![seed ^ at; 100_001])).collect::<Vec<_>>();
        let bodies = [body(1), body(2), body(3)];
        let mut cx = Context::from_waker(Waker::noop());
        let mut wrapped: Vec<_> = bodies
            .iter()
            .map(|frames| Ingest::wrap(Body::from_frames(frames.clone()), ExpectedDigests::default()))
            .collect();
        for at in 0..=30 {
            for (body, _) in &mut wrapped {
                let polled = body.poll_frame(&mut cx);
                assert!(
                    matches!(polled, Poll::Ready(None) if at == 30)
                        || matches!(polled, Poll::Ready(Some(Ok(_))))
                );
            }
        }
        for ((_, receipt), frames) in wrapped.iter().zip(bodies) {
            assert_eq!(receipt.digests().unwrap().md5, Md5::digest(&frames.concat()));
        }
    }

    #[test]
    fn content_md5_is_verified_and_crc64nvme_is_the_default() {
        let expected = ExpectedDigests { content_md5: Some(Md5::digest(b"abc")), ..Default::default() };
        let digests = run(vec![data("abc")], expected).unwrap();
        assert_eq!(digests.checksum, Hasher::checksum(ChecksumAlgorithm::Crc64Nvme, b"abc"));
        assert_eq!(digests.etag().as_str(), "900150983cd24fb0d6963f7d28e17f72");
        assert_eq!(run(vec![data("abd")], expected), Err(BodyErrorKind::DigestMismatch(None)));
    }
}
