use std::sync::Arc;

use async_trait::async_trait;
use blob::BlobStore;
use conformance::blob::BlobWorld;
use sim::{SimDisk, Tree};

struct DiskWorld(SimDisk);

#[async_trait]
impl BlobWorld for DiskWorld {
    async fn open(&self) -> Arc<dyn BlobStore> {
        Arc::new(crate::world::open(&self.0).await)
    }
}

conformance::blob_suite!(DiskWorld(SimDisk::new(Tree::default(), 1)));
