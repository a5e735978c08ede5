use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use futures_util::task::AtomicWaker;
use types::{Body, BodyError, BodyErrorKind, BodyStream, Frame};

#[derive(Default)]
struct Shared {
    cancelled: AtomicBool,
    waker: AtomicWaker,
}

/// Fails the body that it was made with when it is dropped, unless the body has ended by then.
pub(crate) struct CancelOnDrop(Arc<Shared>);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancelled.store(true, Ordering::Release);
        self.0.waker.wake();
    }
}

/// A body that fails when the caller goes away: a write goes on in a task of its own, and must not wait for bytes that
/// nobody wants stored.
pub(crate) fn cancellable(body: Body) -> (Body, CancelOnDrop) {
    let (shared, length_bytes) = (Arc::new(Shared::default()), body.length_bytes());
    let guard = CancelOnDrop(shared.clone());
    (Body::new(Cancellable { body, shared }, length_bytes), guard)
}

struct Cancellable {
    body: Body,
    shared: Arc<Shared>,
}

impl BodyStream for Cancellable {
    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, BodyError>>> {
        self.shared.waker.register(cx.waker());
        if self.shared.cancelled.load(Ordering::Acquire) {
            return Poll::Ready(Some(Err(BodyErrorKind::Incomplete.into())));
        }
        self.body.poll_frame(cx)
    }
}
