use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::ids::DataId;

/// Which part tables are being read in this process, so that the collector leaves their blobs alone.
///
/// A reader takes the lease first and reads the object's record afterwards, or once more. If that record still refers to
/// the table, the collector cannot have found the table without references before that moment (a reference, once gone,
/// never comes back), and the collector looks here only after it found none. So it sees the lease.
#[derive(Default, Clone)]
pub(crate) struct Leases(Arc<Mutex<HashMap<DataId, usize>>>);

/// A lease on one table; dropping it ends it.
pub(crate) struct Lease {
    leases: Leases,
    table: DataId,
}

impl Leases {
    /// Takes a lease.
    pub(crate) fn take(&self, table: DataId) -> Lease {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(table).or_default() += 1;
        Lease { leases: self.clone(), table }
    }

    /// Whether anybody holds one.
    pub(crate) fn is_held(&self, table: DataId) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&table)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let mut held = self.leases.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = held.get_mut(&self.table) {
            *count -= 1;
            if *count == 0 {
                held.remove(&self.table);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_several_readers_ends_the_lease() {
        let (leases, table) = (Leases::default(), DataId::from_bytes([7; 16]));
        let (first, second) = (leases.take(table), leases.take(table));
        drop(first);
        assert!(leases.is_held(table));
        drop(second);
        assert!(!leases.is_held(table));
    }
}
