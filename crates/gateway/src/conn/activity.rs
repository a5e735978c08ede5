use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::settings::Limits;

/// What one connection is doing, as its stream and its requests note it; a supervisor reads it now and then.
///
/// Moments are milliseconds since the connection began, plus one, so that 0 can mean "not now".
pub(crate) struct Activity {
    began: Instant,
    requests: AtomicU32,
    head_since: AtomicU64,
    idle_since: AtomicU64,
    write_blocked_since: AtomicU64,
    linger: AtomicBool,
    stalled: AtomicBool,
}

/// What the supervisor does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Look again after this long.
    LookAgain(Duration),
    /// The connection has been idle for too long: end it in good order.
    Idle,
    /// The peer stalls: drop the connection.
    Stalled,
}

impl Activity {
    pub(crate) fn new() -> Self {
        Self {
            began: Instant::now(),
            requests: AtomicU32::new(0),
            head_since: AtomicU64::new(1),
            idle_since: AtomicU64::new(1),
            write_blocked_since: AtomicU64::new(0),
            linger: AtomicBool::new(false),
            stalled: AtomicBool::new(false),
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX - 1) + 1
    }

    /// Bytes came in: between requests they begin a head.
    pub(crate) fn bytes_read(&self) {
        if self.requests.load(Ordering::Relaxed) == 0 && self.head_since.load(Ordering::Relaxed) == 0 {
            self.head_since.store(self.now(), Ordering::Relaxed);
        }
    }

    /// The peer took bytes.
    pub(crate) fn write_progressed(&self) {
        if self.write_blocked_since.load(Ordering::Relaxed) != 0 {
            self.write_blocked_since.store(0, Ordering::Relaxed);
        }
    }

    /// The peer took nothing.
    pub(crate) fn write_blocked(&self) {
        if self.write_blocked_since.load(Ordering::Relaxed) == 0 {
            self.write_blocked_since.store(self.now(), Ordering::Relaxed);
        }
    }

    /// A request's head is complete.
    pub(crate) fn request_began(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.head_since.store(0, Ordering::Relaxed);
    }

    /// A request's answer is complete, or given up.
    pub(crate) fn request_ended(&self) {
        self.idle_since.store(self.now(), Ordering::Relaxed);
        self.requests.fetch_sub(1, Ordering::Relaxed);
    }

    /// An early answer left a body unread: on closing, read on for a while.
    pub(crate) fn set_linger(&self) {
        self.linger.store(true, Ordering::Relaxed);
    }

    /// The peer stalls in a way that the stream does not show.
    pub(crate) fn declare_stalled(&self) {
        self.stalled.store(true, Ordering::Relaxed);
    }

    /// Whether to read on for a while on closing.
    pub(crate) fn lingers(&self) -> bool {
        self.linger.load(Ordering::Relaxed)
    }

    /// Judges the connection. `Framing::Multiplexed` has frames of its own between requests, so that bytes do not begin a head.
    pub(crate) fn judge(&self, limits: &Limits, framing: Framing) -> Verdict {
        let now = self.now();
        let left = |since: u64, limit: Duration| {
            limit.saturating_sub(Duration::from_millis(now.saturating_sub(since)))
        };
        let blocked = self.write_blocked_since.load(Ordering::Relaxed);
        if self.stalled.load(Ordering::Relaxed)
            || blocked != 0 && left(blocked, limits.idle_timeout).is_zero()
        {
            return Verdict::Stalled;
        }
        let tick = limits.header_timeout.min(limits.idle_timeout).max(Duration::from_millis(1));
        if self.requests.load(Ordering::Relaxed) > 0 {
            return Verdict::LookAgain(tick);
        }
        let head = self.head_since.load(Ordering::Relaxed);
        let (rest, verdict) = if head != 0 && framing == Framing::Sequential {
            (left(head, limits.header_timeout), Verdict::Stalled)
        } else {
            (left(self.idle_since.load(Ordering::Relaxed), limits.idle_timeout), Verdict::Idle)
        };
        if rest.is_zero() { verdict } else { Verdict::LookAgain(rest.min(tick)) }
    }
}

/// How requests share a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    /// One after the other: HTTP/1.
    Sequential,
    /// Side by side: HTTP/2.
    Multiplexed,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(header_ms: u64, idle_ms: u64) -> Limits {
        Limits {
            header_timeout: Duration::from_millis(header_ms),
            idle_timeout: Duration::from_millis(idle_ms),
            ..Limits::default()
        }
    }

    const LONG_MS: u64 = 3_600_000;

    #[test]
    fn a_connection_without_a_head_stalls_by_the_header_limit() {
        let activity = Activity::new();
        assert_eq!(activity.judge(&limits(0, LONG_MS), Framing::Sequential), Verdict::Stalled);
        assert!(matches!(
            activity.judge(&limits(LONG_MS, LONG_MS), Framing::Sequential),
            Verdict::LookAgain(_)
        ));
        assert_eq!(activity.judge(&limits(LONG_MS, 0), Framing::Multiplexed), Verdict::Idle);
    }

    #[test]
    fn between_requests_the_idle_limit_counts_until_a_head_begins() {
        let activity = Activity::new();
        activity.request_began();
        assert!(matches!(activity.judge(&limits(0, 0), Framing::Sequential), Verdict::LookAgain(_)));
        activity.request_ended();
        assert_eq!(activity.judge(&limits(LONG_MS, 0), Framing::Sequential), Verdict::Idle);
        activity.bytes_read();
        assert_eq!(activity.judge(&limits(0, LONG_MS), Framing::Sequential), Verdict::Stalled);
    }

    #[test]
    fn a_blocked_write_stalls_even_within_a_request() {
        let activity = Activity::new();
        activity.request_began();
        activity.write_blocked();
        assert_eq!(activity.judge(&limits(LONG_MS, 0), Framing::Sequential), Verdict::Stalled);
        activity.write_progressed();
        assert!(matches!(activity.judge(&limits(LONG_MS, 0), Framing::Sequential), Verdict::LookAgain(_)));
    }
}
