//! The bytes on disk: frozen, and every damage to them noticed.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use blob::{
    BlobErrorKind, BlobId, BlobStore, Durability, FileBlobs, FileOptions, ScanScope, WriteOptions, verify,
};
use bytes::Bytes;
use conformance::blob::bodies::pattern;
use types::{Body, BodyErrorKind, Budget, ByteRange, Random, SystemClock};

/// Every random byte is `0xa5`.
struct Constant;

impl Random for Constant {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(0xa5);
    }
}

struct World {
    directory: tempfile::TempDir,
    store: FileBlobs,
}

async fn world() -> World {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let options = FileOptions {
        durability: Durability::Strict,
        budget: Budget::new(8 << 20),
        clock: Arc::new(SystemClock),
        random: Arc::new(Constant),
    };
    let store = FileBlobs::open(&directory.path().join("blobs"), options).await.expect("it opens");
    World { directory, store }
}

impl World {
    async fn write(&self, bytes: Bytes) -> BlobId {
        let options = WriteOptions::of_size(bytes.len() as u64);
        self.store.write(Body::from_bytes(bytes), options).await.expect("it is stored").id
    }

    fn path(&self, id: BlobId) -> PathBuf {
        let name = id.to_string();
        self.directory.path().join("blobs").join(&name[..12]).join(name)
    }

    async fn read(&self, id: BlobId, range: ByteRange) -> Result<Bytes, BodyErrorKind> {
        let reader = self.store.open(id).await.expect("it opens");
        reader.read(range).collect(1 << 30).await.map_err(|error| error.kind)
    }
}

fn golden(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    std::fs::read(path).expect("the golden file is there")
}

#[tokio::test]
async fn version_1_is_as_it_was_released() {
    let world = world().await;
    for (name, size) in [("empty-v1.blob", 0), ("short-v1.blob", 100), ("two-blocks-v1.blob", 65_536 + 3)] {
        let id = world.write(pattern(1, size)).await;
        let written = std::fs::read(world.path(id)).expect("the file is there");
        assert!(written == [&pattern(1, size)[..], &golden(name)].concat(), "{name} has changed");
        std::fs::write(world.path(id), [&pattern(1, size)[..], &golden(name)].concat())
            .expect("the test may write");
        assert_eq!(verify(&world.store, id).await.expect("a released file is read"), size as u64);
    }
}

#[tokio::test]
async fn every_flipped_byte_is_noticed_and_never_served() {
    let world = world().await;
    let size = 65_536 + 50;
    let bytes = pattern(2, size);
    let id = world.write(bytes.clone()).await;
    let path = world.path(id);
    let sound = std::fs::read(&path).expect("the file is there");
    let near_end = size - 60..sound.len();
    let failures_before = world.store.stats().checksum_failures.get();
    let mut damaged = 0;
    for offset in [0, 1, 40_000, 65_535, 65_536].into_iter().chain(near_end) {
        let mut bytes = sound.clone();
        bytes[offset] ^= 0x10;
        std::fs::write(&path, &bytes).expect("the test may write");
        let error = verify(&world.store, id).await.expect_err("damage is noticed");
        assert!(matches!(error.kind, BlobErrorKind::Corrupt), "byte {offset}: {error}");
        damaged += 1;
    }
    assert_eq!(world.store.stats().checksum_failures.get() - failures_before, damaged);
    std::fs::write(&path, &sound).expect("the test may write");
    assert_eq!(verify(&world.store, id).await.expect("it is whole again"), size as u64);
}

#[tokio::test]
async fn a_damaged_block_ends_the_body_before_its_first_byte_and_spares_the_others() {
    let world = world().await;
    let bytes = pattern(3, 4 * 65_536);
    let id = world.write(bytes.clone()).await;
    let mut damaged = std::fs::read(world.path(id)).expect("the file is there");
    damaged[2 * 65_536 + 77] ^= 1;
    std::fs::write(world.path(id), damaged).expect("the test may write");
    let range = |start, end| ByteRange { start, end };
    assert_eq!(world.read(id, range(2 * 65_536, 2 * 65_536 + 1)).await, Err(BodyErrorKind::Corrupt));
    assert_eq!(world.read(id, range(3 * 65_536 - 1, 3 * 65_536)).await, Err(BodyErrorKind::Corrupt));
    assert_eq!(world.read(id, range(0, 2 * 65_536)).await.as_deref(), Ok(&bytes[..2 * 65_536]));
    assert_eq!(world.read(id, range(3 * 65_536, 4 * 65_536)).await.as_deref(), Ok(&bytes[3 * 65_536..]));
}

#[tokio::test]
async fn a_file_cut_short_or_grown_is_damaged() {
    let world = world().await;
    let id = world.write(pattern(4, 70_000)).await;
    let sound = std::fs::read(world.path(id)).expect("the file is there");
    for length in [0, 1, 47, 48, 69_999, sound.len() - 1, sound.len() + 1] {
        let mut bytes = sound.clone();
        bytes.resize(length, 0);
        std::fs::write(world.path(id), bytes).expect("the test may write");
        let error = world.store.open(id).await.err().expect("damage is noticed");
        assert!(matches!(error.kind, BlobErrorKind::Corrupt), "length {length}");
    }
}

#[tokio::test]
async fn a_file_under_another_blobs_name_is_damaged() {
    let world = world().await;
    let (one, other) = (world.write(pattern(5, 300)).await, world.write(pattern(6, 300)).await);
    std::fs::copy(world.path(one), world.path(other)).expect("the test may write");
    let error = world.store.open(other).await.err().expect("the swap is noticed");
    assert!(matches!(error.kind, BlobErrorKind::Corrupt));
}

#[tokio::test]
async fn an_unknown_version_is_an_error() {
    let world = world().await;
    let id = world.write(Bytes::new()).await;
    let mut bytes = std::fs::read(world.path(id)).expect("the file is there");
    bytes[8] = 2;
    let crc = crc_fast::crc32_iscsi(&bytes[..44]);
    bytes[44..].copy_from_slice(&crc.to_le_bytes());
    std::fs::write(world.path(id), bytes).expect("the test may write");
    let error = world.store.open(id).await.err().expect("a later release wrote it");
    assert!(matches!(error.kind, BlobErrorKind::Corrupt));
    assert_eq!(world.store.stats().checksum_failures.get(), 0, "it is not damaged");
}

#[tokio::test]
async fn a_blob_of_two_table_pages_reads_across_them() {
    let world = world().await;
    let page_covers = 64 << 20;
    let bytes = pattern(7, page_covers + 100_000);
    let id = world.write(bytes.clone()).await;
    for (start, end) in [
        (0, 10),
        (page_covers - 10, page_covers + 10),
        (page_covers - 700_000, page_covers + 70_000),
        (page_covers, page_covers + 100_000),
        (page_covers + 99_999, page_covers + 100_000),
    ] {
        let range = ByteRange { start: start as u64, end: end as u64 };
        assert!(world.read(id, range).await.as_deref() == Ok(&bytes[start..end]), "{start}..{end}");
    }
    assert_eq!(verify(&world.store, id).await.expect("it is whole"), bytes.len() as u64);
}

#[tokio::test]
async fn foreign_names_in_the_directory_are_left_alone() {
    let world = world().await;
    let id = world.write(pattern(8, 10)).await;
    let blobs = world.directory.path().join("blobs");
    std::fs::create_dir(blobs.join("lost+found")).expect("the test may write");
    std::fs::write(blobs.join("note.txt"), "x").expect("the test may write");
    std::fs::write(world.path(id).with_file_name("note.txt"), "x").expect("the test may write");
    let found = world.store.scan(ScanScope::All, None, 10).await.expect("a scan succeeds");
    assert_eq!(found.iter().map(|info| info.id).collect::<Vec<_>>(), [id]);
    assert!(blobs.join("note.txt").exists());
}
