use std::sync::Arc;

use blob::{BlobStore, Durability, FileBlobs, FileOptions};
use bytes::Bytes;
use sim::{SimClock, SimDisk};
use types::{Budget, ByteRange, Random};

pub(crate) const COLLECT_MAX_BYTES: usize = 16 << 20;

/// Adds nothing to ids: what keeps them apart must not be chance.
struct NoChance;

impl Random for NoChance {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(0);
    }
}

fn options() -> FileOptions {
    FileOptions {
        durability: Durability::Strict,
        budget: Budget::new(16 << 20),
        clock: Arc::new(SimClock::default()),
        random: Arc::new(NoChance),
    }
}

/// Opens blobs on the disk as a new process would.
pub(crate) async fn open(disk: &SimDisk) -> FileBlobs {
    FileBlobs::open_on(Arc::new(disk.clone()), options()).await.expect("every disk opens")
}

pub(crate) async fn read(store: &FileBlobs, id: blob::BlobId) -> Result<Bytes, String> {
    let reader = store.open(id).await.map_err(|error| error.to_string())?;
    let body = reader.read(ByteRange::whole(reader.size_bytes()));
    body.collect(COLLECT_MAX_BYTES).await.map_err(|error| error.to_string())
}

/// Runs a test on one thread and one blocking thread, so that what happens on the disk repeats with the seed.
pub(crate) fn alone(test: impl Future<Output = ()>) {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().max_blocking_threads(1);
    runtime.build().expect("a runtime").block_on(test);
}
