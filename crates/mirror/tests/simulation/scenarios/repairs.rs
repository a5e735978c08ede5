//! What repair must bring to a target, and what it must leave there.

use store::{Identity, ObjectIdentity};

use super::*;
use crate::faults::{Call, Fate};

/// Puts other bytes of the same size at a target, which says of them what it said of those that were there.
async fn falsify(target: &SharedStore, name: &str) {
    let there = target.bucket(&cx(), &bucket_name()).await.unwrap();
    let info = target.head(&cx(), &there, &key(name), OpenOptions::default()).await.unwrap();
    let wrong = Content { number: 77, size_bytes: info.size_bytes as usize };
    let (etag, checksum) = (info.etag, info.checksum);
    let identity = Identity::Supplied(ObjectIdentity { etag, checksum, part_sizes: Vec::new() });
    let options = PutOptions { metadata: info.metadata, identity, ..PutOptions::default() };
    target.put(&cx(), &there, &key(name), Body::from_bytes(wrong.bytes()), options).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_deep_audit_replaces_a_wrong_byte_below_the_right_tag() {
    for versioned in [false, true] {
        let world = World::new(Nature { versioned: false, ..world(WritePolicy::All).nature });
        let (process, bucket) = begin(&world).await;
        put(&process.store, &bucket, "k", CONTENT).await;
        if versioned {
            // What was written before is the null version.
            let enabled = BucketUpdate::Versioning(Versioning::Enabled);
            falsify(&world.targets[1].store, "k").await;
            process.store.update_bucket(&cx(), &bucket, enabled).await.unwrap();
        } else {
            falsify(&world.targets[1].store, "k").await;
        }
        let counts = verify(&process, Depth::Deep, Start::Anew, Remedy::Repair, |_| {}).await;
        assert_eq!((counts.differs, counts.repaired), (1, 1), "versioned: {versioned}");
        let counts = verify(&process, Depth::Deep, Start::Anew, Remedy::Report, |_| {}).await;
        assert!(counts.is_clean() && counts.same == 1, "versioned: {versioned}: {counts:?}");
        world.targets[0].faults.set(Mood::Down);
        assert_eq!(content(&process.store, &bucket, "k").await, Some(CONTENT));
    }
}

/// Fails so often that the target is left out.
async fn taken_out(process: &Process, world: &World, place: usize, bucket: &Bucket) {
    world.targets[place].faults.set(Mood::Down);
    for number in 0..mirror::FAILURES_TO_OPEN {
        put(&process.store, bucket, &format!("other/{number}"), SMALL).await;
    }
    assert!(process.mirror.health().is_out(place));
}

#[tokio::test(start_paused = true)]
async fn what_is_owed_from_before_there_were_versions_is_made_up_for() {
    let world = world(WritePolicy::Any);
    let (process, bucket) = begin(&world).await;
    put(&process.store, &bucket, "removed", SMALL).await;
    put(&process.store, &bucket, "replaced", SMALL).await;
    drained(&process).await;
    taken_out(&process, &world, 1, &bucket).await;
    process.store.delete(&cx(), &bucket, &key("removed"), DeleteOptions::default()).await.unwrap();
    put(&process.store, &bucket, "replaced", CONTENT).await;
    let enabled = BucketUpdate::Versioning(Versioning::Enabled);
    let bucket = process.store.update_bucket(&cx(), &bucket, enabled).await.unwrap();
    world.heal();
    drained(&process).await;
    let target = &world.targets[1].store;
    let there = target.bucket(&cx(), &bucket_name()).await.unwrap();
    assert_eq!(look::list_versions(target, &there, "removed").await, []);
    assert_eq!(look::list_versions(target, &there, "replaced").await.len(), 1);
    assert_eq!(content(target, &there, "replaced").await, Some(CONTENT));
    assert_eq!(content(&process.store, &bucket, "removed").await, None);
}

#[tokio::test(start_paused = true)]
async fn what_was_removed_of_a_bucket_taken_over_does_not_come_back_with_versions() {
    let world = world(WritePolicy::Any);
    bucket_before(&world, 250).await;
    world.targets[1].faults.set(Mood::Slow(Duration::from_millis(50)));
    let process = world.begin(Life::long()).await.unwrap();
    let bucket = process.store.bucket(&cx(), &bucket_name()).await.unwrap();
    // What fills the second target has not come to the last key yet.
    filling::wait_for_a_mark(&process).await;
    taken_out(&process, &world, 0, &bucket).await;
    process.store.delete(&cx(), &bucket, &key("2/98"), DeleteOptions::default()).await.unwrap();
    let enabled = BucketUpdate::Versioning(Versioning::Enabled);
    let bucket = process.store.update_bucket(&cx(), &bucket, enabled).await.unwrap();
    world.heal();
    drained(&process).await;
    assert_eq!(content(&process.store, &bucket, "2/98").await, None);
    let target = &world.targets[0].store;
    let there = target.bucket(&cx(), &bucket_name()).await.unwrap();
    assert_eq!(look::list_versions(target, &there, "2/98").await, []);
}

fn tags(value: &str) -> TagSet {
    TagSet::new(vec![("k".into(), value.into())], 10).unwrap()
}

async fn tags_at(target: &SharedStore, name: &str) -> TagSet {
    let there = target.bucket(&cx(), &bucket_name()).await.unwrap();
    target.head(&cx(), &there, &key(name), OpenOptions::default()).await.unwrap().metadata.tags
}

#[tokio::test(start_paused = true)]
async fn tags_that_are_set_while_an_object_is_copied_come_with_it() {
    for offset in 0..40 {
        let world = world(WritePolicy::Any);
        let (process, bucket) = begin(&world).await;
        world.targets[1].faults.set(Mood::Down);
        put(&process.store, &bucket, "k", CONTENT).await;
        world.targets[1].faults.set(Mood::Slow(Duration::from_millis(400)));
        tokio::time::sleep(Duration::from_millis(offset * 100)).await;
        process.store.set_tags(&cx(), &bucket, &key("k"), None, tags("v")).await.unwrap();
        drained(&process).await;
        world.heal();
        assert_eq!(tags_at(&world.targets[1].store, "k").await, tags("v"), "{offset} steps");
    }
}

#[tokio::test(start_paused = true)]
async fn an_object_that_was_copied_whole_is_kept_though_its_source_is_away_by_then() {
    for versioned in [false, true] {
        let world = World::new(Nature { versioned, ..world(WritePolicy::Any).nature });
        let (process, bucket) = begin(&world).await;
        let far = &world.targets[1];
        far.faults.single_out(Some((Call::Put, Fate::Refused)));
        put(&process.store, &bucket, "k", CONTENT).await;
        process.store.set_tags(&cx(), &bucket, &key("k"), None, tags("v")).await.unwrap();
        // Repair is at it after ten seconds, and reads on only after twenty.
        far.faults.single_out(Some((Call::Put, Fate::Slow(Duration::from_secs(15)))));
        tokio::time::sleep(Duration::from_secs(10)).await;
        world.targets[0].faults.set(Mood::Down);
        tokio::time::sleep(Duration::from_secs(50)).await;
        let there = far.store.bucket(&cx(), &bucket_name()).await.unwrap();
        assert_eq!(content(&far.store, &there, "k").await, Some(CONTENT), "versioned: {versioned}");
        world.heal();
        far.faults.single_out(None);
        drained(&process).await;
        assert_eq!(content(&far.store, &there, "k").await, Some(CONTENT), "versioned: {versioned}");
        assert_eq!(tags_at(&far.store, "k").await, tags("v"));
        assert_eq!(look::list_versions(&far.store, &there, "k").await.len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn tags_of_an_object_that_a_target_lost_are_not_owed_for_ever() {
    for versioned in [false, true] {
        let world = World::new(Nature { versioned, ..world(WritePolicy::Any).nature });
        let (process, bucket) = begin(&world).await;
        put(&process.store, &bucket, "k", SMALL).await;
        drained(&process).await;
        let target = &world.targets[1].store;
        let there = target.bucket(&cx(), &bucket_name()).await.unwrap();
        let version_id = look::list_versions(target, &there, "k").await.pop().filter(|_| versioned);
        let options = DeleteOptions { version_id, ..DeleteOptions::default() };
        target.delete(&cx(), &there, &key("k"), options).await.unwrap();
        process.store.set_tags(&cx(), &bucket, &key("k"), None, tags("v")).await.unwrap();
        tokio::time::sleep(Duration::from_secs(600)).await;
        assert_eq!(process.owed_operations().await, 0, "versioned: {versioned}");
        assert_eq!(content(target, &there, "k").await, Some(SMALL));
        assert_eq!(tags_at(target, "k").await, tags("v"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_bucket_that_is_gone_does_not_tell_that_its_keys_are() {
    let world = world(WritePolicy::Any);
    bucket_before(&world, 1).await;
    let (near, far) = (&world.targets[0].store, &world.targets[1].store);
    let there = far.create_bucket(&cx(), &bucket_name(), &owner(), &TagSet::default()).await.unwrap();
    put(far, &there, "0/0", SMALL).await;
    world.targets[0].faults.set(Mood::Breaking);
    let process = world.begin(Life::long()).await.unwrap();
    process.store.bucket(&cx(), &bucket_name()).await.unwrap();
    tokio::time::sleep(Duration::from_secs(60)).await;
    process.stop().await;
    world.heal();
    let at = near.bucket(&cx(), &bucket_name()).await.unwrap();
    near.delete(&cx(), &at, &key("0/0"), DeleteOptions::default()).await.unwrap();
    near.delete_bucket(&cx(), &at).await.unwrap();
    let _process = world.begin(Life::long()).await.unwrap();
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert_eq!(content(far, &there, "0/0").await, Some(SMALL), "nobody else has it");
}
