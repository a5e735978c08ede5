//! What a target had before the mirror wrote there is never taken for what the mirror wrote.

use super::*;
use crate::faults::{Call, Fate};

/// No target takes an object now, though all answer what they are asked; whether they took it nobody can tell.
fn take_no_puts(world: &World, single: Option<(Call, Fate)>) {
    world.targets.iter().for_each(|target| target.faults.single_out(single));
}

/// A put whose outcome nobody tells, of which no target has anything.
async fn put_in_vain(world: &World, process: &Process, bucket: &Bucket, name: &str) {
    take_no_puts(world, Some((Call::Put, Fate::Refused)));
    let body = Body::from_bytes(Content { number: 99, size_bytes: 700 }.bytes());
    process.store.put(&cx(), bucket, &key(name), body, PutOptions::default()).await.unwrap_err();
    take_no_puts(world, None);
}

async fn at_target(world: &World, place: usize, name: &str) -> Option<Content> {
    let there = world.targets[place].store.bucket(&cx(), &bucket_name()).await.unwrap();
    content(&world.targets[place].store, &there, name).await
}

#[tokio::test(start_paused = true)]
async fn what_was_removed_while_a_target_was_out_does_not_come_back_with_a_failed_write() {
    for write in [WritePolicy::Any, WritePolicy::All] {
        for versioned in [false, true] {
            let world = World::new(Nature { versioned, ..world(write).nature });
            let (process, bucket) = begin(&world).await;
            put(&process.store, &bucket, "k", SMALL).await;
            drained(&process).await;
            process.stop().await;
            let alone = world.begin_with(&world.targets[..1], Life::long()).await.unwrap();
            let listed = look::list_versions(&alone.store, &bucket, "k").await;
            let version_id = versioned.then(|| listed[0].clone());
            let options = DeleteOptions { version_id, ..DeleteOptions::default() };
            alone.store.delete(&cx(), &bucket, &key("k"), options).await.unwrap();
            alone.stop().await;
            let process = world.begin(Life::long()).await.unwrap();
            tokio::time::sleep(Duration::from_secs(600)).await;
            assert_eq!(at_target(&world, 1, "k").await, Some(SMALL), "it keeps what it has");
            put_in_vain(&world, &process, &bucket, "k").await;
            let what = format!("{write:?}, versioned: {versioned}");
            assert_eq!(content(&process.store, &bucket, "k").await, None, "{what}");
            drained(&process).await;
            put(&process.store, &bucket, "k", CONTENT).await;
            drained(&process).await;
            assert_eq!(at_target(&world, 1, "k").await, Some(CONTENT), "{what}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_overwritten_while_a_target_was_out_does_not_come_back_with_a_failed_write() {
    for write in [WritePolicy::Any, WritePolicy::All] {
        let world = world(write);
        let (process, bucket) = begin(&world).await;
        put(&process.store, &bucket, "k", SMALL).await;
        drained(&process).await;
        process.stop().await;
        let alone = world.begin_with(&world.targets[..1], Life::long()).await.unwrap();
        put(&alone.store, &bucket, "k", CONTENT).await;
        for number in 0..150 {
            put(&alone.store, &bucket, &format!("before/{number}"), SMALL).await;
        }
        alone.stop().await;
        // The target is a member again, but what fills it has not come to the key yet.
        world.targets[1].faults.set(Mood::Slow(Duration::from_millis(50)));
        let process = world.begin(Life::long()).await.unwrap();
        filling::wait_for_a_mark(&process).await;
        put_in_vain(&world, &process, &bucket, "k").await;
        world.heal();
        assert_eq!(content(&process.store, &bucket, "k").await, Some(CONTENT), "{write:?}");
        tokio::time::sleep(Duration::from_secs(600)).await;
        for place in 0..2 {
            assert_eq!(at_target(&world, place, "k").await, Some(CONTENT), "{write:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_older_version_that_came_late_does_not_become_current_with_a_failed_write() {
    let world = World::new(Nature { versioned: true, ..world(WritePolicy::All).nature });
    let (process, bucket) = begin(&world).await;
    for number in 1..=3 {
        put(&process.store, &bucket, "k", Content { number, size_bytes: 300 }).await;
    }
    let target = &world.targets[1].store;
    let there = target.bucket(&cx(), &bucket_name()).await.unwrap();
    let oldest = look::list_versions(target, &there, "k").await.pop();
    let options = DeleteOptions { version_id: oldest, ..DeleteOptions::default() };
    target.delete(&cx(), &there, &key("k"), options).await.unwrap();
    verify(&process, Depth::Shallow, Start::Anew, Remedy::Repair, |_| {}).await;
    assert_eq!(at_target(&world, 1, "k").await, Some(Content { number: 1, size_bytes: 300 }), "on top there");
    put_in_vain(&world, &process, &bucket, "k").await;
    let state = content(&process.store, &bucket, "k").await;
    assert_eq!(state, Some(Content { number: 3, size_bytes: 300 }));
    assert_eq!(look::list_versions(&process.store, &bucket, "k").await.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn what_was_there_before_the_mirror_is_not_taken_for_what_was_written() {
    for steps in 1..40 {
        let world = world(WritePolicy::Any);
        bucket_before(&world, 1).await;
        world.targets[1].faults.set(Mood::Down);
        let process = world.begin(Life::long()).await.unwrap();
        let bucket = process.store.bucket(&cx(), &bucket_name()).await.unwrap();
        let shown = heads(&process, &bucket).await;
        process.kill();
        tokio::time::sleep(Duration::from_secs(5)).await;
        if let Some(process) = world.begin(Life::of(steps)).await {
            let body = Body::from_bytes(SMALL.bytes());
            let (cx, key) = (cx(), key("0/0"));
            let putting = process.store.put(&cx, &bucket, &key, body, PutOptions::default());
            let _ended = process.within(putting).await;
            process.kill();
        }
        let process = world.begin(Life::long()).await.unwrap();
        if content(&process.store, &bucket, "0/0").await != Some(SMALL) {
            assert_eq!(heads(&process, &bucket).await, shown, "after {steps} steps");
        }
    }
}

/// A bucket whose keys are at the first target alone, in a mirror whose second target is being filled, but has not got the last
/// key yet.
async fn half_filled(world: &World, before_at_1: Option<Content>) -> (Process, Bucket) {
    if let Some(content) = before_at_1 {
        let (process, bucket) = begin(world).await;
        put(&process.store, &bucket, LAST, content).await;
        drained(&process).await;
        process.stop().await;
    }
    let alone = world.begin_with(&world.targets[..1], Life::long()).await.unwrap();
    let bucket = match before_at_1 {
        Some(_) => alone.store.bucket(&cx(), &bucket_name()).await.unwrap(),
        None => world.make_bucket(&alone).await,
    };
    if before_at_1.is_some() {
        alone.store.delete(&cx(), &bucket, &key(LAST), DeleteOptions::default()).await.unwrap();
    }
    for number in 0..150 {
        put(&alone.store, &bucket, &format!("before/{number}"), SMALL).await;
    }
    put(&alone.store, &bucket, LAST, SMALL).await;
    alone.stop().await;
    world.targets[1].faults.set(Mood::Slow(Duration::from_millis(50)));
    let process = world.begin(Life::long()).await.unwrap();
    filling::wait_for_a_mark(&process).await;
    assert_ne!(at_target(world, 1, LAST).await, Some(SMALL), "not filled in");
    (process, bucket)
}

const LAST: &str = "last";

/// Asks for things until the first target, which is away, is taken out.
async fn wait_until_out(process: &Process, bucket: &Bucket) {
    while !process.mirror.health().is_out(0) {
        for name in [LAST, "from"] {
            let _answer = process.store.head(&cx(), bucket, &key(name), OpenOptions::default()).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_that_a_new_target_lacks_is_overwritten_without_the_old_object() {
    for (write, mood) in [(WritePolicy::Any, Mood::Down), (WritePolicy::All, Mood::Breaking)] {
        for before in [None, Some(CONTENT)] {
            let world = world(write);
            let (process, bucket) = half_filled(&world, before).await;
            world.targets[0].faults.set(mood);
            if before.is_some() && mood == Mood::Down {
                wait_until_out(&process, &bucket).await;
            }
            put(&process.store, &bucket, LAST, CONTENT).await;
            assert_eq!(at_target(&world, 1, LAST).await, Some(CONTENT), "{write:?}, {before:?}");
            if write == WritePolicy::Any {
                assert_eq!(content(&process.store, &bucket, LAST).await, Some(CONTENT), "{before:?}");
            }
            world.heal();
            tokio::time::sleep(Duration::from_secs(600)).await;
            drained(&process).await;
            for place in 0..2 {
                assert_eq!(at_target(&world, place, LAST).await, Some(CONTENT), "{write:?}, {before:?}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_that_a_new_target_lacks_gets_a_version_there_once_nobody_is_in_that_has_its_history() {
    let world = World::new(Nature { versioned: true, ..world(WritePolicy::Any).nature });
    let (process, bucket) = half_filled(&world, None).await;
    world.targets[0].faults.set(Mood::Down);
    wait_until_out(&process, &bucket).await;
    put(&process.store, &bucket, LAST, CONTENT).await;
    assert_eq!(content(&process.store, &bucket, LAST).await, Some(CONTENT));
    world.heal();
    tokio::time::sleep(Duration::from_secs(600)).await;
    drained(&process).await;
    assert_eq!(content(&process.store, &bucket, LAST).await, Some(CONTENT));
    assert_eq!(look::list_versions(&process.store, &bucket, LAST).await.len(), 2);
    put_in_vain(&world, &process, &bucket, LAST).await;
    assert_eq!(content(&process.store, &bucket, LAST).await, Some(CONTENT));
    let counts = verify(&process, Depth::Deep, Start::Anew, Remedy::Report, |_| {}).await;
    assert!(counts.is_clean(), "{counts:?}");
}

#[tokio::test(start_paused = true)]
async fn what_a_new_target_lacks_is_settled_whenever_the_process_ends_while_it_is_overwritten() {
    for steps in 1..40 {
        let world = world(WritePolicy::Any);
        let (process, bucket) = half_filled(&world, None).await;
        process.kill();
        world.targets[0].faults.set(Mood::Down);
        world.targets[1].faults.set(Mood::Well);
        let mut acknowledged = false;
        if let Some(process) = world.begin(Life::of(steps)).await {
            let body = Body::from_bytes(CONTENT.bytes());
            let (cx, key) = (cx(), key(LAST));
            let putting = process.store.put(&cx, &bucket, &key, body, PutOptions::default());
            acknowledged = process.within(putting).await.is_some_and(|put| put.is_ok());
            process.kill();
        }
        world.heal();
        let process = world.begin(Life::long()).await.unwrap();
        tokio::time::sleep(Duration::from_secs(600)).await;
        drained(&process).await;
        let stands = content(&process.store, &bucket, LAST).await;
        assert!(stands == Some(CONTENT) || (!acknowledged && stands == Some(SMALL)), "{steps}: {stands:?}");
        for place in 0..2 {
            assert_eq!(at_target(&world, place, LAST).await, stands, "after {steps} steps");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_copy_replaces_what_a_target_kept_while_it_was_out() {
    let world = world(WritePolicy::Any);
    let (process, bucket) = begin(&world).await;
    put(&process.store, &bucket, "from", CONTENT).await;
    put(&process.store, &bucket, "k", SMALL).await;
    drained(&process).await;
    process.stop().await;
    let alone = world.begin_with(&world.targets[..1], Life::long()).await.unwrap();
    alone.store.delete(&cx(), &bucket, &key("k"), DeleteOptions::default()).await.unwrap();
    alone.stop().await;
    let process = world.begin(Life::long()).await.unwrap();
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert_eq!(at_target(&world, 1, "k").await, Some(SMALL), "it keeps what it has");
    world.targets[0].faults.set(Mood::Down);
    wait_until_out(&process, &bucket).await;
    let from = process.store.head(&cx(), &bucket, &key("from"), OpenOptions::default()).await.unwrap();
    let source = store::CopySource {
        bucket: bucket.clone().into(),
        key: key("from"),
        version_id: None,
        etag: from.etag,
    };
    let options = store::CopyOptions {
        metadata: store::Directive::Copy,
        storage_class: None,
        tags: store::Directive::Copy,
        checksum: None,
        condition: store::WriteCondition::Always,
    };
    process.store.copy(&cx(), &source, &bucket, &key("k"), options).await.unwrap();
    assert_eq!(content(&process.store, &bucket, "k").await, Some(CONTENT));
    world.heal();
    drained(&process).await;
    for place in 0..2 {
        assert_eq!(at_target(&world, place, "k").await, Some(CONTENT));
    }
}
