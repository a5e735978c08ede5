use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};

use blob::{BlobStore, Durability, FileBlobs, FileOptions, MemoryBlobs, ScanScope, WriteOptions};
use meta::{MemoryMeta, MetaStore};
use sim::{Call, SimClock, SimDisk, SimRandom, Tree};
use store::{
    Bucket, BucketStore, CreateUploadOptions, MultipartStore, ObjectStore, OpenOptions, PartOptions,
    PutOptions, StoreError, StoreErrorKind, UploadRef, WriteCondition,
};
use types::{Body, BucketName, Budget, ByteRange, Ceiling, ObjectKey, TagSet};

use crate::NativeStore;
use crate::testing::{options, owner};

const KIB: usize = 1024;
const ROOM_BYTES: usize = 1000 * KIB;
/// Two of them fit, three do not.
const LARGE_BYTES: usize = 400 * KIB;

const CX: fn() -> types::Context = types::Context::background;

/// A store with little room, and nobody who collects but who needs the room.
struct Small {
    store: NativeStore,
    blobs: Arc<dyn BlobStore>,
    bucket: Bucket,
}

impl Small {
    async fn new(meta: impl MetaStore, blobs: impl BlobStore) -> Self {
        let blobs: Arc<dyn BlobStore> = Arc::new(blobs);
        let store = NativeStore::new(Arc::new(meta), blobs.clone(), options());
        let name = BucketName::new("bucket").unwrap();
        let bucket = store.create_bucket(&CX(), &name, &owner(), &TagSet::default()).await.unwrap();
        Self { store, blobs, bucket }
    }

    async fn on_disk(disk: &SimDisk) -> Self {
        Self::new(MemoryMeta::default(), files(disk).await).await
    }

    async fn in_memory() -> Self {
        let ceiling = Ceiling::new(ROOM_BYTES as u64);
        Self::new(MemoryMeta::new(ceiling.clone()), MemoryBlobs::new(ceiling)).await
    }

    async fn put(&self, key: &str, fill: u8) -> Result<(), StoreError> {
        self.put_if(key, fill, WriteCondition::Always).await
    }

    async fn put_if(&self, key: &str, fill: u8, condition: WriteCondition) -> Result<(), StoreError> {
        let key = ObjectKey::new(key).unwrap();
        let options = PutOptions { condition, ..PutOptions::default() };
        self.store.put(&CX(), &self.bucket, &key, large(fill), options).await.map(drop)
    }

    async fn delete(&self, key: &str) {
        let key = ObjectKey::new(key).unwrap();
        self.store.delete(&CX(), &self.bucket, &key, Default::default()).await.unwrap();
    }

    async fn assert_holds(&self, key: &str, fill: u8) {
        let key = ObjectKey::new(key).unwrap();
        let opened = self.store.open(&CX(), &self.bucket, &key, OpenOptions::default()).await.unwrap();
        let body = opened.content.read(ByteRange::whole(LARGE_BYTES as u64)).await.unwrap();
        assert!(body.collect(LARGE_BYTES).await.unwrap() == vec![fill; LARGE_BYTES]);
    }

    async fn blob_count(&self) -> usize {
        self.blobs.scan(ScanScope::All, None, 1000).await.unwrap().len()
    }
}

async fn files(disk: &SimDisk) -> FileBlobs {
    let options = FileOptions {
        durability: Durability::Strict,
        budget: Budget::new(4 << 20),
        clock: Arc::new(SimClock::default()),
        random: Arc::new(SimRandom::new(1)),
    };
    FileBlobs::open_on(Arc::new(disk.clone()), options).await.unwrap()
}

fn disk() -> SimDisk {
    let disk = SimDisk::new(Tree::default(), 2);
    disk.set_capacity(ROOM_BYTES as u64);
    disk
}

fn large(fill: u8) -> Body {
    Body::from_bytes(vec![fill; LARGE_BYTES].into())
}

async fn both() -> [Small; 2] {
    [Small::on_disk(&disk()).await, Small::in_memory().await]
}

fn is_full(outcome: Result<(), StoreError>) -> bool {
    matches!(outcome, Err(StoreError { kind: StoreErrorKind::Full(_), .. }))
}

#[tokio::test]
async fn an_object_can_be_replaced_however_late_the_collector_is() {
    for small in both().await {
        for fill in 0..20 {
            small.put("k", fill).await.unwrap();
        }
        small.assert_holds("k", 19).await;
    }
}

#[tokio::test]
async fn a_part_can_be_replaced_however_late_the_collector_is() {
    for small in both().await {
        let (cx, key) = (CX(), ObjectKey::new("k").unwrap());
        let id = small.store.create_upload(&cx, &small.bucket, &key, CreateUploadOptions::default()).await;
        let id = id.unwrap();
        let upload = UploadRef { bucket: &small.bucket, key: &key, id: &id };
        for fill in 0..10 {
            small.store.put_part(&cx, upload, 1, large(fill), PartOptions::default()).await.unwrap();
        }
    }
}

#[tokio::test]
async fn what_was_deleted_refused_or_aborted_is_room() {
    for small in both().await {
        small.put("kept", 1).await.unwrap();
        small.put("deleted", 2).await.unwrap();
        small.delete("deleted").await;
        small.put("again", 3).await.unwrap();
        small.delete("again").await;
        small.put_if("kept", 4, WriteCondition::IfAbsent).await.unwrap_err();
        small.put("again", 5).await.unwrap();
        small.delete("again").await;
        let (cx, key) = (CX(), ObjectKey::new("parts").unwrap());
        let id = small.store.create_upload(&cx, &small.bucket, &key, CreateUploadOptions::default()).await;
        let id = id.unwrap();
        let upload = UploadRef { bucket: &small.bucket, key: &key, id: &id };
        small.store.put_part(&cx, upload, 1, large(6), PartOptions::default()).await.unwrap();
        assert!(is_full(small.put("more", 7).await));
        small.store.abort_upload(&cx, upload).await.unwrap();
        small.put("more", 7).await.unwrap();
        small.assert_holds("kept", 1).await;
        small.assert_holds("more", 7).await;
        assert_eq!(small.blob_count().await, 2);
    }
}

#[tokio::test]
async fn where_nothing_was_given_up_there_is_no_room() {
    for small in both().await {
        small.put("a", 1).await.unwrap();
        small.put("b", 2).await.unwrap();
        for _ in 0..3 {
            assert!(is_full(small.put("c", 3).await));
        }
        assert_eq!(small.blob_count().await, 2);
        small.assert_holds("a", 1).await;
    }
}

/// Records in memory count under the same ceiling as blobs.
#[tokio::test]
async fn a_commit_finds_the_room_of_what_was_deleted() {
    let small = Small::in_memory().await;
    small.put("a", 1).await.unwrap();
    small.put("b", 2).await.unwrap();
    small.delete("a").await;
    let parts = ObjectKey::new(&"k".repeat(1000)).unwrap();
    let mut uploads = 0;
    // Each upload takes a little more than its key; together they take more than there is without the deleted object.
    while uploads * parts.as_str().len() < LARGE_BYTES {
        let options = CreateUploadOptions::default();
        small.store.create_upload(&CX(), &small.bucket, &parts, options).await.unwrap();
        uploads += 1;
    }
}

#[tokio::test]
async fn orphans_of_an_earlier_process_are_room() {
    let disk = disk();
    let earlier = files(&disk).await;
    for fill in [1, 2] {
        earlier.write(large(fill), WriteOptions::default()).await.unwrap();
    }
    drop(earlier);
    let small = Small::on_disk(&disk).await;
    small.put("k", 3).await.unwrap();
    small.assert_holds("k", 3).await;
    assert_eq!(small.store.stats().orphans_removed.get(), 2);
}

/// Who collects has taken the blob up already and is slow; a write that needs its room waits.
#[tokio::test]
async fn a_write_waits_for_a_removal_under_way() {
    let disk = disk();
    let small = Small::on_disk(&disk).await;
    small.put("a", 1).await.unwrap();
    small.put("b", 2).await.unwrap();
    small.delete("a").await;
    let hang = disk.hang(Call::Remove);
    let collector = tokio::spawn({
        let store = small.store.clone();
        async move { store.collect_once().await.unwrap() }
    });
    while hang.waiting() == 0 {
        tokio::task::yield_now().await;
    }
    {
        let mut write = pin!(small.put("c", 3));
        for _ in 0..100 {
            assert!(write.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
            tokio::task::yield_now().await;
        }
        drop(hang);
        write.await.unwrap();
    }
    assert_eq!(collector.await.unwrap().blobs_collected, 1);
    small.assert_holds("c", 3).await;
}

/// A client that goes while its write waits for room takes nothing along: what was to be removed still is.
#[tokio::test]
async fn a_write_dropped_while_it_waits_leaves_the_work_to_the_next_round() {
    let disk = disk();
    let small = Small::on_disk(&disk).await;
    small.put("a", 1).await.unwrap();
    small.put_if("a", 2, WriteCondition::IfAbsent).await.unwrap_err();
    let hang = disk.hang(Call::Remove);
    {
        let mut write = pin!(small.put("c", 3));
        while hang.waiting() == 0 {
            assert!(write.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
            tokio::task::yield_now().await;
        }
    }
    drop(hang);
    assert_eq!(small.store.collect_once().await.unwrap().abandoned_removed, 1);
    assert_eq!(small.blob_count().await, 1);
    small.put("c", 3).await.unwrap();
    small.assert_holds("a", 1).await;
}
