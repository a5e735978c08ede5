//! Worlds for tests: stores with crypt layers around them.

#![allow(clippy::unwrap_used, reason = "a world that cannot be made is a failed test")]
#![allow(dead_code, reason = "each test takes what it needs")]

pub(crate) mod beside;
pub(crate) mod between;
pub(crate) mod desk;

use std::num::NonZeroU8;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine;
use blob::MemoryBlobs;
use conformance::store::StoreWorld;
use crypt::{Algorithm, Crypt, CryptOptions, Foreign, Keyring, Names};
use meta::MemoryMeta;
use native::{NativeOptions, NativeStore};
use store::{Layer, SharedStore};
use types::{Budget, Ceiling, Clock, Random, SystemClock, Timestamp};

pub(crate) const PART_MIN_BYTES: u64 = 1024;

/// Numbers that repeat from run to run and never within one.
pub(crate) struct Counting(AtomicU64);

impl Counting {
    pub(crate) fn new(seed: u64) -> Arc<Self> {
        Arc::new(Self(seed.into()))
    }
}

impl Random for Counting {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(8) {
            let number = self.0.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            chunk.copy_from_slice(&(number ^ number >> 29).to_le_bytes()[..chunk.len()]);
        }
    }
}

/// A clock that goes on when it is told to.
pub(crate) struct Ticking(AtomicU64);

impl Ticking {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self(1_000_000_000_000.into()))
    }

    pub(crate) fn pass(&self, duration: Duration) {
        self.0.fetch_add(duration.as_nanos() as u64, Ordering::Relaxed);
    }
}

impl Clock for Ticking {
    fn now(&self) -> Timestamp {
        Timestamp::from_nanos(self.0.load(Ordering::Relaxed))
    }
}

/// The text of a keyring with these keys, the first of which is primary.
pub(crate) fn keyring_text(ids: &[(&str, u8)]) -> String {
    let secret = |byte: u8| base64::engine::general_purpose::STANDARD.encode([byte; 32]);
    ids.iter().map(|(id, byte)| format!("[[key]]\nid = \"{id}\"\nsecret = \"{}\"\n", secret(*byte))).collect()
}

pub(crate) fn keyring(ids: &[(&str, u8)]) -> Keyring {
    Keyring::parse(&keyring_text(ids)).unwrap()
}

/// How a layer is set up.
#[derive(Clone)]
pub(crate) struct Setup {
    pub(crate) algorithm: Algorithm,
    pub(crate) names: Names,
    pub(crate) foreign: Foreign,
    pub(crate) level: u8,
    pub(crate) keys: Keyring,
    pub(crate) budget: Budget,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            algorithm: Algorithm::Aes256Gcm,
            names: Names::Plain,
            foreign: Foreign::Refuse,
            level: 1,
            keys: keyring(&[("first", 1)]),
            budget: Budget::new(64 << 20),
            clock: Arc::new(SystemClock),
        }
    }
}

impl Setup {
    pub(crate) fn layer(&self, index: MemoryMeta, random: Arc<Counting>) -> Crypt {
        Crypt::new(self.options(index, random))
    }

    pub(crate) fn options(&self, index: MemoryMeta, random: Arc<Counting>) -> CryptOptions {
        CryptOptions {
            keys: Arc::new(self.keys.clone()),
            algorithm: self.algorithm,
            foreign: self.foreign,
            names: self.names,
            level: NonZeroU8::new(self.level).unwrap(),
            part_min_bytes: PART_MIN_BYTES,
            index: Arc::new(index),
            clock: self.clock.clone(),
            random,
            budget: self.budget.clone(),
        }
    }
}

/// A native store in memory.
pub(crate) fn native(meta: &MemoryMeta, blobs: &MemoryBlobs, random: Arc<Counting>) -> SharedStore {
    let options = NativeOptions { part_min_bytes: PART_MIN_BYTES, ..NativeOptions::new(random) };
    Arc::new(NativeStore::new(Arc::new(meta.clone()), Arc::new(blobs.clone()), options))
}

pub(crate) fn blobs() -> MemoryBlobs {
    MemoryBlobs::new(Ceiling::unlimited())
}

/// Layers over a native store in memory, the outermost first.
pub(crate) struct Layered {
    pub(crate) setups: Vec<Setup>,
    pub(crate) bare: bool,
    pub(crate) meta: MemoryMeta,
    pub(crate) blobs: MemoryBlobs,
    pub(crate) indices: Vec<MemoryMeta>,
    pub(crate) random: Arc<Counting>,
}

impl Layered {
    pub(crate) fn new(setups: Vec<Setup>) -> Self {
        let indices = setups.iter().map(|_| MemoryMeta::default()).collect();
        let random = Counting::new(1);
        Self { setups, bare: false, meta: MemoryMeta::default(), blobs: blobs(), indices, random }
    }

    /// Over a store that keeps nothing of what a layer could put beside the bytes.
    pub(crate) fn bare(setups: Vec<Setup>) -> Self {
        Self { bare: true, ..Self::new(setups) }
    }

    pub(crate) fn inner(&self) -> SharedStore {
        let native = native(&self.meta, &self.blobs, self.random.clone());
        if self.bare {
            Arc::new(between::Between { bare: true, ..between::Between::new(native) })
        } else {
            native
        }
    }

    pub(crate) fn store(&self) -> SharedStore {
        let layers = self.setups.iter().zip(&self.indices).rev();
        layers.fold(self.inner(), |store, (setup, index)| {
            setup.layer(index.clone(), self.random.clone()).wrap(store)
        })
    }
}

#[async_trait]
impl StoreWorld for Layered {
    async fn open(&self) -> SharedStore {
        self.store()
    }

    fn part_min_bytes(&self) -> u64 {
        PART_MIN_BYTES
    }

    fn is_lasting(&self) -> bool {
        true
    }
}
