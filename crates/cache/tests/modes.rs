//! What each mode promises, by a clock that is moved by hand.

#![allow(clippy::unwrap_used, reason = "a world that cannot be made is a failed test")]

mod common;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use cache::{Cache, LayerOptions, Mode};
use common::far::{Far, Fault};
use common::{Desk, HandClock, MIB, Native, Near, Said, cached, eager, key, options, pattern, said};
use store::{
    Bucket, BucketUpdate, Layer, ListObjects, ListVersions, Missing, ObjectInfo, OpenOptions, SharedStore,
    StoreError, StoreErrorKind, Versioning,
};
use types::CacheStatus::{Bypass, Hit, Miss, Revalidated, Stale};
use types::{Context, Notes, TagSet, VersionId};

struct World {
    clock: Arc<HandClock>,
    near: Near,
    native: SharedStore,
    far: Arc<Far>,
    middle: SharedStore,
    cache: Option<Cache>,
    /// Through the cache.
    desk: Desk,
    /// Behind its back.
    behind: Desk,
}

impl World {
    async fn new(options: LayerOptions) -> Self {
        Self::with(options, 256 * MIB).await
    }

    /// With so much room.
    async fn with(options: LayerOptions, size_bytes: u64) -> Self {
        let clock = Arc::<HandClock>::default();
        let near = Near { size_bytes, ..Near::new(clock.clone()) };
        let native = Native::default().open();
        let (far, middle) = Far::around(&native);
        let cache = near.open();
        let desk = Desk::over(cached(&cache, options, &middle), &native).await;
        let behind = desk.through(native.clone());
        Self { clock, near, native, far, middle, cache: Some(cache), desk, behind }
    }

    /// The server stops and starts again.
    async fn restart(&mut self, options: LayerOptions) {
        self.settle().await;
        self.desk.store = self.native.clone();
        self.cache = None;
        let cache = self.near.reopen().await;
        self.desk.store = cached(&cache, options, &self.middle);
        self.cache = Some(cache);
    }

    /// Waits until all that was begun in the background has ended.
    async fn settle(&self) {
        if let Some(cache) = &self.cache {
            cache.run(std::future::ready(())).await;
        }
    }

    fn forward(&self, seconds: u64) {
        self.clock.forward(Duration::from_secs(seconds));
    }

    fn goes_away(&self, is_away: bool) {
        self.far.is_away.store(is_away, Ordering::SeqCst);
    }

    /// Reads other objects of as many bytes as the cache has room for five times.
    async fn crowd(&self, name: &str, mut each: impl AsyncFnMut()) {
        for number in 0..5 * self.near.size_bytes / (256 * 1024) {
            let name = format!("{name}/{number}");
            self.behind.put(&name, pattern(number, 256 * 1024)).await;
            self.desk.get(&name).await;
            each().await;
        }
        self.settle().await;
    }

    async fn bucket(&self) -> (Result<Bucket, StoreError>, Said) {
        let cx = Context { notes: Notes::kept(), ..Context::background() };
        let bucket = self.desk.store.bucket(&cx, &self.desk.bucket.name).await;
        (bucket, said(&cx))
    }

    async fn head(&self, name: &str) -> (Result<ObjectInfo, StoreError>, Said) {
        let cx = Context { notes: Notes::kept(), ..Context::background() };
        let head = self.desk.store.head(&cx, &self.desk.bucket, &key(name), OpenOptions::default()).await;
        (head, said(&cx))
    }

    async fn list(&self, prefix: &str) -> (usize, Said) {
        let cx = Context { notes: Notes::kept(), ..Context::background() };
        let options = ListObjects { prefix: prefix.to_owned(), limit: 100, ..ListObjects::default() };
        let page = self.desk.store.list(&cx, &self.desk.bucket, options).await.unwrap();
        (page.entries.len(), said(&cx))
    }
}

fn refusal<T>(result: Result<T, StoreError>) -> StoreErrorKind {
    match result {
        Ok(_) => panic!("the call succeeded and should not have"),
        Err(error) => error.kind,
    }
}

#[tokio::test]
async fn strict_asks_once_for_each_read_and_serves_what_still_holds() {
    let world = World::new(options(Mode::Strict)).await;
    world.behind.put("k", pattern(1, 100_000)).await;
    assert_eq!(world.desk.get("k").await, (pattern(1, 100_000), (Miss, None)));
    assert_eq!(world.far.requests(), (1, 0));
    assert_eq!(world.desk.get("k").await, (pattern(1, 100_000), (Revalidated, None)));
    assert_eq!(world.far.requests(), (1, 1));
    world.behind.put("k", pattern(2, 90_000)).await;
    assert_eq!(world.desk.get("k").await, (pattern(2, 90_000), (Miss, None)));
    assert_eq!(world.far.requests(), (2, 2));
    world
        .behind
        .store
        .delete(&Context::background(), &world.desk.bucket, &key("k"), Default::default())
        .await
        .unwrap();
    let (gone, note) = world.desk.get_with("k", OpenOptions::default()).await;
    assert!(matches!(refusal(gone), StoreErrorKind::Missing(Missing::Key)));
    assert_eq!(note, (Miss, None));
}

#[tokio::test]
async fn strict_caches_neither_head_nor_listing_nor_absence() {
    let world = World::new(options(Mode::Strict)).await;
    for round in 1..4 {
        let (head, note) = world.head("k").await;
        assert!(matches!(refusal(head), StoreErrorKind::Missing(Missing::Key)));
        assert_eq!((note, world.far.requests().1), ((Bypass, None), round));
        assert_eq!(world.list("").await, (0, (Bypass, None)));
        assert_eq!(world.far.lists.load(Ordering::SeqCst), round);
    }
    world.behind.put("k", "x").await;
    assert_eq!(world.head("k").await.0.unwrap().size_bytes, 1);
    assert_eq!(world.list("").await.0, 1);
}

#[tokio::test]
async fn ttl_believes_until_its_end_and_not_a_moment_longer() {
    let world = World::new(options(Mode::Ttl)).await;
    world.behind.put("k", pattern(1, 1000)).await;
    world.desk.get("k").await;
    world.behind.put("k", pattern(2, 1000)).await;
    world.forward(29);
    assert_eq!(world.desk.get("k").await, (pattern(1, 1000), (Hit, Some(29))));
    assert_eq!(world.head("k").await.1, (Hit, Some(29)));
    assert_eq!(world.far.requests(), (1, 0));
    world.forward(1);
    assert_eq!(world.desk.get("k").await, (pattern(2, 1000), (Miss, None)));
    world.forward(30);
    assert_eq!(world.desk.get("k").await, (pattern(2, 1000), (Revalidated, None)));
    world.forward(29);
    assert_eq!(world.desk.get("k").await.1, (Hit, Some(29)));
}

#[tokio::test]
async fn ttl_counts_from_when_the_store_was_asked_not_from_when_it_answered() {
    let world = World::new(options(Mode::Ttl)).await;
    world.behind.put("k", pattern(1, 1000)).await;
    let held = world.far.answers.write().await;
    let desk = world.desk.clone();
    let reading = tokio::spawn(async move { desk.get("k").await });
    while world.far.requests().0 == 0 {
        tokio::task::yield_now().await;
    }
    world.forward(31);
    drop(held);
    assert_eq!(reading.await.unwrap().0, pattern(1, 1000));
    assert_eq!(world.desk.get("k").await.1, (Revalidated, None));
}

#[tokio::test]
async fn absence_and_listings_are_believed_only_where_that_is_set() {
    let world = World::new(options(Mode::Ttl)).await;
    assert!(world.head("k").await.0.is_err());
    assert_eq!(world.list("").await, (0, (Bypass, None)));
    world.behind.put("k", "x").await;
    assert!(world.head("k").await.0.is_ok());
    assert_eq!(world.list("").await, (1, (Bypass, None)));

    let world = World::new(eager(Mode::Ttl)).await;
    assert!(world.head("k").await.0.is_err());
    assert_eq!(world.list("").await, (0, (Miss, None)));
    world.behind.put("k", "x").await;
    world.forward(29);
    let (head, note) = world.head("k").await;
    assert!(matches!(refusal(head), StoreErrorKind::Missing(Missing::Key)));
    assert_eq!(note, (Hit, Some(29)));
    let (gone, note) = world.desk.get_with("k", OpenOptions::default()).await;
    assert!(matches!(refusal(gone), StoreErrorKind::Missing(Missing::Key)));
    assert_eq!(note, (Hit, Some(29)));
    assert_eq!(world.list("").await, (0, (Hit, Some(29))));
    world.forward(1);
    assert!(world.head("k").await.0.is_ok());
    assert_eq!(world.list("").await, (1, (Miss, None)));
}

#[tokio::test]
async fn a_page_is_known_by_all_that_was_asked() {
    let world = World::new(eager(Mode::Ttl)).await;
    for name in ["a/1", "a/2", "b/1"] {
        world.behind.put(name, "x").await;
    }
    let (cx, bucket) = (Context::background(), &world.desk.bucket);
    let all = ListObjects { limit: 100, ..ListObjects::default() };
    let folded = ListObjects { delimiter: Some("/".to_owned()), ..all.clone() };
    let few = ListObjects { limit: 1, ..all.clone() };
    let behind = ListObjects { after: Some(store::Position::Key("a/1".to_owned())), ..all.clone() };
    for (options, count) in [(all, 3), (folded, 2), (few, 1), (behind, 2)] {
        for _ in 0..2 {
            let page = world.desk.store.list(&cx, bucket, options.clone()).await.unwrap();
            assert_eq!(page.entries.len(), count);
        }
    }
    let versions = ListVersions { limit: 100, ..ListVersions::default() };
    assert_eq!(world.desk.store.list_versions(&cx, bucket, versions.clone()).await.unwrap().entries.len(), 3);
    world.behind.put("c", "x").await;
    assert_eq!(world.desk.store.list_versions(&cx, bucket, versions).await.unwrap().entries.len(), 3);
    assert_eq!(world.far.lists.load(Ordering::SeqCst), 5);
}

#[tokio::test]
async fn immutable_never_asks_again_not_even_after_a_restart() {
    let mut world = World::new(options(Mode::Immutable)).await;
    world.behind.put("k", pattern(1, 200_000)).await;
    world.desk.get("k").await;
    world.forward(1_000_000);
    assert_eq!(world.desk.get("k").await, (pattern(1, 200_000), (Hit, Some(1_000_000))));
    world.restart(options(Mode::Immutable)).await;
    assert_eq!(world.desk.get("k").await, (pattern(1, 200_000), (Hit, Some(1_000_000))));
    assert_eq!(world.head("k").await.1.0, Hit);
    assert_eq!(world.far.requests(), (1, 0));
}

#[tokio::test]
async fn strict_is_warm_after_a_restart() {
    let mut world = World::new(options(Mode::Strict)).await;
    world.behind.put("k", pattern(1, 200_000)).await;
    world.desk.get("k").await;
    world.restart(options(Mode::Strict)).await;
    assert_eq!(world.desk.get("k").await, (pattern(1, 200_000), (Revalidated, None)));
    assert_eq!(world.far.requests(), (1, 1));
}

#[tokio::test]
async fn offline_serves_what_it_has_while_the_store_is_away_and_says_how_old_it_is() {
    let mut world = World::new(eager(Mode::Offline)).await;
    world.behind.put("k", pattern(1, 200_000)).await;
    let (cx, name) = (Context::background(), world.desk.bucket.name.clone());
    world.desk.store.bucket(&cx, &name).await.unwrap();
    world.desk.get("k").await;
    world.list("").await;
    world.goes_away(true);
    world.forward(40);
    assert_eq!(world.desk.get("k").await, (pattern(1, 200_000), (Stale, Some(40))));
    assert_eq!(world.head("k").await.1, (Stale, Some(40)));
    assert_eq!(world.list("").await, (1, (Stale, Some(40))));
    world.restart(eager(Mode::Offline)).await;
    let cx = Context { notes: Notes::kept(), ..cx };
    assert_eq!(world.desk.store.bucket(&cx, &name).await.unwrap(), world.desk.bucket);
    assert_eq!(said(&cx).0, Stale);
    assert_eq!(world.desk.get("k").await, (pattern(1, 200_000), (Stale, Some(40))));
    let (unknown, _) = world.desk.get_with("unknown", OpenOptions::default()).await;
    assert!(matches!(refusal(unknown), StoreErrorKind::Unavailable));
    world.goes_away(false);
    assert_eq!(world.desk.get("k").await, (pattern(1, 200_000), (Revalidated, None)));
}

#[tokio::test]
async fn the_bucket_of_what_is_believed_is_believed_while_the_store_is_away() {
    for (mode, status) in [(Mode::Strict, None), (Mode::Ttl, Some(Hit)), (Mode::Immutable, Some(Hit))] {
        let mut world = World::new(eager(mode)).await;
        world.behind.put("k", pattern(1, 200_000)).await;
        assert_eq!(world.bucket().await.1, (Bypass, None));
        world.desk.get("k").await;
        world.goes_away(true);
        world.forward(29);
        let (bucket, note) = world.bucket().await;
        let Some(status) = status else {
            assert!(matches!(refusal(bucket), StoreErrorKind::Unavailable));
            continue;
        };
        assert_eq!((bucket.unwrap(), note), (world.desk.bucket.clone(), (status, Some(29))));
        assert_eq!(world.desk.get("k").await.1, (Hit, Some(29)));
        world.restart(eager(mode)).await;
        assert_eq!(world.bucket().await.1, (status, Some(29)));
        world.forward(1);
        let (bucket, note) = world.bucket().await;
        match mode {
            Mode::Immutable => assert_eq!((bucket.unwrap(), note.0), (world.desk.bucket.clone(), Hit)),
            _ => assert!(matches!(refusal(bucket), StoreErrorKind::Unavailable)),
        }
    }
}

#[tokio::test]
async fn an_answer_about_a_bucket_that_was_overtaken_takes_nothing_of_the_newer_one() {
    for mode in [Mode::Immutable, Mode::Offline] {
        let mut world = World::new(eager(mode)).await;
        world.far.bucket_faults.lock().extend([Fault::Held]);
        let held = world.far.hold.write().await;
        let (store, name) = (world.desk.store.clone(), world.desk.bucket.name.clone());
        let overtaken = tokio::spawn(async move { store.bucket(&Context::background(), &name).await });
        while !world.far.bucket_faults.lock().is_empty() {
            tokio::task::yield_now().await;
        }
        let (cx, update) = (Context::background(), BucketUpdate::Versioning(Versioning::Enabled));
        let updated = world.desk.store.update_bucket(&cx, &world.desk.bucket, update).await.unwrap();
        assert_eq!(world.bucket().await.0.unwrap(), updated);
        world.settle().await;
        drop(held);
        assert_eq!(overtaken.await.unwrap().unwrap(), world.desk.bucket);
        world.restart(eager(mode)).await;
        world.goes_away(true);
        assert_eq!(world.bucket().await.0.unwrap(), updated, "{mode:?}");
    }
}

#[tokio::test]
async fn what_is_known_stays_on_disk_while_it_is_used() {
    for mode in [Mode::Immutable, Mode::Offline] {
        let mut world = World::with(eager(mode), 4 * MIB).await;
        world.behind.put("k", pattern(1, 100_000)).await;
        let read = async || {
            world.bucket().await.0.unwrap();
            assert_eq!(world.desk.get("k").await.0, pattern(1, 100_000));
        };
        read().await;
        read().await;
        world.crowd("cold", read).await;
        let opens = world.far.requests().0;
        world.restart(eager(mode)).await;
        if mode == Mode::Offline {
            world.goes_away(true);
            world.forward(31);
            assert_eq!(world.bucket().await.1.0, Stale);
        }
        let status = if mode == Mode::Offline { Stale } else { Hit };
        let (read, note) = world.desk.get("k").await;
        assert_eq!((read, note.0), (pattern(1, 100_000), status));
        assert_eq!(world.far.requests().0, opens);
    }
}

#[tokio::test]
async fn what_gave_way_on_disk_is_there_again_once_it_is_used() {
    for mode in [Mode::Immutable, Mode::Offline] {
        let mut world = World::with(eager(mode), 4 * MIB).await;
        world.behind.put("k", pattern(1, 100_000)).await;
        world.bucket().await.0.unwrap();
        world.desk.get("k").await;
        world.settle().await;
        world.crowd("cold", async || {}).await;
        world.forward(11);
        world.bucket().await.0.unwrap();
        assert_eq!(world.head("k").await.1.0, Hit);
        world.restart(eager(mode)).await;
        world.goes_away(true);
        let status = if mode == Mode::Offline { Stale } else { Hit };
        world.forward(31);
        assert_eq!(world.bucket().await.1.0, status);
        assert_eq!(world.head("k").await.1.0, status);
    }
}

#[tokio::test]
async fn an_object_that_is_gone_is_not_there_again_after_a_restart() {
    let mut world = World::new(options(Mode::Offline)).await;
    world.behind.put("k", pattern(1, 1000)).await;
    world.desk.get("k").await;
    world.settle().await;
    world.behind.delete("k").await;
    world.forward(31);
    let (gone, _) = world.desk.get_with("k", OpenOptions::default()).await;
    assert!(matches!(refusal(gone), StoreErrorKind::Missing(Missing::Key)));
    world.restart(options(Mode::Offline)).await;
    world.goes_away(true);
    let (unknown, _) = world.desk.get_with("k", OpenOptions::default()).await;
    assert!(matches!(refusal(unknown), StoreErrorKind::Unavailable));
}

#[tokio::test]
async fn an_object_that_is_gone_is_gone_for_every_call() {
    let world =
        World::with(LayerOptions { block_bytes: 64 * 1024, ..options(Mode::Immutable) }, 4 * MIB).await;
    world.behind.put("k", pattern(1, 100_000)).await;
    world.desk.get("k").await;
    world.settle().await;
    world.crowd("cold", async || assert_eq!(world.head("k").await.1.0, Hit)).await;
    world.behind.delete("k").await;
    let (gone, _) = world.desk.get_with("k", OpenOptions::default()).await;
    assert!(matches!(refusal(gone), StoreErrorKind::Missing(Missing::Key)), "its blocks gave way");
    world.settle().await;
    assert!(matches!(refusal(world.head("k").await.0), StoreErrorKind::Missing(Missing::Key)));
}

#[tokio::test]
async fn a_write_that_fails_while_the_store_is_away_takes_nothing_from_readers() {
    let world = World::new(eager(Mode::Offline)).await;
    world.behind.put("k", pattern(1, 200_000)).await;
    world.desk.get("k").await;
    world.goes_away(true);
    let (cx, body) = (Context::background(), types::Body::from_bytes(pattern(2, 10)));
    let put = world.desk.store.put(&cx, &world.desk.bucket, &key("k"), body, Default::default()).await;
    assert!(matches!(refusal(put), StoreErrorKind::Unavailable));
    assert_eq!(world.desk.get("k").await, (pattern(1, 200_000), (Stale, Some(0))));
    assert_eq!(world.head("k").await.1, (Stale, Some(0)));
    // What it had before is asked about as soon as there is somebody to ask.
    world.goes_away(false);
    assert_eq!(world.desk.get("k").await, (pattern(1, 200_000), (Revalidated, None)));
    world.behind.put("k", pattern(2, 10)).await;
    assert_eq!(world.desk.get("k").await.0, pattern(2, 10));
}

#[tokio::test]
async fn a_change_of_a_bucket_that_fails_while_the_store_is_away_takes_nothing_from_readers() {
    let mut world = World::new(eager(Mode::Offline)).await;
    world.behind.put("k", pattern(1, 1000)).await;
    world.bucket().await.0.unwrap();
    world.desk.get("k").await;
    world.restart(eager(Mode::Offline)).await;
    world.goes_away(true);
    let (cx, name) = (Context::background(), world.desk.bucket.name.clone());
    for _ in 0..2 {
        let made = world.desk.store.create_bucket(&cx, &name, &common::owner(), &TagSet::default()).await;
        assert!(matches!(refusal(made), StoreErrorKind::Unavailable));
        let (bucket, note) = world.bucket().await;
        assert_eq!((bucket.unwrap(), note), (world.desk.bucket.clone(), (Stale, Some(0))));
        assert_eq!(world.desk.get("k").await.0, pattern(1, 1000));
    }
    // Once it cannot land any more, what the store says is believed again.
    world.goes_away(false);
    world.forward(301);
    world.bucket().await.0.unwrap();
    world.goes_away(true);
    assert_eq!(world.bucket().await.1, (Hit, Some(0)));
}

#[tokio::test]
async fn the_other_modes_serve_nothing_stale() {
    for mode in [Mode::Strict, Mode::Ttl] {
        let world = World::new(eager(mode)).await;
        world.behind.put("k", "x").await;
        world.desk.get("k").await;
        world.goes_away(true);
        world.forward(30);
        let (read, _) = world.desk.get_with("k", OpenOptions::default()).await;
        assert!(matches!(refusal(read), StoreErrorKind::Unavailable));
        assert!(matches!(refusal(world.head("k").await.0), StoreErrorKind::Unavailable));
    }
}

#[tokio::test]
async fn a_clock_that_goes_back_is_not_believed() {
    let world = World::new(options(Mode::Ttl)).await;
    world.behind.put("k", pattern(1, 10)).await;
    world.forward(100);
    world.desk.get("k").await;
    world.clock.back(Duration::from_secs(50));
    world.behind.put("k", pattern(2, 10)).await;
    assert_eq!(world.desk.get("k").await.0, pattern(2, 10));
}

#[tokio::test]
async fn a_version_by_its_id_shares_its_blocks_with_the_current_object() {
    let mut world = World::new(options(Mode::Ttl)).await;
    let cx = Context::background();
    let update = BucketUpdate::Versioning(Versioning::Enabled);
    world.desk.bucket = world.desk.store.update_bucket(&cx, &world.desk.bucket, update).await.unwrap();
    world.behind.bucket = world.desk.bucket.clone();
    let first = world.behind.put("k", pattern(1, 1000)).await.version_id;
    let of = |version_id: &Option<VersionId>| OpenOptions {
        version_id: version_id.clone(),
        ..OpenOptions::default()
    };
    assert_eq!(world.desk.get("k").await.0, pattern(1, 1000));
    world.behind.put("k", pattern(2, 1000)).await;
    let (read, note) = world.desk.get_with("k", of(&first)).await;
    assert_eq!((read.unwrap(), note.0), (pattern(1, 1000), Miss));
    // The bytes were there: one piece of the object was sent once, by the first read.
    assert_eq!(world.far.sent("k", 1000), (1, 1));
    let (read, note) = world.desk.get_with("k", of(&first)).await;
    assert_eq!((read.unwrap(), note.0), (pattern(1, 1000), Hit));
    assert_eq!(world.far.requests().0, 2);
}

#[tokio::test]
async fn a_digest_makes_objects_of_one_content_share_their_blocks() {
    let digest = LayerOptions { digest: Some("x-amz-meta-sha224".to_owned()), ..options(Mode::Strict) };
    let world = World::new(digest).await;
    let put = async |name: &str, digest: &str, bytes: Bytes| {
        let mut options = store::PutOptions::default();
        options.metadata.user = vec![("sha224".to_owned(), digest.to_owned())];
        let (cx, body) = (Context::background(), types::Body::from_bytes(bytes));
        world.behind.store.put(&cx, &world.desk.bucket, &key(name), body, options).await.unwrap();
    };
    let (one, two) = ("1".repeat(56), "2".repeat(56));
    put("a", &one, pattern(1, 3 * MIB as usize)).await;
    put("b", &one, pattern(1, 3 * MIB as usize)).await;
    put("c", &two, pattern(2, 3 * MIB as usize)).await;
    put("d", "short", pattern(1, 3 * MIB as usize)).await;
    for (name, seed) in [("a", 1), ("b", 1), ("c", 2), ("d", 1)] {
        assert_eq!(world.desk.get(name).await.0, pattern(seed, 3 * MIB as usize), "{name}");
    }
    let sent = |name| world.far.sent(name, 3 * MIB).1;
    assert_eq!([sent("a"), sent("b"), sent("c"), sent("d")], [1, 0, 1, 1]);
}

#[tokio::test]
async fn layers_of_one_store_see_each_others_writes() {
    let world = World::new(options(Mode::Immutable)).await;
    let other = world.cache.as_ref().unwrap().layer(options(Mode::Immutable)).unwrap();
    let other = world.desk.through(other.wrap(world.middle.clone()));
    world.desk.put("k", pattern(1, 10)).await;
    assert_eq!(world.desk.get("k").await.0, pattern(1, 10));
    assert_eq!(other.get("k").await, (pattern(1, 10), (Hit, Some(0))));
    other.put("k", pattern(2, 10)).await;
    assert_eq!(world.desk.get("k").await.0, pattern(2, 10));
}

#[tokio::test]
async fn every_write_says_that_it_passes_by_and_is_seen_at_once() {
    for mode in [Mode::Strict, Mode::Ttl, Mode::Immutable, Mode::Offline] {
        let world = World::new(eager(mode)).await;
        let cx = Context { notes: Notes::kept(), ..Context::background() };
        let (store, bucket) = (&world.desk.store, &world.desk.bucket);
        world.desk.put("k", pattern(1, 10)).await;
        world.desk.get("k").await;
        world.list("").await;
        world.desk.put("k", pattern(2, 10)).await;
        assert_eq!(world.desk.get("k").await.0, pattern(2, 10));
        let tags = TagSet::new(vec![("a".to_owned(), "b".to_owned())], 10).unwrap();
        store.set_tags(&cx, bucket, &key("k"), None, tags.clone()).await.unwrap();
        assert_eq!(said(&cx), (Bypass, None));
        assert_eq!(world.head("k").await.0.unwrap().metadata.tags, tags);
        world.desk.put("l", "x").await;
        assert_eq!(world.list("").await.0, 2);
        store.delete(&cx, bucket, &key("k"), Default::default()).await.unwrap();
        assert!(world.desk.get_with("k", OpenOptions::default()).await.0.is_err());
        assert_eq!(world.list("").await.0, 1);
    }
}

#[tokio::test]
async fn the_bucket_that_a_request_looks_up_first_is_no_answer_of_its_own() {
    let world = World::new(eager(Mode::Immutable)).await;
    let (store, bucket) = (&world.desk.store, &world.desk.bucket);
    let cache = world.cache.as_ref().unwrap();
    world.desk.put("k", pattern(1, 10)).await;
    world.desk.get("k").await;
    let before = cache.stats().bypasses.get();
    let cx = Context { notes: Notes::kept(), ..Context::background() };
    for _ in 0..3 {
        store.bucket(&cx, &bucket.name).await.unwrap();
        assert_eq!(said(&cx), (Bypass, None));
        assert_eq!(world.desk.get("k").await.1.0, Hit);
    }
    assert_eq!(cache.stats().bypasses.get(), before);
    assert_eq!(cache.stats().hits.get(), 3);
}
