//! A store that is wrapped in each layer, alone and twice, still keeps all promises of the port.

#![allow(clippy::unwrap_used, reason = "a world that cannot be made is a failed test")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use blob::MemoryBlobs;
use conformance::store::StoreWorld;
use layers::Observe;
use meta::MemoryMeta;
use native::{NativeOptions, NativeStore};
use store::{Layer, SharedStore, stack};
use types::{Ceiling, Random};

const PART_MIN_BYTES: u64 = 1024;

/// Numbers that repeat, for ids.
struct Counting(AtomicU64);

impl Random for Counting {
    fn fill(&self, buffer: &mut [u8]) {
        let number = self.0.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        buffer.iter_mut().zip(number.to_le_bytes().iter().cycle()).for_each(|(to, from)| *to = *from);
    }
}

struct Stacked {
    layers: Vec<Box<dyn Layer>>,
    meta: MemoryMeta,
    blobs: MemoryBlobs,
}

impl Stacked {
    fn under(layers: Vec<Box<dyn Layer>>) -> Self {
        let blobs = MemoryBlobs::new(Ceiling::unlimited());
        Self { layers, meta: MemoryMeta::default(), blobs }
    }
}

#[async_trait]
impl StoreWorld for Stacked {
    async fn open(&self) -> SharedStore {
        let options = NativeOptions {
            part_min_bytes: PART_MIN_BYTES,
            ..NativeOptions::new(Arc::new(Counting(1.into())))
        };
        let store = NativeStore::new(Arc::new(self.meta.clone()), Arc::new(self.blobs.clone()), options);
        stack(&self.layers, Arc::new(store)).unwrap()
    }

    fn part_min_bytes(&self) -> u64 {
        PART_MIN_BYTES
    }

    fn is_lasting(&self) -> bool {
        true
    }
}

mod observe {
    use super::*;
    conformance::store_suite!(Stacked::under(vec![Box::new(Observe::new())]));
}

mod observe_twice {
    use super::*;
    conformance::store_suite!(Stacked::under(vec![Box::new(Observe::new()), Box::new(Observe::new())]));
}
