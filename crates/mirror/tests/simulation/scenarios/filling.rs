//! Back-fills that meet a lost bucket, or keys that cannot be copied.

use super::*;
use crate::faults::{Call, Fate};

/// Keys of the bucket: several pages of a back-fill.
const KEYS: u64 = 250;

pub(super) async fn wait_for_a_mark(process: &Process) {
    let is_marked = |process: &Process| {
        let mirror = process.mirror.clone();
        async move {
            let status = mirror.status().await.unwrap();
            status.targets[1].filling.iter().any(|(_, progress)| progress.behind.is_some())
        }
    };
    while !is_marked(process).await {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Whether everything is at the second target, too.
async fn is_whole(world: &World, process: &Process, keys: u64) {
    let counts = verify(process, Depth::Deep, Start::Anew, Remedy::Report, |_| {}).await;
    assert!(counts.is_clean() && counts.same == keys, "{counts:?}");
    let status = process.mirror.status().await.unwrap();
    assert!(status.targets.iter().all(|target| target.filling.is_empty()), "{status:?}");
    let there = world.targets[1].store.bucket(&cx(), &bucket_name()).await.unwrap();
    assert_eq!(look::list(&world.targets[1].store, &there, None, 100).await.unwrap().len() as u64, keys);
}

#[tokio::test(start_paused = true)]
async fn a_target_that_loses_its_bucket_between_two_lives_is_filled_from_the_first_key() {
    let mut world = world(WritePolicy::Any);
    bucket_before(&world, KEYS).await;
    world.targets[1].faults.set(Mood::Slow(Duration::from_millis(50)));
    let process = world.begin(Life::long()).await.unwrap();
    process.store.bucket(&cx(), &bucket_name()).await.unwrap();
    wait_for_a_mark(&process).await;
    process.kill();
    world.replace_disk(1);
    let process = world.begin(Life::long()).await.unwrap();
    tokio::time::sleep(Duration::from_secs(900)).await;
    is_whole(&world, &process, KEYS).await;
}

#[tokio::test(start_paused = true)]
async fn a_target_that_loses_its_bucket_while_it_is_filled_is_filled_from_the_first_key() {
    let world = world(WritePolicy::Any);
    bucket_before(&world, KEYS).await;
    world.targets[1].faults.set(Mood::Slow(Duration::from_millis(50)));
    let process = world.begin(Life::long()).await.unwrap();
    process.store.bucket(&cx(), &bucket_name()).await.unwrap();
    wait_for_a_mark(&process).await;
    let target = &world.targets[1].store;
    let there = target.bucket(&cx(), &bucket_name()).await.unwrap();
    loop {
        for entry in look::list(target, &there, None, 100).await.unwrap() {
            let key = key(look::name(&entry));
            target.delete(&cx(), &there, &key, DeleteOptions::default()).await.unwrap();
        }
        if target.delete_bucket(&cx(), &there).await.is_ok() {
            break;
        }
    }
    tokio::time::sleep(Duration::from_secs(900)).await;
    is_whole(&world, &process, KEYS).await;
}

#[tokio::test(start_paused = true)]
async fn a_key_that_cannot_be_copied_keeps_no_other_from_being_filled_in_and_is_not_passed_over() {
    let world = world(WritePolicy::Any);
    bucket_before(&world, KEYS).await;
    world.targets[1].faults.set(Mood::Down);
    let process = world.begin(Life::long()).await.unwrap();
    let bucket = process.store.bucket(&cx(), &bucket_name()).await.unwrap();
    put(&process.store, &bucket, "0/bad", SMALL).await;
    let near = &world.targets[0].store;
    let at = near.bucket(&cx(), &bucket_name()).await.unwrap();
    near.delete(&cx(), &at, &key("0/bad"), DeleteOptions::default()).await.unwrap();
    world.heal();
    tokio::time::sleep(Duration::from_secs(900)).await;
    let there = world.targets[1].store.bucket(&cx(), &bucket_name()).await.unwrap();
    let listed = look::list(&world.targets[1].store, &there, None, 100).await.unwrap();
    assert_eq!(listed.len() as u64, KEYS, "all but the one that nobody has");
    process.stop().await;
    let process = world.begin(Life::long()).await.unwrap();
    tokio::time::sleep(Duration::from_secs(60)).await;
    let status = process.mirror.status().await.unwrap();
    assert_eq!(status.targets[1].filling.len(), 1, "not finished: {status:?}");
    put(&process.store, &bucket, "0/bad", CONTENT).await;
    tokio::time::sleep(Duration::from_secs(900)).await;
    is_whole(&world, &process, KEYS + 1).await;
}

#[tokio::test(start_paused = true)]
async fn what_a_target_still_has_to_remove_is_not_taken_for_what_it_had_before() {
    let world = World::new(Nature { versioned: true, ..world(WritePolicy::Any).nature });
    let alone = world.begin_with(&world.targets[..1], Life::long()).await.unwrap();
    let bucket = world.make_bucket(&alone).await;
    put(&alone.store, &bucket, "0", SMALL).await;
    put(&alone.store, &bucket, "0", CONTENT).await;
    for number in 0..KEYS {
        put(&alone.store, &bucket, &format!("1/{number}"), SMALL).await;
    }
    alone.stop().await;
    world.targets[1].faults.set(Mood::Slow(Duration::from_millis(50)));
    let process = world.begin(Life::long()).await.unwrap();
    wait_for_a_mark(&process).await;
    world.targets[1].faults.single_out(Some((Call::Delete, Fate::Refused)));
    let version_id = look::list_versions(&process.store, &bucket, "0").await.pop();
    let options = DeleteOptions { version_id, ..DeleteOptions::default() };
    process.store.delete(&cx(), &bucket, &key("0"), options).await.unwrap();
    while !process.mirror.status().await.unwrap().targets[1].filling.is_empty() {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(process.owed_operations().await, 1, "the removal");
    let (start, end) = (b"cmore/"[..].into(), b"cmore0"[..].into());
    let marks = meta::ScanRequest { start, end, limit: 1, fold: None };
    let page = meta::MetaRead::scan(&world.journal, marks).await.unwrap();
    assert!(page.items.is_empty(), "nothing is asked of it beforehand");
    world.targets[1].faults.single_out(None);
    drained(&process).await;
}
