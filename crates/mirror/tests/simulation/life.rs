use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use tokio::sync::Notify;

/// One life of the process: it ends at a step that was chosen beforehand. What it had begun by then never goes on.
///
/// A step is the moment before or after anything that outlives the process: a call of a target, a commit of the journal.
#[derive(Clone)]
pub(crate) struct Life(Arc<Inner>);

struct Inner {
    left: AtomicI64,
    ended: AtomicBool,
    end: Notify,
}

impl Life {
    /// A life of so many steps.
    pub(crate) fn of(steps: i64) -> Self {
        Self(Arc::new(Inner {
            left: AtomicI64::new(steps),
            ended: AtomicBool::new(false),
            end: Notify::new(),
        }))
    }

    /// A life that ends by being dropped.
    pub(crate) fn long() -> Self {
        Self::of(i64::MAX)
    }

    /// Takes a step; at the last one, and after it, this never returns.
    pub(crate) async fn step(&self) {
        if self.0.left.fetch_sub(1, Ordering::Relaxed) <= 1 {
            self.end();
        }
        if self.0.ended.load(Ordering::Relaxed) {
            pending::<()>().await;
        }
    }

    /// Ends it now.
    pub(crate) fn end(&self) {
        self.0.ended.store(true, Ordering::Relaxed);
        self.0.end.notify_waiters();
    }

    /// Waits for the end.
    pub(crate) async fn ended(&self) {
        let end = self.0.end.notified();
        if !self.0.ended.load(Ordering::Relaxed) {
            end.await;
        }
    }
}
