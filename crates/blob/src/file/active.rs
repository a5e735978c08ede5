use std::collections::HashSet;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::BlobId;

/// The blobs that are being written: scans leave them out.
#[derive(Clone, Default)]
pub(super) struct ActiveWrites(Arc<Mutex<HashSet<BlobId>>>);

impl ActiveWrites {
    /// Counts the blob as being written for as long as what is returned lives.
    pub(super) fn begin(&self, id: BlobId) -> ActiveWrite {
        self.0.lock().insert(id);
        ActiveWrite { writes: self.clone(), id }
    }

    pub(super) fn snapshot(&self) -> HashSet<BlobId> {
        self.0.lock().clone()
    }
}

pub(super) struct ActiveWrite {
    writes: ActiveWrites,
    id: BlobId,
}

impl Drop for ActiveWrite {
    fn drop(&mut self) {
        self.writes.0.lock().remove(&self.id);
    }
}
