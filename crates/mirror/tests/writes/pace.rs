//! A slow target falls behind to the journal, not the client.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use mirror::{PATIENCE, WritePolicy};
use store::ObjectStore;
use tokio::sync::mpsc;
use tokio::time::Instant;
use types::{Body, BodyError, BodyStream, Frame, TargetOutcome};

use crate::faults::Mood;
use crate::world::{World, noted, outcomes};

fn bytes(len: usize) -> Bytes {
    vec![7; len].into()
}

#[tokio::test(start_paused = true)]
async fn a_hanging_target_costs_a_client_no_more_than_the_patience() {
    for frames in [1, 40] {
        let world = World::of(3, WritePolicy::Quorum).await;
        world.targets[2].faults.set(Mood::Hanging);
        let (cx, began) = (noted(), Instant::now());
        let body = Body::from_frames((0..frames).map(|_| bytes(1000)).collect());
        world.put(&cx, "k", body).await.unwrap();
        assert!(began.elapsed() <= PATIENCE * 2, "{:?}", began.elapsed());
        assert_eq!(outcomes(&cx), [TargetOutcome::Done, TargetOutcome::Done, TargetOutcome::Owed]);
        assert_eq!(world.owed_keys().await, [0, 0, 1]);
        assert_eq!(world.read("k").await.len(), frames * 1000);
        world.targets[2].faults.set(Mood::Well);
        tokio::time::sleep(Duration::from_secs(1)).await;
        world.repair().await;
        assert_eq!(world.owed_keys().await, [0, 0, 0]);
        assert_eq!(world.at(2, "k").await.map(|bytes| bytes.len()), Some(frames * 1000));
    }
}

#[tokio::test(start_paused = true)]
async fn a_target_that_hangs_is_waited_for_where_the_policy_needs_it() {
    let world = World::of(2, WritePolicy::All).await;
    world.targets[1].faults.set(Mood::Slow(Duration::from_secs(20)));
    let (cx, began) = (noted(), Instant::now());
    world.put(&cx, "k", Body::from_bytes(bytes(1000))).await.unwrap();
    assert!(began.elapsed() >= Duration::from_secs(20), "{:?}", began.elapsed());
    assert_eq!(outcomes(&cx), [TargetOutcome::Done, TargetOutcome::Done]);
}

#[tokio::test(start_paused = true)]
async fn an_old_write_that_comes_late_never_replaces_a_newer_one() {
    let world = World::of(2, WritePolicy::Any).await;
    world.targets[1].faults.set(Mood::Slow(Duration::from_secs(10)));
    world.put(&noted(), "k", Body::from_bytes(bytes(10))).await.unwrap();
    world.targets[1].faults.set(Mood::Well);
    let cx = noted();
    world.put(&cx, "k", Body::from_bytes(bytes(20))).await.unwrap();
    // The first write is still on its way to the second target, so that takes nothing else of the key.
    assert_eq!(outcomes(&cx), [TargetOutcome::Done, TargetOutcome::Owed]);
    tokio::time::sleep(Duration::from_secs(20)).await;
    assert_eq!(world.at(1, "k").await.map(|bytes| bytes.len()), Some(10));
    assert_eq!(world.read("k").await.len(), 20);
    world.repair().await;
    assert_eq!(world.at(1, "k").await.map(|bytes| bytes.len()), Some(20));
}

#[tokio::test(start_paused = true)]
async fn repair_never_resurrects_what_was_deleted() {
    let world = World::of(2, WritePolicy::Any).await;
    world.put(&noted(), "k", Body::from_bytes(bytes(10))).await.unwrap();
    world.targets[1].faults.set(Mood::Down);
    let (bucket, key) = (&world.bucket, crate::world::key("k"));
    world.mirror.delete(&noted(), bucket, &key, Default::default()).await.unwrap();
    assert!(world.at(1, "k").await.is_some(), "it owes the removal");
    world.targets[1].faults.set(Mood::Well);
    world.repair().await;
    assert_eq!((world.at(0, "k").await, world.at(1, "k").await), (None, None));
    assert_eq!(world.owed_keys().await, [0, 0]);
}

#[tokio::test(start_paused = true)]
async fn a_bucket_that_is_removed_slowly_takes_its_successor_from_nobody() {
    use store::BucketStore;
    let mut world = World::of(2, WritePolicy::Any).await;
    let (name, owner) = (world.bucket.name.clone(), world.bucket.owner.clone());
    world.targets[1].faults.set(Mood::Slow(Duration::from_secs(10)));
    world.mirror.delete_bucket(&noted(), &world.bucket).await.unwrap();
    world.targets[1].faults.set(Mood::Well);
    world.bucket =
        world.mirror.create_bucket(&noted(), &name, &owner, &types::TagSet::default()).await.unwrap();
    world.mirror.repair(&mut |_| {}).await.unwrap();
    tokio::time::sleep(Duration::from_secs(60)).await;
    world.repair().await;
    world.put(&noted(), "k", Body::from_bytes(bytes(10))).await.unwrap();
    world.repair().await;
    assert_eq!(world.at(1, "k").await.map(|bytes| bytes.len()), Some(10));
    assert_eq!(world.owed_keys().await, [0, 0]);
}

/// A body whose frames come when the test gives them.
struct Fed(mpsc::Receiver<Bytes>);

impl BodyStream for Fed {
    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, BodyError>>> {
        self.0.poll_recv(cx).map(|bytes| bytes.map(|bytes| Ok(Frame::Data(bytes))))
    }
}

#[tokio::test(start_paused = true)]
async fn a_target_that_misses_a_change_of_the_bucket_while_a_body_comes_owes_the_object() {
    use store::{BucketStore, BucketUpdate, Versioning};
    let world = World::of(2, WritePolicy::Any).await;
    let (feed, body) = mpsc::channel(4);
    let cx = noted();
    let put = world.put(&cx, "k", Body::new(Fed(body), Some(300)));
    let change = async {
        for _ in 0..3 {
            feed.send(bytes(100)).await.unwrap();
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        world.targets[1].faults.set(Mood::Down);
        let enabled = BucketUpdate::Versioning(Versioning::Enabled);
        world.mirror.update_bucket(&noted(), &world.bucket, enabled).await.unwrap();
        world.targets[1].faults.set(Mood::Well);
        drop(feed);
    };
    let (put, ()) = tokio::join!(put, change);
    let version_id = put.unwrap().version_id;
    assert_eq!(outcomes(&cx), [TargetOutcome::Done, TargetOutcome::Owed]);
    world.repair().await;
    assert_eq!(world.at(1, "k").await.map(|bytes| bytes.len()), Some(300));
    let (store, key) = (&world.targets[1].store, crate::world::key("k"));
    let bucket = store.bucket(&noted(), &world.bucket.name).await.unwrap();
    let theirs = store.head(&noted(), &bucket, &key, Default::default()).await.unwrap().version_id;
    let is_own = |id: &Option<types::VersionId>| matches!(id, Some(types::VersionId::Id(_)));
    assert!(is_own(&version_id) && is_own(&theirs), "{version_id:?}, {theirs:?}");
}

#[tokio::test(start_paused = true)]
async fn a_target_that_hangs_while_another_is_filled_costs_a_new_key_no_more_than_the_patience() {
    use store::BucketStore;
    for hanging in 0..2 {
        let mut world = World::of(2, WritePolicy::Any).await;
        let name = types::BucketName::new("before").unwrap();
        let (owner, tags) = (world.bucket.owner.clone(), types::TagSet::default());
        world.targets[0].store.create_bucket(&noted(), &name, &owner, &tags).await.unwrap();
        world.bucket = world.mirror.bucket(&noted(), &name).await.unwrap();
        world.repair().await;
        world.targets[hanging].faults.set(Mood::Hanging);
        for number in 0..8 {
            let began = Instant::now();
            world.put(&noted(), &format!("k{number}"), Body::from_bytes(bytes(10))).await.unwrap();
            assert!(began.elapsed() <= PATIENCE * 3, "{hanging}: {:?}", began.elapsed());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_that_nobody_tells_of_when_it_is_written_is_still_there_afterwards() {
    use store::BucketStore;
    for write in [WritePolicy::Any, WritePolicy::All] {
        let mut world = World::of(2, write).await;
        let name = types::BucketName::new("before").unwrap();
        let (owner, tags) = (world.bucket.owner.clone(), types::TagSet::default());
        let (near, key) = (&world.targets[0].store, crate::world::key("k"));
        let there = near.create_bucket(&noted(), &name, &owner, &tags).await.unwrap();
        near.put(&noted(), &there, &key, Body::from_bytes(bytes(10)), Default::default()).await.unwrap();
        world.bucket = world.mirror.bucket(&noted(), &name).await.unwrap();
        world.repair().await;
        world.targets.iter().for_each(|target| target.faults.set(Mood::Down));
        world.put(&noted(), "k", Body::from_bytes(bytes(20))).await.unwrap_err();
        world.targets.iter().for_each(|target| target.faults.set(Mood::Well));
        assert_eq!(world.read("k").await.len(), 10, "{write:?}");
    }
}
