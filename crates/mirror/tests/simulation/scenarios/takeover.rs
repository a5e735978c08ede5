//! Buckets that were there before the mirror, whose targets are away at the wrong moment.

use store::{StoreErrorKind, WriteCondition};

use super::*;

/// A bucket with one object at a target, made before there was a mirror.
async fn one_before(world: &World, place: usize, content: Content) {
    let target = &world.targets[place].store;
    let bucket = target.create_bucket(&cx(), &bucket_name(), &owner(), &TagSet::default()).await.unwrap();
    put(target, &bucket, "k", content).await;
}

#[tokio::test(start_paused = true)]
async fn a_bucket_is_not_taken_over_from_a_later_target_while_an_earlier_one_is_away() {
    let world = world(WritePolicy::Any);
    one_before(&world, 0, CONTENT).await;
    one_before(&world, 1, SMALL).await;
    world.targets[0].faults.set(Mood::Down);
    let process = world.begin(Life::long()).await.unwrap();
    let refused = process.store.bucket(&cx(), &bucket_name()).await.unwrap_err();
    assert!(matches!(refused.kind, StoreErrorKind::Unavailable), "{refused}");
    let options = store::ListBuckets { prefix: String::new(), after: None, limit: 10 };
    assert_eq!(process.store.list_buckets(&cx(), options).await.unwrap().buckets, []);
    world.heal();
    let bucket = process.store.bucket(&cx(), &bucket_name()).await.unwrap();
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert_eq!(content(&process.store, &bucket, "k").await, Some(CONTENT));
    for target in &world.targets {
        let there = target.store.bucket(&cx(), &bucket_name()).await.unwrap();
        assert_eq!(content(&target.store, &there, "k").await, Some(CONTENT));
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_that_no_full_member_can_tell_of_is_not_taken_for_absent() {
    let world = world(WritePolicy::Any);
    one_before(&world, 0, CONTENT).await;
    world.targets[1].faults.set(Mood::Down);
    let process = world.begin(Life::long()).await.unwrap();
    let bucket = process.store.bucket(&cx(), &bucket_name()).await.unwrap();
    // The one full member misses a change of the bucket, and is none until it has that.
    world.targets[0].faults.set(Mood::Down);
    let tags = TagSet::new(vec![("k".into(), "v".into())], 10).unwrap();
    process.store.update_bucket(&cx(), &bucket, BucketUpdate::Tags(tags)).await.unwrap_err();
    world.targets[1].faults.set(Mood::Well);
    tokio::time::sleep(Duration::from_secs(600)).await;
    let options = PutOptions { condition: WriteCondition::IfAbsent, ..PutOptions::default() };
    let body = Body::from_bytes(SMALL.bytes());
    let refused = process.store.put(&cx(), &bucket, &key("k"), body, options).await.unwrap_err();
    assert!(matches!(refused.kind, StoreErrorKind::Unavailable), "{refused}");
    world.heal();
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert_eq!(content(&process.store, &bucket, "k").await, Some(CONTENT));
    drained(&process).await;
    world.targets[0].faults.set(Mood::Down);
    assert_eq!(content(&process.store, &bucket, "k").await, Some(CONTENT), "filled in");
}

#[tokio::test(start_paused = true)]
async fn a_bucket_that_was_removed_does_not_come_back_with_a_target() {
    let world = world(WritePolicy::Any);
    let (process, bucket) = begin(&world).await;
    put(&process.store, &bucket, "k", SMALL).await;
    drained(&process).await;
    process.stop().await;
    // In the second life what the target owes is forgotten, but not that.
    for removes in [true, false] {
        let alone = world.begin_with(&world.targets[..1], Life::long()).await.unwrap();
        if removes {
            alone.store.delete(&cx(), &bucket, &key("k"), DeleteOptions::default()).await.unwrap();
            alone.store.delete_bucket(&cx(), &bucket).await.unwrap();
        }
        tokio::time::sleep(Duration::from_secs(60)).await;
        alone.stop().await;
    }
    let process = world.begin(Life::long()).await.unwrap();
    let is_gone =
        |error: store::StoreError| matches!(error.kind, StoreErrorKind::Missing(store::Missing::Bucket));
    assert!(is_gone(process.store.bucket(&cx(), &bucket_name()).await.unwrap_err()));
    // What the target still has is not of the bucket that is made anew.
    let bucket = world.make_bucket(&process).await;
    assert_eq!(content(&process.store, &bucket, "k").await, None);
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(look::list(&process.store, &bucket, None, 100).await.unwrap(), []);
}
