//! What the tests of the whole layer share: a native store in memory, a cache on a directory, a clock by hand.

#![allow(clippy::unwrap_used, dead_code, reason = "a world that cannot be made is a failed test")]

pub(crate) mod far;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use blob::MemoryBlobs;
use bytes::Bytes;
use cache::{Cache, CacheOptions, DiskError, DiskErrorKind, LayerOptions, Mode, Watermarks};
use meta::MemoryMeta;
use native::{NativeOptions, NativeStore};
use store::{Bucket, DeleteOptions, Layer, OpenOptions, PutOptions, PutOutcome, SharedStore, StoreError};
use types::{
    Body, BucketName, Budget, ByteRange, CacheStatus, CanonicalId, Ceiling, Clock, Context, Notes, ObjectKey,
    Owner, Random, RangeSpec, TagSet, Timestamp,
};

pub(crate) const PART_MIN_BYTES: u64 = 1024;
pub(crate) const MIB: u64 = 1 << 20;

/// A clock that stands until it is moved.
#[derive(Default)]
pub(crate) struct HandClock(AtomicU64);

impl HandClock {
    pub(crate) fn forward(&self, by: Duration) {
        self.0.fetch_add(by.as_nanos() as u64, Ordering::SeqCst);
    }
}

impl HandClock {
    pub(crate) fn back(&self, by: Duration) {
        self.0.fetch_sub(by.as_nanos() as u64, Ordering::SeqCst);
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_secs(1_000_000).plus(Duration::from_nanos(self.0.load(Ordering::SeqCst)))
    }
}

/// Numbers that repeat, for ids.
struct Counting(AtomicU64);

impl Random for Counting {
    fn fill(&self, buffer: &mut [u8]) {
        let number = self.0.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        buffer.iter_mut().zip(number.to_le_bytes().iter().cycle()).for_each(|(to, from)| *to = *from);
    }
}

/// Records and blobs in memory that outlive the stores opened over them.
pub(crate) struct Native {
    meta: MemoryMeta,
    blobs: MemoryBlobs,
}

impl Default for Native {
    fn default() -> Self {
        Self { meta: MemoryMeta::default(), blobs: MemoryBlobs::new(Ceiling::unlimited()) }
    }
}

impl Native {
    pub(crate) fn open(&self) -> SharedStore {
        let options = NativeOptions {
            part_min_bytes: PART_MIN_BYTES,
            ..NativeOptions::new(Arc::new(Counting(1.into())))
        };
        Arc::new(NativeStore::new(Arc::new(self.meta.clone()), Arc::new(self.blobs.clone()), options))
    }
}

/// The directory and settings of a cache, which can be opened again.
pub(crate) struct Near {
    pub(crate) directory: tempfile::TempDir,
    pub(crate) size_bytes: u64,
    pub(crate) memory_bytes: u64,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) budget: Budget,
}

impl Near {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
            size_bytes: 256 * MIB,
            memory_bytes: 0,
            clock,
            budget: Budget::new(64 << 20),
        }
    }

    pub(crate) fn open(&self) -> Cache {
        self.try_open().unwrap()
    }

    /// Opens it again once the last task of the cache that was dropped has ended.
    pub(crate) async fn reopen(&self) -> Cache {
        loop {
            match self.try_open() {
                Ok(cache) => return cache,
                Err(error) if matches!(error.kind, DiskErrorKind::InUse) => {
                    tokio::task::spawn_blocking(|| {}).await.unwrap();
                }
                Err(error) => panic!("{error}"),
            }
        }
    }

    fn try_open(&self) -> Result<Cache, DiskError> {
        Cache::open(CacheOptions {
            path: self.directory.path().to_owned(),
            size_bytes: self.size_bytes,
            memory_bytes: self.memory_bytes,
            free: Watermarks { low_bytes: 0, high_bytes: 0 },
            clock: self.clock.clone(),
            budget: self.budget.clone(),
        })
    }
}

/// Settings of a mode, with times where it takes them.
pub(crate) fn options(mode: Mode) -> LayerOptions {
    let ttl = match mode {
        Mode::Ttl | Mode::Offline => Duration::from_secs(30),
        Mode::Strict | Mode::Immutable => Duration::ZERO,
    };
    LayerOptions { mode, ttl, ..LayerOptions::new("far") }
}

/// As [`options`], with small blocks, and with absence and listings believed where the mode does so.
pub(crate) fn eager(mode: Mode) -> LayerOptions {
    let times = if mode == Mode::Strict { Duration::ZERO } else { Duration::from_secs(30) };
    LayerOptions { block_bytes: 64 * 1024, negative_ttl: times, list_ttl: times, ..options(mode) }
}

pub(crate) fn key(name: &str) -> ObjectKey {
    ObjectKey::new(name).unwrap()
}

pub(crate) fn owner() -> Owner {
    Owner { id: CanonicalId::from_text(&"0".repeat(64)), display_name: "owner".into() }
}

/// Bytes that tell where they stand.
pub(crate) fn pattern(seed: u64, size: usize) -> Bytes {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(size + 8);
    while bytes.len() < size {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(size);
    bytes.into()
}

/// A store with a bucket, and short words for what tests do with it.
#[derive(Clone)]
pub(crate) struct Desk {
    pub(crate) store: SharedStore,
    pub(crate) bucket: Bucket,
}

impl Desk {
    /// Makes a bucket in `inner`, and looks at it through `store`.
    pub(crate) async fn over(store: SharedStore, inner: &SharedStore) -> Self {
        let (cx, name) = (Context::background(), BucketName::new("bucket").unwrap());
        let bucket = match inner.bucket(&cx, &name).await {
            Ok(bucket) => bucket,
            Err(_) => inner.create_bucket(&cx, &name, &owner(), &TagSet::default()).await.unwrap(),
        };
        Self { store, bucket }
    }

    /// The same bucket through another store.
    pub(crate) fn through(&self, store: SharedStore) -> Self {
        Self { store, bucket: self.bucket.clone() }
    }

    pub(crate) async fn put(&self, name: &str, bytes: impl Into<Bytes>) -> PutOutcome {
        let (cx, body) = (Context::background(), Body::from_bytes(bytes.into()));
        self.store.put(&cx, &self.bucket, &key(name), body, PutOptions::default()).await.unwrap()
    }

    pub(crate) async fn delete(&self, name: &str) {
        let cx = Context::background();
        self.store.delete(&cx, &self.bucket, &key(name), DeleteOptions::default()).await.unwrap();
    }

    /// Reads what an open brings, with what the cache says about it.
    pub(crate) async fn get_with(
        &self,
        name: &str,
        options: OpenOptions,
    ) -> (Result<Bytes, StoreError>, Said) {
        let cx = Context { notes: Notes::kept(), ..Context::background() };
        let read = async {
            let opened = self.store.open(&cx, &self.bucket, &key(name), options.clone()).await?;
            let range = match options.range_hint {
                None => ByteRange::whole(opened.info.size_bytes),
                Some(hint) => hint.resolve(opened.info.size_bytes).unwrap(),
            };
            let body = opened.content.read(range).await?;
            body.collect(1 << 30)
                .await
                .map_err(|error| StoreError::new(store::StoreErrorKind::Body(error), "read"))
        };
        let read = read.await;
        (read, said(&cx))
    }

    pub(crate) async fn get(&self, name: &str) -> (Bytes, Said) {
        let (bytes, said) = self.get_with(name, OpenOptions::default()).await;
        (bytes.unwrap(), said)
    }

    pub(crate) async fn get_or_none(&self, name: &str) -> Option<Bytes> {
        let cx = Context::background();
        let opened = self.store.open(&cx, &self.bucket, &key(name), OpenOptions::default()).await.ok()?;
        let body = opened.content.read(ByteRange::whole(opened.info.size_bytes)).await.ok()?;
        body.collect(1 << 30).await.ok()
    }

    pub(crate) async fn get_range(&self, name: &str, first: u64, last: u64) -> (Bytes, Said) {
        let range_hint = Some(RangeSpec::FromTo { first, last });
        let (bytes, said) = self.get_with(name, OpenOptions { range_hint, ..OpenOptions::default() }).await;
        (bytes.unwrap(), said)
    }
}

/// What the cache says: its status, and the age in seconds where it tells one.
pub(crate) type Said = (CacheStatus, Option<u64>);

pub(crate) fn said(cx: &Context) -> Said {
    let note = cx.notes.read().cache.expect("a cache speaks on every path");
    (note.status, note.age.map(|age| age.as_secs()))
}

/// A cache layer in front of `inner`.
pub(crate) fn cached(cache: &Cache, options: LayerOptions, inner: &SharedStore) -> SharedStore {
    cache.layer(options).unwrap().wrap(inner.clone())
}
