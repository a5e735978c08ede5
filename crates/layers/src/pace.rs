use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::{Instant, sleep_until};

const NANOS_PER_SECOND: u128 = 1_000_000_000;

/// So many units per second, in the order in which they were asked for. Nobody holds anything while it waits, so one that is
/// not polled holds nobody up.
#[derive(Debug)]
pub(crate) struct Pace {
    per_second: u64,
    /// How much of an idle past may be made up for.
    slack: Duration,
    /// When all units taken so far will have passed.
    free_at: Mutex<Instant>,
}

impl Pace {
    /// At least one per second. After idleness, `slack` of it may be made up for at once.
    pub(crate) fn new(per_second: u64, slack: Duration) -> Self {
        Self { per_second: per_second.max(1), slack, free_at: Mutex::new(Instant::now()) }
    }

    /// Units in a second.
    pub(crate) fn per_second(&self) -> u64 {
        self.per_second
    }

    /// Takes `units` and waits until those taken before have passed. False, at once and with nothing taken, where that would
    /// be later than `until`.
    ///
    /// # Cancel safety
    /// Dropping the future gives the units back.
    pub(crate) async fn take(&self, units: u64, until: Option<Instant>) -> bool {
        let Some(due) = self.reserve(units, until) else { return false };
        if due > Instant::now() {
            let given_back_if_dropped = GiveBack { pace: self, units };
            sleep_until(due).await;
            std::mem::forget(given_back_if_dropped);
        }
        true
    }

    fn reserve(&self, units: u64, until: Option<Instant>) -> Option<Instant> {
        let mut free_at = self.free_at.lock();
        let earliest = Instant::now().checked_sub(self.slack).unwrap_or(*free_at);
        let due = (*free_at).max(earliest);
        if until.is_some_and(|until| due > until) {
            return None;
        }
        *free_at = due.checked_add(self.span(units)).unwrap_or(due);
        Some(due)
    }

    /// Counts units that passed without having been taken.
    pub(crate) fn passed(&self, units: u64) {
        let mut free_at = self.free_at.lock();
        let from = (*free_at).max(Instant::now());
        *free_at = from.checked_add(self.span(units)).unwrap_or(from);
    }

    /// Gives back units that were taken and did not pass.
    pub(crate) fn give_back(&self, units: u64) {
        let mut free_at = self.free_at.lock();
        *free_at = free_at.checked_sub(self.span(units)).unwrap_or(*free_at);
    }

    fn span(&self, units: u64) -> Duration {
        let nanos = u128::from(units) * NANOS_PER_SECOND / u128::from(self.per_second);
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

struct GiveBack<'a> {
    pace: &'a Pace,
    units: u64,
}

impl Drop for GiveBack<'_> {
    fn drop(&mut self) {
        self.pace.give_back(self.units);
    }
}
