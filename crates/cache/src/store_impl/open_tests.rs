use blob::MemoryBlobs;
use meta::MemoryMeta;
use native::{NativeOptions, NativeStore};
use sim::SimRandom;
use store::{Bucket, PutOptions, SharedStore};
use types::{Body, BucketName, Budget, CanonicalId, Ceiling, Context, ObjectKey, Owner, TagSet};

use super::*;
use crate::disk::Watermarks;
use crate::store_impl::Cached;
use crate::testing::HandClock;
use crate::{Cache, CacheOptions, LayerOptions, Mode};

struct World {
    view: Arc<View>,
    bucket: Bucket,
    key: ObjectKey,
    _directory: tempfile::TempDir,
}

impl World {
    /// A cache in front of a store that holds one object.
    async fn new(mode: Mode) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let cache = Cache::open(CacheOptions {
            path: directory.path().to_owned(),
            size_bytes: 1 << 28,
            memory_bytes: 0,
            free: Watermarks { low_bytes: 0, high_bytes: 0 },
            clock: Arc::<HandClock>::default(),
            budget: Budget::new(1 << 26),
        });
        let (meta, blobs) = (MemoryMeta::default(), MemoryBlobs::new(Ceiling::unlimited()));
        let options = NativeOptions::new(Arc::new(SimRandom::new(1)));
        let inner: SharedStore = Arc::new(NativeStore::new(Arc::new(meta), Arc::new(blobs), options));
        let (cx, key) = (Context::background(), ObjectKey::new("k").unwrap());
        let owner = Owner { id: CanonicalId::from_text(&"0".repeat(64)), display_name: "owner".into() };
        let name = BucketName::new("bucket").unwrap();
        let bucket = inner.create_bucket(&cx, &name, &owner, &TagSet::default()).await.unwrap();
        let body = Body::from_bytes(vec![7; 100_000].into());
        inner.put(&cx, &bucket, &key, body, PutOptions::default()).await.unwrap();
        let options = LayerOptions { mode, ..LayerOptions::new("far") };
        let view = Cached::new(cache.unwrap().0, &options, inner).0;
        Self { view, bucket, key, _directory: directory }
    }
}

#[tokio::test]
async fn who_looked_before_an_object_was_brought_opens_it_no_more_once_it_was() {
    for mode in [Mode::Strict, Mode::Immutable] {
        let World { view, bucket, key, _directory } = World::new(mode).await;
        let (cx, options) = (Context::background(), OpenOptions::default());
        let look = || Look::new(&view, &cx, &bucket, &key, &options);
        // Both have found that nothing is at hand; the one has read all before the other goes on.
        let (one, other) = (look(), look());
        let opened = view.fetch(&one, None, Round::First).await.unwrap().unwrap();
        let body = opened.content.read(ByteRange::whole(100_000)).await.unwrap();
        assert_eq!(body.collect(1 << 20).await.unwrap().len(), 100_000);
        assert!(view.fetch(&other, None, Round::First).await.is_none(), "{mode:?}");
        // The same where what the object is was known by then.
        let Some(Known::Object(state)) = view.core.table.get(other.place.id, &other.variant) else {
            panic!("it is known");
        };
        assert!(view.fetch(&other, Some(state), Round::First).await.is_none(), "{mode:?}");
        assert!(view.fetch(&other, None, Round::Last).await.is_some(), "{mode:?}");
    }
}

#[tokio::test]
async fn who_meets_a_fill_meets_what_it_reads_from() {
    let World { view, bucket, key, _directory } = World::new(Mode::Strict).await;
    let (cx, options) = (Context::background(), OpenOptions::default());
    let look = Look::new(&view, &cx, &bucket, &key, &options);
    // The answer tells of no bytes that come at once: all that there is to begin with is the open object.
    let Opened { info, content } = view.inner.open(&cx, &bucket, &key, options.clone()).await.unwrap();
    let told = Told { info, is_complete: true, seen_at: look.now, moment: look.moment };
    let state = view.learn(&bucket, &look.place, &look.variant, told);
    let opening = view.opening(&look, &state).unwrap();
    view.inner.delete(&cx, &bucket, &key, store::DeleteOptions::default()).await.unwrap();
    let _fill = opening.begin_fill(First { content: content.into(), range: None });
    let met = view.at_hand(&look, &state).unwrap();
    let body = CachedContent(Arc::new(met.opening)).read(ByteRange::whole(100_000)).await.unwrap();
    assert_eq!(body.collect(1 << 20).await.unwrap().len(), 100_000);
}
