use std::time::Duration;

use types::Timestamp;

use crate::options::{LayerOptions, Mode};

/// How long what the store once said is believed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Belief {
    mode: Mode,
    ttl: Duration,
    negative_ttl: Duration,
    list_ttl: Duration,
}

impl Belief {
    pub(crate) fn new(options: &LayerOptions) -> Self {
        Self {
            mode: options.mode,
            ttl: options.ttl,
            negative_ttl: options.negative_ttl,
            list_ttl: options.list_ttl,
        }
    }

    /// Whether an object is still as the store said at `seen_at`.
    pub(crate) fn in_object(self, seen_at: Timestamp, now: Timestamp) -> bool {
        match self.mode {
            Mode::Strict => false,
            Mode::Ttl | Mode::Offline => is_within(seen_at, now, self.ttl),
            Mode::Immutable => true,
        }
    }

    /// Whether a request about an object, sent at `began_at`, answers who asks at `now`: in mode `strict` none does.
    pub(crate) fn shares_object(self, began_at: Timestamp, now: Timestamp) -> bool {
        match self.mode {
            Mode::Strict => false,
            Mode::Ttl | Mode::Offline => is_about(began_at, now, self.ttl),
            Mode::Immutable => true,
        }
    }

    /// As [`Belief::shares_object`], of a page of a listing.
    pub(crate) fn shares_listing(self, began_at: Timestamp, now: Timestamp) -> bool {
        self.mode != Mode::Strict && is_about(began_at, now, self.list_ttl)
    }

    /// Whether an object is still absent.
    pub(crate) fn in_absence(self, seen_at: Timestamp, now: Timestamp) -> bool {
        self.mode != Mode::Strict && is_within(seen_at, now, self.negative_ttl)
    }

    /// Whether a page of a listing is still as it was.
    pub(crate) fn in_listing(self, seen_at: Timestamp, now: Timestamp) -> bool {
        self.mode != Mode::Strict && is_within(seen_at, now, self.list_ttl)
    }

    /// Whether absence is worth remembering.
    pub(crate) fn keeps_absence(self) -> bool {
        self.mode == Mode::Offline || (self.mode != Mode::Strict && !self.negative_ttl.is_zero())
    }

    /// Whether pages of listings are worth remembering.
    pub(crate) fn keeps_listings(self) -> bool {
        self.mode == Mode::Offline || self.shares_listings()
    }

    /// Whether several who ask for a page may get the answer to one request.
    pub(crate) fn shares_listings(self) -> bool {
        self.mode != Mode::Strict && !self.list_ttl.is_zero()
    }

    /// Whether HEAD may be answered from what is known.
    pub(crate) fn answers_heads(self) -> bool {
        self.mode != Mode::Strict
    }

    /// Whether what is known is answered when the store cannot be reached.
    pub(crate) fn outlives_the_store(self) -> bool {
        self.mode == Mode::Offline
    }
}

/// Whether `seen_at` lies less than `limit` back. A moment to come, after the clock was set back, is no moment to trust.
fn is_within(seen_at: Timestamp, now: Timestamp, limit: Duration) -> bool {
    seen_at <= now && now.since(seen_at) < limit
}

/// Whether `began_at` lies less than `limit` from `now`. It may be ahead by the moment that passes between a look at the clock
/// and one at what is in flight.
fn is_about(began_at: Timestamp, now: Timestamp, limit: Duration) -> bool {
    is_within(began_at, now, limit) || is_within(now, began_at, limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_ends_at_its_end_and_never_lies_ahead() {
        let seen = Timestamp::from_secs(100);
        let limit = Duration::from_secs(5);
        assert!(is_within(seen, seen, limit));
        assert!(is_within(seen, Timestamp::from_nanos(105_000_000_000 - 1), limit));
        assert!(!is_within(seen, Timestamp::from_secs(105), limit));
        assert!(!is_within(seen, Timestamp::from_secs(99), limit));
        assert!(!is_within(seen, seen, Duration::ZERO));
    }

    #[test]
    fn strict_believes_nothing_and_immutable_every_object() {
        let now = Timestamp::from_secs(1_000);
        let times = Duration::from_secs(1_000_000);
        let of = |mode| {
            let options = LayerOptions {
                mode,
                ttl: times,
                negative_ttl: times,
                list_ttl: times,
                ..LayerOptions::new("far")
            };
            let belief = Belief::new(&options);
            [belief.in_object(now, now), belief.in_absence(now, now), belief.in_listing(now, now)]
        };
        assert_eq!(of(Mode::Strict), [false; 3]);
        for mode in [Mode::Ttl, Mode::Immutable, Mode::Offline] {
            assert_eq!(of(mode), [true; 3]);
        }
        let immutable = LayerOptions { mode: Mode::Immutable, ..LayerOptions::new("far") };
        assert!(Belief::new(&immutable).in_object(Timestamp::from_secs(1), now));
        assert!(!Belief::new(&immutable).in_absence(now, now));
    }
}
