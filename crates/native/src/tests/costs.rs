use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use blob::BlobStore;
use bytes::Bytes;
use meta::{Commit, MemoryMeta, MetaError, MetaRead, MetaStore, Record, Revision, ScanPage, ScanRequest};
use store::{
    Bucket, BucketStore, BucketUpdate, DeleteOptions, DeleteTarget, ListObjects, ObjectStore, OpenOptions,
    PutOptions, Versioning,
};
use types::{Body, BucketName, Context, ObjectKey, TagSet};

use crate::NativeStore;
use crate::testing::{World, audit, owner};

/// An engine that counts.
#[derive(Default)]
struct CountingMeta {
    inner: MemoryMeta,
    gets: AtomicUsize,
    scans: AtomicUsize,
    commits: AtomicUsize,
    writes: AtomicUsize,
}

impl CountingMeta {
    /// Gets, scans, commits and writes since the last call.
    fn take(&self) -> (usize, usize, usize, usize) {
        let take = |counter: &AtomicUsize| counter.swap(0, Ordering::Relaxed);
        (take(&self.gets), take(&self.scans), take(&self.commits), take(&self.writes))
    }
}

#[async_trait]
impl MetaRead for CountingMeta {
    async fn get(&self, key: &[u8]) -> Result<Option<Record>, MetaError> {
        self.gets.fetch_add(1, Ordering::Relaxed);
        self.inner.get(key).await
    }

    async fn get_many(&self, keys: &[Bytes]) -> Result<Vec<Option<Record>>, MetaError> {
        self.gets.fetch_add(1, Ordering::Relaxed);
        self.inner.get_many(keys).await
    }

    async fn scan(&self, request: ScanRequest) -> Result<ScanPage, MetaError> {
        self.scans.fetch_add(1, Ordering::Relaxed);
        self.inner.scan(request).await
    }
}

#[async_trait]
impl MetaStore for CountingMeta {
    async fn snapshot(&self) -> Result<Box<dyn MetaRead>, MetaError> {
        self.inner.snapshot().await
    }

    async fn commit(&self, commit: Commit) -> Result<Revision, MetaError> {
        self.commits.fetch_add(1, Ordering::Relaxed);
        self.writes.fetch_add(commit.writes.len(), Ordering::Relaxed);
        self.inner.commit(commit).await
    }
}

struct Counted {
    store: NativeStore,
    meta: Arc<CountingMeta>,
    bucket: Bucket,
    cx: Context,
}

impl Counted {
    async fn new() -> Self {
        let (meta, cx) = (Arc::new(CountingMeta::default()), Context::background());
        let store = World::new().open_over(meta.clone());
        let name = BucketName::new("bucket").unwrap();
        let bucket = store.create_bucket(&cx, &name, &owner(), &TagSet::default()).await.unwrap();
        meta.take();
        Self { store, meta, bucket, cx }
    }

    async fn put(&self, name: &str, size: usize) {
        let (key, body) = (ObjectKey::new(name).unwrap(), Body::from_bytes(vec![0; size].into()));
        self.store.put(&self.cx, &self.bucket, &key, body, PutOptions::default()).await.unwrap();
    }
}

#[tokio::test]
async fn a_small_object_costs_a_get_and_a_commit_to_put_and_two_gets_to_read() {
    let counted = Counted::new().await;
    counted.put("k", 50).await;
    assert_eq!(counted.meta.take(), (1, 0, 1, 2), "a new object");
    counted.put("k", 50).await;
    assert_eq!(counted.meta.take(), (1, 0, 1, 3), "replaced, the old bytes removed");
    let key = ObjectKey::new("k").unwrap();
    counted.store.open(&counted.cx, &counted.bucket, &key, OpenOptions::default()).await.unwrap();
    assert_eq!(counted.meta.take(), (2, 0, 0, 0), "opened");
    counted.store.head(&counted.cx, &counted.bucket, &key, OpenOptions::default()).await.unwrap();
    assert_eq!(counted.meta.take(), (1, 0, 0, 0), "looked at");
    counted.put("large", 5000).await;
    assert_eq!(counted.meta.take(), (1, 0, 1, 2), "an object in a blob, and its reference");
    counted
        .store
        .list(&counted.cx, &counted.bucket, ListObjects { limit: 10, ..Default::default() })
        .await
        .unwrap();
    assert_eq!(counted.meta.take(), (0, 1, 0, 0), "listed");
}

#[tokio::test]
async fn a_thousand_deletes_cost_at_most_two_commits() {
    let mut counted = Counted::new().await;
    for versioning in [Versioning::Off, Versioning::Enabled, Versioning::Suspended] {
        if versioning != Versioning::Off {
            let update = BucketUpdate::Versioning(versioning);
            counted.bucket = counted.store.update_bucket(&counted.cx, &counted.bucket, update).await.unwrap();
        }
        let names: Vec<String> = (0..1000).map(|n| format!("k{n}")).collect();
        for name in &names {
            counted.put(name, 100).await;
        }
        counted.meta.take();
        let target = |name: &String| DeleteTarget {
            key: ObjectKey::new(name).unwrap(),
            options: DeleteOptions::default(),
        };
        let targets = names.iter().map(target).collect();
        let outcomes = counted.store.delete_many(&counted.cx, &counted.bucket, targets).await.unwrap();
        assert!(outcomes.iter().all(Result::is_ok));
        let (gets, scans, commits, _) = counted.meta.take();
        assert!(commits <= 2, "{commits} commits, {versioning:?}");
        // In a suspended bucket a noncurrent null version is read on its own.
        assert!(gets <= 1001 && scans == 0, "{gets} gets, {scans} scans, {versioning:?}");
    }
}

#[tokio::test]
async fn a_sweep_reads_references_by_the_page() {
    const BLOBS: usize = 1500;
    let world = World::new();
    let store = world.open();
    let (cx, name) = (Context::background(), BucketName::new("bucket").unwrap());
    let bucket = store.create_bucket(&cx, &name, &owner(), &TagSet::default()).await.unwrap();
    for number in 0..BLOBS {
        let (key, body) = (ObjectKey::new(&format!("{number}")).unwrap(), vec![0; 100]);
        let options = PutOptions::default();
        store.put(&cx, &bucket, &key, Body::from_bytes(body.into()), options).await.unwrap();
        let orphan = Body::from_bytes(vec![1; 100].into());
        world.blobs.write(orphan, blob::WriteOptions::default()).await.unwrap();
    }
    let world = world.restarted();
    let meta = Arc::new(CountingMeta { inner: world.meta.clone(), ..CountingMeta::default() });
    let report = world.open_over(meta.clone()).collect_once().await.unwrap();
    assert_eq!(report.orphans_removed, BLOBS as u64);
    let (gets, scans, commits, _) = meta.take();
    assert!(gets == 0 && scans <= 10 && commits == 0, "{gets} gets, {scans} scans, {commits} commits");
    audit(&world).await;
}
