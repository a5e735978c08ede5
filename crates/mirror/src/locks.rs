use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};
use types::{BucketName, ObjectKey};

use crate::journal::UploadNumber;

/// What is locked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum LockName {
    /// A bucket: shared by writes in it, alone for changes of it.
    Bucket(BucketName),
    /// A key.
    Key(BucketName, ObjectKey),
    /// An upload: shared by its parts, alone for its end.
    Upload(UploadNumber),
    /// The record of an upload while it is read and written again.
    UploadRecord(UploadNumber),
    /// A part of an upload.
    Part(UploadNumber, u32),
}

/// The locks of a mirror. One exists only while somebody holds it or waits for it, so there are never more than the
/// requests under way name. Whoever takes several takes them in the order of their names.
#[derive(Debug, Default)]
pub(crate) struct Locks(Mutex<HashMap<LockName, Arc<RwLock<()>>>>);

impl Locks {
    fn lock(&self, name: &LockName) -> Arc<RwLock<()>> {
        let mut table = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        table.entry(name.clone()).or_default().clone()
    }

    /// Waits until nobody else holds the lock, and holds it alone.
    ///
    /// # Cancel safety
    /// Dropping the future gives its place in the queue back.
    pub(crate) async fn alone(self: &Arc<Self>, name: LockName) -> Held {
        let entry = Entry { locks: self.clone(), name };
        let guard = self.lock(&entry.name).write_owned().await;
        Held { _guard: Guard::Alone(guard), _entry: entry }
    }

    /// Waits until nobody holds the lock alone, and shares it.
    ///
    /// # Cancel safety
    /// Dropping the future gives its place in the queue back.
    pub(crate) async fn shared(self: &Arc<Self>, name: LockName) -> Held {
        let entry = Entry { locks: self.clone(), name };
        let guard = self.lock(&entry.name).read_owned().await;
        Held { _guard: Guard::Shared(guard), _entry: entry }
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

#[allow(dead_code, reason = "a guard is only held")]
enum Guard {
    Alone(OwnedRwLockWriteGuard<()>),
    Shared(OwnedRwLockReadGuard<()>),
}

/// A lock that is held until this is dropped.
pub(crate) struct Held {
    /// Dropped before the entry, which looks whether anybody else uses the lock.
    _guard: Guard,
    _entry: Entry,
}

impl Held {
    /// Whether nobody shares it.
    pub(crate) fn is_alone(&self) -> bool {
        matches!(self._guard, Guard::Alone(_))
    }
}

/// The place in the table of somebody who holds a lock or waits for it.
struct Entry {
    locks: Arc<Locks>,
    name: LockName,
}

impl Drop for Entry {
    fn drop(&mut self) {
        let mut table = self.locks.0.lock().unwrap_or_else(PoisonError::into_inner);
        if table.get(&self.name).is_some_and(|lock| Arc::strong_count(lock) == 1) {
            table.remove(&self.name);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    fn name(key: &str) -> LockName {
        LockName::Key(BucketName::new("bucket").unwrap(), ObjectKey::new(key).unwrap())
    }

    #[test]
    fn a_lock_is_held_alone_or_shared_and_leaves_nothing() {
        let locks = Arc::<Locks>::default();
        let mut cx = Context::from_waker(Waker::noop());
        let Poll::Ready(held) = pin!(locks.shared(name("k"))).poll(&mut cx) else { panic!("free") };
        assert!(pin!(locks.shared(name("k"))).poll(&mut cx).is_ready());
        assert!(pin!(locks.alone(name("other"))).poll(&mut cx).is_ready());
        {
            let mut waiting = pin!(locks.alone(name("k")));
            assert!(waiting.as_mut().poll(&mut cx).is_pending());
            drop(held);
            assert!(waiting.poll(&mut cx).is_ready());
        }
        assert_eq!(locks.len(), 0);
    }
}
