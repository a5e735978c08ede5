//! Own writes are seen at once, whatever is in flight, and whatever becomes of the process.

#![allow(clippy::unwrap_used, reason = "a world that cannot be made is a failed test")]

mod common;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use cache::{Cache, Mode};
use common::far::Far;
use common::{Desk, HandClock, Native, Near, cached, eager, key, pattern, said};
use store::{
    CompleteOptions, CompletedPart, CopyOptions, CopySource, CreateUploadOptions, DeleteOptions,
    DeleteTarget, Directive, ListObjects, OpenOptions, PartOptions, PutOptions, SharedStore, StoreErrorKind,
    UploadRef,
};
use types::CacheStatus::{Bypass, Hit, Miss, Revalidated, Stale};
use types::{Body, Context, Notes};

/// How often a key is written while it is read.
const WRITES: u64 = 30;

const MODES: [Mode; 4] = [Mode::Strict, Mode::Ttl, Mode::Immutable, Mode::Offline];

struct World {
    near: Near,
    clock: Arc<HandClock>,
    far: Arc<Far>,
    middle: SharedStore,
    cache: Cache,
    desk: Desk,
    behind: Desk,
}

impl World {
    async fn new(mode: Mode) -> Self {
        let clock = Arc::<HandClock>::default();
        let near = Near::new(clock.clone());
        let native: SharedStore = Native::default().open();
        let (far, middle) = Far::around(&native);
        let cache = near.open();
        let desk = Desk::over(cached(&cache, eager(mode), &middle), &native).await;
        let behind = desk.through(native);
        Self { near, clock, far, middle, cache, desk, behind }
    }

    async fn listed(&self) -> usize {
        let options = ListObjects { limit: 100, ..ListObjects::default() };
        self.desk.store.list(&Context::background(), &self.desk.bucket, options).await.unwrap().entries.len()
    }
}

/// Lets everything that can go on go on until something is true.
async fn until(is_true: impl Fn() -> bool) {
    while !is_true() {
        // Threads that read and write files must come to their turn too.
        tokio::task::spawn_blocking(|| {}).await.unwrap();
    }
}

#[tokio::test]
async fn a_read_that_began_before_a_write_leaves_nothing_old_behind() {
    for mode in MODES {
        let world = World::new(mode).await;
        world.behind.put("k", pattern(1, 100_000)).await;
        let held = world.far.answers.write().await;
        let reader = {
            let desk = world.desk.clone();
            tokio::spawn(async move { desk.get("k").await.0 })
        };
        let lister = {
            let (desk, options) = (world.desk.clone(), ListObjects { limit: 100, ..ListObjects::default() });
            tokio::spawn(async move {
                desk.store.list(&Context::background(), &desk.bucket, options).await.unwrap().entries.len()
            })
        };
        until(|| world.far.requests().0 == 1 && world.far.lists.load(Ordering::SeqCst) == 1).await;
        // The store has answered with what was there before; the write is decided, and its answer waits with the others.
        let writer = {
            let desk = world.desk.clone();
            tokio::spawn(async move {
                desk.put("k", pattern(2, 90_000)).await;
                desk.put("l", "x").await;
            })
        };
        tokio::task::yield_now().await;
        drop(held);
        assert!([pattern(1, 100_000), pattern(2, 90_000)].contains(&reader.await.unwrap()), "{mode:?}");
        lister.await.unwrap();
        writer.await.unwrap();
        assert!(world.desk.get("k").await.0 == pattern(2, 90_000), "{mode:?}");
        assert_eq!(world.listed().await, 2, "{mode:?}");
        assert_eq!(world.desk.get("k").await.1.0, if mode == Mode::Strict { Revalidated } else { Hit });
    }
}

#[tokio::test]
async fn who_comes_after_a_write_does_not_join_a_read_from_before() {
    for mode in MODES {
        let world = World::new(mode).await;
        world.behind.put("k", pattern(1, 1000)).await;
        let held = world.far.answers.write().await;
        let early = {
            let desk = world.desk.clone();
            tokio::spawn(async move { desk.get("k").await.0 })
        };
        until(|| world.far.requests().0 == 1).await;
        // Through another layer of the same store, whose answers do not wait.
        let beside = cached(&world.cache, eager(mode), &world.behind.store);
        world.desk.through(beside).put("k", pattern(2, 1000)).await;
        let late = {
            let desk = world.desk.clone();
            tokio::spawn(async move { desk.get("k").await.0 })
        };
        until(|| world.far.requests().0 == 2).await;
        drop(held);
        assert!(early.await.unwrap() == pattern(1, 1000));
        assert!(late.await.unwrap() == pattern(2, 1000), "{mode:?}");
        assert!(world.desk.get("k").await.0 == pattern(2, 1000), "{mode:?}");
    }
}

#[tokio::test]
async fn every_kind_of_write_is_seen_at_once() {
    for mode in MODES {
        let world = World::new(mode).await;
        let cx = Context { notes: Notes::kept(), ..Context::background() };
        let (store, bucket) = (world.desk.store.clone(), world.desk.bucket.clone());
        for name in ["a", "b", "c", "d"] {
            world.desk.put(name, pattern(1, 5000)).await;
            world.desk.get(name).await;
        }
        assert_eq!(world.listed().await, 4);

        let info = store.head(&cx, &bucket, &key("a"), OpenOptions::default()).await.unwrap();
        world.desk.put("e", pattern(3, 100)).await;
        let from_e = store.head(&cx, &bucket, &key("e"), OpenOptions::default()).await.unwrap();
        let source = |name: &str, etag| CopySource {
            bucket: Arc::new(bucket.clone()),
            key: key(name),
            version_id: None,
            etag,
        };
        let as_it_is = CopyOptions {
            metadata: Directive::Copy,
            storage_class: None,
            tags: Directive::Copy,
            checksum: None,
            condition: Default::default(),
        };
        store.copy(&cx, &source("e", from_e.etag), &bucket, &key("a"), as_it_is).await.unwrap();
        assert_eq!(said(&cx), (Bypass, None));
        assert!(world.desk.get("a").await.0 == pattern(3, 100));
        assert_ne!(info.size_bytes, 100);

        let upload =
            store.create_upload(&cx, &bucket, &key("b"), CreateUploadOptions::default()).await.unwrap();
        let upload = UploadRef { bucket: &bucket, key: &key("b"), id: &upload };
        let body = Body::from_bytes(pattern(4, 2000));
        let part = store.put_part(&cx, upload, 1, body, PartOptions::default()).await.unwrap();
        assert!(world.desk.get("b").await.0 == pattern(1, 5000));
        let parts = vec![CompletedPart { number: 1, etag: part.etag, checksum: None }];
        store.complete_upload(&cx, upload, parts, CompleteOptions::default()).await.unwrap();
        assert_eq!(said(&cx), (Bypass, None));
        assert!(world.desk.get("b").await.0 == pattern(4, 2000));

        let target = |name: &str| DeleteTarget { key: key(name), options: DeleteOptions::default() };
        store.delete_many(&cx, &bucket, vec![target("c"), target("d")]).await.unwrap();
        assert_eq!(said(&cx), (Bypass, None));
        for name in ["c", "d"] {
            assert!(world.desk.get_with(name, OpenOptions::default()).await.0.is_err());
        }
        assert_eq!(world.listed().await, 3);
    }
}

#[tokio::test]
async fn a_write_that_is_dropped_leaves_the_key_in_doubt_until_it_cannot_land_any_more() {
    let world = World::new(Mode::Immutable).await;
    world.behind.put("k", pattern(1, 100)).await;
    assert!(world.desk.get("k").await.0 == pattern(1, 100));
    let held = world.far.gate.write().await;
    let writer = {
        let desk = world.desk.clone();
        tokio::spawn(async move { desk.put("k", pattern(2, 100)).await })
    };
    until(|| world.far.puts.load(Ordering::SeqCst) == 1).await;
    writer.abort();
    assert!(writer.await.unwrap_err().is_cancelled());
    drop(held);
    assert!(world.desk.get("k").await.0 == pattern(1, 100));
    // It lands after all, as a service may have it.
    world.behind.put("k", pattern(2, 100)).await;
    assert!(world.desk.get("k").await.0 == pattern(2, 100));
    world.clock.forward(Duration::from_secs(301));
    assert_eq!(world.desk.get("k").await, (pattern(2, 100), (Miss, None)));
    assert_eq!(world.desk.get("k").await.1.0, Hit);
}

#[tokio::test]
async fn a_write_without_an_answer_leaves_the_key_in_doubt_too() {
    let world = World::new(Mode::Immutable).await;
    world.behind.put("k", pattern(1, 100)).await;
    world.desk.get("k").await;
    world.far.is_away.store(true, Ordering::SeqCst);
    let cx = Context::background();
    let body = Body::from_bytes(pattern(2, 100));
    let put = world.desk.store.put(&cx, &world.desk.bucket, &key("k"), body, PutOptions::default()).await;
    assert!(matches!(put.unwrap_err().kind, StoreErrorKind::Unavailable));
    world.far.is_away.store(false, Ordering::SeqCst);
    world.desk.get("k").await;
    world.behind.put("k", pattern(2, 100)).await;
    assert!(world.desk.get("k").await.0 == pattern(2, 100));
}

/// Deletes keys in one call; of each whether that was answered.
async fn delete_many(desk: &Desk, names: &[&str]) -> Vec<bool> {
    let target = |name: &&str| DeleteTarget { key: key(name), options: DeleteOptions::default() };
    let targets = names.iter().map(target).collect();
    let outcomes = desk.store.delete_many(&Context::background(), &desk.bucket, targets).await.unwrap();
    outcomes.iter().map(Result::is_ok).collect()
}

#[tokio::test]
async fn of_many_deletes_those_without_an_answer_leave_their_keys_in_doubt() {
    let world = World::new(Mode::Immutable).await;
    for name in ["a", "b", "c"] {
        world.behind.put(name, pattern(1, 100)).await;
        world.desk.get(name).await;
    }
    world.far.unanswered.lock().insert("b".to_owned());
    assert_eq!(delete_many(&world.desk, &["a", "b", "c"]).await, [true, false, true]);
    assert!(world.desk.get("b").await.0 == pattern(1, 100));
    // It lands after all.
    world.far.unanswered.lock().clear();
    assert_eq!(delete_many(&world.behind, &["b"]).await, [true]);
    assert_eq!(world.desk.get_or_none("b").await, None);
    for name in ["a", "c"] {
        world.behind.put(name, pattern(2, 100)).await;
        assert_eq!(world.desk.get(name).await, (pattern(2, 100), (Miss, None)));
        assert_eq!(world.desk.get(name).await.1.0, Hit, "its delete was answered");
    }
}

#[tokio::test]
async fn deletes_that_fail_while_the_store_is_away_take_nothing_from_readers() {
    let world = World::new(Mode::Offline).await;
    let names: Vec<String> = (0..300).map(|number| format!("k{number}")).collect();
    for name in &names {
        world.behind.put(name, pattern(1, 100)).await;
        world.desk.get(name).await;
    }
    // Versions of one key are several targets.
    let mut targets: Vec<&str> = names.iter().map(String::as_str).collect();
    targets.push("k7");
    let answered = names[100..].iter().cloned();
    *world.far.unanswered.lock() = names[..100].iter().cloned().collect();
    assert_eq!(delete_many(&world.desk, &targets).await.iter().filter(|answer| !**answer).count(), 101);
    world.far.is_away.store(true, Ordering::SeqCst);
    for name in &names[..100] {
        assert_eq!(world.desk.get(name).await, (pattern(1, 100), (Stale, Some(0))), "{name}");
    }
    for name in answered {
        assert_eq!(world.desk.get_or_none(&name).await, None, "{name} was deleted");
    }
}

#[tokio::test]
async fn what_was_replaced_is_not_believed_again_after_a_restart() {
    let World { near, far, middle, cache, desk, behind, .. } = World::new(Mode::Immutable).await;
    behind.put("k", pattern(1, 100)).await;
    desk.get("k").await;
    cache.run(std::future::ready(())).await;
    // The write has begun, its outcome never comes to be known, and the process ends.
    let held = far.answers.write().await;
    let writer = {
        let desk = desk.clone();
        tokio::spawn(async move { desk.put("k", pattern(2, 100)).await })
    };
    until(|| cache.memory_use().known_keys == 0).await;
    while behind.get_or_none("k").await != Some(pattern(2, 100)) {
        tokio::task::spawn_blocking(|| {}).await.unwrap();
    }
    writer.abort();
    drop((writer.await, held, desk, cache));
    let cache = near.reopen().await;
    let desk = behind.through(cached(&cache, eager(Mode::Immutable), &middle));
    assert!(desk.get("k").await.0 == pattern(2, 100));
}

#[tokio::test]
async fn racing_readers_and_writers_never_bring_back_what_was_replaced() {
    for mode in MODES {
        let world = World::new(mode).await;
        let patterns: Arc<Vec<_>> = Arc::new((0..=WRITES).map(|seed| pattern(seed, 70_000)).collect());
        world.desk.put("k", patterns[0].clone()).await;
        let readers: Vec<_> = (0..4)
            .map(|_| {
                let (desk, patterns) = (world.desk.clone(), patterns.clone());
                tokio::spawn(async move {
                    let mut newest = 0;
                    while newest < WRITES as usize {
                        let (bytes, _) = desk.get("k").await;
                        let seed = patterns.iter().position(|pattern| *pattern == bytes).unwrap();
                        assert!(seed >= newest, "{seed} after {newest}");
                        newest = seed;
                        tokio::task::yield_now().await;
                    }
                })
            })
            .collect();
        for pattern in &patterns[1..] {
            world.desk.put("k", pattern.clone()).await;
            assert!(world.desk.get("k").await.0 == *pattern, "{mode:?}");
        }
        for reader in readers {
            reader.await.unwrap();
        }
    }
}
