//! Uploads in parts across restarts, crashes and races with their completion.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use common::{World, cx, make_bucket, settings};
use conformance::blob::bodies::pattern;
use remote_drime::{Conditional, DrimeStore};
use store::{
    Bucket, CompleteOptions, CompletedPart, CreateUploadOptions, ListParts, ListUploads, MultipartStore,
    ObjectStore, OpenOptions, PartOptions, PutOptions, StoreError, StoreErrorKind, UploadId, UploadRef,
    WriteCondition,
};
use stubs::drime::Failure;
use types::{Body, ByteRange, ObjectKey};

struct Upload {
    bucket: Bucket,
    key: ObjectKey,
    id: UploadId,
}

impl Upload {
    async fn begin(store: &DrimeStore, bucket: &Bucket, name: &str) -> Self {
        let key = ObjectKey::new(name).unwrap();
        let id = store.create_upload(&cx(), bucket, &key, CreateUploadOptions::default()).await.unwrap();
        Self { bucket: bucket.clone(), key, id }
    }

    fn reference(&self) -> UploadRef<'_> {
        UploadRef { bucket: &self.bucket, key: &self.key, id: &self.id }
    }

    async fn put(&self, store: &DrimeStore, number: u32, size: usize) -> CompletedPart {
        let body = Body::from_bytes(pattern(u64::from(number), size));
        let part =
            store.put_part(&cx(), self.reference(), number, body, PartOptions::default()).await.unwrap();
        CompletedPart { number, etag: part.etag, checksum: part.checksum }
    }

    async fn complete(
        &self,
        store: &DrimeStore,
        parts: &[CompletedPart],
    ) -> Result<store::PutOutcome, StoreError> {
        store.complete_upload(&cx(), self.reference(), parts.to_vec(), CompleteOptions::default()).await
    }

    async fn read(&self, store: &DrimeStore) -> bytes::Bytes {
        let opened = store.open(&cx(), &self.bucket, &self.key, OpenOptions::default()).await.unwrap();
        let body = opened.content.read(ByteRange::whole(opened.info.size_bytes)).await.unwrap();
        body.collect(64 << 20).await.unwrap()
    }
}

/// A restart between any two calls loses nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_between_any_two_calls_loses_nothing() {
    let world = World::new(settings());
    let bucket = make_bucket(&world.open(), "media").await;
    let upload = Upload::begin(&world.open(), &bucket, "deep/er/k").await;
    let mut parts = Vec::new();
    for number in [3, 1, 2] {
        parts.push(upload.put(&world.open(), number, 20_000).await);
    }
    world.open().tidy().await.unwrap();
    parts.sort_by_key(|part| part.number);
    let page =
        world.open().list_parts(&cx(), upload.reference(), ListParts { after: 0, limit: 10 }).await.unwrap();
    assert_eq!(page.parts.len(), 3);
    let made = upload.complete(&world.open(), &parts).await.unwrap();
    assert_eq!(upload.complete(&world.open(), &parts).await.unwrap(), made);
    let whole: Vec<u8> = (1..=3).flat_map(|number| pattern(number, 20_000)).collect();
    assert!(upload.read(&world.open()).await == whole);
    assert!(world.stub.open_uploads().is_empty());
}

/// A completion that was cut short anywhere is finished by the next one, and makes one file.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_completion_that_was_cut_short_is_finished() {
    for (path, failures) in [("/complete", 2), ("/complete", 1), ("/s3/entries", 2), ("/s3/entries", 1)] {
        for fault in [Failure::Lost(500), Failure::Refused(500)] {
            let world = World::new(settings());
            let store = world.open();
            let bucket = make_bucket(&store, "media").await;
            let upload = Upload::begin(&store, &bucket, "k").await;
            let parts = [upload.put(&store, 1, 20_000).await, upload.put(&store, 2, 10).await];
            for _ in 0..failures {
                world.stub.fail("POST", path, 0, fault);
            }
            let mut made = upload.complete(&store, &parts).await;
            for _ in 0..4 {
                if made.is_ok() {
                    break;
                }
                made = upload.complete(&world.open(), &parts).await;
            }
            made.unwrap_or_else(|error| panic!("{path}, {failures} of {fault:?}: {error}"));
            let whole = [pattern(1, 20_000), pattern(2, 10)].concat();
            assert!(upload.read(&world.open()).await == whole, "{path}, {fault:?}");
            let files = world.stub.entries().iter().filter(|entry| !entry.is_folder).count();
            assert_eq!(files, 1, "{path}, {failures} of {fault:?}");
        }
    }
}

/// Where the drive accepts a second completion, nothing is made twice either.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drive_that_completes_twice_makes_one_file() {
    let world = World::new(stubs::drime::Settings { complete_twice: true, ..settings() });
    let store = world.open();
    let bucket = make_bucket(&store, "media").await;
    let upload = Upload::begin(&store, &bucket, "k").await;
    let parts = [upload.put(&store, 1, 20_000).await];
    world.stub.fail("POST", "/complete", 0, Failure::Lost(500));
    upload.complete(&store, &parts).await.unwrap();
    assert_eq!(world.stub.entries().len(), 2);
    assert!(upload.read(&store).await == pattern(1, 20_000));
}

/// Parts of no bytes, and objects of nothing but them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parts_of_no_bytes_make_objects() {
    let world = World::new(settings());
    let store = world.open();
    let bucket = make_bucket(&store, "media").await;
    for size in [0, 20_000] {
        let upload = Upload::begin(&store, &bucket, "k").await;
        let parts = [upload.put(&store, 1, size).await, upload.put(&store, 2, 0).await];
        let parts = if size == 0 { &parts[1..] } else { &parts[..] };
        upload.complete(&store, parts).await.unwrap();
        assert_eq!(upload.read(&store).await.len(), size);
        assert!(world.stub.open_uploads().is_empty());
    }
}

/// A put in parts that is cut short by a crash is given up at the next start; uploads of clients stay.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_crash_leaves_is_given_up_at_the_next_start() {
    let world = World::new(settings());
    let store = world.open();
    let bucket = make_bucket(&store, "media").await;
    let kept = Upload::begin(&store, &bucket, "kept").await;
    let ledger = remote::Ledger::new(world.meta.clone());
    let k = ObjectKey::new("k").unwrap();
    world.stub.fail("POST", "/s3/multipart/abort", 0, Failure::Refused(403));
    world.stub.fail("POST", "/s3/multipart/batch-sign", 0, Failure::Refused(403));
    let body = Body::from_bytes(pattern(1, 400_000));
    let staged = store.put(&cx(), &bucket, &k, body, PutOptions::default()).await;
    assert!(staged.is_err());
    // The record of it is what a crash would have left: it is written before the first byte.
    let [left] =
        &world.stub.open_uploads().into_iter().filter(|id| *id != kept_id(&world, &kept)).collect::<Vec<_>>()
            [..]
    else {
        panic!("one was left")
    };
    let number = left.strip_prefix("upload-").unwrap();
    let record = format!(r#"{{"uploadId":"{left}","key":"uploads/{number}/object-{number}"}}"#);
    ledger.put_value(format!("staged/{left}").as_bytes(), record.as_bytes()).await.unwrap();
    world.open().tidy().await.unwrap();
    assert_eq!(world.stub.open_uploads().len(), 1);
    let page = store
        .list_uploads(&cx(), &bucket, ListUploads { limit: 10, ..ListUploads::default() })
        .await
        .unwrap();
    assert_eq!(page.entries.len(), 1);
}

/// The drive's name of the only upload that a client has begun: the first one.
fn kept_id(world: &World, _: &Upload) -> String {
    world.stub.open_uploads().into_iter().min().unwrap()
}

/// Conditions among our own writers are atomic, whatever way the objects go up.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exclusive_conditions_are_atomic_for_every_size() {
    let world = World { conditional: Conditional::Exclusive, ..World::new(settings()) };
    let store = world.open();
    let bucket = make_bucket(&store, "media").await;
    for size in [100, 60_000, 250_000] {
        let key = ObjectKey::new(&format!("k{size}")).unwrap();
        let creators = (0..8).map(|n| {
            let (store, bucket, key) = (store.clone(), bucket.clone(), key.clone());
            let options = PutOptions { condition: WriteCondition::IfAbsent, ..PutOptions::default() };
            tokio::spawn(async move {
                store.put(&cx(), &bucket, &key, Body::from_bytes(pattern(n, size)), options).await
            })
        });
        let mut won = 0;
        for creator in creators.collect::<Vec<_>>() {
            match creator.await.unwrap() {
                Ok(_) => won += 1,
                Err(error) => assert!(matches!(error.kind, StoreErrorKind::ConditionFailed), "{error}"),
            }
        }
        assert_eq!(won, 1, "{size}");
    }
    assert!(world.stub.open_uploads().is_empty());
}

/// Parts that are copied side by side from one object all arrive.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parts_copied_side_by_side_all_arrive() {
    const PART: u64 = 4 << 20;
    // Less than all of them would hold.
    let world = World { budget_bytes: 2 << 20, ..World::new(settings()) };
    let store = world.open();
    let bucket = make_bucket(&store, "media").await;
    let (whole, from) = (pattern(9, 5 * PART as usize), ObjectKey::new("from").unwrap());
    let put = store
        .put(&cx(), &bucket, &from, Body::from_bytes(whole.clone()), PutOptions::default())
        .await
        .unwrap();
    let upload = Upload::begin(&store, &bucket, "to").await;
    let copies = (0..5).map(|n| {
        let (store, bucket, key, id) = (store.clone(), bucket.clone(), upload.key.clone(), upload.id.clone());
        let source = store::CopySource {
            bucket: bucket.clone().into(),
            key: from.clone(),
            version_id: None,
            etag: put.etag.clone(),
        };
        tokio::spawn(async move {
            let range = Some(ByteRange { start: n * PART, end: (n + 1) * PART });
            let reference = UploadRef { bucket: &bucket, key: &key, id: &id };
            let number = u32::try_from(n).unwrap() + 1;
            let options = store::CopyPartOptions { range };
            let part = store.copy_part(&cx(), &source, reference, number, options).await.unwrap();
            CompletedPart { number, etag: part.etag, checksum: part.checksum }
        })
    });
    let mut parts = Vec::new();
    for copy in copies.collect::<Vec<_>>() {
        let copied = tokio::time::timeout(std::time::Duration::from_secs(50), copy).await;
        parts.push(copied.expect("a copy hangs").unwrap());
    }
    upload.complete(&store, &parts).await.unwrap();
    assert!(upload.read(&store).await == whole);
}
