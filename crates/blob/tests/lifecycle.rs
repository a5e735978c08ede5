//! Writers that vanish, files and descriptors that must not stay, epochs that come and go.

use std::collections::BTreeSet;
use std::future::Future;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::Duration;

use blob::{BlobId, BlobStore, Durability, FileBlobs, FileOptions, ScanScope, WriteOptions};
use bytes::Bytes;
use conformance::blob::bodies::{Script, Step, pattern};
use sim::{SimClock, SimDisk, SimRandom, Tree};
use types::{Body, Budget, ByteRange, FRAME_MAX_BYTES};

fn options(clock: Arc<SimClock>) -> FileOptions {
    FileOptions {
        durability: Durability::Strict,
        budget: Budget::new(4 << 20),
        clock,
        random: Arc::new(SimRandom::new(1)),
    }
}

async fn open(path: &Path) -> FileBlobs {
    FileBlobs::open(path, options(Arc::default())).await.expect("it opens")
}

async fn write(store: &FileBlobs, size: usize) -> BlobId {
    let options = WriteOptions::of_size(size as u64);
    store.write(Body::from_bytes(pattern(1, size)), options).await.expect("it is stored").id
}

fn epoch(id: BlobId) -> u128 {
    id.as_u128() >> 80
}

/// Files of blobs below the directory.
fn files(path: &Path) -> usize {
    let epochs =
        std::fs::read_dir(path).expect("the directory is there").map(|entry| entry.expect("it lists").path());
    let files = |epoch: std::path::PathBuf| std::fs::read_dir(epoch).expect("an epoch is there").count();
    epochs.filter(|path| path.is_dir()).map(files).sum()
}

/// Descriptors of this process that point below the directory.
fn descriptors(path: &Path) -> usize {
    let links = std::fs::read_dir("/proc/self/fd").expect("Linux lists them").flatten();
    links
        .filter_map(|link| std::fs::read_link(link.path()).ok())
        .filter(|target| target.starts_with(path))
        .count()
}

/// Drops a write at every point where it waits, and looks what stays once the blocking threads are done: joining a runtime
/// waits for them.
#[test]
fn a_write_dropped_anywhere_leaves_no_file_and_no_descriptor() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path().canonicalize().expect("it is there").join("blobs");
    for polls in 0..24 {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let completed = runtime.block_on(async {
            let store = open(&path).await;
            let script = Script::frames(&pattern(1, 3 * FRAME_MAX_BYTES), 512 * 1024).with_pauses();
            let mut write = pin!(store.write(script.into_body(), WriteOptions::default()));
            let mut cx = Context::from_waker(Waker::noop());
            for _ in 0..polls {
                if write.as_mut().poll(&mut cx).is_ready() {
                    return true;
                }
                tokio::task::yield_now().await;
            }
            false
        });
        drop(runtime);
        assert_eq!(descriptors(&path), 0, "after {polls} polls");
        if completed {
            assert_eq!(files(&path), 1, "after {polls} polls");
            return;
        }
        assert_eq!(files(&path), 0, "after {polls} polls");
    }
}

#[test]
fn a_sender_that_vanishes_leaves_no_file_and_no_descriptor() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path().canonicalize().expect("it is there").join("blobs");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.expect("a runtime");
    runtime.block_on(async {
        let store = open(&path).await;
        let stalled = |number: u64| {
            let script = Script::frames(&pattern(number, 300 * 1024 * number as usize), 100 * 1024);
            let body = script.then(Step::Stall).into_body();
            let store = store.clone();
            tokio::spawn(async move { store.write(body, WriteOptions::default()).await.map(drop) })
        };
        let writers: Vec<_> = (0..12).map(stalled).collect();
        write(&store, 100).await;
        for writer in writers {
            writer.abort();
            assert!(writer.await.expect_err("it was aborted").is_cancelled());
        }
    });
    drop(runtime);
    assert_eq!((files(&path), descriptors(&path)), (1, 0));
}

#[tokio::test]
async fn a_stalled_sender_does_not_hold_the_budget() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let budget = Budget::new(2 << 20);
    let options = FileOptions { budget: budget.clone(), ..options(Arc::default()) };
    let store = FileBlobs::open(&directory.path().join("blobs"), options).await.expect("it opens");
    let body = Script::frames(&pattern(1, 100_000), 10_000).then(Step::Stall).into_body();
    let writer = tokio::spawn({
        let store = store.clone();
        async move { store.write(body, WriteOptions::default()).await.map(drop) }
    });
    while store.scan(ScanScope::All, None, 1).await.is_ok() && files(&directory.path().join("blobs")) == 0 {
        tokio::task::yield_now().await;
    }
    while budget.used_bytes() > 0 {
        tokio::task::yield_now().await;
    }
    writer.abort();
    assert!(writer.await.expect_err("it was aborted").is_cancelled());
}

#[tokio::test]
async fn a_dropped_body_gives_its_frames_back() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let budget = Budget::new(2 << 20);
    let options = FileOptions { budget: budget.clone(), ..options(Arc::default()) };
    let store = FileBlobs::open(&directory.path().join("blobs"), options).await.expect("it opens");
    let id = write(&store, 3 << 20).await;
    let reader = store.open(id).await.expect("it opens");
    let mut body = reader.read(ByteRange::whole(reader.size_bytes()));
    let frame = body.next_frame().await;
    assert!(budget.used_bytes() > 0);
    drop((frame, body));
    assert_eq!(budget.used_bytes(), 0);
}

#[tokio::test]
async fn readers_wait_for_an_exhausted_budget_and_go_on() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let budget = Budget::new(FRAME_MAX_BYTES);
    let options = FileOptions { budget: budget.clone(), ..options(Arc::default()) };
    let store = FileBlobs::open(&directory.path().join("blobs"), options).await.expect("it opens");
    let id = write(&store, 300_000).await;
    let held: Vec<_> = std::iter::from_fn(|| budget.try_frame(1)).collect();
    let reader = store.open(id).await.expect("it opens");
    let mut body = reader.read(ByteRange::whole(300_000));
    assert!(pin!(body.next_frame()).poll(&mut Context::from_waker(Waker::noop())).is_pending());
    drop(held);
    assert!(body.collect(300_000).await.expect("it is readable") == pattern(1, 300_000));
}

#[tokio::test]
async fn an_epoch_is_left_after_4096_blobs_or_an_hour() {
    let clock = Arc::new(SimClock::default());
    let disk = SimDisk::new(Tree::default(), 1);
    let store = FileBlobs::open_on(Arc::new(disk), options(clock.clone())).await.expect("it opens");
    let mut last = write(&store, 0).await;
    for _ in 1..4096 {
        let next = write(&store, 0).await;
        assert_eq!(epoch(next), epoch(last));
        last = next;
    }
    let after_full = write(&store, 0).await;
    assert_eq!(epoch(after_full), epoch(last) + 1);
    clock.advance(Duration::from_secs(3599));
    assert_eq!(epoch(write(&store, 0).await), epoch(after_full));
    clock.advance(Duration::from_secs(1));
    assert_eq!(epoch(write(&store, 0).await), epoch(after_full) + 1);
    let found = store.scan(ScanScope::All, None, 10_000).await.expect("a scan succeeds");
    assert_eq!(found.len(), 4099);
}

#[tokio::test]
async fn empty_epochs_are_removed_except_the_latest() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path().join("blobs");
    let first = write(&open(&path).await, 10).await;
    let second = write(&open(&path).await, 10).await;
    let store = open(&path).await;
    store.remove(second).await.expect("it can be removed");
    assert!(path.join(&second.to_string()[..12]).exists(), "the latest epoch stays");
    store.remove(first).await.expect("it can be removed");
    assert!(!path.join(&first.to_string()[..12]).exists(), "an empty epoch goes with its last blob");
    let third = write(&store, 10).await;
    assert!(epoch(third) > epoch(second));
    store.settle().await.expect("settling succeeds");
    assert!(
        !path.join(&second.to_string()[..12]).exists(),
        "settling removes what is empty and no longer the latest"
    );
}

#[tokio::test]
async fn concurrent_writers_share_directory_syncs() {
    const WRITERS: u64 = 64;
    let directory = tempfile::tempdir().expect("a temporary directory");
    let store = open(&directory.path().join("blobs")).await;
    let writers: Vec<_> = (0..WRITERS)
        .map(|number| {
            let store = store.clone();
            tokio::spawn(async move {
                let body = Body::from_bytes(pattern(number, 1000));
                store.write(body, WriteOptions::of_size(1000)).await.map(|written| written.id)
            })
        })
        .collect();
    let mut ids = BTreeSet::new();
    for writer in writers {
        ids.insert(writer.await.expect("it completes").expect("it is stored"));
    }
    assert_eq!(ids.len() as u64, WRITERS);
    let syncs: u64 = store.stats().directory_syncs.snapshot().buckets.iter().sum();
    assert_eq!(store.stats().directory_sync_waiters.get(), WRITERS);
    assert!((1..=WRITERS).contains(&syncs));
    assert_eq!(store.stats().bytes_written.get(), WRITERS * 1000);
}

#[tokio::test]
async fn relaxed_durability_syncs_nothing() {
    let disk = SimDisk::new(Tree::default(), 1);
    let options = FileOptions { durability: Durability::Relaxed, ..options(Arc::default()) };
    let store = FileBlobs::open_on(Arc::new(disk.clone()), options).await.expect("it opens");
    let id = write(&store, 100).await;
    store.remove(id).await.expect("it can be removed");
    store.settle().await.expect("settling succeeds");
    let syncs = |event: &&sim::Event| matches!(event, sim::Event::SyncFile(_) | sim::Event::SyncDirectory(_));
    assert_eq!(disk.history().events.iter().filter(syncs).count(), 0);
}

#[tokio::test]
async fn a_blob_over_the_limit_is_refused_by_its_hint() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let store = open(&directory.path().join("blobs")).await;
    let options = WriteOptions::of_size(blob::BLOB_MAX_BYTES + 1);
    let error =
        store.write(Body::from_bytes(Bytes::from_static(b"x")), options).await.expect_err("it is too large");
    let too_large = types::BodyErrorKind::TooLarge { max_bytes: blob::BLOB_MAX_BYTES };
    assert!(matches!(error.kind, blob::BlobErrorKind::Body(error) if error.kind == too_large));
    assert_eq!(store.scan(ScanScope::All, None, 1).await.expect("a scan succeeds"), []);
}

/// Blocking threads of a runtime are many but not endless; as many writers as there are threads must not take them all.
#[tokio::test]
async fn reads_do_not_wait_behind_writers_on_a_device_that_hangs() {
    const WRITERS: usize = 600;
    const WRITES_AT_ONCE: usize = 128;
    let disk = SimDisk::new(Tree::default(), 1);
    let store = FileBlobs::open_on(Arc::new(disk.clone()), options(Arc::default())).await.expect("it opens");
    let id = write(&store, 200_000).await;
    let hang = disk.hang(sim::Call::SyncFile);
    let writers: Vec<_> = (0..WRITERS)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move { write(&store, 100).await })
        })
        .collect();
    while hang.waiting() < WRITES_AT_ONCE {
        tokio::task::yield_now().await;
    }
    for _ in 0..20 {
        // Some of these go to a blocking thread: the disk decides by chance what is in memory.
        let reader = store.open(id).await.expect("it opens");
        let body = reader.read(ByteRange::whole(reader.size_bytes()));
        assert!(body.collect(200_000).await.expect("it is readable") == pattern(1, 200_000));
    }
    assert_eq!(hang.waiting(), WRITES_AT_ONCE);
    drop(hang);
    let ids: BTreeSet<_> = all_of(writers).await;
    assert_eq!(ids.len(), WRITERS);
    assert!(store.stats().reads_blocking.get() > 0);
}

async fn all_of(writers: Vec<tokio::task::JoinHandle<BlobId>>) -> BTreeSet<BlobId> {
    let mut ids = BTreeSet::new();
    for writer in writers {
        ids.insert(writer.await.expect("every writer completes"));
    }
    ids
}
