use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep};

/// Measures how long the peer stalls: it runs while it is polled, and begins anew with every progress.
pub(super) struct Stall {
    limit: Duration,
    moved: bool,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Stall {
    pub(super) fn new(limit: Duration) -> Self {
        Self { limit, moved: false, sleep: None }
    }

    /// Something came or went.
    pub(super) fn progress(&mut self) {
        self.moved = true;
    }

    /// Ready once the peer has stalled for the limit.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let moved = std::mem::take(&mut self.moved);
        let sleep = match &mut self.sleep {
            Some(sleep) => {
                if moved {
                    sleep.as_mut().reset(Instant::now() + self.limit);
                }
                sleep
            }
            none => none.insert(Box::pin(sleep(self.limit))),
        };
        sleep.as_mut().poll(cx)
    }
}
