//! Which targets answer: a breaker and a latency for each, and the order in which reads ask them.

mod breaker;
mod latency;
mod order;
mod probe;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use store::StoreErrorKind;
use types::{Clock, Timestamp};

use breaker::Breaker;
pub use breaker::{BreakerState, Gate};
use latency::Latency;
pub use order::ReadPolicy;

/// Failures in a row after which a target is taken out.
pub const FAILURES_TO_OPEN: u32 = 5;
/// Successes in a row after which it is taken in again.
pub const SUCCESSES_TO_CLOSE: u32 = 3;
/// How long a target is left alone after it was taken out; doubled by each probe that fails.
pub const PROBE_AFTER: Duration = Duration::from_secs(1);
/// The longest that a target is left alone between two probes.
pub const PROBE_AFTER_MAX: Duration = Duration::from_secs(60);

/// When a target is taken out and taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HealthOptions {
    /// Failures in a row after which a target is taken out, at least 1.
    pub failures_to_open: u32,
    /// Successes in a row after which it is taken in again, at least 1.
    pub successes_to_close: u32,
    /// How long it is left alone at first.
    pub probe_after: Duration,
    /// How long it is left alone at most.
    pub probe_after_max: Duration,
}

impl Default for HealthOptions {
    fn default() -> Self {
        Self {
            failures_to_open: FAILURES_TO_OPEN,
            successes_to_close: SUCCESSES_TO_CLOSE,
            probe_after: PROBE_AFTER,
            probe_after_max: PROBE_AFTER_MAX,
        }
    }
}

/// What became of a call, as far as it tells about the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The target did its work, whatever the answer was: "no such key" is an answer.
    Answered,
    /// The target did not do its work.
    Failed,
    /// The call tells nothing: its own body was wrong, or one object is damaged.
    Nothing,
}

impl Verdict {
    /// What an error says about the target that gave it.
    #[must_use]
    pub const fn of(kind: &StoreErrorKind) -> Self {
        match kind {
            StoreErrorKind::Missing(_)
            | StoreErrorKind::DeleteMarker { .. }
            | StoreErrorKind::BucketExists
            | StoreErrorKind::BucketNotEmpty
            | StoreErrorKind::ConditionFailed
            | StoreErrorKind::Conflict
            | StoreErrorKind::Part(_)
            | StoreErrorKind::Unsupported(_) => Self::Answered,
            StoreErrorKind::DigestMismatch(_)
            | StoreErrorKind::TrailerMissing(_)
            | StoreErrorKind::Body(_)
            | StoreErrorKind::Full(_)
            | StoreErrorKind::Corrupt => Self::Nothing,
            StoreErrorKind::Denied
            | StoreErrorKind::Forbidden(_)
            | StoreErrorKind::Unavailable
            | StoreErrorKind::Internal => Self::Failed,
        }
    }
}

/// One target's health at a moment.
#[derive(Debug, Clone, PartialEq)]
pub struct TargetHealth {
    /// Whether it is asked.
    pub state: BreakerState,
    /// How long it recently took to answer; `None` where it was not asked yet.
    pub latency: Option<Duration>,
    /// Calls that it answered.
    pub answered: u64,
    /// Calls that it failed.
    pub failed: u64,
    /// How often it was taken out.
    pub taken_out: u64,
}

struct Tracked {
    breaker: Breaker,
    latency: Latency,
    answered: u64,
    failed: u64,
}

/// The health of all targets of a mirror.
pub struct Health {
    clock: Arc<dyn Clock>,
    targets: Vec<Mutex<Tracked>>,
}

impl fmt::Debug for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Health").field("targets", &self.all()).finish_non_exhaustive()
    }
}

impl Health {
    /// Health of `count` targets, all in.
    #[must_use]
    pub fn new(count: usize, options: HealthOptions, clock: Arc<dyn Clock>) -> Self {
        let fresh = || {
            Mutex::new(Tracked {
                breaker: Breaker::new(options),
                latency: Latency::default(),
                answered: 0,
                failed: 0,
            })
        };
        Self { clock, targets: (0..count).map(|_| fresh()).collect() }
    }

    /// Begins a call of a target: its end tells how the target is. Dropped without one, the call tells nothing.
    #[must_use]
    pub fn begin(&self, target: usize) -> Attempt<'_> {
        Attempt { health: self, target, began: self.clock.now() }
    }

    /// The target did its work.
    pub fn answered(&self, target: usize) {
        self.settle(target, Verdict::Answered, None);
    }

    /// The target did not do its work.
    pub fn failed(&self, target: usize) {
        self.settle(target, Verdict::Failed, None);
    }

    /// Whether the target is taken out: nobody should wait for it.
    #[must_use]
    pub fn is_out(&self, target: usize) -> bool {
        !matches!(self.tracked(target).breaker.state(), BreakerState::In)
    }

    /// What may be asked of a target now. [`Gate::Probe`] is given to one caller for each wait.
    #[must_use]
    pub fn gate(&self, target: usize) -> Gate {
        let now = self.clock.now();
        self.tracked(target).breaker.gate(now)
    }

    /// When the first of the targets that are out is due for a probe; `None` where none is out.
    #[must_use]
    pub fn next_probe(&self) -> Option<Timestamp> {
        (0..self.targets.len()).filter_map(|target| self.tracked(target).breaker.due_at()).min()
    }

    /// The targets in the order in which a read asks them: those that are in by the policy, then those that are out.
    #[must_use]
    pub fn order(&self, policy: ReadPolicy) -> Vec<usize> {
        let now = self.clock.now();
        order::order(
            policy,
            (0..self.targets.len()).map(|target| {
                let tracked = self.tracked(target);
                (matches!(tracked.breaker.state(), BreakerState::In), tracked.latency.estimate(now))
            }),
        )
    }

    /// One target's health.
    #[must_use]
    pub fn of(&self, target: usize) -> TargetHealth {
        let tracked = self.tracked(target);
        TargetHealth {
            state: tracked.breaker.state(),
            latency: tracked.latency.last(),
            answered: tracked.answered,
            failed: tracked.failed,
            taken_out: tracked.breaker.taken_out(),
        }
    }

    /// The health of every target, in their order.
    #[must_use]
    pub fn all(&self) -> Vec<TargetHealth> {
        (0..self.targets.len()).map(|target| self.of(target)).collect()
    }

    fn settle(&self, target: usize, verdict: Verdict, took: Option<Duration>) {
        let now = self.clock.now();
        let mut tracked = self.tracked(target);
        match verdict {
            Verdict::Answered => {
                tracked.answered += 1;
                tracked.breaker.answered();
                if let Some(took) = took {
                    tracked.latency.took(took, now);
                }
            }
            Verdict::Failed => {
                tracked.failed += 1;
                tracked.breaker.failed(now);
            }
            Verdict::Nothing => {}
        }
    }

    fn tracked(&self, target: usize) -> MutexGuard<'_, Tracked> {
        self.targets[target].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call of a target under way.
pub struct Attempt<'a> {
    health: &'a Health,
    target: usize,
    began: Timestamp,
}

impl Attempt<'_> {
    /// The target did its work; how long it took counts.
    pub fn answered(self) {
        let took = self.health.clock.now().since(self.began);
        self.health.settle(self.target, Verdict::Answered, Some(took));
    }

    /// The target did not do its work.
    pub fn failed(self) {
        self.health.settle(self.target, Verdict::Failed, None);
    }

    /// The target answered with this error.
    pub fn refused(self, kind: &StoreErrorKind) {
        match Verdict::of(kind) {
            Verdict::Answered => self.answered(),
            verdict => self.health.settle(self.target, verdict, None),
        }
    }
}
