//! Stores in memory and short words for them.

#![allow(dead_code, reason = "each test binary uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use blob::MemoryBlobs;
use meta::MemoryMeta;
use native::{NativeOptions, NativeStore};
use store::SharedStore;
use types::{BucketName, CanonicalId, Ceiling, Context, ObjectKey, Owner, Random};

/// The smallest part of an upload in these stores.
pub(crate) const PART_MIN_BYTES: u64 = 1;

struct Sequence(AtomicU64);

impl Random for Sequence {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(8) {
            let next = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
            chunk.copy_from_slice(&next.to_le_bytes()[..chunk.len()]);
        }
    }
}

pub(crate) fn random() -> Arc<dyn Random> {
    Arc::new(Sequence(AtomicU64::default()))
}

pub(crate) fn memory() -> SharedStore {
    over(MemoryMeta::default(), MemoryBlobs::new(Ceiling::unlimited()), PART_MIN_BYTES)
}

pub(crate) fn over(meta: MemoryMeta, blobs: MemoryBlobs, part_min_bytes: u64) -> SharedStore {
    let options = NativeOptions { part_min_bytes, ..NativeOptions::new(random()) };
    Arc::new(NativeStore::new(Arc::new(meta), Arc::new(blobs), options))
}

pub(crate) fn name(text: &str) -> BucketName {
    BucketName::new(text).unwrap()
}

pub(crate) fn key(text: &str) -> ObjectKey {
    ObjectKey::new(text).unwrap()
}

pub(crate) fn owner(name: &str) -> Owner {
    Owner { id: CanonicalId::from_text(&format!("{name:0>64}")), display_name: name.into() }
}

pub(crate) fn cx() -> Context {
    Context::background()
}
