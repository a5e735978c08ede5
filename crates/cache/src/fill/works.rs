use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use tokio::sync::Semaphore;
use types::{Budget, ChecksumValue};

use super::{Fill, FillParts, First, intake};
use crate::name::Id;
use crate::object::Object;
use crate::pool::Pool;
use crate::stats::Stats;

/// The most requests in flight to one store.
const STORE_LANES_MAX: usize = 64;
/// The most requests in flight in one cache.
const CACHE_LANES_MAX: usize = 256;
/// The share of the memory budget that requests in flight may take for what has come and is not written yet.
const BUDGET_SHARE: usize = 4;
/// The most objects of which it is remembered that their bytes do not have the checksum that they tell.
const INSISTED_MAX: u64 = 1024;

/// What all fills of a cache share.
pub(crate) struct Works {
    pub(crate) budget: Budget,
    pub(crate) stats: Arc<Stats>,
    pub(super) fills: Mutex<HashMap<Id, Weak<Fill>>>,
    pub(super) lanes: Arc<Semaphore>,
    stores: Mutex<HashMap<String, Arc<Semaphore>>>,
    /// Checksums that objects have although they tell others.
    pub(super) insisted: Mutex<Pool<Id, ChecksumValue>>,
    /// How many fills are to be verified as a whole, and are not yet.
    pub(super) unverified: AtomicUsize,
}

impl Works {
    pub(crate) fn new(budget: Budget, stats: Arc<Stats>) -> Arc<Self> {
        let fitting = budget.total_bytes() / BUDGET_SHARE / intake::WRITE_BYTES;
        let lanes = Arc::new(Semaphore::new(fitting.clamp(1, CACHE_LANES_MAX)));
        let insisted = Mutex::new(Pool::new(INSISTED_MAX));
        let (fills, stores) = (Mutex::default(), Mutex::default());
        Arc::new(Self { budget, stats, fills, lanes, stores, insisted, unverified: AtomicUsize::new(0) })
    }

    /// The lanes of one store.
    pub(crate) fn store_lanes(&self, store: &str) -> Arc<Semaphore> {
        let mut stores = self.stores.lock();
        let lanes = stores.entry(store.to_owned());
        lanes.or_insert_with(|| Arc::new(Semaphore::new(STORE_LANES_MAX))).clone()
    }

    /// The fill of an object that is on its way.
    pub(crate) fn find(&self, id: Id) -> Option<Arc<Fill>> {
        // Not dropped under the lock, which the end of a fill takes.
        let found = self.fills.lock().get(&id).and_then(Weak::upgrade);
        found.filter(|fill| !fill.has_ended())
    }

    /// The fill of an object that is to be verified as a whole, and is not yet. One look at a number where there is none.
    pub(crate) fn unverified(&self, id: Id) -> Option<Arc<Fill>> {
        // A fill counts before its first block can be seen.
        if self.unverified.load(Ordering::Acquire) == 0 {
            return None;
        }
        self.find(id).filter(|fill| fill.is_unverified())
    }

    /// The fill of an object: the one on its way, else a new one. It takes what comes `first`, before anybody else has it ask
    /// for the same.
    pub(crate) fn fill(
        self: &Arc<Self>,
        object: &Object,
        first: Option<First>,
        make: impl FnOnce() -> FillParts,
    ) -> Arc<Fill> {
        let found = match self.find(object.id) {
            Some(fill) => fill,
            None => {
                let content = first.as_ref().map(|first| first.content.clone());
                let made = Arc::new(Fill::new(object.clone(), self.clone(), make(), content));
                let chunk = first.as_ref().and_then(|first| made.claim(first));
                match self.publish(&made) {
                    Some(found) => found,
                    None => {
                        chunk.into_iter().for_each(|chunk| made.launch(chunk));
                        return made;
                    }
                }
            }
        };
        if let Some(first) = first {
            found.prime(&first);
        }
        found
    }

    /// Shows a new fill to all. Instead of it, the one that another has shown meanwhile.
    fn publish(&self, made: &Arc<Fill>) -> Option<Arc<Fill>> {
        let mut fills = self.fills.lock();
        let found = fills.get(&made.object.id).and_then(Weak::upgrade);
        if found.as_ref().is_none_or(|fill| fill.has_ended()) {
            fills.insert(made.object.id, Arc::downgrade(made));
            // Dropped behind the lock, which the end of a fill takes.
            drop(fills);
            return None;
        }
        found
    }

    /// How many objects are being fetched.
    pub(crate) fn fills(&self) -> usize {
        self.fills.lock().len()
    }
}
