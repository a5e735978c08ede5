//! Uploads in parts where targets or the journal fail at one step of them.

use mirror::WritePolicy;
use store::{
    CompletedPart, MultipartStore, ObjectStore, PartOptions, PutOutcome, StoreError, StoreErrorKind,
    UploadId, UploadRef,
};
use types::{Body, Context, TargetOutcome};

use crate::faults::{Call, Fate, Mood};
use crate::world::{World, key, noted, outcomes};

const PART_BYTES: usize = 100;

/// An upload of one part under the key `k`.
struct Upload {
    id: UploadId,
    parts: Vec<CompletedPart>,
}

impl Upload {
    async fn of(world: &World) -> Self {
        let (bucket, key) = (&world.bucket, key("k"));
        let id = world.mirror.create_upload(&noted(), bucket, &key, Default::default()).await.unwrap();
        let (upload, body) =
            (UploadRef { bucket, key: &key, id: &id }, Body::from_bytes(vec![4; PART_BYTES].into()));
        let part = world.mirror.put_part(&noted(), upload, 1, body, PartOptions::default()).await.unwrap();
        Self { parts: vec![CompletedPart { number: 1, etag: part.etag, checksum: None }], id }
    }

    async fn complete(&self, world: &World, cx: &Context) -> Result<PutOutcome, StoreError> {
        let key = key("k");
        let upload = UploadRef { bucket: &world.bucket, key: &key, id: &self.id };
        world.mirror.complete_upload(cx, upload, self.parts.clone(), Default::default()).await
    }
}

#[tokio::test(start_paused = true)]
async fn a_repeated_completion_is_held_to_the_policy() {
    let world = World::of(2, WritePolicy::All).await;
    let upload = Upload::of(&world).await;
    world.targets[1].faults.single_out(Some((Call::Complete, Fate::Refused)));
    for _ in 0..2 {
        let refused = upload.complete(&world, &noted()).await.unwrap_err();
        assert!(matches!(refused.kind, StoreErrorKind::Unavailable), "{refused}");
        world.targets[1].faults.set(Mood::Down);
    }
    world.targets[1].faults.set(Mood::Well);
    upload.complete(&world, &noted()).await.unwrap();
    for place in 0..2 {
        assert_eq!(world.at(place, "k").await.map(|bytes| bytes.len()), Some(PART_BYTES));
    }
    assert_eq!(world.owed_keys().await, [0, 0]);
}

#[tokio::test(start_paused = true)]
async fn each_step_of_an_upload_says_which_targets_did_it() {
    let world = World::of(2, WritePolicy::Any).await;
    let key = key("k");
    for ends in [true, false] {
        let stats = world.mirror.stats().clone();
        let counted = || stats.targets.iter().map(|target| (target.done.get(), target.owed.get()));
        let before: Vec<_> = counted().collect();
        let [create, part, abort] = [noted(), noted(), noted()];
        let id = world.mirror.create_upload(&create, &world.bucket, &key, Default::default()).await.unwrap();
        world.targets[1].faults.set(if ends { Mood::Well } else { Mood::Down });
        let upload = UploadRef { bucket: &world.bucket, key: &key, id: &id };
        let body = Body::from_bytes(vec![4; PART_BYTES].into());
        world.mirror.put_part(&part, upload, 1, body, PartOptions::default()).await.unwrap();
        world.mirror.abort_upload(&abort, upload).await.unwrap();
        let at_second = if ends { TargetOutcome::Done } else { TargetOutcome::Owed };
        assert_eq!(outcomes(&create), [TargetOutcome::Done, TargetOutcome::Done]);
        assert_eq!(outcomes(&part), [TargetOutcome::Done, at_second]);
        assert_eq!(outcomes(&abort), [TargetOutcome::Done, at_second]);
        let counted: Vec<_> =
            counted().zip(before).map(|(now, before)| (now.0 - before.0, now.1 - before.1)).collect();
        assert_eq!(counted, if ends { [(3, 0), (3, 0)] } else { [(3, 0), (1, 2)] });
    }
}

#[tokio::test(start_paused = true)]
async fn a_completion_whose_journal_fails_at_any_read_can_be_repeated() {
    let mut failed = 0;
    for reads in 0.. {
        let world = World::of(2, WritePolicy::All).await;
        let upload = Upload::of(&world).await;
        world.journal.fail_read_after(reads);
        let is_done = upload.complete(&world, &noted()).await.is_ok();
        world.journal.fail_read_after(i64::MAX);
        world.mirror.recover().await.unwrap();
        let shown = world.mirror.head(&noted(), &world.bucket, &key("k"), Default::default()).await;
        assert_eq!(shown.is_ok(), world.at(0, "k").await.is_some(), "behind {reads} reads");
        upload.complete(&world, &noted()).await.unwrap();
        assert_eq!(world.read("k").await.len(), PART_BYTES, "behind {reads} reads");
        if is_done {
            break;
        }
        failed += 1;
    }
    assert!(failed >= 5, "reads that failed: {failed}");
}
