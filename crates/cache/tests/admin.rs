//! What an operator asks of a cache.

#![allow(clippy::unwrap_used, reason = "a world that cannot be made is a failed test")]

mod common;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use cache::{Cache, Mode, PurgeScope, Warm, WarmProgress};
use common::far::{Far, Fault};
use common::{Desk, HandClock, Native, Near, cached, eager, pattern};
use store::SharedStore;
use types::CacheStatus::{Hit, Miss};

const SIZE: usize = 200_000;

async fn world() -> (Near, Arc<Far>, Cache, Desk, Desk) {
    let near = Near { memory_bytes: 1 << 20, ..Near::new(Arc::<HandClock>::default()) };
    let native: SharedStore = Native::default().open();
    let (far, middle) = Far::around(&native);
    let cache = near.open();
    let desk = Desk::over(cached(&cache, eager(Mode::Immutable), &middle), &native).await;
    let behind = desk.through(native);
    for name in ["a/1", "a/2", "a/3", "b/1"] {
        behind.put(name, pattern(1, SIZE)).await;
    }
    (near, far, cache, desk, behind)
}

fn scope(prefix: &str) -> PurgeScope {
    let (store, bucket) = (Some("far".to_owned()), Some("bucket".to_owned()));
    PurgeScope { store, bucket, key_prefix: prefix.to_owned() }
}

async fn warm(desk: &Desk, prefix: &str) -> Vec<WarmProgress> {
    let mut warm = Warm::new(desk.store.clone(), desk.bucket.clone(), prefix.to_owned());
    let mut events = Vec::new();
    while let Some(event) = warm.next().await {
        events.push(event.unwrap());
    }
    events
}

#[tokio::test]
async fn what_was_warmed_is_a_hit_and_progress_tells_each_object() {
    let (_near, far, _cache, desk, _) = world().await;
    let events = warm(&desk, "a/").await;
    let done: Vec<u64> = events.iter().map(|event| event.done).collect();
    assert_eq!(done, [1, 2, 3]);
    let last = events[2];
    assert_eq!((last.found, last.bytes, last.failed, last.is_listing), (3, 3 * SIZE as u64, 0, false));
    let opens = far.requests().0;
    for name in ["a/1", "a/2", "a/3"] {
        assert_eq!(desk.get(name).await.1.0, Hit);
    }
    assert_eq!(far.requests().0, opens);
    assert_eq!(desk.get("b/1").await.1.0, Miss);
}

#[tokio::test]
async fn an_object_that_cannot_be_read_is_counted_and_the_rest_is_warmed() {
    let (_near, far, _cache, desk, _) = world().await;
    far.faults.lock().extend([Fault::Refused; 20]);
    let last = warm(&desk, "b/").await.pop().unwrap();
    assert_eq!((last.done, last.failed), (0, 1));
    far.faults.lock().clear();
    assert_eq!(warm(&desk, "").await.pop().unwrap().done, 4);
    far.is_away.store(true, Ordering::SeqCst);
    let mut warming = Warm::new(desk.store.clone(), desk.bucket.clone(), "c".to_owned());
    assert!(warming.next().await.unwrap().is_err());
    assert!(warming.next().await.is_none());
}

#[tokio::test]
async fn what_was_purged_is_asked_for_again_and_nothing_else() {
    let (_near, far, cache, desk, behind) = world().await;
    warm(&desk, "").await;
    cache.run(std::future::ready(())).await;
    behind.put("a/1", pattern(2, SIZE)).await;
    assert_eq!(desk.get("a/1").await, (pattern(1, SIZE), (Hit, Some(0))));
    let mut purge = cache.purge(scope("a/"));
    let mut removed = 0;
    while let Some(progress) = purge.next().await {
        removed = progress.removed;
    }
    assert!(removed >= 3);
    let opens = far.requests().0;
    assert_eq!(desk.get("b/1").await.1.0, Hit);
    assert_eq!(far.requests().0, opens);
    assert_eq!(desk.get("a/1").await, (pattern(2, SIZE), (Miss, None)));
}

#[tokio::test]
async fn verifying_reads_everything_and_finds_nothing_wrong_where_nothing_is() {
    let (_near, _far, cache, desk, _) = world().await;
    warm(&desk, "").await;
    cache.run(std::future::ready(())).await;
    let mut verify = cache.verify(None);
    let mut last = None;
    while let Some(progress) = verify.next().await {
        last = Some(progress);
    }
    let last = last.unwrap();
    assert_eq!((last.bad, last.done), (0, last.total));
    assert!(last.bytes >= 4 * SIZE as u64);
    assert!(cache.memory_use().known_keys >= 4);
    assert!(cache.stats().fetches.get() >= 4 && cache.disk_stats().entries >= 4);
}
