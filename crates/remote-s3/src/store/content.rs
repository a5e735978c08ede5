use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll, ready};

use async_trait::async_trait;
use hash::Hasher;
use http::Method;
use parking_lot::Mutex;
use remote::RemoteErrorKind;
use store::{Content, StoreError, StoreErrorKind};
use types::{
    Body, BodyError, BodyErrorKind, BodyStream, ByteRange, Checksum, ChecksumKind, Context, ETag, Frame,
    ObjectKey, VersionId,
};

use crate::store::Inner;
use crate::store::info::describe;
use crate::wire::{Call, Failure, Seen};

/// How often a body that broke off is asked for again.
const RESUMES: u32 = 4;

/// One version of an object: every request for its bytes is pinned to it.
#[derive(Debug, Clone)]
pub(super) struct Pinned {
    pub(super) bucket: String,
    pub(super) key: ObjectKey,
    pub(super) version_id: Option<VersionId>,
    pub(super) etag: ETag,
    pub(super) size_bytes: u64,
    pub(super) checksum: Option<Checksum>,
}

/// The bytes of an object.
pub(super) struct S3Content {
    pub(super) inner: Arc<Inner>,
    pub(super) cx: Context,
    pub(super) pinned: Pinned,
    /// The body that came with the object's description, and which bytes it has.
    pub(super) first: Mutex<Option<(ByteRange, Body)>>,
}

#[async_trait]
impl Content for S3Content {
    async fn read(&self, range: ByteRange) -> Result<Body, StoreError> {
        if range.is_empty() {
            return Ok(Body::empty());
        }
        let first = self.first.lock().take().filter(|(of, _)| *of == range).map(|(_, body)| body);
        let body = match first {
            Some(body) => body,
            None => self.inner.ranged(&self.cx, &self.pinned, range).await.map_err(gone)?,
        };
        let (inner, cx, pinned) = (Arc::clone(&self.inner), self.cx.clone(), self.pinned.clone());
        let whole = remote::resume(body, range, RESUMES, move |rest| {
            let (inner, cx, pinned) = (Arc::clone(&inner), cx.clone(), pinned.clone());
            async move { inner.ranged(&cx, &pinned, rest).await.map_err(broken) }
        });
        let is_whole = range == ByteRange::whole(self.pinned.size_bytes);
        Ok(match self.pinned.checksum.filter(|checksum| is_whole && is_cheap(checksum)) {
            Some(checksum) => Checked::wrap(whole, range.len(), checksum),
            None => whole,
        })
    }
}

/// Whether verifying a checksum costs next to nothing.
fn is_cheap(checksum: &Checksum) -> bool {
    checksum.kind == ChecksumKind::FullObject && checksum.algorithm.is_combinable()
}

/// The object is another one by now: a read that began cannot go on.
fn gone(failure: Failure) -> StoreError {
    let error = failure.into_store(Seen::default(), "read an object");
    match error.kind {
        StoreErrorKind::ConditionFailed
        | StoreErrorKind::Missing(_)
        | StoreErrorKind::DeleteMarker { .. } => {
            StoreError::with_source(StoreErrorKind::Conflict, "read an object", error)
        }
        _ => error,
    }
}

fn broken(failure: Failure) -> BodyError {
    BodyError::with_source(BodyErrorKind::Storage, failure.into_store(Seen::default(), "read an object"))
}

impl Inner {
    /// The bytes of a range of one version.
    async fn ranged(&self, cx: &Context, pinned: &Pinned, range: ByteRange) -> Result<Body, Failure> {
        let call = Call::object(Method::GET, &pinned.bucket, pinned.key.as_str())
            .with_some("versionId", pinned.version_id.as_ref().map(VersionId::as_str))
            .header("range", format!("bytes={}-{}", range.start, range.end - 1));
        let call = call.text_header("if-match", &format!("\"{}\"", pinned.etag)).map_err(|_| malformed())?;
        let response = self.wire.send(cx, call).await?;
        let described = describe(response.status, &response.headers, None)?;
        // A service that knows no conditions or ranges must not pass for one that has kept its word.
        if described.info.etag != pinned.etag || described.range != range {
            return Err(malformed());
        }
        Ok(response.body)
    }
}

fn malformed() -> Failure {
    Failure::Remote(RemoteErrorKind::Malformed("other bytes than those asked for").into())
}

/// A whole object's bytes on their way out. The frame that completes the object is passed on once the checksum has turned
/// out right, so that a wrong object is never passed on whole.
struct Checked {
    inner: Body,
    hasher: Option<Hasher>,
    expected: Checksum,
    /// What is still to come.
    left_bytes: u64,
}

impl Checked {
    /// `inner` has `length_bytes` exactly, or ends with an error.
    fn wrap(inner: Body, length_bytes: u64, expected: Checksum) -> Body {
        let hasher = Some(Hasher::new(expected.algorithm));
        Body::new(Self { inner, hasher, expected, left_bytes: length_bytes }, Some(length_bytes))
    }

    /// Takes bytes in. The last of them settle it.
    fn take(&mut self, data: &[u8]) -> Result<(), BodyError> {
        let Some(hasher) = &mut self.hasher else { return Err(BodyErrorKind::Corrupt.into()) };
        hasher.update(data);
        self.left_bytes = self.left_bytes.checked_sub(data.len() as u64).ok_or(BodyErrorKind::Corrupt)?;
        let whole = self.hasher.take_if(|_| self.left_bytes == 0).map(Hasher::finish);
        match whole {
            Some(computed) if computed.value != self.expected.value => Err(BodyErrorKind::Corrupt.into()),
            _ => Ok(()),
        }
    }
}

impl BodyStream for Checked {
    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut TaskContext<'_>,
    ) -> Poll<Option<Result<Frame, BodyError>>> {
        Poll::Ready(match ready!(self.inner.poll_frame(cx)) {
            Some(Ok(Frame::Data(data))) => Some(self.take(&data).map(|()| Frame::Data(data))),
            None if self.left_bytes > 0 => Some(Err(BodyErrorKind::Incomplete.into())),
            other => other,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use bytes::Bytes;
    use types::ChecksumAlgorithm;

    use super::*;

    /// What passes through, and what it ends with.
    fn passed(expected: &[u8], frames: &[&'static [u8]]) -> (Vec<u8>, Result<(), BodyErrorKind>) {
        let frames = frames.iter().map(|frame| Bytes::from_static(frame)).collect();
        let checksum = Hasher::checksum(ChecksumAlgorithm::Crc32c, expected);
        let mut body = Checked::wrap(Body::from_frames(frames), expected.len() as u64, checksum);
        let mut read = Vec::new();
        loop {
            match body.poll_frame(&mut TaskContext::from_waker(Waker::noop())) {
                Poll::Ready(Some(Ok(Frame::Data(data)))) => read.extend_from_slice(&data),
                Poll::Ready(Some(Ok(Frame::Trailer(_)))) => {}
                Poll::Ready(Some(Err(error))) => return (read, Err(error.kind)),
                Poll::Ready(None) => return (read, Ok(())),
                Poll::Pending => panic!("frames at hand never wait"),
            }
        }
    }

    #[test]
    fn a_wrong_byte_is_never_passed_on_as_a_whole_object() {
        let corrupt = Err(BodyErrorKind::Corrupt);
        assert_eq!(passed(b"abcdef", &[b"abc", b"def"]), (b"abcdef".to_vec(), Ok(())));
        assert_eq!(passed(b"abcdef", &[b"abc", b"deF"]), (b"abc".to_vec(), corrupt.clone()));
        assert_eq!(passed(b"abcdef", &[b"Abc", b"def"]), (b"Abc".to_vec(), corrupt.clone()));
        assert_eq!(passed(b"abcdef", &[b"abc", b"defg"]), (b"abc".to_vec(), corrupt));
    }

    #[test]
    fn an_object_that_ends_early_is_no_whole_object() {
        assert_eq!(passed(b"abcdef", &[b"abc"]), (b"abc".to_vec(), Err(BodyErrorKind::Incomplete)));
    }

    /// One frame, and the next is on its way for ever.
    struct Slow(Option<&'static [u8]>);

    impl BodyStream for Slow {
        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut TaskContext<'_>,
        ) -> Poll<Option<Result<Frame, BodyError>>> {
            let frame = self.0.take().map(|data| Some(Ok(Frame::Data(Bytes::from_static(data)))));
            frame.map_or(Poll::Pending, Poll::Ready)
        }
    }

    #[test]
    fn a_frame_that_does_not_end_the_object_is_passed_on_at_once() {
        let checksum = Hasher::checksum(ChecksumAlgorithm::Crc32c, b"abcdef");
        let mut body = Checked::wrap(Body::new(Slow(Some(b"abc")), Some(6)), 6, checksum);
        let first = body.poll_frame(&mut TaskContext::from_waker(Waker::noop()));
        assert!(matches!(first, Poll::Ready(Some(Ok(Frame::Data(data)))) if data == "abc"));
    }
}
