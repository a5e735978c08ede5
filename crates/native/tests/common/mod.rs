//! Worlds that the tests of the native store share.

#![allow(clippy::unwrap_used, reason = "a world that cannot be made is a failed test")]
#![allow(dead_code, reason = "each test uses the worlds that it needs")]

pub(crate) mod lasting;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use blob::MemoryBlobs;
use conformance::store::StoreWorld;
use meta::MemoryMeta;
use native::{NativeOptions, NativeStore};
use store::SharedStore;
use types::{Ceiling, Random};

/// Small parts, so that cases with many of them stay quick.
pub(crate) const PART_MIN_BYTES: u64 = 1024;

/// Numbers that look random and repeat with the seed.
pub(crate) struct Seeded(AtomicU64);

impl Seeded {
    pub(crate) fn new(seed: u64) -> Arc<Self> {
        Arc::new(Self(AtomicU64::new(seed)))
    }
}

impl Random for Seeded {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(8) {
            let mut number = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
            number = (number ^ number >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            number = (number ^ number >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
            let bytes = (number ^ number >> 31).to_le_bytes();
            chunk.copy_from_slice(&bytes[..chunk.len()]);
        }
    }
}

pub(crate) fn options() -> NativeOptions {
    NativeOptions { part_min_bytes: PART_MIN_BYTES, ..NativeOptions::new(Seeded::new(1)) }
}

/// Records and blobs in memory. The collector runs beside the cases.
#[derive(Clone)]
pub(crate) struct MemoryWorld {
    pub(crate) meta: MemoryMeta,
    pub(crate) blobs: MemoryBlobs,
}

impl Default for MemoryWorld {
    fn default() -> Self {
        Self { meta: MemoryMeta::default(), blobs: MemoryBlobs::new(Ceiling::unlimited()) }
    }
}

impl MemoryWorld {
    pub(crate) fn native(&self) -> NativeStore {
        NativeStore::new(Arc::new(self.meta.clone()), Arc::new(self.blobs.clone()), options())
    }
}

/// Runs a store's collector for as long as the test's runtime lives.
pub(crate) fn collecting(store: NativeStore) -> SharedStore {
    let collector = store.clone();
    tokio::spawn(async move { collector.run_collector(std::future::pending()).await });
    Arc::new(store)
}

#[async_trait]
impl StoreWorld for MemoryWorld {
    async fn open(&self) -> SharedStore {
        collecting(self.native())
    }

    fn part_min_bytes(&self) -> u64 {
        PART_MIN_BYTES
    }

    fn is_lasting(&self) -> bool {
        true
    }
}
