//! Older versions that come late to a bucket whose versions are suspended by now.

use super::*;
use crate::faults::{Call, Fate};

const KEYS: u64 = 8;
const VERSIONS: u64 = 4;

fn written(key: u64, number: u64) -> Content {
    Content { number: key * 100 + number, size_bytes: 300 }
}

/// Every version of every key, as its id and content, read while only one target is there.
async fn held(world: &World, process: &Process, bucket: &Bucket, place: usize) -> Vec<(u64, Vec<String>)> {
    world.targets[1 - place].faults.set(Mood::Down);
    let mut held = Vec::new();
    for number in 0..KEYS {
        let name = format!("k{number}");
        let mut contents = Vec::new();
        for id in look::list_versions(&process.store, bucket, &name).await {
            let found = match look::look(&process.store, bucket, &name, Some(id.clone())).await {
                Look::Found(state, _) => format!("{id:?}: {state:?}"),
                Look::Failed(why) => format!("{id:?}: {why}"),
            };
            contents.push(found);
        }
        held.push((number, contents));
    }
    world.heal();
    tokio::time::sleep(mirror::PROBE_AFTER_MAX * 2).await;
    held
}

#[tokio::test(start_paused = true)]
async fn versions_that_come_late_do_not_mix_with_null_versions() {
    let mut world = World::new(Nature { versioned: true, ..world(WritePolicy::Any).nature });
    let (process, bucket) = begin(&world).await;
    for number in 0..VERSIONS {
        for key in 0..KEYS {
            put(&process.store, &bucket, &format!("k{key}"), written(key, number)).await;
        }
    }
    let suspended = BucketUpdate::Versioning(Versioning::Suspended);
    let bucket = process.store.update_bucket(&cx(), &bucket, suspended).await.unwrap();
    for key in 0..KEYS {
        put(&process.store, &bucket, &format!("k{key}"), written(key, 50)).await;
    }
    drained(&process).await;
    process.stop().await;
    world.replace_disk(1);
    world.targets[1].faults.set(Mood::Slow(Duration::from_millis(7)));
    let process = world.begin(Life::long()).await.unwrap();
    verify(&process, Depth::Shallow, Start::Anew, Remedy::Report, |_| {}).await;
    for round in 0..20 {
        put(&process.store, &bucket, &format!("k{}", round % KEYS), written(round % KEYS, 60 + round)).await;
        tokio::time::sleep(Duration::from_millis(333)).await;
    }
    tokio::time::sleep(Duration::from_secs(900)).await;
    world.heal();
    drained(&process).await;
    let counts = verify(&process, Depth::Deep, Start::Anew, Remedy::Report, |_| {}).await;
    assert!(counts.is_clean() && counts.same == KEYS * (VERSIONS + 1), "{counts:?}");
    let there = world.targets[1].store.bucket(&cx(), &bucket_name()).await.unwrap();
    assert_eq!(there.versioning, Versioning::Suspended);
    // What is deleted of a version leaves the others where they are.
    for key in 0..KEYS {
        let oldest = look::list_versions(&process.store, &bucket, &format!("k{key}")).await.pop();
        let options = DeleteOptions { version_id: oldest, ..DeleteOptions::default() };
        let name = look::key(&format!("k{key}"));
        process.store.delete(&cx(), &bucket, &name, options).await.unwrap();
    }
    let (first, second) =
        (held(&world, &process, &bucket, 0).await, held(&world, &process, &bucket, 1).await);
    assert_eq!(first, second);
    assert!(first.iter().all(|(_, versions)| versions.len() as u64 == VERSIONS), "{first:?}");
}

#[tokio::test(start_paused = true)]
async fn a_target_that_takes_a_late_version_slowly_keeps_nobody_out_of_the_bucket() {
    let long = Fate::Slow(Duration::from_secs(300));
    for (late_marker, slow) in [(false, Call::Put), (true, Call::Delete)] {
        let world = World::new(Nature { versioned: true, ..world(WritePolicy::Any).nature });
        let (process, bucket) = begin(&world).await;
        put(&process.store, &bucket, "k", written(0, 0)).await;
        drained(&process).await;
        world.targets[1].faults.set(Mood::Down);
        if late_marker {
            process.store.delete(&cx(), &bucket, &key("k"), DeleteOptions::default()).await.unwrap();
        } else {
            put(&process.store, &bucket, "k", written(0, 1)).await;
        }
        let suspended = BucketUpdate::Versioning(Versioning::Suspended);
        let bucket = process.store.update_bucket(&cx(), &bucket, suspended).await.unwrap();
        world.targets[1].faults.single_out(Some((slow, long)));
        world.heal();
        // By now it is in again, and has begun to take what is late.
        tokio::time::sleep(mirror::PROBE_AFTER_MAX * 2).await;
        let there = world.targets[1].store.bucket(&cx(), &bucket_name()).await.unwrap();
        assert_eq!(there.versioning, Versioning::Enabled, "{slow:?}");
        let began = Instant::now();
        put(&process.store, &bucket, "other", SMALL).await;
        assert!(began.elapsed() <= mirror::PATIENCE * 8, "{slow:?}: {:?}", began.elapsed());
        world.targets[1].faults.single_out(None);
        drained(&process).await;
        let counts = verify(&process, Depth::Deep, Start::Anew, Remedy::Report, |_| {}).await;
        assert!(counts.is_clean() && counts.same == 3, "{slow:?}: {counts:?}");
        let there = world.targets[1].store.bucket(&cx(), &bucket_name()).await.unwrap();
        assert_eq!(there.versioning, Versioning::Suspended, "{slow:?}");
    }
}
