//! Writes that find no room ask for it, and go on where they stood.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Waker};

use async_trait::async_trait;
use blob::{
    BlobErrorKind, BlobId, BlobStore, Durability, FileBlobs, FileOptions, MakeRoom, MemoryBlobs, ScanScope,
    WriteOptions,
};
use bytes::Bytes;
use conformance::blob::bodies::{Script, Step, pattern};
use rustix::io::Errno;
use sim::{Call, Fault, SimClock, SimDisk, SimRandom, Tree};
use tokio::sync::Notify;
use types::{Body, Budget, ByteRange, Ceiling};

const KIB: usize = 1024;
const CAPACITY_BYTES: usize = 2000 * KIB;

/// Removes one blob a time.
struct Removing<'a> {
    store: &'a dyn BlobStore,
    blobs: std::sync::Mutex<Vec<BlobId>>,
    asked: AtomicUsize,
}

impl<'a> Removing<'a> {
    fn new(store: &'a dyn BlobStore, blobs: Vec<BlobId>) -> Self {
        Self { store, blobs: blobs.into(), asked: AtomicUsize::new(0) }
    }
}

#[async_trait]
impl MakeRoom for Removing<'_> {
    async fn make_room(&self) -> bool {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let blob = self.blobs.lock().expect("no test panicked in here").pop();
        let Some(blob) = blob else { return false };
        self.store.remove(blob).await.expect("it can be removed");
        true
    }
}

fn disk() -> SimDisk {
    let disk = SimDisk::new(Tree::default(), 3);
    disk.set_capacity(CAPACITY_BYTES as u64);
    disk
}

async fn files(disk: &SimDisk) -> FileBlobs {
    let options = FileOptions {
        durability: Durability::Strict,
        budget: Budget::new(4 << 20),
        clock: Arc::new(SimClock::default()),
        random: Arc::new(SimRandom::new(1)),
    };
    FileBlobs::open_on(Arc::new(disk.clone()), options).await.expect("it opens")
}

async fn stores() -> [Box<dyn BlobStore>; 2] {
    let memory = MemoryBlobs::new(Ceiling::new(CAPACITY_BYTES as u64));
    [Box::new(files(&disk()).await), Box::new(memory)]
}

async fn put(store: &dyn BlobStore, bytes: &Bytes) -> BlobId {
    let options = WriteOptions::of_size(bytes.len() as u64);
    store.write(Body::from_bytes(bytes.clone()), options).await.expect("it fits").id
}

async fn read(store: &dyn BlobStore, id: BlobId) -> Bytes {
    let reader = store.open(id).await.expect("it opens");
    let body = reader.read(ByteRange::whole(reader.size_bytes()));
    body.collect(4 << 20).await.expect("it is sound")
}

async fn blobs(store: &dyn BlobStore) -> Vec<BlobId> {
    let found = store.scan(ScanScope::All, None, 1000).await.expect("a scan succeeds");
    found.into_iter().map(|blob| blob.id).collect()
}

#[tokio::test]
async fn a_write_goes_on_with_the_same_bytes_once_there_is_room() {
    for store in stores().await {
        for size_is_known in [true, false] {
            let old =
                [put(&*store, &pattern(1, 700 * KIB)).await, put(&*store, &pattern(2, 700 * KIB)).await];
            let room = Removing::new(&*store, old.to_vec());
            let bytes = pattern(3, 1900 * KIB);
            let size_bytes = size_is_known.then_some(bytes.len() as u64);
            let options = WriteOptions { size_bytes, room: Some(&room) };
            let body = Script::frames(&bytes, 100 * KIB).with_pauses().into_body();
            let id = store.write(body, options).await.expect("room is made").id;
            assert_eq!(room.asked.load(Ordering::Relaxed), 2);
            assert!(read(&*store, id).await == bytes);
            assert_eq!(blobs(&*store).await, [id]);
            store.remove(id).await.expect("it can be removed");
        }
    }
}

#[tokio::test]
async fn a_write_fails_when_no_more_room_is_made_and_leaves_nothing() {
    for store in stores().await {
        for size_is_known in [true, false] {
            let old = put(&*store, &pattern(1, 700 * KIB)).await;
            let room = Removing::new(&*store, vec![old]);
            let bytes = pattern(2, CAPACITY_BYTES + 1);
            let options =
                WriteOptions { size_bytes: size_is_known.then_some(bytes.len() as u64), room: Some(&room) };
            let body = Script::frames(&bytes, 100 * KIB).into_body();
            let error = store.write(body, options).await.expect_err("it does not fit");
            assert!(matches!(error.kind, BlobErrorKind::Full), "{error}");
            assert_eq!(room.asked.load(Ordering::Relaxed), 2);
            assert_eq!(blobs(&*store).await, []);
            put(&*store, &pattern(3, 1900 * KIB)).await;
            let left = blobs(&*store).await;
            store.remove(left[0]).await.expect("it can be removed");
        }
    }
}

#[tokio::test]
async fn a_write_dropped_while_it_waits_for_room_leaves_nothing() {
    /// Never has an answer.
    struct Undecided(Notify);
    #[async_trait]
    impl MakeRoom for Undecided {
        async fn make_room(&self) -> bool {
            self.0.notify_one();
            std::future::pending().await
        }
    }
    for store in stores().await {
        let kept = put(&*store, &pattern(1, 700 * KIB)).await;
        let room = Undecided(Notify::new());
        let options = WriteOptions { size_bytes: None, room: Some(&room) };
        let write = store.write(Script::frames(&pattern(2, 1900 * KIB), 100 * KIB).into_body(), options);
        tokio::select! {
            _ = write => panic!("nobody made room"),
            () = room.0.notified() => {}
        }
        assert_eq!(blobs(&*store).await, [kept]);
        // The room of the dropped write is used again, though its file may still be there.
        put(&*store, &pattern(3, 1200 * KIB)).await;
    }
}

/// Each call of a write that can find no room, one after the other.
#[tokio::test]
async fn every_step_of_a_write_is_taken_again() {
    let bytes = pattern(2, 1500 * KIB);
    let cases = [
        (Call::CreateDirectory, 0),
        (Call::Create, 0),
        (Call::Preallocate, 0),
        (Call::Write, 0),
        (Call::Write, 1),
        (Call::Truncate, 0),
    ];
    for (call, nth) in cases {
        let disk = disk();
        let store = files(&disk).await;
        disk.inject(Fault::Once { call, nth, errno: Errno::NOSPC });
        let room = Removing::new(&store, vec![BlobId::from_u128(0)]);
        // Announced too large, so that the end is cut.
        let options = WriteOptions { size_bytes: Some(bytes.len() as u64 + 1), room: Some(&room) };
        let body = Script::frames(&bytes, 100 * KIB).into_body();
        let id = store.write(body, options).await.unwrap_or_else(|error| panic!("{call:?}: {error}")).id;
        assert_eq!(room.asked.load(Ordering::Relaxed), 1, "{call:?}");
        assert!(read(&store, id).await == bytes, "{call:?}");
    }
}

/// What a failed sync leaves on the device is unknown, for whatever reason it failed.
#[tokio::test]
async fn a_failed_sync_is_not_tried_again() {
    for call in [Call::SyncFile, Call::SyncDirectory] {
        let disk = disk();
        let store = files(&disk).await;
        put(&store, &pattern(1, 10)).await;
        disk.inject(Fault::Once { call, nth: 0, errno: Errno::NOSPC });
        let room = Removing::new(&store, vec![BlobId::from_u128(0)]);
        let options = WriteOptions { size_bytes: None, room: Some(&room) };
        let error = store.write(Body::from_bytes(pattern(2, 1000)), options).await.expect_err("it fails");
        assert!(matches!(error.kind, BlobErrorKind::Full));
        assert_eq!(room.asked.load(Ordering::Relaxed), 0);
    }
}

/// The file of a dropped write is removed by another thread: it counts as room.
#[tokio::test]
async fn a_write_waits_for_the_files_of_dropped_ones() {
    let disk = disk();
    let store = files(&disk).await;
    let body = Script::frames(&pattern(1, 1500 * KIB), 100 * KIB).then(Step::Stall).into_body();
    let write = tokio::spawn({
        let store = store.clone();
        async move { store.write(body, WriteOptions::default()).await.map(drop) }
    });
    let written = |disk: &SimDisk| disk.tree().reachable_bytes() as usize;
    while written(&disk) < 1500 * KIB {
        tokio::task::yield_now().await;
    }
    let hang = disk.hang(Call::Remove);
    write.abort();
    write.await.expect_err("it was aborted");
    while hang.waiting() == 0 {
        tokio::task::yield_now().await;
    }
    let bytes = pattern(2, 1900 * KIB);
    let mut next =
        pin!(store.write(Body::from_bytes(bytes.clone()), WriteOptions::of_size(bytes.len() as u64)));
    for _ in 0..100 {
        assert!(next.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        tokio::task::yield_now().await;
    }
    drop(hang);
    let id = next.await.expect("there is room").id;
    assert!(read(&store, id).await == bytes);
}
