use std::sync::atomic::{AtomicU64, Ordering};

use tokio::time::Instant;
use types::{Clock, Timestamp};

/// Tells the runtime's time, which is paused: it goes on when all wait. No two looks give the same moment.
pub(crate) struct RuntimeClock {
    began: Instant,
    looks: AtomicU64,
}

impl RuntimeClock {
    pub(crate) fn new() -> Self {
        Self { began: Instant::now(), looks: AtomicU64::new(0) }
    }
}

impl Clock for RuntimeClock {
    fn now(&self) -> Timestamp {
        let looks = self.looks.fetch_add(1, Ordering::Relaxed);
        let elapsed = u64::try_from(self.began.elapsed().as_nanos()).expect("a short world");
        Timestamp::from_nanos(1_795_219_200_000_000_000 + elapsed + looks)
    }
}
