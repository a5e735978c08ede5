use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use tokio::sync::{OwnedMutexGuard, OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};

/// So many entries nobody holds are kept before they are looked for.
const IDLE_MAX: usize = 1_024;

/// Locks by name, each there while somebody holds it or waits for it.
pub(crate) struct Locks<K, L>(Mutex<HashMap<K, Weak<L>>>);

impl<K, L> Default for Locks<K, L> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Hash + Eq, L: Default> Locks<K, L> {
    fn of(&self, name: K) -> Arc<L> {
        let mut locks = self.0.lock();
        if locks.len() > IDLE_MAX {
            locks.retain(|_, lock| lock.strong_count() > 0);
        }
        if let Some(lock) = locks.get(&name).and_then(Weak::upgrade) {
            return lock;
        }
        let lock = Arc::<L>::default();
        locks.insert(name, Arc::downgrade(&lock));
        lock
    }
}

impl<K: Hash + Eq> Locks<K, tokio::sync::Mutex<()>> {
    /// Waits until nobody else holds it.
    pub(crate) async fn hold(&self, name: K) -> OwnedMutexGuard<()> {
        self.of(name).lock_owned().await
    }
}

impl<K: Hash + Eq> Locks<K, RwLock<()>> {
    /// Waits until nobody closes it.
    pub(crate) async fn enter(&self, name: K) -> OwnedRwLockReadGuard<()> {
        self.of(name).read_owned().await
    }

    /// Closes it if nobody is in.
    pub(crate) fn try_close(&self, name: K) -> Option<OwnedRwLockWriteGuard<()>> {
        self.of(name).try_write_owned().ok()
    }
}
