//! The parts that stacks are made of, each over what outlives the stores that are opened over it.

use std::num::NonZeroU8;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine;
use blob::{Durability, FileBlobs, FileOptions, MemoryBlobs};
use cache::{Cache, CacheOptions, LayerOptions, Mode, Watermarks};
use crypt::{Algorithm, Crypt, CryptOptions, Foreign, Keyring, Names};
use meta::MemoryMeta;
use mirror::{Mirror, MirrorOptions, ReadPolicy, Target, WritePolicy};
use native::{NativeOptions, NativeStore};
use store::{Layer, SharedStore};
use tokio::sync::watch;
use types::{Budget, Ceiling, Random, SystemClock};

/// Small parts, so that cases with many of them stay quick.
pub(crate) const PART_MIN_BYTES: u64 = 1024;

const MIB: u64 = 1 << 20;

/// Numbers that look random and repeat from run to run, never within one.
pub(crate) struct Seeded(AtomicU64);

impl Seeded {
    pub(crate) fn new(seed: u64) -> Arc<Self> {
        Arc::new(Self(AtomicU64::new(seed << 48)))
    }
}

impl Random for Seeded {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(8) {
            let mut number = self.0.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            number = (number ^ number >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            chunk.copy_from_slice(&(number ^ number >> 31).to_le_bytes()[..chunk.len()]);
        }
    }
}

/// More than any case needs.
pub(crate) fn budget() -> Budget {
    Budget::new(64 << 20)
}

/// A store on this machine.
pub(crate) struct Near {
    meta: MemoryMeta,
    blobs: MemoryBlobs,
    random: Arc<Seeded>,
}

impl Near {
    pub(crate) fn new(seed: u64) -> Self {
        let blobs = MemoryBlobs::new(Ceiling::unlimited());
        Self { meta: MemoryMeta::default(), blobs, random: Seeded::new(seed) }
    }

    pub(crate) fn open(&self) -> SharedStore {
        let options =
            NativeOptions { part_min_bytes: PART_MIN_BYTES, ..NativeOptions::new(self.random.clone()) };
        let (meta, blobs) = (Arc::new(self.meta.clone()), Arc::new(self.blobs.clone()));
        Arc::new(NativeStore::new(meta, blobs, options))
    }
}

/// A store on this machine whose bytes are in files.
pub(crate) async fn in_files(seed: u64, directory: &Path, budget: &Budget) -> SharedStore {
    let random = Seeded::new(seed);
    let options = FileOptions {
        durability: Durability::Relaxed,
        budget: budget.clone(),
        clock: Arc::new(SystemClock),
        random: random.clone(),
    };
    let blobs = FileBlobs::open(&directory.join(seed.to_string()), options).await.unwrap();
    Arc::new(NativeStore::new(Arc::new(MemoryMeta::default()), Arc::new(blobs), NativeOptions::new(random)))
}

/// Encryption under a key of its own.
pub(crate) struct Seal {
    algorithm: Algorithm,
    keys: Keyring,
    index: MemoryMeta,
    random: Arc<Seeded>,
}

impl Seal {
    pub(crate) fn new(algorithm: Algorithm, number: u8) -> Self {
        let secret = base64::engine::general_purpose::STANDARD.encode([number; 32]);
        let text = format!("[[key]]\nid = \"key-{number}\"\nsecret = \"{secret}\"\n");
        let (keys, random) = (Keyring::parse(&text).unwrap(), Seeded::new(u64::from(number)));
        Self { algorithm, keys, index: MemoryMeta::default(), random }
    }

    pub(crate) fn wrap(&self, store: SharedStore, budget: &Budget) -> SharedStore {
        let options = CryptOptions {
            keys: Arc::new(self.keys.clone()),
            algorithm: self.algorithm,
            foreign: Foreign::Refuse,
            names: Names::Plain,
            level: NonZeroU8::MIN,
            part_min_bytes: PART_MIN_BYTES,
            index: Arc::new(self.index.clone()),
            clock: Arc::new(SystemClock),
            random: self.random.clone(),
            budget: budget.clone(),
        };
        Crypt::new(options).wrap(store)
    }
}

/// A cache on a directory. One at a time uses it, so it stays open.
pub(crate) struct Nearby {
    _directory: tempfile::TempDir,
    cache: Cache,
}

impl Nearby {
    pub(crate) fn new(budget: &Budget) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let cache = Cache::open(CacheOptions {
            path: directory.path().to_owned(),
            size_bytes: 256 * MIB,
            memory_bytes: MIB,
            free: Watermarks { low_bytes: 0, high_bytes: 0 },
            clock: Arc::new(SystemClock),
            budget: budget.clone(),
        });
        Self { _directory: directory, cache: cache.unwrap() }
    }

    pub(crate) fn wrap(&self, store: SharedStore) -> SharedStore {
        let options =
            LayerOptions { mode: Mode::Strict, block_bytes: 64 * 1024, ..LayerOptions::new("both") };
        self.cache.layer(options).unwrap().wrap(store)
    }
}

/// The journal of a mirror.
#[derive(Default)]
pub(crate) struct Copies {
    journal: MemoryMeta,
}

impl Copies {
    /// A mirror that repairs until `stop` is dropped.
    pub(crate) async fn open(
        &self,
        targets: Vec<SharedStore>,
        write: WritePolicy,
        budget: &Budget,
        mut stop: watch::Receiver<()>,
    ) -> Mirror {
        let named = |(place, store)| Target { name: format!("target-{place}").into(), store };
        let options = MirrorOptions {
            name: "both".into(),
            targets: targets.into_iter().enumerate().map(named).collect(),
            write,
            read: ReadPolicy::Order,
            hedge: None,
            budget: budget.clone(),
            journal: Arc::new(self.journal.clone()),
            clock: Arc::new(SystemClock),
            random: Seeded::new(99),
        };
        let mirror = Mirror::open(options).await.unwrap();
        let worker = mirror.clone();
        tokio::spawn(async move {
            worker.run(async move { while stop.changed().await.is_ok() {} }).await;
        });
        mirror
    }
}
