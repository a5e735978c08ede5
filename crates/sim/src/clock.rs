use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use types::{Clock, Timestamp};

/// A clock that moves when told, and a nanosecond with each look so that no two moments are the same.
#[derive(Debug)]
pub struct SimClock(AtomicU64);

impl SimClock {
    /// A clock that shows `start`.
    #[must_use]
    pub fn new(start: Timestamp) -> Self {
        Self(AtomicU64::new(start.as_nanos()))
    }

    /// Moves the clock on.
    pub fn advance(&self, duration: Duration) {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        self.0.fetch_add(nanos, Ordering::Relaxed);
    }
}

impl Default for SimClock {
    /// Shows 2026-11-21.
    fn default() -> Self {
        Self::new(Timestamp::from_secs(1_795_219_200))
    }
}

impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_nanos(self.0.fetch_add(1, Ordering::Relaxed))
    }
}
