//! The blob suite on files.

use std::sync::Arc;

use async_trait::async_trait;
use blob::{BlobStore, Durability, FileBlobs, FileOptions};
use conformance::blob::BlobWorld;
use types::{Budget, Random, SystemClock};

/// Numbers that look random and repeat with the seed.
struct Counting(std::sync::atomic::AtomicU64);

impl Random for Counting {
    fn fill(&self, buffer: &mut [u8]) {
        let number = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let bytes = number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes();
        buffer.iter_mut().zip(bytes.iter().cycle()).for_each(|(to, from)| *to = *from);
    }
}

fn options(durability: Durability) -> FileOptions {
    FileOptions {
        durability,
        budget: Budget::new(8 << 20),
        clock: Arc::new(SystemClock),
        random: Arc::new(Counting(1.into())),
    }
}

struct Directory(tempfile::TempDir);

impl Directory {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary directory"))
    }
}

#[async_trait]
impl BlobWorld for Directory {
    async fn open(&self) -> Arc<dyn BlobStore> {
        let path = self.0.path().join("blobs");
        Arc::new(FileBlobs::open(&path, options(Durability::Relaxed)).await.expect("it opens"))
    }
}

conformance::blob_suite!(Directory::new());
