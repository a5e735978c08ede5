use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use crate::{BreakerLimits, Stats};

/// Leaves a service alone that fails again and again, so that its callers fail at once instead of waiting.
///
/// Closed, it lets everything pass; failures in a row open it. Open, it lets nothing pass for a while. Then it lets one
/// request pass at a time: successes in a row close it, a failure opens it for twice as long.
pub(crate) struct Breaker {
    /// The store's name, for logs.
    store: String,
    limits: BreakerLimits,
    stats: Arc<Stats>,
    state: Mutex<State>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Closed { failures: u32 },
    Open { until: Instant, pause: Duration },
    HalfOpen { probing: Probing, successes: u32, pause: Duration },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Probing {
    No,
    Yes,
}

/// One request that was let pass. Dropped without a verdict it says nothing about the service.
pub(crate) struct Pass {
    breaker: Arc<Breaker>,
    is_probe: bool,
    settled: bool,
}

impl Breaker {
    /// A closed breaker.
    pub(crate) fn new(store: &str, limits: BreakerLimits, stats: Arc<Stats>) -> Arc<Self> {
        Arc::new(Self {
            store: store.to_owned(),
            limits,
            stats,
            state: Mutex::new(State::Closed { failures: 0 }),
        })
    }

    /// Whether a request may be sent; `None` while the service is left alone.
    pub(crate) fn pass(self: &Arc<Self>) -> Option<Pass> {
        let mut state = self.state.lock();
        let is_probe = match *state {
            State::Closed { .. } => false,
            State::Open { until, pause } if Instant::now() >= until => {
                *state = State::HalfOpen { probing: Probing::Yes, successes: 0, pause };
                true
            }
            State::HalfOpen { probing: Probing::No, successes, pause } => {
                *state = State::HalfOpen { probing: Probing::Yes, successes, pause };
                true
            }
            State::Open { .. } | State::HalfOpen { probing: Probing::Yes, .. } => {
                self.stats.breaker_refusals.add(1);
                return None;
            }
        };
        Some(Pass { breaker: self.clone(), is_probe, settled: false })
    }

    fn succeeded(&self, is_probe: bool) {
        let mut state = self.state.lock();
        *state = match *state {
            State::Closed { .. } => State::Closed { failures: 0 },
            State::HalfOpen { successes, pause, .. } if is_probe => {
                if successes + 1 >= self.limits.successes {
                    tracing::info!(store = self.store, "the service answers again");
                    State::Closed { failures: 0 }
                } else {
                    State::HalfOpen { probing: Probing::No, successes: successes + 1, pause }
                }
            }
            // What was sent before the breaker opened says nothing about now.
            other => other,
        };
    }

    fn failed(&self, is_probe: bool) {
        let mut state = self.state.lock();
        *state = match *state {
            State::Closed { failures } if failures + 1 < self.limits.failures => {
                State::Closed { failures: failures + 1 }
            }
            State::Closed { .. } => self.open(self.limits.open),
            State::HalfOpen { pause, .. } if is_probe => self.open((pause * 2).min(self.limits.max_open)),
            other => other,
        };
    }

    fn open(&self, pause: Duration) -> State {
        self.stats.breaker_openings.add(1);
        let pause_ms = pause.as_millis() as u64;
        tracing::warn!(store = self.store, pause_ms, "the service keeps failing and is left alone");
        State::Open { until: Instant::now() + pause, pause }
    }

    fn abandoned(&self) {
        let mut state = self.state.lock();
        if let State::HalfOpen { probing, .. } = &mut *state {
            *probing = Probing::No;
        }
    }
}

impl Pass {
    /// The service answered.
    pub(crate) fn succeeded(&mut self) {
        if !std::mem::replace(&mut self.settled, true) {
            self.breaker.succeeded(self.is_probe);
        }
    }

    /// The service failed.
    pub(crate) fn failed(&mut self) {
        if !std::mem::replace(&mut self.settled, true) {
            self.breaker.failed(self.is_probe);
        }
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        if self.is_probe && !self.settled {
            self.breaker.abandoned();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn breaker() -> Arc<Breaker> {
        let limits = BreakerLimits {
            failures: 3,
            open: Duration::from_secs(1),
            max_open: Duration::from_secs(3),
            successes: 2,
        };
        Breaker::new("test", limits, Arc::default())
    }

    fn fail(breaker: &Arc<Breaker>) {
        breaker.pass().unwrap().failed();
    }

    fn succeed(breaker: &Arc<Breaker>) {
        breaker.pass().unwrap().succeeded();
    }

    async fn seconds(count: u64) {
        tokio::time::advance(Duration::from_secs(count)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn failures_in_a_row_open_it_and_a_success_between_them_does_not() {
        let breaker = breaker();
        (0..2).for_each(|_| fail(&breaker));
        succeed(&breaker);
        (0..2).for_each(|_| fail(&breaker));
        assert!(breaker.pass().is_some());
        fail(&breaker);
        assert!(breaker.pass().is_none());
        assert_eq!(breaker.stats.breaker_openings.get(), 1);
        assert_eq!(breaker.stats.breaker_refusals.get(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn probes_pass_one_at_a_time_and_close_it_after_enough_successes() {
        let breaker = breaker();
        (0..3).for_each(|_| fail(&breaker));
        seconds(1).await;
        let mut probe = breaker.pass().unwrap();
        assert!(breaker.pass().is_none(), "one probe at a time");
        probe.succeeded();
        let mut probe = breaker.pass().unwrap();
        assert!(breaker.pass().is_none(), "not closed by one success");
        probe.succeeded();
        let both = (breaker.pass(), breaker.pass());
        assert!(both.0.is_some() && both.1.is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn failed_probes_double_the_pause_up_to_its_limit() {
        let breaker = breaker();
        (0..3).for_each(|_| fail(&breaker));
        for pause in [1, 2, 3, 3] {
            seconds(pause - 1).await;
            assert!(breaker.pass().is_none());
            seconds(1).await;
            fail(&breaker);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_dropped_probe_makes_room_for_another_and_old_requests_do_not_count() {
        let breaker = breaker();
        let mut old = breaker.pass().unwrap();
        (0..3).for_each(|_| fail(&breaker));
        old.succeeded();
        assert!(breaker.pass().is_none());
        seconds(1).await;
        drop(breaker.pass().unwrap());
        assert!(breaker.pass().is_some());
    }
}
