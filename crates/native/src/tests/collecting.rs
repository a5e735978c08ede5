use std::sync::Arc;
use std::time::Duration;

use blob::{BlobStore, ScanScope};
use bytes::Bytes;
use store::{
    BucketStore, CompleteOptions, CompletedPart, CreateUploadOptions, MultipartStore, ObjectStore,
    OpenOptions, PartOptions, PutOptions, UploadRef,
};
use types::{Body, BucketName, ByteRange, Clock, Context, ObjectKey, TagSet, Timestamp};

use crate::testing::{World, audit, options, owner};
use crate::{NativeOptions, NativeStore};

const CX: fn() -> Context = Context::background;

async fn bucket(store: &NativeStore) -> store::Bucket {
    let name = BucketName::new("bucket").unwrap();
    store.create_bucket(&CX(), &name, &owner(), &TagSet::default()).await.unwrap()
}

fn key() -> ObjectKey {
    ObjectKey::new("k").unwrap()
}

fn body(fill: u8) -> Body {
    Body::from_bytes(vec![fill; 1000].into())
}

async fn blob_count(world: &World) -> usize {
    world.blobs.scan(ScanScope::All, None, 1000).await.unwrap().len()
}

/// Makes an object of `parts` parts that stand in blobs.
async fn put_in_parts(store: &NativeStore, bucket: &store::Bucket, parts: u32) -> Vec<u8> {
    let (cx, key) = (CX(), key());
    let id = store.create_upload(&cx, bucket, &key, CreateUploadOptions::default()).await.unwrap();
    let upload = UploadRef { bucket, key: &key, id: &id };
    let (mut listed, mut whole) = (Vec::new(), Vec::new());
    for number in 1..=parts {
        let bytes = vec![number as u8; 100];
        let body = Body::from_bytes(bytes.clone().into());
        let part = store.put_part(&cx, upload, number, body, PartOptions::default()).await.unwrap();
        listed.push(CompletedPart { number, etag: part.etag, checksum: part.checksum });
        whole.extend(bytes);
    }
    store.complete_upload(&cx, upload, listed, CompleteOptions::default()).await.unwrap();
    whole
}

#[tokio::test]
async fn a_replaced_blob_goes_and_its_reader_keeps_it() {
    let world = World::new();
    let store = world.open();
    let bucket = bucket(&store).await;
    store.put(&CX(), &bucket, &key(), body(1), PutOptions::default()).await.unwrap();
    let opened = store.open(&CX(), &bucket, &key(), OpenOptions::default()).await.unwrap();
    store.put(&CX(), &bucket, &key(), body(2), PutOptions::default()).await.unwrap();
    assert_eq!(store.collect_once().await.unwrap().blobs_collected, 1);
    assert_eq!(blob_count(&world).await, 1);
    let read = opened.content.read(ByteRange::whole(1000)).await.unwrap().collect(2000).await.unwrap();
    assert_eq!(read, Bytes::from(vec![1; 1000]));
    audit(&world).await;
}

#[tokio::test]
async fn a_table_that_is_read_waits_for_its_last_reader() {
    let world = World::new();
    let store = world.open();
    let bucket = bucket(&store).await;
    let whole = put_in_parts(&store, &bucket, 3).await;
    let opened = store.open(&CX(), &bucket, &key(), OpenOptions::default()).await.unwrap();
    let body = opened.content.read(ByteRange::whole(300)).await.unwrap();
    drop(opened);
    store.delete(&CX(), &bucket, &key(), Default::default()).await.unwrap();
    let report = store.collect_once().await.unwrap();
    assert_eq!((report.to_dos_waiting, report.blobs_collected), (1, 0));
    assert_eq!(body.collect(1000).await.unwrap(), whole);
    let report = store.collect_once().await.unwrap();
    assert_eq!((report.to_dos_waiting, report.blobs_collected, report.parts_collected), (0, 3, 3));
    audit(&world).await;
}

#[tokio::test]
async fn work_that_fails_holds_nothing_else_up() {
    let world = World::new();
    let store = world.open();
    let bucket = bucket(&store).await;
    let id = crate::ids::DataId::from_bytes([0; 16]);
    let mut commit = meta::Commit::default();
    let page = crate::keys::numbered(crate::keys::Family::PartPage, id, 0);
    commit.put(page, Bytes::from_static(&[0xEE]));
    let work = crate::record::ToDo::Table(id).key();
    commit.put(work, crate::record::ToDo::value());
    commit.put(Bytes::from_static(b"gb"), Bytes::from_static(&[0xEE]));
    meta::MetaStore::commit(&world.meta, commit).await.unwrap();
    put_in_parts(&store, &bucket, 3).await;
    store.delete(&CX(), &bucket, &key(), Default::default()).await.unwrap();
    let error = store.collect_once().await.unwrap_err();
    assert!(matches!(error.kind, store::StoreErrorKind::Corrupt));
    assert_eq!((store.stats().blobs_collected.get(), blob_count(&world).await), (3, 0));
}

#[tokio::test]
async fn a_large_table_is_dropped_in_steps() {
    let world = World::new();
    let store = world.open();
    let bucket = bucket(&store).await;
    put_in_parts(&store, &bucket, 1300).await;
    store.delete(&CX(), &bucket, &key(), Default::default()).await.unwrap();
    assert_eq!(store.collect_once().await.unwrap().blobs_collected, 1300);
    assert_eq!(blob_count(&world).await, 0);
    audit(&world).await;
}

#[tokio::test]
async fn a_put_that_is_refused_leaves_no_blob() {
    let world = World::new();
    let store = world.open();
    let bucket = bucket(&store).await;
    let options = PutOptions { condition: store::WriteCondition::IfPresent, ..PutOptions::default() };
    store.put(&CX(), &bucket, &key(), body(1), options).await.unwrap_err();
    assert_eq!(blob_count(&world).await, 1);
    assert_eq!(store.collect_once().await.unwrap().abandoned_removed, 1);
    assert_eq!(store.stats().abandoned_removed.get(), 1);
    assert_eq!(blob_count(&world).await, 0);
}

#[tokio::test]
async fn orphans_of_an_earlier_process_are_swept_once() {
    let world = World::new();
    let store = world.open();
    let bucket = bucket(&store).await;
    store.put(&CX(), &bucket, &key(), body(1), PutOptions::default()).await.unwrap();
    for fill in 0..5 {
        world.blobs.write(body(fill), blob::WriteOptions::default()).await.unwrap();
    }
    let world = world.restarted();
    let store = world.open();
    assert_eq!(store.collect_once().await.unwrap().orphans_removed, 5);
    assert_eq!(store.collect_once().await.unwrap(), crate::CollectReport::default());
    assert_eq!(world.blobs.scan(ScanScope::Unswept, None, 10).await.unwrap(), []);
    audit(&world).await;
}

#[tokio::test]
async fn a_sweep_passes_over_a_blob_that_very_many_refer_to() {
    let world = World::new();
    let store = world.open();
    let bucket = bucket(&store).await;
    store.put(&CX(), &bucket, &key(), body(1), PutOptions::default()).await.unwrap();
    let (shared, orphan) = (world.blobs.scan(ScanScope::All, None, 1).await.unwrap()[0].id, body(2));
    let mut references = meta::Commit::default();
    for number in 0..3000u32 {
        let owner = crate::ids::DataId::from_bytes([1; 16]);
        references.put(crate::keys::blob_reference(shared, owner, number), Bytes::new());
    }
    meta::MetaStore::commit(&world.meta, references).await.unwrap();
    world.blobs.write(orphan, blob::WriteOptions::default()).await.unwrap();
    let last = ObjectKey::new("last").unwrap();
    store.put(&CX(), &bucket, &last, body(3), PutOptions::default()).await.unwrap();
    let world = world.restarted();
    assert_eq!(world.open().collect_once().await.unwrap().orphans_removed, 1);
    assert_eq!(blob_count(&world).await, 2);
}

/// A clock that stands where it is put.
struct Fixed(std::sync::atomic::AtomicU64);

impl Clock for Fixed {
    fn now(&self) -> Timestamp {
        Timestamp::from_secs(self.0.load(std::sync::atomic::Ordering::Relaxed))
    }
}

#[tokio::test]
async fn a_completed_upload_is_forgotten_when_its_time_has_come() {
    let world = World::new();
    let clock = Arc::new(Fixed(1000.into()));
    let options = NativeOptions { clock: clock.clone(), ..options() };
    let kept = options.completed_kept;
    let store = NativeStore::new(Arc::new(world.meta.clone()), Arc::new(world.blobs.clone()), options);
    let bucket = bucket(&store).await;
    put_in_parts(&store, &bucket, 1).await;
    store.collect_once().await.unwrap();
    let before = world.meta.records().count();
    clock.0.fetch_add(kept.as_secs() - 1, std::sync::atomic::Ordering::Relaxed);
    assert_eq!(store.collect_once().await.unwrap().to_dos_done, 0);
    clock.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    assert_eq!(store.collect_once().await.unwrap().to_dos_done, 1);
    assert_eq!(world.meta.records().count(), before - 2);
}

#[tokio::test(start_paused = true)]
async fn the_collector_runs_when_there_is_work_and_ends_when_told() {
    let world = World::new();
    let store = world.open();
    let bucket = bucket(&store).await;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let collector = store.clone();
    let running = tokio::spawn(async move {
        collector.run_collector(async { drop(stopped.await) }).await;
    });
    for fill in 0..3 {
        store.put(&CX(), &bucket, &key(), body(fill), PutOptions::default()).await.unwrap();
    }
    while blob_count(&world).await > 1 {
        tokio::time::advance(Duration::from_millis(10)).await;
    }
    stop.send(()).unwrap();
    running.await.unwrap();
    audit(&world).await;
}

#[tokio::test]
async fn sequences_grow_where_the_clock_stands_still_or_goes_back() {
    let world = World::new();
    let clock = Arc::new(Fixed(1000.into()));
    let options = NativeOptions { clock: clock.clone(), ..options() };
    let store = NativeStore::new(Arc::new(world.meta.clone()), Arc::new(world.blobs.clone()), options);
    let bucket = bucket(&store).await;
    let enabled = store::BucketUpdate::Versioning(store::Versioning::Enabled);
    let bucket = store.update_bucket(&CX(), &bucket, enabled).await.unwrap();
    let mut ids = Vec::new();
    for second in [1000, 1000, 900, 1100, 5] {
        clock.0.store(second, std::sync::atomic::Ordering::Relaxed);
        let put = store.put(&CX(), &bucket, &key(), body(1), PutOptions::default()).await.unwrap();
        ids.push(put.version_id.unwrap());
        let deleted = store.delete(&CX(), &bucket, &key(), Default::default()).await.unwrap();
        ids.push(deleted.version_id.unwrap());
    }
    ids.reverse();
    let options = store::ListVersions { limit: 100, ..Default::default() };
    let page = store.list_versions(&CX(), &bucket, options).await.unwrap();
    let listed = page.entries.into_iter().filter_map(|entry| match entry {
        store::VersionEntry::Version(version) => Some(version.version_id),
        store::VersionEntry::Prefix(_) => None,
    });
    assert!(listed.eq(ids));
}
