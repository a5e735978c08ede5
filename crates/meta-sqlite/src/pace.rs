use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use meta::{MetaError, MetaErrorKind};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

/// Reads that wait for the device at once, beside those on the callers' threads.
const ASIDE_MAX: usize = 8;
/// How many reads the running mean remembers, as a power of two.
const MEMORY_SHIFT: u32 = 4;

/// Decides where reads of one kind run.
///
/// While the pages are in memory, a read takes a few microseconds and moving it to another thread takes several times
/// that, so it runs on the caller's thread. When reads begin to wait for the device, that thread, which other tasks need
/// too, is not kept from them: the reads go to the runtime's blocking threads until they are fast again.
pub(crate) struct Pace {
    mean_ns: AtomicU64,
    slow_ns: u64,
    room: Arc<Semaphore>,
}

impl Pace {
    /// Reads are slow when they take more than `slow` in the running mean.
    pub(crate) fn new(slow: Duration) -> Self {
        let slow_ns = u64::try_from(slow.as_nanos()).unwrap_or(u64::MAX);
        Self { mean_ns: AtomicU64::new(0), slow_ns, room: Arc::new(Semaphore::new(ASIDE_MAX)) }
    }

    pub(crate) fn is_slow(&self) -> bool {
        self.mean_ns.load(Ordering::Relaxed) > self.slow_ns
    }

    /// Runs a read here.
    pub(crate) fn here<T>(&self, read: impl FnOnce() -> T) -> T {
        let begun = Instant::now();
        let outcome = read();
        self.note(begun.elapsed());
        outcome
    }

    /// Runs a read on a blocking thread, or here where there is no runtime.
    ///
    /// # Errors
    /// Those of the read; `Unavailable` while the runtime is shutting down.
    pub(crate) async fn aside<T: Send + 'static>(
        self: &Arc<Self>,
        read: impl FnOnce() -> Result<T, MetaError> + Send + 'static,
    ) -> Result<T, MetaError> {
        let Ok(runtime) = Handle::try_current() else { return self.here(read) };
        let room = self.room.clone().acquire_owned().await.expect("the semaphore is never closed");
        let pace = self.clone();
        let reading = runtime.spawn_blocking(move || {
            let outcome = pace.here(read);
            drop(room);
            outcome
        });
        let ended = |error| MetaError::with_source(MetaErrorKind::Unavailable, "read", error);
        reading.await.unwrap_or_else(|error| Err(ended(error)))
    }

    /// Takes one duration into the running mean. Of two at once one may be lost, which does not matter.
    fn note(&self, duration: Duration) {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        let mean = self.mean_ns.load(Ordering::Relaxed);
        let next = mean - (mean >> MEMORY_SHIFT) + (nanos >> MEMORY_SHIFT);
        self.mean_ns.store(next, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    const SLOW: Duration = Duration::from_micros(100);

    #[test]
    fn a_single_slow_read_among_fast_ones_changes_nothing_and_many_do() {
        let pace = Pace::new(SLOW);
        pace.note(Duration::from_micros(900));
        assert!(!pace.is_slow());
        for _ in 0..40 {
            pace.note(Duration::from_micros(150));
        }
        assert!(pace.is_slow());
        for _ in 0..40 {
            pace.note(Duration::from_micros(5));
        }
        assert!(!pace.is_slow());
        pace.note(Duration::MAX);
        assert!(pace.is_slow());
    }

    #[tokio::test]
    async fn a_read_aside_runs_on_another_thread_and_is_measured() {
        let pace = Arc::new(Pace::new(SLOW));
        pace.note(Duration::from_secs(1));
        let before = pace.mean_ns.load(Ordering::Relaxed);
        let thread = pace.aside(|| Ok(thread::current().id())).await.unwrap();
        assert_ne!(thread, thread::current().id());
        assert!(pace.mean_ns.load(Ordering::Relaxed) < before);
    }
}
