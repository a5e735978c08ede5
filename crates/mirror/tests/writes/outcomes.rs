//! What a write answers and leaves behind where targets fail.

use mirror::WritePolicy;
use store::StoreErrorKind;
use types::{Body, TargetOutcome};

use crate::faults::Mood;
use crate::world::{World, noted, outcomes};

fn body(len: usize) -> Body {
    Body::from_bytes(vec![3; len].into())
}

#[tokio::test(start_paused = true)]
async fn each_policy_is_met_by_as_many_targets_as_it_asks_for() {
    for (write, down, is_met) in [
        (WritePolicy::All, 0, true),
        (WritePolicy::All, 1, false),
        (WritePolicy::Quorum, 1, true),
        (WritePolicy::Quorum, 2, false),
        (WritePolicy::Any, 2, true),
        (WritePolicy::Any, 3, false),
    ] {
        let world = World::of(3, write).await;
        for target in world.targets.iter().rev().take(down) {
            target.faults.set(Mood::Down);
        }
        let cx = noted();
        let put = world.put(&cx, "k", body(10)).await;
        assert_eq!(put.is_ok(), is_met, "{write:?} with {down} down");
        if is_met {
            let owed = outcomes(&cx).iter().filter(|outcome| **outcome == TargetOutcome::Owed).count();
            assert_eq!(owed, down);
            let stats = world.mirror.stats();
            assert_eq!(stats.targets.iter().map(|target| target.owed.get()).sum::<u64>() as usize, down);
        } else {
            assert!(matches!(put.unwrap_err().kind, StoreErrorKind::Unavailable));
        }
        world.targets.iter().for_each(|target| target.faults.set(Mood::Well));
        world.mirror.recover().await.unwrap();
        world.repair().await;
        let all = [world.at(0, "k").await, world.at(1, "k").await, world.at(2, "k").await];
        assert!(all[0] == all[1] && all[1] == all[2], "{write:?} with {down} down");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_shown_stays_the_same_when_another_target_answers() {
    use store::{ObjectStore, OpenOptions};
    let world = World::of(2, WritePolicy::All).await;
    let put = world.put(&noted(), "k", body(10)).await.unwrap();
    let mut shown = Vec::new();
    for down in [1, 0] {
        world.targets[down].faults.set(Mood::Down);
        let key = crate::world::key("k");
        let info = world.mirror.head(&noted(), &world.bucket, &key, OpenOptions::default()).await.unwrap();
        shown.push((info.etag, info.modified_at, info.version_id));
        world.targets[down].faults.set(Mood::Well);
    }
    assert_eq!(shown[0], shown[1]);
    assert_eq!((&shown[0].0, shown[0].1), (&put.etag, put.modified_at));
}

#[tokio::test(start_paused = true)]
async fn an_upload_goes_on_without_a_target_that_missed_a_part() {
    use store::{CompletedPart, MultipartStore, PartOptions, UploadRef};
    let world = World::of(2, WritePolicy::Any).await;
    let (bucket, key) = (&world.bucket, crate::world::key("k"));
    let id = world.mirror.create_upload(&noted(), bucket, &key, Default::default()).await.unwrap();
    let upload = UploadRef { bucket, key: &key, id: &id };
    let mut parts = Vec::new();
    for number in 1..=2 {
        world.targets[1].faults.set(if number == 2 { Mood::Down } else { Mood::Well });
        let cx = noted();
        let part = world.mirror.put_part(&cx, upload, number, body(100), PartOptions::default());
        parts.push(CompletedPart { number, etag: part.await.unwrap().etag, checksum: None });
    }
    world.targets[1].faults.set(Mood::Well);
    let cx = noted();
    world.mirror.complete_upload(&cx, upload, parts, Default::default()).await.unwrap();
    assert_eq!(outcomes(&cx), [TargetOutcome::Done, TargetOutcome::Owed]);
    world.repair().await;
    assert_eq!(world.at(1, "k").await.map(|bytes| bytes.len()), Some(200));
    let left = world.targets[1].store.clone();
    let theirs = left.bucket(&noted(), &bucket.name).await.unwrap();
    let options = store::ListUploads { limit: 10, ..Default::default() };
    assert_eq!(left.list_uploads(&noted(), &theirs, options).await.unwrap().entries, []);
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_the_journal_did_not_take_is_not_acknowledged() {
    use store::{CopyOptions, CopySource, Directive, ObjectStore, OpenOptions, WriteCondition};
    let world = World::of(2, WritePolicy::All).await;
    world.put(&noted(), "source", body(10)).await.unwrap();
    world.put(&noted(), "k", body(20)).await.unwrap();
    let (bucket, source) = (&world.bucket, crate::world::key("source"));
    let etag = world.mirror.head(&noted(), bucket, &source, OpenOptions::default()).await.unwrap().etag;
    let source = CopySource { bucket: bucket.clone().into(), key: source, version_id: None, etag };
    let options = CopyOptions {
        metadata: Directive::Copy,
        storage_class: None,
        tags: Directive::Copy,
        checksum: None,
        condition: WriteCondition::Always,
    };
    // The intent is taken, what became of it is not.
    world.journal.fail_after(1);
    let copied = world.mirror.copy(&noted(), &source, bucket, &crate::world::key("k"), options).await;
    assert!(matches!(copied.unwrap_err().kind, StoreErrorKind::Unavailable));
    world.mirror.recover().await.unwrap();
    assert_eq!(world.read("k").await.len(), 10, "rolled forward");
}
