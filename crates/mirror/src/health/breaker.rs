use std::time::Duration;

use types::Timestamp;

use super::HealthOptions;

/// Whether a target is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakerState {
    /// It is.
    In,
    /// It failed repeatedly and is left alone until then; reads ask it only where no other target is left.
    Out {
        /// When the next probe is due.
        until: Timestamp,
    },
    /// It answered after it had been out, and is taken in after more successes.
    Trial {
        /// Successes in a row so far.
        successes: u32,
    },
}

impl BreakerState {
    /// The state in the words of status and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Out { .. } => "out",
            Self::Trial { .. } => "trial",
        }
    }
}

/// What may be asked of a target now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// Anything.
    Open,
    /// One small call, to see whether it is back. The caller tells what came of it.
    Probe,
    /// Nothing.
    Closed,
}

/// The breaker of one target: out after failures in a row, in after successes in a row.
pub(super) struct Breaker {
    options: HealthOptions,
    state: BreakerState,
    failures: u32,
    wait: Duration,
    taken_out: u64,
}

impl Breaker {
    pub(super) fn new(options: HealthOptions) -> Self {
        Self { options, state: BreakerState::In, failures: 0, wait: options.probe_after, taken_out: 0 }
    }

    pub(super) const fn state(&self) -> BreakerState {
        self.state
    }

    pub(super) const fn taken_out(&self) -> u64 {
        self.taken_out
    }

    pub(super) fn answered(&mut self) {
        self.failures = 0;
        let successes = match self.state {
            BreakerState::In => return,
            BreakerState::Out { .. } => 1,
            BreakerState::Trial { successes } => successes + 1,
        };
        self.state = if successes >= self.options.successes_to_close {
            self.wait = self.options.probe_after;
            BreakerState::In
        } else {
            BreakerState::Trial { successes }
        };
    }

    pub(super) fn failed(&mut self, now: Timestamp) {
        match self.state {
            BreakerState::In => {
                self.failures += 1;
                if self.failures >= self.options.failures_to_open {
                    self.taken_out += 1;
                    self.wait = self.options.probe_after;
                    self.state = BreakerState::Out { until: now.plus(self.wait) };
                }
            }
            // Calls that were under way when it was taken out fail in a bunch: only one that was due lengthens the wait.
            BreakerState::Out { until } if now < until => {}
            BreakerState::Out { .. } | BreakerState::Trial { .. } => self.lengthen(now),
        }
    }

    /// What may be asked now. A probe that is given out postpones the next, so that one that never ends blocks no other.
    pub(super) fn gate(&mut self, now: Timestamp) -> Gate {
        match self.state {
            BreakerState::In => Gate::Open,
            BreakerState::Trial { .. } => Gate::Probe,
            BreakerState::Out { until } if now < until => Gate::Closed,
            BreakerState::Out { .. } => {
                self.lengthen(now);
                Gate::Probe
            }
        }
    }

    pub(super) const fn due_at(&self) -> Option<Timestamp> {
        match self.state {
            BreakerState::In => None,
            BreakerState::Out { until } => Some(until),
            BreakerState::Trial { .. } => Some(Timestamp::from_nanos(0)),
        }
    }

    fn lengthen(&mut self, now: Timestamp) {
        self.wait = (self.wait * 2).min(self.options.probe_after_max);
        self.state = BreakerState::Out { until: now.plus(self.wait) };
    }
}
