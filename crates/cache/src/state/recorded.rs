use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use types::Timestamp;

use crate::disk::BlockKey;

/// For how long a record that is not on disk is not written anew: it may be on its way, or there may be no room for it.
const PAUSE: Duration = Duration::from_secs(10);

/// The record on disk of something that is known: where it lies, once that was worked out, and when it was written last.
///
/// It follows from what it stands beside, so it makes no two of these different.
#[derive(Default)]
pub(crate) struct Recorded {
    key: OnceLock<Option<BlockKey>>,
    written_at: AtomicU64,
}

impl Recorded {
    /// Where it lies; `locate` says it where that is not known yet. `None` where it has no place.
    pub(crate) fn key(&self, locate: impl FnOnce() -> Option<BlockKey>) -> Option<&BlockKey> {
        self.key.get_or_init(locate).as_ref()
    }

    /// Where it lies, as far as that was worked out.
    pub(crate) fn known_key(&self) -> Option<&BlockKey> {
        self.key.get()?.as_ref()
    }

    /// Says that it is about to be written.
    pub(crate) fn begin(&self, now: Timestamp) {
        self.written_at.store(now.as_nanos(), Ordering::Relaxed);
    }

    /// Whether it may be written anew. Who hears yes is to do it: others hear no for a while.
    pub(crate) fn may_begin_again(&self, now: Timestamp) -> bool {
        let (before, now) = (self.written_at.load(Ordering::Relaxed), now.as_nanos());
        let is_due = Duration::from_nanos(before.abs_diff(now)) >= PAUSE;
        is_due && self.written_at.compare_exchange(before, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

impl Clone for Recorded {
    fn clone(&self) -> Self {
        Self { key: self.key.clone(), written_at: self.written_at.load(Ordering::Relaxed).into() }
    }
}

impl PartialEq for Recorded {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Recorded {}

impl fmt::Debug for Recorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Recorded").field(&self.known_key()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_written_anew_once_in_a_while_also_when_the_clock_was_set_back() {
        let recorded = Recorded::default();
        let at = |seconds: u64| Timestamp::from_secs(1_000_000 + seconds);
        recorded.begin(at(100));
        assert!(!recorded.may_begin_again(at(100)));
        assert!(!recorded.may_begin_again(at(109)));
        assert!(recorded.may_begin_again(at(110)));
        assert!(!recorded.may_begin_again(at(110)));
        assert!(!recorded.clone().may_begin_again(at(110)));
        assert!(recorded.may_begin_again(at(50)));
        assert!(!recorded.may_begin_again(at(50)));
    }

    #[test]
    fn its_place_is_worked_out_once_also_where_there_is_none() {
        let recorded = Recorded::default();
        assert!(recorded.known_key().is_none());
        assert!(recorded.key(|| None).is_none());
        assert!(recorded.key(|| panic!("once")).is_none());
    }
}
