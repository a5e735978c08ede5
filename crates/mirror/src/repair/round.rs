use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::journal::OwedKey;

/// Where the passes over what targets owe stopped, so that the next ones go on behind: keys that always fail keep no others
/// from their turn.
#[derive(Debug, Default)]
pub(crate) struct Passes(Mutex<HashMap<usize, OwedKey>>);

impl Passes {
    fn stops(&self) -> MutexGuard<'_, HashMap<usize, OwedKey>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where the last pass over this target's keys stopped; asked once.
    pub(super) fn stopped_at(&self, place: usize) -> Option<OwedKey> {
        self.stops().remove(&place)
    }

    /// A pass gives up at this key.
    pub(super) fn stop_at(&self, place: usize, owed: OwedKey) {
        self.stops().insert(place, owed);
    }
}

/// One pass over all that a target owes: from a key to the last one, and from the first to that key.
#[derive(Debug)]
pub(super) struct Round {
    /// The key worked off last.
    pub(super) after: Option<OwedKey>,
    /// The key behind which it began, where it has not begun anew yet.
    begun: Option<OwedKey>,
    /// The last key, where it has begun anew.
    end: Option<OwedKey>,
}

impl Round {
    pub(super) fn behind(stopped_at: Option<OwedKey>) -> Self {
        Self { after: stopped_at.clone(), begun: stopped_at, end: None }
    }

    /// Whether the pass has come round to this key.
    pub(super) fn is_done_at(&self, owed: &OwedKey) -> bool {
        self.end.as_ref().is_some_and(|end| (owed.handle, &owed.key) > (end.handle, &end.key))
    }

    /// Goes on from the first key, where the pass did not begin there.
    pub(super) fn begin_anew(&mut self) -> bool {
        self.end = self.begun.take();
        self.after = None;
        self.end.is_some()
    }
}

#[cfg(test)]
mod tests {
    use types::{BucketName, ObjectKey, Timestamp};

    use super::*;

    fn owed(name: &str) -> OwedKey {
        OwedKey {
            handle: 1,
            bucket: BucketName::new("bucket").unwrap(),
            key: ObjectKey::new(name).unwrap(),
            since: Timestamp::default(),
        }
    }

    #[test]
    fn a_round_ends_where_it_began() {
        let passes = Passes::default();
        passes.stop_at(0, owed("b"));
        assert_eq!(passes.stopped_at(1), None);
        let mut round = Round::behind(passes.stopped_at(0));
        assert_eq!(round.after, Some(owed("b")));
        assert!(!round.is_done_at(&owed("c")));
        assert!(round.begin_anew());
        assert_eq!(round.after, None);
        assert!(!round.is_done_at(&owed("a")) && !round.is_done_at(&owed("b")));
        assert!(round.is_done_at(&owed("c")));
        assert!(!round.begin_anew(), "once round is all");
        assert!(!Round::behind(passes.stopped_at(0)).begin_anew(), "a pass that came through leaves nothing");
    }
}
