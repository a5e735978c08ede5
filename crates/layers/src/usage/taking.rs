use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use parking_lot::Mutex;
use store::StoreError;
use types::{Body, BodyError, BodyErrorKind, BodyStream, Frame};

use super::claim::{Claim, Share};
use super::group::Usage;

/// What a body of unknown length takes, frame by frame.
#[derive(Clone)]
pub(super) struct Taking {
    share: Arc<Share>,
    objects: u64,
    passed_bytes: Arc<AtomicU64>,
    full: Arc<Mutex<Option<StoreError>>>,
}

impl Taking {
    pub(super) fn by(claim: &Claim, objects: u64) -> Self {
        Self { share: claim.share(), objects, passed_bytes: Arc::default(), full: Arc::default() }
    }

    /// The body, which ends with an error where there is no room for the next frame.
    pub(super) fn of(&self, inner: Body) -> Body {
        let length_bytes = inner.length_bytes();
        Body::new(Counted { inner, taking: self.clone() }, length_bytes)
    }

    /// How many bytes came.
    pub(super) fn bytes(&self) -> u64 {
        self.passed_bytes.load(Ordering::Relaxed)
    }

    /// Why the body ended early, where there was no room.
    pub(super) fn full(&self) -> Option<StoreError> {
        self.full.lock().take()
    }

    fn take(&self, bytes: u64) -> Result<(), BodyError> {
        let bytes = self.passed_bytes.fetch_add(bytes, Ordering::Relaxed) + bytes;
        self.share.reserve(Usage { bytes, objects: self.objects }).map_err(|full| {
            *self.full.lock() = Some(full);
            BodyErrorKind::TooLarge { max_bytes: bytes }.into()
        })
    }
}

struct Counted {
    inner: Body,
    taking: Taking,
}

impl BodyStream for Counted {
    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, BodyError>>> {
        let frame = ready!(self.inner.poll_frame(cx));
        if let Some(Ok(Frame::Data(data))) = &frame
            && let Err(full) = self.taking.take(data.len() as u64)
        {
            return Poll::Ready(Some(Err(full)));
        }
        Poll::Ready(frame)
    }
}
