use blob::{BlobStore, MemoryBlobs, WriteOptions};
use bytes::Bytes;
use meta::{Commit, MemoryMeta, MetaRead, MetaStore};
use types::{Body, ByteRange, Ceiling};

use super::{load, save};

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

#[test]
fn what_is_saved_is_loaded() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("image.snapshot");
    let ceiling = Ceiling::unlimited();
    let (meta, blobs) = (MemoryMeta::new(ceiling.clone()), MemoryBlobs::new(ceiling));
    assert!(load(&path, Ceiling::unlimited()).unwrap().is_none());
    let mut commit = Commit::default();
    commit.put(&b"key\0"[..], &b"value"[..]).put(&b"other"[..], &b""[..]);
    let revision = run(meta.commit(commit)).unwrap();
    let large = Bytes::from(vec![7; 3 * super::format::CHUNK_BYTES + 5]);
    let blob = run(blobs.write(Body::from_bytes(large.clone()), WriteOptions::default())).unwrap();
    save(&path, &meta, &blobs).unwrap();

    let (meta, blobs) = load(&path, Ceiling::unlimited()).unwrap().unwrap();
    let record = run(meta.get(b"key\0")).unwrap().unwrap();
    assert_eq!((&record.value[..], record.revision), (&b"value"[..], revision));
    assert!(run(meta.get(b"other")).unwrap().is_some());
    let reader = run(blobs.open(blob.id)).unwrap();
    let read = run(reader.read(ByteRange::whole(blob.size_bytes)).collect(large.len())).unwrap();
    assert_eq!(read, large);
    let another = run(blobs.write(Body::empty(), WriteOptions::default())).unwrap();
    assert_ne!(another.id, blob.id);
}

#[test]
fn every_flipped_byte_and_every_cut_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("image.snapshot");
    let (meta, blobs) = (MemoryMeta::default(), MemoryBlobs::new(Ceiling::unlimited()));
    let mut commit = Commit::default();
    commit.put(&b"key"[..], &b"value"[..]);
    run(meta.commit(commit)).unwrap();
    run(blobs.write(Body::from_bytes(Bytes::from_static(b"content")), WriteOptions::default())).unwrap();
    save(&path, &meta, &blobs).unwrap();
    let good = std::fs::read(&path).unwrap();
    for place in 0..good.len() {
        let mut flipped = good.clone();
        flipped[place] ^= 0x10;
        std::fs::write(&path, &flipped).unwrap();
        assert!(load(&path, Ceiling::unlimited()).is_err(), "byte {place} flipped");
        std::fs::write(&path, &good[..place]).unwrap();
        assert!(load(&path, Ceiling::unlimited()).is_err(), "cut at {place}");
    }
}

#[test]
fn a_snapshot_past_the_ceiling_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("image.snapshot");
    let (meta, blobs) = (MemoryMeta::default(), MemoryBlobs::new(Ceiling::unlimited()));
    run(blobs.write(Body::from_bytes(Bytes::from(vec![1; 100_000])), WriteOptions::default())).unwrap();
    save(&path, &meta, &blobs).unwrap();
    let refusal = load(&path, Ceiling::new(50_000)).err().unwrap().to_string();
    assert!(refusal.contains("raise max_size"), "{refusal}");
}
