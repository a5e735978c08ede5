//! Uploads in parts where targets or the journal fail at one step of them.

use mirror::WritePolicy;
use store::{
    CompletedPart, MultipartStore, PartOptions, PutOutcome, StoreError, StoreErrorKind, UploadId, UploadRef,
};
use types::{Body, Context};

use crate::faults::{Call, Fate, Mood};
use crate::world::{World, key, noted};

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
