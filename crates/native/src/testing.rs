//! What this crate's own tests share.

mod audit;
mod failing;
mod workload;
mod yielding;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use blob::{BlobStore, MemoryBlobs};
use meta::{MemoryMeta, MetaStore};
use store::{Bucket, Versioning};
use types::{BucketName, CanonicalId, Ceiling, Owner, Random, TagSet, Timestamp};

pub(crate) use self::audit::audit;
pub(crate) use self::failing::{FailingMeta, Failure};
pub(crate) use self::workload::workload;
pub(crate) use self::yielding::YieldingMeta;
use crate::{NativeOptions, NativeStore};

/// A bucket that exists nowhere.
pub(crate) fn bucket_of_handle(handle: u64) -> Bucket {
    Bucket {
        name: BucketName::new("bucket").unwrap(),
        owner: owner(),
        created_at: Timestamp::default(),
        versioning: Versioning::Off,
        tags: TagSet::default(),
        handle,
        revision: 1,
    }
}

pub(crate) fn owner() -> Owner {
    Owner { id: CanonicalId::from_text("00"), display_name: "owner".into() }
}

/// Numbers that look random and repeat with the seed.
struct Seeded(AtomicU64);

impl Random for Seeded {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(8) {
            let number = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
            let number = (number ^ number >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let bytes = (number ^ number >> 27).to_le_bytes();
            chunk.copy_from_slice(&bytes[..chunk.len()]);
        }
    }
}

/// Options of a small world: small inline data, small parts.
pub(crate) fn options() -> NativeOptions {
    NativeOptions {
        inline_max_bytes: 64,
        part_min_bytes: 32,
        ..NativeOptions::new(Arc::new(Seeded(AtomicU64::new(1))))
    }
}

/// Records and blobs in memory that outlive the stores opened over them.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) meta: MemoryMeta,
    pub(crate) blobs: MemoryBlobs,
}

impl World {
    pub(crate) fn new() -> Self {
        Self { meta: MemoryMeta::default(), blobs: MemoryBlobs::new(Ceiling::unlimited()) }
    }

    /// A store over this world.
    pub(crate) fn open(&self) -> NativeStore {
        self.open_over(Arc::new(self.meta.clone()))
    }

    /// A store over this world's blobs and another engine.
    pub(crate) fn open_over(&self, meta: Arc<dyn MetaStore>) -> NativeStore {
        let blobs: Arc<dyn BlobStore> = Arc::new(self.blobs.clone());
        NativeStore::new(meta, blobs, options())
    }

    /// The world as the next process finds it.
    pub(crate) fn restarted(&self) -> Self {
        let blobs = MemoryBlobs::from_image(self.blobs.image(), Ceiling::unlimited()).unwrap();
        Self { meta: self.meta.clone(), blobs }
    }
}
