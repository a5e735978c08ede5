use std::sync::Arc;

use async_trait::async_trait;
use blob::BlobStore;

/// One place where blobs live: empty at first, and opened again as a new process would.
#[async_trait]
pub trait BlobWorld: Send + Sync {
    /// Opens the store. What an earlier call returned has been dropped before.
    async fn open(&self) -> Arc<dyn BlobStore>;
}
