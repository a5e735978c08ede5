use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use tokio::sync::{OwnedMutexGuard, OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};
use types::BucketName;

/// Keys beyond which turns that nobody waits for are dropped.
const IDLE_TURNS_MAX: usize = 1024;

/// Keeps writes and the removal of their bucket apart, among the callers of one store: Azure removes a container with
/// whatever was written into it a moment before. Holds a few bytes for each bucket ever written to.
#[derive(Default)]
pub(crate) struct Gates(Mutex<HashMap<BucketName, Arc<Gate>>>);

#[derive(Default)]
struct Gate {
    lock: Arc<RwLock<()>>,
    writes: AtomicU64,
    changes: AtomicU64,
}

/// A write under way. Dropping it says that it has ended.
pub(crate) struct Writing {
    gate: Arc<Gate>,
    _guard: OwnedRwLockReadGuard<()>,
}

impl Drop for Writing {
    fn drop(&mut self) {
        self.gate.writes.fetch_add(1, Ordering::Relaxed);
    }
}

impl Gates {
    fn gate(&self, bucket: &BucketName) -> Arc<Gate> {
        self.0.lock().entry(bucket.clone()).or_default().clone()
    }

    /// Waits until no removal of the bucket is under way.
    pub(crate) async fn write(&self, bucket: &BucketName) -> Writing {
        let gate = self.gate(bucket);
        let guard = gate.lock.clone().read_owned().await;
        Writing { gate, _guard: guard }
    }

    /// Keeps writers out of the bucket; `None` while there is one in it.
    pub(crate) fn remove(&self, bucket: &BucketName) -> Option<OwnedRwLockWriteGuard<()>> {
        self.gate(bucket).lock.clone().try_write_owned().ok()
    }

    /// Counts a change of the bucket's record.
    pub(crate) fn note_change(&self, bucket: &BucketName) {
        self.gate(bucket).changes.fetch_add(1, Ordering::Relaxed);
    }

    /// How many changes of the bucket's record there were.
    pub(crate) fn changes(&self, bucket: &BucketName) -> u64 {
        self.gate(bucket).changes.load(Ordering::Relaxed)
    }

    /// How many writes of the bucket have ended, whatever became of them.
    pub(crate) fn writes(&self, bucket: &BucketName) -> u64 {
        self.gate(bucket).writes.load(Ordering::Relaxed)
    }
}

/// One at a time for each key.
#[derive(Default)]
pub(crate) struct Turns(Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>);

impl Turns {
    pub(crate) async fn take(&self, key: &str) -> OwnedMutexGuard<()> {
        let turn = {
            let mut turns = self.0.lock();
            if turns.len() >= IDLE_TURNS_MAX {
                turns.retain(|_, turn| Arc::strong_count(turn) > 1);
            }
            turns.entry(key.to_owned()).or_default().clone()
        };
        turn.lock_owned().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_removal_waits_for_nobody_and_writers_wait_for_it() {
        let gates = Gates::default();
        let bucket = BucketName::new("abc").unwrap();
        let writing = gates.write(&bucket).await;
        assert!(gates.remove(&bucket).is_none());
        assert_eq!(gates.writes(&bucket), 0);
        drop(writing);
        assert_eq!(gates.writes(&bucket), 1);
        let removing = gates.remove(&bucket).unwrap();
        let mut waiting = std::pin::pin!(gates.write(&bucket));
        let polled = std::future::poll_fn(|cx| std::task::Poll::Ready(waiting.as_mut().poll(cx).is_ready()));
        assert!(!polled.await);
        drop(removing);
        waiting.await;
    }
}
