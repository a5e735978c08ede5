//! Worlds on servers that others have written. One server serves all tests of a binary, one test at a time, each from an
//! empty account on.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use conformance::store::StoreWorld;
use meta::MemoryMeta;
use remote::Limits;
use remote_s3::{Addressing, S3Store};
use store::{
    BucketStore, DeleteOptions, ListBuckets, ListVersions, MultipartStore, ObjectStore, SharedStore,
    VersionEntry, WriteCondition,
};
use tokio::sync::{Mutex, OnceCell, OwnedMutexGuard};
use types::{BucketName, Context, TagSet};

use super::{options, store};

/// The store on a server of which the URL is known.
pub(crate) struct IndependentWorld {
    url: fn() -> String,
    turn: Arc<Mutex<()>>,
    taken: OnceCell<OwnedMutexGuard<()>>,
    ledger: MemoryMeta,
}

impl IndependentWorld {
    /// A world on the server at `url`, which starts it where it does not run yet. Worlds of one `turn` wait for each other.
    pub(crate) fn new(url: fn() -> String, turn: Arc<Mutex<()>>) -> Self {
        Self { url, turn, taken: OnceCell::new(), ledger: MemoryMeta::default() }
    }

    fn store(&self) -> S3Store {
        store(options(&(self.url)(), Addressing::Path, self.ledger.clone(), Limits::default()))
    }

    /// Empties the account and finds out what the service lacks, so that the suite asks for what there is.
    async fn begin(&self) {
        let (store, cx) = (self.store(), Context::background());
        let all = ListBuckets { prefix: String::new(), after: None, limit: 1000 };
        for bucket in ready(&store, &cx, all).await {
            empty(&store, &cx, &bucket).await;
            store.delete_bucket(&cx, &bucket).await.unwrap();
        }
    }
}

/// All buckets, once the server has made itself ready: some listen before they can answer.
async fn ready(store: &S3Store, cx: &Context, all: ListBuckets) -> Vec<store::Bucket> {
    let begun = Instant::now();
    loop {
        match store.list_buckets(cx, all.clone()).await {
            Ok(page) => return page.buckets,
            Err(error) => {
                assert!(begun.elapsed() < Duration::from_secs(60), "the server is not ready: {error}")
            }
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn empty(store: &S3Store, cx: &Context, bucket: &store::Bucket) {
    loop {
        let versions = ListVersions { limit: 1000, ..ListVersions::default() };
        let page = store.list_versions(cx, bucket, versions).await.unwrap();
        for entry in &page.entries {
            let VersionEntry::Version(version) = entry else { continue };
            let version_id = Some(version.version_id.clone());
            let options = DeleteOptions { version_id, condition: WriteCondition::Always };
            store.delete(cx, bucket, &version.key, options).await.unwrap();
        }
        if page.entries.is_empty() {
            break;
        }
    }
    let uploads = store::ListUploads { limit: 1000, ..store::ListUploads::default() };
    for entry in store.list_uploads(cx, bucket, uploads).await.unwrap().entries {
        let store::UploadEntry::Upload(upload) = entry else { continue };
        let reference = store::UploadRef { bucket, key: &upload.key, id: &upload.upload_id };
        store.abort_upload(cx, reference).await.unwrap();
    }
}

#[async_trait]
impl StoreWorld for IndependentWorld {
    async fn open(&self) -> SharedStore {
        let begin = async || {
            let taken = Arc::clone(&self.turn).lock_owned().await;
            self.begin().await;
            taken
        };
        self.taken.get_or_init(begin).await;
        let (store, cx) = (self.store(), Context::background());
        let name = BucketName::new("probed-first").unwrap();
        let owner = types::Owner { id: types::CanonicalId::from_text("0"), display_name: "root".into() };
        let bucket = store.create_bucket(&cx, &name, &owner, &TagSet::default()).await.unwrap();
        store.probe(&cx, &bucket).await.unwrap();
        empty(&store, &cx, &bucket).await;
        store.delete_bucket(&cx, &bucket).await.unwrap();
        Arc::new(store)
    }

    fn part_min_bytes(&self) -> u64 {
        5 * 1024 * 1024
    }

    fn is_lasting(&self) -> bool {
        true
    }
}
