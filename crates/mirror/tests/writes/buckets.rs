//! Buckets whose targets fail at one call, withhold a permission, or had something before the mirror.

use std::time::Duration;

use mirror::{Gate, WritePolicy};
use store::{
    Bucket, BucketStore, BucketUpdate, DeleteOptions, ListBuckets, ObjectStore, StoreErrorKind, Versioning,
};
use types::{Body, BucketName, TagSet, TargetOutcome};

use crate::faults::{Call, Fate, Mood};
use crate::world::{World, key, noted, outcomes};

fn body() -> Body {
    Body::from_bytes(vec![5; 10].into())
}

async fn update(world: &World, update: BucketUpdate) -> Result<Bucket, StoreErrorKind> {
    world.mirror.update_bucket(&noted(), &world.bucket, update).await.map_err(|error| error.kind)
}

async fn listed(world: &World) -> Vec<String> {
    let options = ListBuckets { prefix: String::new(), after: None, limit: 10 };
    let page = world.mirror.list_buckets(&noted(), options).await.unwrap();
    page.buckets.iter().map(|bucket| bucket.name.to_string()).collect()
}

/// Takes a target out, and waits until it is due for a probe.
async fn take_out(world: &World, place: usize) {
    world.targets[place].faults.set(Mood::Down);
    for number in 0..mirror::FAILURES_TO_OPEN {
        world.put(&noted(), &format!("out-{number}"), body()).await.unwrap();
    }
    assert!(world.mirror.health().is_out(place));
    world.targets[place].faults.set(Mood::Well);
    tokio::time::sleep(Duration::from_secs(2)).await;
}

#[tokio::test(start_paused = true)]
async fn a_bucket_is_not_removed_under_a_write_whose_end_is_not_known() {
    for answers in [true, false] {
        let mut world = World::of(2, WritePolicy::All).await;
        let single = |fate| world.targets.iter().for_each(|target| target.faults.single_out(fate));
        single(Some((Call::Put, Fate::DoneAndRefused)));
        world.put(&noted(), "k", body()).await.unwrap_err();
        single(None);
        let mood = if answers { Mood::Well } else { Mood::Down };
        world.targets.iter().for_each(|target| target.faults.set(mood));
        let refused = world.mirror.delete_bucket(&noted(), &world.bucket).await.unwrap_err();
        match refused.kind {
            StoreErrorKind::BucketNotEmpty => assert!(answers),
            StoreErrorKind::Unavailable => assert!(!answers),
            _ => panic!("{refused}"),
        }
        world.targets.iter().for_each(|target| target.faults.set(Mood::Well));
        assert_eq!(world.read("k").await.len(), 10);
        world.mirror.delete(&noted(), &world.bucket, &key("k"), DeleteOptions::default()).await.unwrap();
        world.mirror.delete_bucket(&noted(), &world.bucket).await.unwrap();
        let (name, owner) = (world.bucket.name.clone(), world.bucket.owner.clone());
        world.bucket = world.mirror.create_bucket(&noted(), &name, &owner, &TagSet::default()).await.unwrap();
        let cx = noted();
        world.put(&cx, "k", body()).await.unwrap();
        assert_eq!(outcomes(&cx), [TargetOutcome::Done, TargetOutcome::Done]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_that_a_target_has_no_permission_for_is_taken_back() {
    let tags = TagSet::new(vec![("k".into(), "v".into())], 10).unwrap();
    let enabled = BucketUpdate::Versioning(Versioning::Enabled);
    for change in [enabled, BucketUpdate::Tags(tags)] {
        let world = World::of(2, WritePolicy::All).await;
        world.targets[1].faults.single_out(Some((Call::UpdateBucket, Fate::Denied)));
        let refused = update(&world, change.clone()).await.unwrap_err();
        assert!(matches!(refused, StoreErrorKind::Unavailable), "{refused:?}");
        let bucket = world.mirror.bucket(&noted(), &world.bucket.name).await.unwrap();
        assert_eq!((bucket.versioning, bucket.tags.is_empty()), (Versioning::Off, true));
        let cx = noted();
        world.put(&cx, "k", body()).await.unwrap();
        assert_eq!(outcomes(&cx), [TargetOutcome::Done, TargetOutcome::Done]);
        world.repair().await;
        for target in &world.targets {
            let theirs = target.store.bucket(&noted(), &world.bucket.name).await.unwrap();
            assert_eq!((theirs.versioning, theirs.tags.is_empty()), (Versioning::Off, true));
        }
        world.targets[1].faults.single_out(None);
        update(&world, change).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_that_enough_targets_have_is_owed_by_one_without_permission() {
    let world = World::of(2, WritePolicy::Any).await;
    world.targets[1].faults.single_out(Some((Call::UpdateBucket, Fate::Denied)));
    let cx = noted();
    let enabled = BucketUpdate::Versioning(Versioning::Enabled);
    let bucket = world.mirror.update_bucket(&cx, &world.bucket, enabled).await.unwrap();
    assert_eq!(bucket.versioning, Versioning::Enabled);
    assert_eq!(outcomes(&cx), [TargetOutcome::Done, TargetOutcome::Owed]);
    world.targets[1].faults.single_out(None);
    world.put(&noted(), "k", body()).await.unwrap();
    world.repair().await;
    assert_eq!(world.at(1, "k").await.map(|bytes| bytes.len()), Some(10));
}

#[tokio::test(start_paused = true)]
async fn a_bucket_that_cannot_be_taken_over_hides_no_others() {
    let world = World::of(2, WritePolicy::All).await;
    let (foreign, owner) = (BucketName::new("foreign").unwrap(), world.bucket.owner.clone());
    let theirs = &world.targets[0].store;
    let bucket = theirs.create_bucket(&noted(), &foreign, &owner, &TagSet::default()).await.unwrap();
    let enabled = BucketUpdate::Versioning(Versioning::Enabled);
    theirs.update_bucket(&noted(), &bucket, enabled).await.unwrap();
    let refused = world.mirror.bucket(&noted(), &foreign).await.unwrap_err();
    assert!(matches!(refused.kind, StoreErrorKind::Unsupported(_)), "{refused}");
    assert_eq!(listed(&world).await, [world.bucket.name.to_string()]);
}

#[tokio::test(start_paused = true)]
async fn a_bucket_is_not_made_while_a_target_may_have_it_from_before() {
    let world = World::of(2, WritePolicy::Any).await;
    let (name, owner) = (BucketName::new("before").unwrap(), world.bucket.owner.clone());
    let (cx, tags) = (noted(), TagSet::default());
    let create = || world.mirror.create_bucket(&cx, &name, &owner, &tags);
    let theirs = &world.targets[0].store;
    theirs.create_bucket(&noted(), &name, &owner, &TagSet::default()).await.unwrap();
    world.targets[0].faults.set(Mood::Down);
    let refused = create().await.unwrap_err();
    assert!(matches!(refused.kind, StoreErrorKind::Unavailable), "{refused}");
    world.targets[0].faults.set(Mood::Well);
    let refused = create().await.unwrap_err();
    assert!(matches!(refused.kind, StoreErrorKind::BucketExists), "{refused}");
}

#[tokio::test(start_paused = true)]
async fn a_listing_of_buckets_leaves_the_probe_to_others() {
    let world = World::of(2, WritePolicy::Any).await;
    take_out(&world, 1).await;
    assert_eq!(listed(&world).await, [world.bucket.name.to_string()]);
    assert_eq!(world.mirror.health().gate(1), Gate::Probe);
}

#[tokio::test(start_paused = true)]
async fn a_removal_asks_a_target_that_is_due_for_a_probe() {
    let world = World::of(2, WritePolicy::Any).await;
    world.put(&noted(), "k", body()).await.unwrap();
    take_out(&world, 1).await;
    let cx = noted();
    world.mirror.delete(&cx, &world.bucket, &key("k"), DeleteOptions::default()).await.unwrap();
    assert_eq!(outcomes(&cx), [TargetOutcome::Done, TargetOutcome::Done]);
}
