use std::future::Future;
use std::sync::Arc;

use async_trait::async_trait;
use store::{
    Bucket, BucketPage, BucketStore, BucketUpdate, Capabilities, CompleteOptions, CompletedPart, CopyOptions,
    CopyPartOptions, CopySource, CreateUploadOptions, DeleteOptions, DeleteOutcome, DeleteTarget,
    ListBuckets, ListObjects, ListPage, ListParts, ListUploads, ListVersions, MultipartStore, ObjectInfo,
    ObjectParts, ObjectStore, OpenOptions, Opened, PartOptions, PartOutcome, PartsPage, PutOptions,
    PutOutcome, StoreError, UploadId, UploadPage, UploadRef, VersionPage,
};
use types::{Body, BucketName, Clock, Context, ObjectKey, Owner, Random, TagSet, VersionId};

use crate::AzureOptions;
use crate::api::Api;
use crate::buckets::Known;
use crate::capabilities::CAPABILITIES;
use crate::gates::{Gates, Turns};
use crate::object::Markers;
use crate::staging::Chores;

/// A storage account as a store: containers are buckets, block blobs are objects. Cloning shares it.
#[derive(Clone)]
pub struct AzureStore(Arc<Azure>);

/// What all operations work with.
pub(crate) struct Azure {
    pub(crate) api: Api,
    pub(crate) ledger: remote::Ledger,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) root_owner: Owner,
    pub(crate) staging: BucketName,
    pub(crate) part_min_bytes: u64,
    pub(crate) gates: Gates,
    pub(crate) turns: Turns,
    pub(crate) known: Known,
    pub(crate) markers: Markers,
    pub(crate) chores: Chores,
}

impl AzureStore {
    /// A store over an account. Nothing is asked of the account yet.
    #[must_use]
    pub fn new(options: AzureOptions) -> Self {
        let api = Api::new(options.endpoint, options.credential, options.client, options.clock.clone());
        Self(Arc::new(Azure {
            api,
            ledger: options.ledger,
            clock: options.clock,
            random: options.random,
            root_owner: options.root_owner,
            staging: options.staging,
            part_min_bytes: options.part_min_bytes,
            gates: Gates::default(),
            turns: Turns::default(),
            known: Known::default(),
            markers: Markers::default(),
            chores: Chores::default(),
        }))
    }

    /// What the client to the account has done.
    #[must_use]
    pub fn stats(&self) -> Arc<remote::Stats> {
        self.0.api.client().stats()
    }

    /// Sweeps the staging container now and then, until `stop` ends; then waits for what is being cleared.
    pub async fn run(&self, stop: impl Future<Output = ()> + Send) {
        self.0.run(stop).await;
    }

    /// Removes what has lain in the staging container for more than seven days, and records of what has ended. Returns how
    /// many blobs were removed.
    ///
    /// # Errors
    /// Failures of the account and the ledger.
    pub async fn sweep(&self) -> Result<usize, StoreError> {
        self.0.sweep().await
    }

    /// Waits until all staged parts of ended uploads are cleared.
    pub async fn settle(&self) {
        self.0.chores.finish().await;
    }
}

#[async_trait]
impl BucketStore for AzureStore {
    async fn create_bucket(
        &self,
        cx: &Context,
        name: &BucketName,
        owner: &Owner,
        tags: &TagSet,
    ) -> Result<Bucket, StoreError> {
        self.0.create_bucket(cx, name, owner, tags).await
    }

    async fn bucket(&self, cx: &Context, name: &BucketName) -> Result<Bucket, StoreError> {
        self.0.bucket(cx, name).await
    }

    async fn update_bucket(
        &self,
        cx: &Context,
        bucket: &Bucket,
        update: BucketUpdate,
    ) -> Result<Bucket, StoreError> {
        self.0.update_bucket(cx, bucket, update).await
    }

    async fn delete_bucket(&self, cx: &Context, bucket: &Bucket) -> Result<(), StoreError> {
        self.0.delete_bucket(cx, bucket).await
    }

    async fn list_buckets(&self, cx: &Context, options: ListBuckets) -> Result<BucketPage, StoreError> {
        self.0.list_buckets(cx, options).await
    }
}

#[async_trait]
impl ObjectStore for AzureStore {
    fn capabilities(&self, _: &Bucket) -> Capabilities {
        CAPABILITIES
    }

    async fn put(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        body: Body,
        options: PutOptions,
    ) -> Result<PutOutcome, StoreError> {
        self.0.put(cx, bucket, key, body, options).await
    }

    async fn open(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: OpenOptions,
    ) -> Result<Opened, StoreError> {
        self.0.open(cx, bucket, key, options).await
    }

    async fn head(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: OpenOptions,
    ) -> Result<ObjectInfo, StoreError> {
        self.0.head(cx, bucket, key, options).await
    }

    async fn parts(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: OpenOptions,
        page: ListParts,
    ) -> Result<ObjectParts, StoreError> {
        self.0.parts(cx, bucket, key, options, page).await
    }

    async fn delete(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: DeleteOptions,
    ) -> Result<DeleteOutcome, StoreError> {
        self.0.delete(cx, bucket, key, &options).await
    }

    async fn delete_many(
        &self,
        cx: &Context,
        bucket: &Bucket,
        targets: Vec<DeleteTarget>,
    ) -> Result<Vec<Result<DeleteOutcome, StoreError>>, StoreError> {
        Ok(self.0.delete_many(cx, bucket, targets).await)
    }

    async fn copy(
        &self,
        cx: &Context,
        source: &CopySource,
        bucket: &Bucket,
        key: &ObjectKey,
        options: CopyOptions,
    ) -> Result<PutOutcome, StoreError> {
        self.0.copy(cx, source, bucket, key, options).await
    }

    async fn set_tags(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        version_id: Option<VersionId>,
        tags: TagSet,
    ) -> Result<Option<VersionId>, StoreError> {
        self.0.set_tags(cx, bucket, key, version_id, &tags).await
    }

    async fn list(
        &self,
        cx: &Context,
        bucket: &Bucket,
        options: ListObjects,
    ) -> Result<ListPage, StoreError> {
        self.0.list(cx, bucket, &options).await
    }

    async fn list_versions(
        &self,
        cx: &Context,
        bucket: &Bucket,
        options: ListVersions,
    ) -> Result<VersionPage, StoreError> {
        self.0.list_versions(cx, bucket, options).await
    }
}

#[async_trait]
impl MultipartStore for AzureStore {
    async fn create_upload(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: CreateUploadOptions,
    ) -> Result<UploadId, StoreError> {
        self.0.create_upload(cx, bucket, key, options).await
    }

    async fn put_part(
        &self,
        cx: &Context,
        upload: UploadRef<'_>,
        number: u32,
        body: Body,
        options: PartOptions,
    ) -> Result<PartOutcome, StoreError> {
        self.0.put_part(cx, upload, number, body, options).await
    }

    async fn copy_part(
        &self,
        cx: &Context,
        source: &CopySource,
        upload: UploadRef<'_>,
        number: u32,
        options: CopyPartOptions,
    ) -> Result<PartOutcome, StoreError> {
        self.0.copy_part(cx, source, upload, number, options).await
    }

    async fn complete_upload(
        &self,
        cx: &Context,
        upload: UploadRef<'_>,
        parts: Vec<CompletedPart>,
        options: CompleteOptions,
    ) -> Result<PutOutcome, StoreError> {
        self.0.complete_upload(cx, upload, &parts, &options).await
    }

    async fn abort_upload(&self, cx: &Context, upload: UploadRef<'_>) -> Result<(), StoreError> {
        self.0.abort_upload(cx, upload).await
    }

    async fn list_uploads(
        &self,
        _: &Context,
        bucket: &Bucket,
        options: ListUploads,
    ) -> Result<UploadPage, StoreError> {
        self.0.ledger.list_uploads(&bucket.name, options).await
    }

    async fn list_parts(
        &self,
        _: &Context,
        upload: UploadRef<'_>,
        page: ListParts,
    ) -> Result<PartsPage, StoreError> {
        self.0.list_parts(upload, page).await
    }
}
