//! Keys: what wraps what, what rotation costs, and what becomes of objects whose key is destroyed.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::sync::Arc;

use common::between::Between;
use common::desk::{Desk, as_it_is, assert_refused, key, pattern};
use common::{Counting, Layered, Setup, keyring_text};
use crypt::{Crypt, Names, RewrapEvent, RewrapReport};
use store::{
    Bucket, BucketUpdate, DeleteOptions, Layer, ListVersions, PutOptions, SharedStore, StoreErrorKind,
    VersionEntry, Versioning,
};
use types::{Body, BucketName, CanonicalId, Context, Owner, TagSet};

/// A layer whose calls are counted.
struct Counted {
    layer: Crypt,
    between: Arc<Between>,
    store: SharedStore,
    bucket: Bucket,
    cx: Context,
}

async fn counted(setup: &Setup) -> Counted {
    let world = Layered::new(Vec::new());
    let between = Arc::new(Between::new(world.inner()));
    let layer = setup.layer(meta::MemoryMeta::default(), Counting::new(3));
    let store = layer.wrap(between.clone());
    let cx = Context::background();
    let owner = Owner { id: CanonicalId::from_text(&"a".repeat(64)), display_name: "alice".into() };
    let name = BucketName::new("bucket").unwrap();
    let bucket = store.create_bucket(&cx, &name, &owner, &TagSet::default()).await.unwrap();
    Counted { layer, between, store, bucket, cx }
}

impl Counted {
    async fn put(&self, name: &str) {
        let body = Body::from_bytes(pattern(1, 100));
        self.store.put(&self.cx, &self.bucket, &key(name), body, PutOptions::default()).await.unwrap();
    }

    async fn rewrap(&self) -> (RewrapReport, Vec<RewrapEvent>) {
        let mut events = Vec::new();
        let report =
            self.layer.rewrap(&self.cx, &self.bucket, &mut |event| events.push(event)).await.unwrap();
        (report, events)
    }
}

#[tokio::test]
async fn a_bucket_has_one_epoch_key_for_each_primary_key() {
    let setup = Setup::default();
    let desk = Desk::new(Layered::new(vec![setup.clone()])).await;
    for n in 0..5 {
        desk.put(&format!("k{n}"), "x").await;
    }
    assert_eq!(desk.own_keys().await.len(), 1);
    setup.keys.reload(&keyring_text(&[("second", 2), ("first", 1)])).unwrap();
    let desk = desk.without_state();
    desk.put("new", "y").await;
    desk.put("newer", "z").await;
    assert_eq!(desk.own_keys().await.len(), 2);
    assert_eq!(desk.read("k0").await.unwrap().1, "x");
    // Nobody sees them, or can write them.
    assert_eq!(desk.list().await.len(), 7);
    let own = desk.own_keys().await;
    assert_refused!(desk.read(&own[0]).await, StoreErrorKind::Missing(_));
    let options = PutOptions::default();
    let put = desk.store.put(&desk.cx, &desk.bucket, &key(&own[0]), Body::empty(), options).await;
    assert_refused!(put, StoreErrorKind::Forbidden(_));
    let deleted = desk.store.delete(&desk.cx, &desk.bucket, &key(&own[0]), Default::default()).await;
    assert_refused!(deleted, StoreErrorKind::Forbidden(_));
    assert_eq!(desk.own_keys().await.len(), 2);
}

#[tokio::test]
async fn what_rewrapping_costs_does_not_grow_with_the_objects() {
    let mut costs = Vec::new();
    for objects in [1, 200] {
        let setup = Setup::default();
        let counted = counted(&setup).await;
        for n in 0..objects {
            counted.put(&format!("k{n}")).await;
        }
        setup.keys.reload(&keyring_text(&[("second", 2), ("first", 1)])).unwrap();
        counted.between.take_calls();
        let (report, events) = counted.rewrap().await;
        costs.push(counted.between.take_calls());
        assert_eq!((report.epochs, report.rewrapped), (1, 1));
        assert_eq!(events[0], RewrapEvent::Begun { total: 1, primary: "second".into() });
        assert_eq!(events[1], RewrapEvent::Epoch { done: 1, total: 1, from: Some("first".into()) });
        // Again, there is nothing left to do.
        assert_eq!(counted.rewrap().await.0.rewrapped, 0);
    }
    assert_eq!(costs[0], costs[1]);
    assert!(costs[0].len() < 10, "{:?}", costs[0]);
}

#[tokio::test]
async fn after_rewrapping_the_old_key_may_go() {
    let setup = Setup { names: Names::Encrypted, ..Setup::default() };
    let counted = counted(&setup).await;
    counted.put("k").await;
    setup.keys.reload(&keyring_text(&[("second", 2), ("first", 1)])).unwrap();
    assert_eq!(counted.rewrap().await.0.rewrapped, 2, "the epoch key and that of names");
    setup.keys.reload(&keyring_text(&[("second", 2)])).unwrap();
    let fresh = setup.layer(meta::MemoryMeta::default(), Counting::new(4)).wrap(counted.between.clone());
    let (_, bytes) = common::desk::read(&fresh, &counted.cx, &counted.bucket, "k").await.unwrap();
    assert_eq!(bytes, pattern(1, 100));
}

#[tokio::test]
async fn rewrapping_goes_on_after_a_failure_at_any_step() {
    for good in 0..12 {
        let setup = Setup::default();
        let counted = counted(&setup).await;
        for primary in ["first", "second", "third"] {
            let all: Vec<(&str, u8)> = vec![("first", 1), ("second", 2), ("third", 3), ("last", 4)];
            let text = format!("primary = \"{primary}\"\n{}", keyring_text(&all));
            setup.keys.reload(&text).unwrap();
            counted.put(primary).await;
        }
        setup.keys.reload(&keyring_text(&[("last", 4), ("first", 1), ("second", 2), ("third", 3)])).unwrap();
        counted.between.good.store(good, std::sync::atomic::Ordering::Relaxed);
        let mut ignore = |_| {};
        let first = counted.layer.rewrap(&counted.cx, &counted.bucket, &mut ignore).await;
        counted.between.good.store(usize::MAX, std::sync::atomic::Ordering::Relaxed);
        let report = counted.rewrap().await.0;
        assert_eq!(report.epochs, 3);
        assert!(report.rewrapped == 0 || first.is_err(), "what was done stays done");
        setup.keys.reload(&keyring_text(&[("last", 4)])).unwrap();
        let fresh = setup.layer(meta::MemoryMeta::default(), Counting::new(4)).wrap(counted.between.clone());
        for name in ["first", "second", "third"] {
            let (_, bytes) = common::desk::read(&fresh, &counted.cx, &counted.bucket, name).await.unwrap();
            assert_eq!(bytes, pattern(1, 100));
        }
    }
}

#[tokio::test]
async fn old_versions_of_epoch_keys_go_when_they_are_rewrapped() {
    let setup = Setup::default();
    let mut counted = counted(&setup).await;
    let update = BucketUpdate::Versioning(Versioning::Enabled);
    counted.bucket = counted.store.update_bucket(&counted.cx, &counted.bucket, update).await.unwrap();
    counted.put("k").await;
    setup.keys.reload(&keyring_text(&[("second", 2), ("first", 1)])).unwrap();
    let report = counted.rewrap().await.0;
    assert_eq!((report.rewrapped, report.versions_removed), (1, 1));
    let options = ListVersions { prefix: ".sluice/".into(), limit: 10, ..ListVersions::default() };
    let page = counted.between.inner.list_versions(&counted.cx, &counted.bucket, options).await.unwrap();
    assert_eq!(page.entries.len(), 1);
    assert!(matches!(&page.entries[0], VersionEntry::Version(version) if version.is_latest));
    // What callers see of versions is their own.
    let options = ListVersions { limit: 10, ..ListVersions::default() };
    let page = counted.store.list_versions(&counted.cx, &counted.bucket, options).await.unwrap();
    assert_eq!(page.entries.len(), 1);
}

#[tokio::test]
async fn an_epoch_key_behind_a_delete_marker_is_there_again_and_wrapped() {
    for markers in [1, 2] {
        let setup = Setup::default();
        let mut counted = counted(&setup).await;
        let update = BucketUpdate::Versioning(Versioning::Enabled);
        counted.bucket = counted.store.update_bucket(&counted.cx, &counted.bucket, update).await.unwrap();
        counted.put("k").await;
        let options = ListVersions { prefix: ".sluice/".into(), limit: 10, ..ListVersions::default() };
        let own = counted.between.inner.list_versions(&counted.cx, &counted.bucket, options).await.unwrap();
        let VersionEntry::Version(epoch) = &own.entries[0] else { panic!("an epoch key") };
        for _ in 0..markers {
            let options = DeleteOptions::default();
            counted.between.inner.delete(&counted.cx, &counted.bucket, &epoch.key, options).await.unwrap();
        }
        setup.keys.reload(&keyring_text(&[("second", 2), ("first", 1)])).unwrap();
        assert_eq!(counted.rewrap().await.0.rewrapped, 1);
        setup.keys.reload(&keyring_text(&[("second", 2)])).unwrap();
        let fresh = setup.layer(meta::MemoryMeta::default(), Counting::new(4)).wrap(counted.between.clone());
        let (_, bytes) = common::desk::read(&fresh, &counted.cx, &counted.bucket, "k").await.unwrap();
        assert_eq!(bytes, pattern(1, 100));
    }
}

#[tokio::test]
async fn an_epoch_key_that_cannot_be_opened_stops_no_other() {
    // Epoch keys have random names, so the one that is closed comes first or last.
    for seed in 0..8 {
        for is_damaged in [false, true] {
            let setup = Setup::default();
            let desk = Desk::seeded(Layered::new(vec![setup.clone()]), seed).await;
            let mut desk = desk;
            let update = BucketUpdate::Versioning(Versioning::Enabled);
            desk.bucket = desk.store.update_bucket(&desk.cx, &desk.bucket, update).await.unwrap();
            for (name, text) in
                [("closed", keyring_text(&[("gone", 1)])), ("open", keyring_text(&[("old", 2)]))]
            {
                setup.keys.reload(&text).unwrap();
                desk = desk.without_state();
                desk.put(name, pattern(1, 100)).await;
            }
            let gone: &[(&str, u8)] =
                if is_damaged { &[("new", 3), ("old", 2), ("gone", 9)] } else { &[("new", 3), ("old", 2)] };
            setup.keys.reload(&keyring_text(gone)).unwrap();
            let layer = setup.layer(meta::MemoryMeta::default(), Counting::new(5));
            let _store = layer.wrap(desk.inner.clone());
            let report = layer.rewrap(&desk.cx, &desk.bucket, &mut |_| {}).await.unwrap();
            assert_eq!((report.epochs, report.rewrapped, report.versions_removed), (2, 1, 1));
            let closed: Vec<_> = report.closed.iter().map(|closed| closed.key_id.as_deref()).collect();
            assert_eq!(closed, [Some("gone")]);
            setup.keys.reload(&keyring_text(&[("new", 3), ("gone", 1)])).unwrap();
            let desk = desk.without_state();
            for name in ["open", "closed"] {
                assert_eq!(desk.read(name).await.unwrap().1, pattern(1, 100), "nothing is lost");
            }
        }
    }
}

#[tokio::test]
async fn a_destroyed_key_closes_its_objects_and_says_so() {
    let setup = Setup::default();
    let desk = Desk::new(Layered::new(vec![setup.clone()])).await;
    desk.put("old", pattern(1, 5000)).await;
    desk.upload("old-parts", &[pattern(1, 2000), pattern(2, 100)]).await;
    setup.keys.reload(&keyring_text(&[("second", 2)])).unwrap();
    let desk = desk.without_state();
    desk.put("new", "y").await;
    for _ in 0..2 {
        for name in ["old", "old-parts"] {
            assert_refused!(desk.head(name).await, StoreErrorKind::Forbidden(why) if why.contains("key"));
            assert_refused!(desk.read(name).await, StoreErrorKind::Forbidden(_));
            assert_refused!(desk.copy(name, "to", as_it_is()).await, StoreErrorKind::Forbidden(_));
        }
        // Listings go on, and show the sizes that the bytes tell without a key.
        let sizes: Vec<u64> = desk.list().await.iter().map(|object| object.size_bytes).collect();
        assert_eq!(sizes, [1, 5000, 2100]);
    }
    assert_eq!(desk.read("new").await.unwrap().1, "y");
    // They can be replaced and deleted.
    desk.put("old", "again").await;
    assert_eq!(desk.read("old").await.unwrap().1, "again");
    desk.store.delete(&desk.cx, &desk.bucket, &key("old-parts"), Default::default()).await.unwrap();
    // The key is back: so is what it closes.
    setup.keys.reload(&keyring_text(&[("second", 2), ("first", 1)])).unwrap();
    assert_eq!(desk.without_state().read("old").await.unwrap().1, "again");
}

#[tokio::test]
async fn another_key_of_the_same_id_opens_nothing() {
    let setup = Setup::default();
    let desk = Desk::new(Layered::new(vec![setup.clone()])).await;
    desk.put("k", "x").await;
    setup.keys.reload(&keyring_text(&[("first", 99)])).unwrap();
    let desk = desk.without_state();
    assert_refused!(desk.read("k").await, StoreErrorKind::Corrupt);
    // New objects get an epoch key of their own.
    desk.put("new", "y").await;
    assert_eq!(desk.read("new").await.unwrap().1, "y");
}

#[tokio::test]
async fn a_bucket_of_nothing_but_epoch_keys_is_empty() {
    for names in [Names::Plain, Names::Encrypted] {
        for versioned in [false, true] {
            let setup = Setup { names, ..Setup::default() };
            let mut desk = Desk::new(Layered::new(vec![setup.clone()])).await;
            if versioned {
                let update = BucketUpdate::Versioning(Versioning::Enabled);
                desk.bucket = desk.store.update_bucket(&desk.cx, &desk.bucket, update).await.unwrap();
            }
            let made = desk.put("k", "x").await;
            let refused = desk.store.delete_bucket(&desk.cx, &desk.bucket).await;
            assert_refused!(refused, StoreErrorKind::BucketNotEmpty);
            assert_eq!(desk.read("k").await.unwrap().1, "x", "no key is lost in trying");
            let desk = desk.without_state();
            assert_eq!(desk.read("k").await.unwrap().1, "x");
            let options = store::DeleteOptions { version_id: made.version_id, ..Default::default() };
            desk.store.delete(&desk.cx, &desk.bucket, &key("k"), options).await.unwrap();
            // An upload that was begun is no object, and ends with the bucket.
            desk.store.create_upload(&desk.cx, &desk.bucket, &key("u"), Default::default()).await.unwrap();
            desk.store.delete_bucket(&desk.cx, &desk.bucket).await.unwrap();
            assert_refused!(
                desk.inner.bucket(&desk.cx, &desk.bucket.name).await,
                StoreErrorKind::Missing(store::Missing::Bucket)
            );
        }
    }
}

#[tokio::test]
async fn a_removal_that_fails_gives_the_keys_back() {
    for lost_answer in [false, true] {
        for good in 0..8 {
            let setup = Setup::default();
            let world = Layered::new(Vec::new());
            let between = Arc::new(Between { lost_answer, ..Between::new(world.inner()) });
            let layer = setup.layer(meta::MemoryMeta::default(), Counting::new(3));
            let store = layer.wrap(between.clone());
            let cx = Context::background();
            let owner = Owner { id: CanonicalId::from_text(&"a".repeat(64)), display_name: "alice".into() };
            let name = BucketName::new("bucket").unwrap();
            let bucket = store.create_bucket(&cx, &name, &owner, &TagSet::default()).await.unwrap();
            let put = |store: SharedStore, name: &'static str| {
                let (cx, bucket) = (cx.clone(), bucket.clone());
                async move {
                    let body = Body::from_bytes("x".into());
                    store.put(&cx, &bucket, &key(name), body, PutOptions::default()).await
                }
            };
            put(store.clone(), "k").await.unwrap();
            store.delete(&cx, &bucket, &key("k"), Default::default()).await.unwrap();
            between.good.store(good, std::sync::atomic::Ordering::Relaxed);
            let removed = store.delete_bucket(&cx, &bucket).await;
            between.good.store(usize::MAX, std::sync::atomic::Ordering::Relaxed);
            // Whatever became of it: what is written from now on can be read, by another process too.
            if removed.is_err() && between.inner.bucket(&cx, &name).await.is_ok() {
                put(store.clone(), "later").await.unwrap();
                let fresh = setup.layer(meta::MemoryMeta::default(), Counting::new(4)).wrap(between.clone());
                assert_eq!(common::desk::read(&fresh, &cx, &bucket, "later").await.unwrap().1, "x");
            }
        }
    }
}
