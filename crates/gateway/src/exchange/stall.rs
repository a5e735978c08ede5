use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep};

/// How long a peer may keep us waiting. Only the time in which we ask and have nothing counts: what the store takes for the
/// bytes that came is not the peer's doing.
pub(super) struct Stall {
    limit: Duration,
    /// Made at the first wait.
    timer: Option<Pin<Box<Sleep>>>,
    /// Whether the timer runs.
    waits: bool,
}

impl Stall {
    pub(super) fn new(limit: Duration) -> Self {
        Self { limit, timer: None, waits: false }
    }

    /// Ready when we have waited for the limit.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let limit = self.limit;
        let begins = !std::mem::replace(&mut self.waits, true);
        let timer = match &mut self.timer {
            Some(timer) if begins => {
                timer.as_mut().reset(Instant::now() + limit);
                timer
            }
            timer => timer.get_or_insert_with(|| Box::pin(sleep(limit))),
        };
        timer.as_mut().poll(cx)
    }

    /// Something came.
    pub(super) fn progressed(&mut self) {
        self.waits = false;
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(10);

    fn is_over(stall: &mut Stall) -> bool {
        stall.poll(&mut Context::from_waker(Waker::noop())).is_ready()
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_ends_at_the_limit() {
        let mut stall = Stall::new(LIMIT);
        assert!(!is_over(&mut stall));
        tokio::time::advance(LIMIT - Duration::from_millis(1)).await;
        assert!(!is_over(&mut stall));
        tokio::time::advance(Duration::from_millis(2)).await;
        assert!(is_over(&mut stall));
    }

    #[tokio::test(start_paused = true)]
    async fn time_in_which_nobody_asked_does_not_count() {
        let mut stall = Stall::new(LIMIT);
        assert!(!is_over(&mut stall));
        for _ in 0..3 {
            stall.progressed();
            tokio::time::advance(LIMIT * 3).await;
            assert!(!is_over(&mut stall));
            tokio::time::advance(LIMIT / 2).await;
            assert!(!is_over(&mut stall));
        }
        tokio::time::advance(LIMIT).await;
        assert!(is_over(&mut stall));
    }
}
