//! The blob suite on blobs in memory, and what is theirs alone: the ceiling and images.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use blob::{BlobErrorKind, BlobStore, MemoryBlobs, ScanScope, WriteOptions};
use bytes::Bytes;
use conformance::blob::BlobWorld;
use conformance::blob::bodies::{Script, Step, pattern};
use types::{Body, BodyErrorKind, ByteRange, Ceiling};

/// A store that is "reopened" by way of its image.
#[derive(Default)]
struct MemoryWorld(Mutex<Option<MemoryBlobs>>);

#[async_trait]
impl BlobWorld for MemoryWorld {
    async fn open(&self) -> Arc<dyn BlobStore> {
        let mut last = self.0.lock().expect("no test panicked in here");
        let image = last.take().map(|store| store.image()).unwrap_or_default();
        let store = MemoryBlobs::from_image(image, Ceiling::unlimited()).expect("no ceiling");
        *last = Some(store.clone());
        Arc::new(store)
    }
}

conformance::blob_suite!(MemoryWorld::default());

async fn write(store: &MemoryBlobs, bytes: Bytes, hint: Option<u64>) -> Result<blob::BlobId, BlobErrorKind> {
    let written = store
        .write(Body::from_bytes(bytes), WriteOptions { size_bytes: hint, ..WriteOptions::default() })
        .await;
    written.map(|written| written.id).map_err(|error| error.kind)
}

#[tokio::test]
async fn the_ceiling_holds_at_its_limit_and_room_comes_back_with_the_last_reader() {
    let ceiling = Ceiling::new(1000);
    let store = MemoryBlobs::new(ceiling.clone());
    let id = write(&store, pattern(1, 600), None).await.unwrap();
    assert!(matches!(write(&store, pattern(2, 401), None).await, Err(BlobErrorKind::Full)));
    assert_eq!(ceiling.used_bytes(), 600);
    write(&store, pattern(2, 400), Some(400)).await.unwrap();
    assert_eq!(ceiling.used_bytes(), 1000);
    let reader = store.open(id).await.unwrap();
    store.remove(id).await.unwrap();
    assert_eq!(ceiling.used_bytes(), 1000);
    drop(reader);
    assert_eq!(ceiling.used_bytes(), 400);
}

#[tokio::test]
async fn a_hint_over_the_ceiling_is_refused_before_the_body_is_read() {
    let store = MemoryBlobs::new(Ceiling::new(1000));
    let body = Script::default().then(Step::Fail(BodyErrorKind::Incomplete)).into_body();
    let result = store.write(body, WriteOptions::of_size(1001)).await;
    assert!(matches!(result.unwrap_err().kind, BlobErrorKind::Full));
}

#[tokio::test]
async fn a_failed_write_and_a_wrong_hint_give_their_room_back() {
    let ceiling = Ceiling::new(1000);
    let store = MemoryBlobs::new(ceiling.clone());
    let body = Script::frames(&pattern(1, 100), 10).then(Step::Fail(BodyErrorKind::Incomplete)).into_body();
    store.write(body, WriteOptions::of_size(900)).await.unwrap_err();
    assert_eq!(ceiling.used_bytes(), 0);
    write(&store, pattern(1, 100), Some(900)).await.unwrap();
    assert_eq!(ceiling.used_bytes(), 100);
}

#[tokio::test]
async fn a_stored_blob_does_not_keep_the_senders_buffers() {
    let budget = types::Budget::new(types::FRAME_MAX_BYTES);
    let store = MemoryBlobs::new(Ceiling::unlimited());
    let frame = budget.try_frame(u64::MAX).unwrap();
    write(&store, frame.freeze(0..10), None).await.unwrap();
    assert_eq!(budget.used_bytes(), 0);
}

#[tokio::test]
async fn an_image_taken_under_a_hold_has_what_was_removed_meanwhile() {
    let store = MemoryBlobs::new(Ceiling::unlimited());
    let bytes = pattern(1, 100_000);
    let (early, late) = (
        write(&store, bytes.clone(), None).await.unwrap(),
        write(&store, bytes.clone(), None).await.unwrap(),
    );
    store.remove(early).await.unwrap();
    let hold = store.hold_removals();
    store.remove(late).await.unwrap();
    let image = store.image();
    assert_eq!(image.blobs.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [late]);
    drop(hold);
    assert!(store.image().blobs.is_empty());

    let restored = MemoryBlobs::from_image(image, Ceiling::new(100_000)).unwrap();
    let reader = restored.open(late).await.unwrap();
    assert!(reader.read(ByteRange::whole(100_000)).collect(100_000).await.unwrap() == bytes);
    assert_eq!(restored.scan(ScanScope::Unswept, None, 9).await.unwrap().len(), 1);
}

#[tokio::test]
async fn an_image_that_does_not_fit_is_refused() {
    let store = MemoryBlobs::new(Ceiling::unlimited());
    write(&store, pattern(1, 101), None).await.unwrap();
    let error = MemoryBlobs::from_image(store.image(), Ceiling::new(100)).err().unwrap();
    assert!(matches!(error.kind, BlobErrorKind::Full));
}
