use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};
use types::BucketName;

use crate::format::Admission;

/// Gates of buckets that nobody passes just now are dropped above this number.
const IDLE_MAX: usize = 4096;

/// Keeps the moment at which a write takes effect apart from the removal of its bucket: a bucket loses its epoch keys only
/// while nothing can come to need them. Holds whether the bucket was removed, or lost its keys.
#[derive(Clone, Default)]
pub(super) struct Gate(Arc<RwLock<bool>>);

/// While it is held, the bucket stays.
pub(super) type Inside = OwnedRwLockReadGuard<bool>;

/// While it is held, nobody is inside. What it holds is true where the bucket was removed, or lost its keys: then the gate
/// stays closed.
pub(super) type Closed = OwnedRwLockWriteGuard<bool>;

impl Gate {
    /// Passes the gate; `None` where the bucket was removed.
    pub(super) async fn enter(&self) -> Option<Inside> {
        let inside = self.0.clone().read_owned().await;
        (!*inside).then_some(inside)
    }

    /// Waits until nobody is inside and lets nobody in.
    async fn close(&self) -> Closed {
        self.0.clone().write_owned().await
    }

    /// Has a body pass the gate before it hands its end out; what it holds then is in the slot.
    pub(super) fn admission(&self) -> (Admission, Arc<Mutex<Option<Inside>>>) {
        let slot = Arc::new(Mutex::new(None));
        let (gate, place) = (self.clone(), slot.clone());
        let admission = Box::pin(async move {
            let inside = gate.enter().await;
            let admitted = inside.is_some();
            *place.lock().unwrap_or_else(PoisonError::into_inner) = inside;
            admitted
        });
        (admission, slot)
    }
}

/// The gates of all buckets.
#[derive(Default)]
pub(super) struct Gates(Mutex<HashMap<BucketName, Gate>>);

impl Gates {
    pub(super) fn of(&self, bucket: &BucketName) -> Gate {
        let mut gates = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if gates.len() > IDLE_MAX {
            gates.retain(|_, gate| Arc::strong_count(&gate.0) > 1);
        }
        gates.entry(bucket.clone()).or_default().clone()
    }

    /// Closes the gate that a bucket has by now: not one that a removal before this one has left closed for good.
    pub(super) async fn close(&self, bucket: &BucketName) -> Closed {
        loop {
            let closed = self.of(bucket).close().await;
            if !*closed {
                return closed;
            }
        }
    }

    /// A bucket was made or removed: whoever decided on the former one meets a closed gate, others a new one.
    pub(super) fn renew(&self, bucket: &BucketName) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(bucket);
    }
}
