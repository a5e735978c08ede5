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

    /// Has a blob removed later whose removal failed.
    pub(crate) fn put_back(&self, blob: BlobId) {
        self.blobs.lock().unwrap_or_else(PoisonError::into_inner).push(blob);
    }

    /// Takes the blobs that are to be removed.
    pub(crate) fn take(&self) -> Vec<BlobId> {
        std::mem::take(&mut *self.blobs.lock().unwrap_or_else(PoisonError::into_inner))
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
