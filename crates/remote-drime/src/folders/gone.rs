use std::collections::HashMap;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use crate::api::EntryId;

/// How long an entry that we have removed is hidden after a listing showed it last.
const SETTLING: Duration = Duration::from_secs(120);
/// How long it is hidden at most: after that it was brought back from the trash.
const UNSETTLED_MAX: Duration = Duration::from_secs(600);
/// The most entries that are hidden; past that, the ones removed first show again if the service still does.
const GONE_MAX: usize = 100_000;

/// Entries that we have removed and that listings may still show. Numbers are never given twice.
#[derive(Default)]
pub(super) struct Gone(Mutex<HashMap<EntryId, Removed>>);

#[derive(Clone, Copy)]
struct Removed {
    at: Instant,
    seen_at: Instant,
}

impl Gone {
    pub(super) fn add(&self, id: EntryId) {
        let (mut gone, now) = (self.0.lock(), Instant::now());
        if gone.len() >= GONE_MAX {
            gone.retain(|_, removed| removed.is_hidden(now));
        }
        if gone.len() >= GONE_MAX
            && let Some(oldest) = gone.iter().min_by_key(|(_, removed)| removed.at).map(|(id, _)| *id)
        {
            gone.remove(&oldest);
        }
        gone.insert(id, Removed { at: now, seen_at: now });
    }

    pub(super) fn remove(&self, id: EntryId) {
        self.0.lock().remove(&id);
    }

    pub(super) fn contains(&self, id: EntryId) -> bool {
        self.0.lock().get(&id).is_some_and(|removed| removed.is_hidden(Instant::now()))
    }

    /// A listing shows it still.
    pub(super) fn seen(&self, ids: impl Iterator<Item = EntryId>) {
        let (mut gone, now) = (self.0.lock(), Instant::now());
        if gone.is_empty() {
            return;
        }
        for id in ids {
            if let Some(removed) = gone.get_mut(&id) {
                removed.seen_at = now;
            }
        }
    }
}

impl Removed {
    fn is_hidden(self, now: Instant) -> bool {
        now.saturating_duration_since(self.seen_at) < SETTLING
            && now.saturating_duration_since(self.at) < UNSETTLED_MAX
    }
}
