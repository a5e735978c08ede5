use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::collector::Discards;
use crate::ids::DataId;

/// Which part tables are being read in this process, so that the collector leaves their blobs alone.
///
/// A reader takes the lease first and reads the object's record afterwards, or once more. If that record still refers to
/// the table, the collector cannot have found the table without references before that moment (a reference, once gone,
/// never comes back), and the collector looks here only after it found none. So it sees the lease.
#[derive(Clone)]
pub(crate) struct Leases {
    held: Arc<Mutex<HashMap<DataId, Held>>>,
    collector: Arc<Discards>,
}

#[derive(Default)]
struct Held {
    readers: usize,
    /// Whether the collector waits for the last reader.
    wanted_back: bool,
}

/// A lease on one table; dropping it ends it.
pub(crate) struct Lease {
    leases: Leases,
    table: DataId,
}

impl Leases {
    /// No leases yet; the collector is woken when one ends that it waits for.
    pub(crate) fn new(collector: Arc<Discards>) -> Self {
        Self { held: Arc::default(), collector }
    }

    /// Takes a lease.
    pub(crate) fn take(&self, table: DataId) -> Lease {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).entry(table).or_default().readers += 1;
        Lease { leases: self.clone(), table }
    }

    /// Whether anybody holds one; the collector is then woken when the last of them ends.
    pub(crate) fn is_wanted_back(&self, table: DataId) -> bool {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let found = held.get_mut(&table);
        found.map(|held| held.wanted_back = true).is_some()
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let mut held = self.leases.held.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(found) = held.get_mut(&self.table) else { return };
        found.readers -= 1;
        if found.readers == 0 && held.remove(&self.table).is_some_and(|held| held.wanted_back) {
            self.leases.collector.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_several_readers_ends_the_lease() {
        let (leases, table) = (Leases::new(Arc::default()), DataId::from_bytes([7; 16]));
        let (first, second) = (leases.take(table), leases.take(table));
        drop(first);
        assert!(leases.is_wanted_back(table));
        drop(second);
        assert!(!leases.is_wanted_back(table));
    }
}
