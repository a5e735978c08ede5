use std::sync::Arc;

use bytes::Bytes;

use super::store::Shared;
use crate::BlobId;

/// Everything that a store in memory holds at one moment, without copying: for writing it to a snapshot file.
#[derive(Debug, Clone, Default)]
pub struct MemoryImage {
    /// The next id that the store would issue.
    pub next_id: u128,
    /// Blobs with ids below this one have been settled.
    pub swept_below: u128,
    /// The blobs in order of id, each as its chunks in order.
    pub blobs: Vec<(BlobId, Vec<Bytes>)>,
}

/// While it lives, removed blobs stay in images of the store.
///
/// A snapshot that holds records as of one moment and blobs as of a later one would miss blobs removed between the two.
/// Held from before the first moment to after the second, it misses none.
pub struct RemovalHold(Arc<Shared>);

impl RemovalHold {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        shared.state.write().holds += 1;
        Self(shared)
    }
}

impl Drop for RemovalHold {
    fn drop(&mut self) {
        let mut state = self.0.state.write();
        state.holds -= 1;
        let released = if state.holds == 0 { std::mem::take(&mut state.removed) } else { Default::default() };
        drop(state);
        drop(released);
    }
}
