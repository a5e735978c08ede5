use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::{Instant, timeout_at};
use types::{Body, BodyError, BodyStream, Frame};

/// How far a call is: the store's time runs from its beginning and from each frame that it was given, and stands still while
/// it waits for one.
pub(super) struct Progress {
    timeout: Duration,
    last: Arc<Mutex<Last>>,
}

#[derive(Clone, Copy)]
struct Last {
    step_at: Instant,
    waits_for_sender: bool,
}

impl Progress {
    pub(super) fn begin(timeout: Duration) -> Self {
        let last = Last { step_at: Instant::now(), waits_for_sender: false };
        Self { timeout, last: Arc::new(Mutex::new(last)) }
    }

    /// The body that the call takes in, watched.
    pub(super) fn of(&self, inner: Body) -> Body {
        let length_bytes = inner.length_bytes();
        Body::new(Watched { inner, last: self.last.clone() }, length_bytes)
    }

    /// Runs a call; `None` where the store stood still for too long, and then the call is dropped.
    pub(super) async fn bound<T>(&self, call: impl Future<Output = T>) -> Option<T> {
        let mut call = pin!(call);
        loop {
            let due = self.due();
            if let Ok(outcome) = timeout_at(due, &mut call).await {
                return Some(outcome);
            }
            if self.due() <= due {
                return None;
            }
        }
    }

    fn due(&self) -> Instant {
        let Last { step_at, waits_for_sender } = *self.last.lock();
        let from = if waits_for_sender { Instant::now() } else { step_at };
        from + self.timeout
    }
}

struct Watched {
    inner: Body,
    last: Arc<Mutex<Last>>,
}

impl BodyStream for Watched {
    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, BodyError>>> {
        let frame = self.inner.poll_frame(cx);
        *self.last.lock() = Last { step_at: Instant::now(), waits_for_sender: frame.is_pending() };
        frame
    }
}
