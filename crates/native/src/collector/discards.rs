use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use blob::BlobId;
use tokio::sync::Notify;

/// Blobs that were written in vain, and the collector's bell.
#[derive(Default)]
pub(crate) struct Discards {
    blobs: Mutex<Vec<BlobId>>,
    bell: Notify,
}

impl Discards {
    /// Has a blob removed that nothing ever referred to.
    pub(crate) fn push(&self, blob: BlobId) {
        self.blobs.lock().unwrap_or_else(PoisonError::into_inner).push(blob);
        self.wake();
    }

    /// Takes the blobs that are to be removed; those that are not settled are put back.
    pub(crate) fn take(&self) -> Taken<'_> {
        let blobs = std::mem::take(&mut *self.blobs.lock().unwrap_or_else(PoisonError::into_inner));
        Taken { discards: self, blobs: blobs.into_iter().collect() }
    }

    /// Wakes the collector.
    pub(crate) fn wake(&self) {
        self.bell.notify_one();
    }

    /// Wakes the collector where there is work.
    pub(crate) fn wake_if(&self, leaves_work: bool) {
        if leaves_work {
            self.wake();
        }
    }

    /// Waits to be woken; a call that came before counts.
    pub(crate) async fn woken(&self) {
        self.bell.notified().await;
    }
}

/// Discards that somebody is removing. Those that are left when it is dropped wait for the next round.
pub(crate) struct Taken<'a> {
    discards: &'a Discards,
    blobs: HashSet<BlobId>,
}

impl Taken<'_> {
    /// The blobs that are not settled.
    pub(crate) fn blobs(&self) -> Vec<BlobId> {
        self.blobs.iter().copied().collect()
    }

    /// This one is gone.
    pub(crate) fn settle(&mut self, gone: BlobId) {
        self.blobs.remove(&gone);
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        self.discards.blobs.lock().unwrap_or_else(PoisonError::into_inner).extend(self.blobs.drain());
    }
}
