//! The layer as a store.

mod buckets;
mod head;
mod hint;
mod know;
mod list;
mod multipart;
mod objects;
mod open;
mod write;

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::RwLock;
use store::{Bucket, ObjectInfo, OpenOptions, SharedStore};
use tokio::sync::Semaphore;
use types::{BucketName, ByteRange, CacheNote, CacheStatus, Context, Notes, ObjectKey, Timestamp};

pub(crate) use self::head::HeadOutcome;
pub(crate) use self::open::OpenOutcome;
use crate::belief::Belief;
use crate::cache::Core;
use crate::disk::BlockStore;
use crate::name::{Id, bucket_id, key_id};
use crate::options::{DigestHeader, LayerOptions};
use crate::state::Place;

/// The most buckets whose ids are kept.
const BUCKET_IDS_MAX: usize = 1024;

/// A store behind a cache.
pub(crate) struct Cached(Arc<View>);

/// What one layer makes of the cache that it shares.
pub(crate) struct View {
    core: Arc<Core>,
    inner: SharedStore,
    store: String,
    belief: Belief,
    block_bytes: u64,
    digest: Option<DigestHeader>,
    disk: BlockStore,
    lanes: Arc<Semaphore>,
    /// What buckets are known by, so that it is not hashed for each call.
    bucket_ids: RwLock<HashMap<BucketName, Id>>,
}

impl Cached {
    pub(crate) fn new(core: Arc<Core>, options: &LayerOptions, inner: SharedStore) -> Self {
        Self(Arc::new(View {
            disk: core.disk.for_caller(&options.store),
            lanes: core.works.store_lanes(&options.store),
            inner,
            store: options.store.clone(),
            belief: Belief::new(options),
            block_bytes: options.block_bytes,
            digest: options.digest.as_deref().map(DigestHeader::new),
            bucket_ids: RwLock::default(),
            core,
        }))
    }
}

impl View {
    fn now(&self) -> Timestamp {
        self.core.clock.now()
    }

    fn bucket_id(&self, name: &BucketName) -> Id {
        if let Some(id) = self.bucket_ids.read().get(name) {
            return *id;
        }
        let id = bucket_id(&self.store, name.as_str());
        let mut ids = self.bucket_ids.write();
        if ids.len() < BUCKET_IDS_MAX {
            ids.insert(name.clone(), id);
        }
        id
    }

    fn place(&self, bucket: &Bucket, key: &ObjectKey) -> Place {
        Place {
            id: key_id(&self.store, bucket, key),
            bucket_id: self.bucket_id(&bucket.name),
            key: key.clone(),
        }
    }

    /// As [`View::note`] and [`View::note_aged`], without counting: each request looks its bucket up first, and counts as what
    /// it came for.
    fn note_bucket(&self, cx: &Context, status: CacheStatus, seen_at: Option<Timestamp>) {
        cx.notes.cache(CacheNote { status, age: seen_at.map(|seen_at| self.now().since(seen_at)) });
    }

    /// Says how an answer came about. The last word on it is ours: the store below has spoken.
    fn note(&self, cx: &Context, status: CacheStatus) {
        self.core.stats.of(status).add(1);
        cx.notes.cache(CacheNote { status, age: None });
    }

    /// As [`View::note`], of something that the store vouched for at `seen_at`.
    fn note_aged(&self, cx: &Context, status: CacheStatus, seen_at: Timestamp) {
        self.core.stats.of(status).add(1);
        cx.notes.cache(CacheNote { status, age: Some(self.now().since(seen_at)) });
    }
}

/// The context of work that serves others too: it does not end with who asked first.
fn detached(cx: &Context) -> Context {
    Context { deadline: None, notes: Notes::unread(), ..cx.clone() }
}

/// The bytes that an open will most likely be read for.
fn wanted(info: &ObjectInfo, options: &OpenOptions) -> ByteRange {
    let nothing = ByteRange { start: 0, end: 0 };
    match (&info.part, options.range_hint) {
        (Some(part), _) => part.range,
        (None, None) => ByteRange::whole(info.size_bytes),
        (None, Some(hint)) => hint.resolve(info.size_bytes).unwrap_or(nothing),
    }
}
