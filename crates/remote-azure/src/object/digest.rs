use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hash::{Digests, Hasher, Receipt};
use remote::{RemoteError, RemoteErrorKind};
use types::{Body, BodyError, BodyErrorKind, BodyStream, Checksum, ExpectedChecksum, Frame};

/// A body whose checksum is computed and verified as it passes, and no MD5: the service computes that itself, and it is
/// the larger part of a put's cost. What is expected but not met is an error in place of the end. Trailers are consumed.
pub(crate) struct ChecksumOnly {
    inner: Body,
    hasher: Option<Hasher>,
    expected: ExpectedChecksum,
    trailer: Option<Checksum>,
    receipt: ChecksumReceipt,
}

/// Where the checksum arrives once the body has ended well.
#[derive(Clone, Default)]
pub(crate) struct ChecksumReceipt(Arc<OnceLock<Checksum>>);

impl ChecksumReceipt {
    /// The checksum; `None` until the body has given its end.
    pub(crate) fn checksum(&self) -> Option<Checksum> {
        self.0.get().copied()
    }
}

impl ChecksumOnly {
    pub(crate) fn wrap(inner: Body, expected: ExpectedChecksum) -> (Body, ChecksumReceipt) {
        let receipt = ChecksumReceipt::default();
        let length_bytes = inner.length_bytes();
        let hasher = Some(Hasher::new(expected.algorithm()));
        let wrapped = Self { inner, hasher, expected, trailer: None, receipt: receipt.clone() };
        (Body::new(wrapped, length_bytes), receipt)
    }

    fn verify(&mut self) -> Result<(), BodyErrorKind> {
        let Some(hasher) = self.hasher.take() else { return Ok(()) };
        let found = hasher.finish();
        let expected = match self.expected {
            ExpectedChecksum::Value(value) => Some(value),
            ExpectedChecksum::Trailer(algorithm) => {
                Some(self.trailer.ok_or(BodyErrorKind::TrailerMissing(algorithm))?)
            }
            ExpectedChecksum::Default | ExpectedChecksum::Compute(_) => self.trailer,
        };
        if expected.is_some_and(|expected| expected.algorithm != found.algorithm) {
            return Err(BodyErrorKind::TrailerMissing(found.algorithm));
        }
        if expected.is_some_and(|expected| expected.value != found.value) {
            return Err(BodyErrorKind::DigestMismatch(Some(found.algorithm)));
        }
        // Set once: the hasher was taken above.
        let _ = self.receipt.0.set(found);
        Ok(())
    }
}

impl BodyStream for ChecksumOnly {
    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, BodyError>>> {
        loop {
            match ready!(self.inner.poll_frame(cx)) {
                Some(Ok(Frame::Data(data))) => {
                    if let Some(hasher) = &mut self.hasher {
                        hasher.update(&data);
                    }
                    return Poll::Ready(Some(Ok(Frame::Data(data))));
                }
                Some(Ok(Frame::Trailer(checksum))) => self.trailer = Some(checksum),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(self.verify().err().map(|kind| Err(kind.into()))),
            }
        }
    }
}

/// The digests of a body that has given its end.
pub(crate) fn digests_of(receipt: &Receipt) -> Result<Digests, RemoteError> {
    receipt.digests().ok_or_else(|| RemoteErrorKind::Malformed("a body without its end").into())
}

/// The id of a block by its place, in Base64; `nonce` keeps those of two writers apart. All have one length, as the
/// service asks.
pub(crate) fn block_id(nonce: u64, place: usize) -> String {
    let place = u32::try_from(place).unwrap_or(u32::MAX);
    let mut id = [0; 12];
    id[..8].copy_from_slice(&nonce.to_be_bytes());
    id[8..].copy_from_slice(&place.to_be_bytes());
    STANDARD.encode(id)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use types::ChecksumAlgorithm;

    use super::*;

    async fn run(expected: ExpectedChecksum) -> Result<Checksum, BodyErrorKind> {
        let body = Body::from_frames(vec![Bytes::from_static(b"abc"), Bytes::from_static(b"def")]);
        let (body, receipt) = ChecksumOnly::wrap(body, expected);
        assert_eq!(body.length_bytes(), Some(6));
        match body.collect(100).await {
            Ok(_) => Ok(receipt.checksum().unwrap()),
            Err(error) => {
                assert_eq!(receipt.checksum(), None);
                Err(error.kind)
            }
        }
    }

    #[tokio::test]
    async fn a_checksum_is_verified_without_an_md5() {
        for algorithm in ChecksumAlgorithm::ALL {
            let right = Hasher::checksum(algorithm, b"abcdef");
            let wrong = Hasher::checksum(algorithm, b"abcdeF");
            assert_eq!(run(ExpectedChecksum::Compute(algorithm)).await, Ok(right));
            assert_eq!(run(ExpectedChecksum::Value(right)).await, Ok(right));
            let mismatch = Err(BodyErrorKind::DigestMismatch(Some(algorithm)));
            assert_eq!(run(ExpectedChecksum::Value(wrong)).await, mismatch);
            let missing = Err(BodyErrorKind::TrailerMissing(algorithm));
            assert_eq!(run(ExpectedChecksum::Trailer(algorithm)).await, missing);
        }
    }

    #[test]
    fn block_ids_have_one_length_and_are_all_different() {
        let ids: std::collections::BTreeSet<_> = (0..50_000).map(|place| block_id(7, place)).collect();
        assert_eq!(ids.len(), 50_000);
        assert!(ids.iter().all(|id| id.len() == 16));
        assert_ne!(block_id(7, 0), block_id(8, 0));
    }
}
