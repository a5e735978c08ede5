use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use remote::{Ledger, Stats};
use store::{
    Bucket, BucketPage, BucketStore, BucketUpdate, Capabilities, CopyOptions, CopySource, DeleteOptions,
    DeleteOutcome, DeleteTarget, ListBuckets, ListObjects, ListPage, ListParts, ListVersions, ObjectInfo,
    ObjectParts, ObjectStore, OpenOptions, Opened, PutOptions, PutOutcome, StoreError, Support, VersionPage,
};
use types::{Body, BucketName, Clock, Context, ObjectKey, Owner, Random, TagSet, VersionId};

use crate::api::Api;
use crate::bucket_cache::BucketCache;
use crate::list::Folding;
use crate::multipart::Uploads;
use crate::names::ANY_KEY;
use crate::options::{GcsLimits, GcsOptions, Trust};
use crate::probe::Conditions;
use crate::read::ReadPath;
use crate::walks::Walks;

/// Why versioning is not switched here.
pub(crate) const VERSIONING: &str = "Cloud Storage keeps noncurrent generations but has no delete markers, and does not \
                                     bring the former version back when the newest is removed";
/// What no probe can show without a race.
const REMOVAL: &str = "only Cloud Storage itself is known to refuse a write beside the removal of its bucket";
/// How often what crashes left behind is looked for.
const SWEEP_EVERY: Duration = Duration::from_secs(3600);

/// Cloud Storage as a store. Cloning shares it.
#[derive(Clone)]
pub struct GcsStore(Arc<Inner>);

/// What the operations share.
pub struct Inner {
    pub(crate) api: Arc<Api>,
    pub(crate) ledger: Ledger,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) root_owner: Owner,
    pub(crate) project: Option<String>,
    pub(crate) limits: GcsLimits,
    pub(crate) read_path: ReadPath,
    pub(crate) folding: Folding,
    pub(crate) walks: Walks,
    pub(crate) buckets: BucketCache,
    pub(crate) conditions: Conditions,
    trust: Trust,
    pub(crate) probing: tokio::sync::Mutex<()>,
    pub(crate) uploads: Uploads,
}

impl std::ops::Deref for GcsStore {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl GcsStore {
    /// A store over an endpoint. Nothing is asked of it yet.
    #[must_use]
    pub fn new(options: GcsOptions) -> Self {
        let auth = options.credentials.authorize(options.token_client, options.clock.clone());
        let project = options.project.or_else(|| options.credentials.project().map(str::to_owned));
        Self(Arc::new(Inner {
            api: Arc::new(Api::new(&options.endpoint, options.client, auth)),
            ledger: options.ledger,
            clock: options.clock,
            random: options.random,
            root_owner: options.root_owner,
            project,
            limits: options.limits,
            read_path: ReadPath::default(),
            folding: Folding::default(),
            walks: Walks::default(),
            buckets: BucketCache::default(),
            conditions: Conditions::of(options.trust),
            trust: options.trust,
            probing: tokio::sync::Mutex::new(()),
            uploads: Uploads::default(),
        }))
    }

    /// What its client has done.
    #[must_use]
    pub fn stats(&self) -> Arc<Stats> {
        self.api.client().stats()
    }

    /// Cleans up what crashes left behind, at once and then every hour, until `stop` resolves.
    pub async fn run(&self, stop: impl Future<Output = ()> + Send) {
        let sweep = async {
            loop {
                if let Err(error) = self.sweep(&Context::background()).await {
                    tracing::warn!(%error, "parts of ended uploads could not be swept");
                }
                tokio::time::sleep(SWEEP_EVERY).await;
            }
        };
        tokio::select! {
            () = sweep => {}
            () = stop => {}
        }
    }
}

#[async_trait]
impl BucketStore for GcsStore {
    async fn create_bucket(
        &self,
        cx: &Context,
        name: &BucketName,
        owner: &Owner,
        tags: &TagSet,
    ) -> Result<Bucket, StoreError> {
        self.make_bucket(cx, name, owner, tags).await
    }

    async fn bucket(&self, cx: &Context, name: &BucketName) -> Result<Bucket, StoreError> {
        self.find_bucket(cx, name).await
    }

    async fn update_bucket(
        &self,
        cx: &Context,
        bucket: &Bucket,
        update: BucketUpdate,
    ) -> Result<Bucket, StoreError> {
        self.change_bucket(cx, bucket, update).await
    }

    async fn delete_bucket(&self, cx: &Context, bucket: &Bucket) -> Result<(), StoreError> {
        self.remove_bucket(cx, bucket).await
    }

    async fn list_buckets(&self, cx: &Context, options: ListBuckets) -> Result<BucketPage, StoreError> {
        self.page_of_buckets(cx, options).await
    }
}

#[async_trait]
impl ObjectStore for GcsStore {
    fn capabilities(&self, _: &Bucket) -> Capabilities {
        Capabilities {
            conditional_put: self.conditions.support(),
            conditional_copy: self.conditions.support(),
            versioning: Support::No(VERSIONING),
            object_tags: Support::Supplied("tags of objects are kept in the object's metadata"),
            checksums: Support::Supplied(
                "checksums are kept in the object's metadata, or in the state directory where they come behind the bytes",
            ),
            bucket_tags: Support::Supplied("tags and owners of buckets are kept in the state directory"),
            any_key: ANY_KEY,
            open_outlives_overwrite: Support::No(
                "Cloud Storage drops an object's bytes when it is replaced or removed in a bucket without versions",
            ),
            bucket_identity: Support::No("requests to Cloud Storage name a bucket by its name alone"),
            exclusive_bucket_removal: match self.trust {
                Trust::Documented => Support::Yes,
                Trust::Probe => Support::No(REMOVAL),
            },
            ..Capabilities::ALL
        }
    }

    async fn put(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        body: Body,
        options: PutOptions,
    ) -> Result<PutOutcome, StoreError> {
        self.put_object(cx, bucket, key, body, options).await
    }

    async fn open(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: OpenOptions,
    ) -> Result<Opened, StoreError> {
        self.open_object(cx, bucket, key, &options).await
    }

    async fn head(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: OpenOptions,
    ) -> Result<ObjectInfo, StoreError> {
        self.head_object(cx, bucket, key, &options).await.map(|(_, info)| info)
    }

    async fn parts(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: OpenOptions,
        page: ListParts,
    ) -> Result<ObjectParts, StoreError> {
        self.list_object_parts(cx, bucket, key, &options, page).await
    }

    async fn delete(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: DeleteOptions,
    ) -> Result<DeleteOutcome, StoreError> {
        self.delete_object(cx, bucket, key, &options).await
    }

    async fn delete_many(
        &self,
        cx: &Context,
        bucket: &Bucket,
        targets: Vec<DeleteTarget>,
    ) -> Result<Vec<Result<DeleteOutcome, StoreError>>, StoreError> {
        Ok(self.delete_objects(cx, bucket, &targets).await)
    }

    async fn copy(
        &self,
        cx: &Context,
        source: &CopySource,
        bucket: &Bucket,
        key: &ObjectKey,
        options: CopyOptions,
    ) -> Result<PutOutcome, StoreError> {
        self.copy_object(cx, source, bucket, key, &options).await
    }

    async fn set_tags(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        version_id: Option<VersionId>,
        tags: TagSet,
    ) -> Result<Option<VersionId>, StoreError> {
        self.set_object_tags(cx, bucket, key, version_id, &tags).await
    }

    async fn list(
        &self,
        cx: &Context,
        bucket: &Bucket,
        options: ListObjects,
    ) -> Result<ListPage, StoreError> {
        self.list_objects(cx, bucket, options).await
    }

    async fn list_versions(
        &self,
        cx: &Context,
        bucket: &Bucket,
        options: ListVersions,
    ) -> Result<VersionPage, StoreError> {
        self.list_object_versions(cx, bucket, options).await
    }
}
