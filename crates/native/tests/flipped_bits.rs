//! A flipped bit on disk is an error and a damage with a name, never wrong bytes.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use common::lasting::LastingWorld;
use native::{DamageKind, ScrubDepth};
use store::{BucketStore, ObjectStore, OpenOptions, PutOptions, StoreErrorKind};
use types::{Body, BodyErrorKind, BucketName, ByteRange, CanonicalId, Context, ObjectKey, Owner, TagSet};

const SIZE: usize = 300_000;

#[tokio::test]
async fn a_flipped_bit_is_found_by_readers_and_by_the_scrub() {
    let (world, cx) = (LastingWorld::new(), Context::background());
    let store = world.native().await;
    let owner = Owner { id: CanonicalId::from_text("00"), display_name: "o".into() };
    let name = BucketName::new("bucket").unwrap();
    let bucket = store.create_bucket(&cx, &name, &owner, &TagSet::default()).await.unwrap();
    let key = ObjectKey::new("k").unwrap();
    let body = Body::from_bytes(vec![0x5A; SIZE].into());
    store.put(&cx, &bucket, &key, body, PutOptions::default()).await.unwrap();
    drop(store);
    let [file] = &world.blob_files(SIZE as u64)[..] else { panic!("one blob was written") };
    let mut bytes = std::fs::read(file).unwrap();
    let place = bytes.iter().position(|byte| *byte == 0x5A).unwrap() + SIZE / 2;
    bytes[place] ^= 1;
    std::fs::write(file, bytes).unwrap();
    let store = world.native().await;
    let read = match store.open(&cx, &bucket, &key, OpenOptions::default()).await {
        Ok(opened) => {
            let body = opened.content.read(ByteRange::whole(SIZE as u64)).await.unwrap();
            body.collect(SIZE).await.map_err(|error| error.kind == BodyErrorKind::Corrupt)
        }
        Err(error) => Err(matches!(error.kind, StoreErrorKind::Corrupt)),
    };
    assert_eq!(read.err(), Some(true));
    let mut scrub = store.scrub(None, ScrubDepth::Bytes);
    let mut kinds = Vec::new();
    loop {
        let step = scrub.step().await.unwrap();
        kinds.extend(step.damages.into_iter().map(|damage| damage.kind));
        if step.done {
            break;
        }
    }
    assert_eq!(kinds, [DamageKind::BlobBytes]);
}
