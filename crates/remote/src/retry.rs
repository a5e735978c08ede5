use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use types::{Random, Timestamp};

use crate::{RetryLimits, http_date};

/// What one success gives back is counted in shares of an attempt.
pub(crate) struct RetryBudget {
    limits: RetryLimits,
    /// Attempts saved up, times `requests_per_retry`.
    saved: AtomicU64,
}

impl RetryBudget {
    /// A full budget.
    pub(crate) fn new(limits: RetryLimits) -> Self {
        let saved = AtomicU64::new(u64::from(limits.budget) * u64::from(limits.requests_per_retry));
        Self { limits, saved }
    }

    /// A request has succeeded.
    pub(crate) fn earn(&self) {
        let full = u64::from(self.limits.budget) * u64::from(self.limits.requests_per_retry);
        let more = |saved: u64| (saved < full).then(|| saved + 1);
        let _ = self.saved.try_update(Ordering::Relaxed, Ordering::Relaxed, more);
    }

    /// Takes another attempt out; false where none is left.
    #[must_use]
    pub(crate) fn take(&self) -> bool {
        let less = |saved: u64| saved.checked_sub(u64::from(self.limits.requests_per_retry));
        self.saved.try_update(Ordering::Relaxed, Ordering::Relaxed, less).is_ok()
    }
}

impl RetryLimits {
    /// The pause before attempt `number` (2 is the first repeated one): random between nothing and a bound that doubles,
    /// but not before the service wants to be asked again. `None` where that is too late.
    pub(crate) fn pause(
        &self,
        number: u32,
        retry_after: Option<Duration>,
        random: &dyn Random,
    ) -> Option<Duration> {
        let doubled = self.first_pause.saturating_mul(1 << number.saturating_sub(2).min(16));
        let jitter = part_of(doubled.min(self.max_pause), random);
        match retry_after {
            Some(after) if after > self.max_retry_after => None,
            // All who were refused together must not come back together.
            Some(after) => Some(after + part_of(self.first_pause, random)),
            None => Some(jitter),
        }
    }
}

/// A random part of a duration.
fn part_of(whole: Duration, random: &dyn Random) -> Duration {
    let nanos = u64::try_from(whole.as_nanos()).unwrap_or(u64::MAX);
    Duration::from_nanos(((u128::from(random.next_u64()) * u128::from(nanos)) >> 64) as u64)
}

/// How long a `Retry-After` header asks to wait: seconds, or a date. Source: RFC 9110, section 10.2.3.
pub(crate) fn retry_after(header: &str, now: Timestamp) -> Option<Duration> {
    let header = header.trim();
    if !header.is_empty() && header.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Duration::from_secs(header.parse().unwrap_or(u64::MAX)));
    }
    http_date(header).map(|date| date.since(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed(u64);

    impl Random for Fixed {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.copy_from_slice(&self.0.to_le_bytes()[..buffer.len()]);
        }
    }

    const LEAST: Fixed = Fixed(0);
    const MOST: Fixed = Fixed(u64::MAX);

    fn limits() -> RetryLimits {
        RetryLimits {
            first_pause: Duration::from_secs(1),
            max_pause: Duration::from_secs(5),
            max_retry_after: Duration::from_secs(20),
            budget: 2,
            requests_per_retry: 3,
        }
    }

    #[test]
    fn pauses_are_random_up_to_a_bound_that_doubles() {
        let seconds = |number| limits().pause(number, None, &MOST).unwrap().as_secs_f64().round();
        assert_eq!([2, 3, 4, 5, 99].map(seconds), [1.0, 2.0, 4.0, 5.0, 5.0]);
        assert_eq!(limits().pause(4, None, &LEAST), Some(Duration::ZERO));
    }

    #[test]
    fn the_services_wish_is_honoured_up_to_a_limit() {
        let pause = |seconds, random: &Fixed| limits().pause(2, Some(Duration::from_secs(seconds)), random);
        assert_eq!(pause(20, &LEAST), Some(Duration::from_secs(20)));
        assert!(pause(20, &MOST).unwrap() > Duration::from_secs(20), "spread");
        assert_eq!(pause(21, &LEAST), None);
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = Timestamp::from_secs(784_111_777);
        assert_eq!(retry_after("120", now), Some(Duration::from_secs(120)));
        assert_eq!(retry_after(" 0 ", now), Some(Duration::ZERO));
        assert_eq!(retry_after("99999999999999999999999", now), Some(Duration::from_secs(u64::MAX)));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:49:47 GMT", now), Some(Duration::from_secs(10)));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:49:27 GMT", now), Some(Duration::ZERO));
        assert_eq!(retry_after("soon", now), None);
        assert_eq!(retry_after("", now), None);
    }

    #[test]
    fn a_spent_budget_fills_with_successes() {
        let budget = RetryBudget::new(limits());
        assert!(budget.take() && budget.take());
        assert!(!budget.take());
        (0..2).for_each(|_| budget.earn());
        assert!(!budget.take());
        budget.earn();
        assert!(budget.take());
        (0..100).for_each(|_| budget.earn());
        assert!(budget.take() && budget.take());
        assert!(!budget.take(), "not more than its size");
    }
}
