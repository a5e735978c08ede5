//! Many readers and writers of a whole stack share one small budget, and none waits for another for good.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use crypt::Algorithm;
use mirror::WritePolicy;
use store::{Bucket, OpenOptions, PutOptions, SharedStore};
use tokio::sync::watch;
use tokio::task::JoinSet;
use types::{
    Body, BucketName, Budget, ByteRange, CanonicalId, Context, FRAME_MAX_BYTES, Frame, ObjectKey, Owner,
    TagSet,
};

use crate::parts::{Copies, Nearby, Seal, in_files};

/// As small as a budget may be: half of the smallest frame for each who reads or writes.
const BUDGET_BYTES: usize = FRAME_MAX_BYTES;
const SIZE: usize = 8 << 20;
const READERS: usize = 16;
const WRITERS: usize = 16;
/// Far longer than it takes where nobody waits for good.
const PATIENCE: Duration = Duration::from_secs(120);

fn cx() -> Context {
    Context::background()
}

fn key(text: &str) -> ObjectKey {
    ObjectKey::new(text).unwrap()
}

fn body(byte: u8) -> Body {
    Body::from_frames(vec![Bytes::from(vec![byte; 256 * 1024]); SIZE / (256 * 1024)])
}

async fn put(store: &SharedStore, bucket: &Bucket, name: &str, byte: u8) {
    store.put(&cx(), bucket, &key(name), body(byte), PutOptions::default()).await.unwrap();
}

async fn read(store: &SharedStore, bucket: &Bucket, name: &str, byte: u8) {
    let opened = store.open(&cx(), bucket, &key(name), OpenOptions::default()).await.unwrap();
    let mut body = opened.content.read(ByteRange::whole(SIZE as u64)).await.unwrap();
    let mut seen = 0;
    while let Some(frame) = body.next_frame().await {
        let Frame::Data(data) = frame.unwrap() else { continue };
        assert!(data.iter().all(|found| *found == byte), "{name} at {seen}");
        seen += data.len();
        // A reader that others overtake.
        tokio::task::yield_now().await;
    }
    assert_eq!(seen, SIZE);
}

/// Who holds the layers together while a test runs.
struct Held {
    _directory: tempfile::TempDir,
    _nearby: Nearby,
    _running: watch::Sender<()>,
}

async fn targets(directory: &tempfile::TempDir, budget: &Budget) -> [SharedStore; 2] {
    [in_files(1, directory.path(), budget).await, in_files(2, directory.path(), budget).await]
}

/// `crypt` over `cache` over `mirror`.
async fn sealed_cached_mirror(budget: &Budget) -> (SharedStore, Held) {
    let (directory, (running, stop)) = (tempfile::tempdir().unwrap(), watch::channel(()));
    let targets = targets(&directory, budget).await.to_vec();
    let mirror = Copies::default().open(targets, WritePolicy::All, budget, stop).await;
    let nearby = Nearby::new(budget);
    let store = Seal::new(Algorithm::Aes256Gcm, 1).wrap(nearby.wrap(Arc::new(mirror)), budget);
    (store, Held { _directory: directory, _nearby: nearby, _running: running })
}

/// `cache` over `mirror`, each of whose targets is behind its own `crypt`.
async fn cached_mirror_of_sealed(budget: &Budget) -> (SharedStore, Held) {
    let (directory, (running, stop)) = (tempfile::tempdir().unwrap(), watch::channel(()));
    let [left, right] = targets(&directory, budget).await;
    let left = Seal::new(Algorithm::Aes256Gcm, 1).wrap(left, budget);
    let right = Seal::new(Algorithm::ChaCha20Poly1305, 2).wrap(right, budget);
    let mirror = Copies::default().open(vec![left, right], WritePolicy::All, budget, stop).await;
    let nearby = Nearby::new(budget);
    let store = nearby.wrap(Arc::new(mirror));
    (store, Held { _directory: directory, _nearby: nearby, _running: running })
}

async fn read_and_write_side_by_side(store: SharedStore, budget: Budget) {
    let owner = Owner { id: CanonicalId::from_text(&"0".repeat(64)), display_name: "o".into() };
    let name = BucketName::new("bucket").unwrap();
    let bucket = store.create_bucket(&cx(), &name, &owner, &TagSet::default()).await.unwrap();
    for object in 0..4 {
        put(&store, &bucket, &format!("old{object}"), object).await;
    }
    let mut all = JoinSet::new();
    for reader in 0..READERS {
        let (store, bucket) = (store.clone(), bucket.clone());
        all.spawn(async move {
            let object = (reader % 4) as u8;
            for _ in 0..2 {
                read(&store, &bucket, &format!("old{object}"), object).await;
            }
        });
    }
    for writer in 0..WRITERS {
        let (store, bucket) = (store.clone(), bucket.clone());
        all.spawn(async move { put(&store, &bucket, &format!("new{writer}"), writer as u8).await });
    }
    let ended = async { while all.join_next().await.is_some_and(|end| end.is_ok()) {} };
    let in_time = tokio::time::timeout(PATIENCE, ended).await.is_ok();
    assert!(in_time && all.is_empty(), "{} wait with {} bytes in use", all.len(), budget.used_bytes());
    for writer in 0..WRITERS {
        read(&store, &bucket, &format!("new{writer}"), writer as u8).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sealed_cached_mirror_works_on_the_smallest_budget() {
    let budget = Budget::new(BUDGET_BYTES);
    let (store, _held) = sealed_cached_mirror(&budget).await;
    read_and_write_side_by_side(store, budget).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cached_mirror_of_sealed_targets_works_on_the_smallest_budget() {
    let budget = Budget::new(BUDGET_BYTES);
    let (store, _held) = cached_mirror_of_sealed(&budget).await;
    read_and_write_side_by_side(store, budget).await;
}
