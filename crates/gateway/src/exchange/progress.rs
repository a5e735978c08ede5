use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use crate::conn::Activity;

/// The least that a peer takes of an HTTP/2 answer within the stall limit: frames are cut to this size, so that a slow peer
/// shows progress.
pub(crate) const H2_PIECE_BYTES: usize = 64 * 1024;

/// How far one HTTP/2 answer has come. The connection's own writes tell nothing of it: flow control holds each answer back
/// by itself.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    /// Grows with each piece taken; odd while the next bytes are waited for, which is not the peer's doing.
    steps: AtomicU64,
}

impl Progress {
    /// Watches an answer for as long as somebody else holds its progress, and declares the connection stalled when the peer
    /// takes nothing for `limit`.
    pub(crate) fn watched(limit: Duration, activity: Arc<Activity>) -> Arc<Self> {
        let progress = Arc::new(Self::default());
        let watched = Arc::downgrade(&progress);
        tokio::spawn(async move {
            let mut seen = None;
            loop {
                tokio::time::sleep(limit).await;
                let Some(steps) = steps(&watched) else { return };
                if seen == Some(steps) && steps.is_multiple_of(2) {
                    activity.declare_stalled();
                    return;
                }
                seen = Some(steps);
            }
        });
        progress
    }

    /// The peer has taken what there was and asks for more.
    pub(crate) fn asked(&self) {
        self.steps.fetch_or(1, Ordering::Relaxed);
    }

    /// The next piece is handed over.
    pub(crate) fn gave(&self) {
        let odd = self.steps.fetch_or(1, Ordering::Relaxed) | 1;
        self.steps.store(odd.wrapping_add(1), Ordering::Relaxed);
    }
}

fn steps(watched: &Weak<Progress>) -> Option<u64> {
    watched.upgrade().map(|progress| progress.steps.load(Ordering::Relaxed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conn::{Framing, Verdict};
    use crate::settings::Limits;

    const LIMIT: Duration = Duration::from_secs(10);

    /// Lets time pass, a little at a time: the watch looks once in each limit.
    async fn pass(time: Duration) {
        for _ in 0..4 {
            tokio::time::advance(time / 4).await;
            tokio::task::yield_now().await;
        }
    }

    async fn verdict_after(act: impl AsyncFnOnce(&Progress)) -> Verdict {
        let activity = Arc::new(Activity::new());
        activity.request_began();
        let progress = Progress::watched(LIMIT, activity.clone());
        tokio::task::yield_now().await;
        act(&progress).await;
        activity.judge(&Limits::default(), Framing::Multiplexed)
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_nobody_takes_stalls() {
        let verdict = verdict_after(async |progress| {
            progress.asked();
            progress.gave();
            pass(LIMIT * 3).await;
        });
        assert_eq!(verdict.await, Verdict::Stalled);
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_for_the_store_or_taking_slowly_does_not() {
        let verdict = verdict_after(async |progress| {
            for _ in 0..5 {
                progress.asked();
                progress.gave();
                pass(LIMIT / 2).await;
            }
            progress.asked();
            pass(LIMIT * 3).await;
        });
        assert!(matches!(verdict.await, Verdict::LookAgain(_)));
    }
}
