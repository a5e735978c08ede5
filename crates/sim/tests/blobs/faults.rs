use blob::{BlobErrorKind, BlobStore, ScanScope, WriteOptions};
use conformance::blob::bodies::{Script, pattern};
use rustix::io::Errno;
use sim::{Call, Fault, SimDisk, Tree};
use types::{Body, BodyErrorKind, ByteRange};

use crate::recovery::ids;
use crate::world::{COLLECT_MAX_BYTES, alone, open, read};

const KIB: usize = 1024;

fn disk() -> SimDisk {
    SimDisk::new(Tree::default(), 5)
}

async fn write(store: &blob::FileBlobs, size: usize) -> Result<blob::BlobId, BlobErrorKind> {
    let body = Script::frames(&pattern(1, size), 200 * KIB).into_body();
    let written = store.write(body, WriteOptions::of_size(size as u64)).await;
    written.map(|written| written.id).map_err(|error| error.kind)
}

/// After the fault: nothing is left of the failed write, the store goes on once the fault is gone.
async fn assert_clean(disk: &SimDisk, store: &blob::FileBlobs, files_before: &[String]) {
    assert_eq!(disk.tree().files(), files_before);
    disk.heal();
    let id = write(store, 3000).await.expect("the store goes on");
    assert_eq!(read(store, id).await.expect("it is readable"), pattern(1, 3000));
    store.remove(id).await.expect("it can be removed");
}

#[test]
fn each_fault_of_a_write_is_told_and_leaves_nothing() {
    let is_full = |kind: &BlobErrorKind| matches!(kind, BlobErrorKind::Full);
    let is_read_only = |kind: &BlobErrorKind| matches!(kind, BlobErrorKind::ReadOnly);
    let is_busy = |kind: &BlobErrorKind| matches!(kind, BlobErrorKind::Busy);
    let is_io = |kind: &BlobErrorKind| matches!(kind, BlobErrorKind::Io);
    let always = |call, errno| Fault::Always { call, errno };
    let nth = |call, nth, errno| Fault::Once { call, nth, errno };
    type Case = (Fault, fn(&BlobErrorKind) -> bool);
    let cases: [Case; 12] = [
        (always(Call::Create, Errno::MFILE), is_busy),
        (always(Call::Create, Errno::NFILE), is_busy),
        (always(Call::Create, Errno::ACCESS), is_read_only),
        (always(Call::Preallocate, Errno::NOSPC), is_full),
        (nth(Call::Write, 0, Errno::NOSPC), is_full),
        (nth(Call::Write, 1, Errno::DQUOT), is_full),
        (nth(Call::Write, 2, Errno::IO), is_io),
        (nth(Call::SyncFile, 0, Errno::IO), is_io),
        (nth(Call::SyncFile, 0, Errno::NOSPC), is_full),
        (nth(Call::SyncDirectory, 0, Errno::IO), is_io),
        (always(Call::CreateDirectory, Errno::NOSPC), is_full),
        (Fault::ReadOnly, is_read_only),
    ];
    alone(async {
        for (number, (fault, is_expected)) in cases.into_iter().enumerate() {
            let disk = disk();
            // A read-only disk can remove nothing either: there the epoch must not have been made before.
            let store = open(&disk).await;
            if number % 2 == 0 && !matches!(fault, Fault::Always { call: Call::CreateDirectory, .. }) {
                write(&store, 100).await.expect("the disk is sound at first");
            }
            let before = disk.tree().files();
            disk.inject(fault);
            let kind = write(&store, 2500 * KIB).await.expect_err("the write fails");
            assert!(is_expected(&kind), "{fault:?} came back as {kind:?}");
            assert_clean(&disk, &store, &before).await;
        }
    });
}

#[test]
fn a_disk_that_fills_up_during_a_write_refuses_it_and_keeps_the_rest() {
    alone(async {
        let disk = disk();
        let store = open(&disk).await;
        let kept = write(&store, 100 * KIB).await.expect("it fits");
        let before = disk.tree().files();
        disk.set_capacity(1500 * KIB as u64);
        let unknown_size = Script::frames(&pattern(2, 3000 * KIB), 100 * KIB).into_body();
        let error = store.write(unknown_size, WriteOptions::default()).await.expect_err("it does not fit");
        assert!(matches!(error.kind, BlobErrorKind::Full));
        assert!(matches!(write(&store, 3000 * KIB).await, Err(BlobErrorKind::Full)));
        assert_clean(&disk, &store, &before).await;
        assert_eq!(read(&store, kept).await.expect("it is there"), pattern(1, 100 * KIB));
        assert_eq!(write(&store, 1000 * KIB).await.map(drop).err().map(|_| ()), None);
    });
}

#[test]
fn a_hint_that_does_not_fit_is_refused_with_little_of_the_body_read() {
    alone(async {
        let disk = disk();
        let store = open(&disk).await;
        disk.set_capacity(1 << 20);
        let (ask, asked) = std::sync::mpsc::channel();
        let body = Body::new(Endless(ask), None);
        let options = WriteOptions::of_size(1 << 30);
        let error = store.write(body, options).await.expect_err("it does not fit");
        assert!(matches!(error.kind, BlobErrorKind::Full));
        assert!(asked.try_iter().count() <= 40, "two batches of 64 KiB frames at most");
    });
}

/// 64 KiB frames without end; tells each time that one is asked for.
struct Endless(std::sync::mpsc::Sender<()>);

impl types::BodyStream for Endless {
    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<types::Frame, types::BodyError>>> {
        self.0.send(()).expect("the test listens");
        std::task::Poll::Ready(Some(Ok(types::Frame::Data(pattern(1, 64 * KIB)))))
    }
}

#[test]
fn a_failed_directory_sync_closes_the_epoch() {
    alone(async {
        let disk = disk();
        let store = open(&disk).await;
        let kept = write(&store, 100).await.expect("the disk is sound at first");
        disk.inject(Fault::Once { call: Call::SyncDirectory, nth: 0, errno: Errno::IO });
        write(&store, 100).await.expect_err("the write fails");
        let later = write(&store, 100).await.expect("a new epoch is sound");
        assert_ne!(
            kept.as_u128() >> 80,
            later.as_u128() >> 80,
            "the epoch of a failed sync takes no more blobs"
        );
        assert_eq!(ids(&store, ScanScope::All).await, [kept, later].into());
    });
}

#[test]
fn too_many_open_files_while_reading_is_busy() {
    alone(async {
        let disk = disk();
        let store = open(&disk).await;
        let id = write(&store, 100).await.expect("it is stored");
        disk.inject(Fault::Always { call: Call::Open, errno: Errno::MFILE });
        let error = store.open(id).await.err().expect("no file can be opened");
        assert!(matches!(error.kind, BlobErrorKind::Busy));
        disk.heal();
        assert_eq!(read(&store, id).await.expect("it is there"), pattern(1, 100));
    });
}

#[test]
fn a_read_only_disk_serves_reads() {
    alone(async {
        let disk = disk();
        let id = write(&open(&disk).await, 100_000).await.expect("it is stored");
        disk.inject(Fault::ReadOnly);
        let store = open(&disk).await;
        assert_eq!(read(&store, id).await.expect("it is there"), pattern(1, 100_000));
        assert_eq!(ids(&store, ScanScope::Unswept).await, [id].into());
        let error = store.remove(id).await.expect_err("nothing can be removed");
        assert!(matches!(error.kind, BlobErrorKind::ReadOnly));
        let error = store.settle().await.expect_err("nothing can be settled");
        assert!(matches!(error.kind, BlobErrorKind::ReadOnly));
        assert_eq!(ids(&store, ScanScope::Unswept).await, [id].into());
    });
}

#[test]
fn a_device_that_fails_a_read_is_an_error_of_storage() {
    alone(async {
        let disk = disk();
        let store = open(&disk).await;
        let id = write(&store, 3 << 20).await.expect("it is stored");
        let reader = store.open(id).await.expect("it opens");
        disk.inject(Fault::Always { call: Call::Read, errno: Errno::IO });
        let body = reader.read(ByteRange::whole(reader.size_bytes()));
        let error = body.collect(COLLECT_MAX_BYTES).await.expect_err("the device fails");
        assert_eq!(error.kind, BodyErrorKind::Storage);
    });
}
