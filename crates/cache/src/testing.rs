//! What this crate's own tests share.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use types::{Clock, Timestamp};

/// A clock that stands until it is moved.
#[derive(Default)]
pub(crate) struct HandClock(AtomicU64);

impl HandClock {
    pub(crate) fn forward(&self, by: Duration) {
        self.0.fetch_add(by.as_nanos() as u64, Ordering::SeqCst);
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_secs(1_000_000).plus(Duration::from_nanos(self.0.load(Ordering::SeqCst)))
    }
}
