use std::sync::atomic::{AtomicI64, Ordering};

use types::Timestamp;

/// How far the service's clock is from ours, as its refusals have told. Requests are dated by its clock.
#[derive(Debug, Default)]
pub(crate) struct Skew(AtomicI64);

impl Skew {
    /// Our moment as the service would tell it.
    pub(crate) fn apply(&self, now: Timestamp) -> Timestamp {
        let seconds = self.0.load(Ordering::Relaxed);
        Timestamp::from_secs(now.as_secs().saturating_add_signed(seconds))
    }

    /// Takes the service's clock from an answer. Says whether it changed by more than a breath.
    pub(crate) fn learn(&self, now: Timestamp, theirs: Timestamp) -> bool {
        let difference = |a: Timestamp, b: Timestamp| i64::try_from(a.since(b).as_secs()).unwrap_or(i64::MAX);
        let seconds =
            if theirs >= now { difference(theirs, now) } else { difference(now, theirs).saturating_neg() };
        let before = self.0.swap(seconds, Ordering::Relaxed);
        before.abs_diff(seconds) > 60
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_difference_is_learnt_in_both_directions() {
        let (skew, now) = (Skew::default(), Timestamp::from_secs(1_000_000));
        assert_eq!(skew.apply(now), now);
        for theirs in [3_000_000, 1_000, 1_000_000].map(Timestamp::from_secs) {
            assert!(skew.learn(now, theirs));
            assert_eq!(skew.apply(now), theirs);
            assert!(!skew.learn(now, theirs), "nothing new");
        }
    }
}
