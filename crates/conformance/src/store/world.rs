use async_trait::async_trait;
use store::SharedStore;

/// One store and its past.
#[async_trait]
pub trait StoreWorld: Send + Sync {
    /// Opens the store, empty at first. Opened again, the former one having been dropped, it holds what was stored.
    async fn open(&self) -> SharedStore;

    /// The smallest part but the last that the store accepts, in bytes.
    fn part_min_bytes(&self) -> u64;

    /// Whether the store can be opened again with what it holds.
    fn is_lasting(&self) -> bool;
}
