use std::sync::Arc;

use async_trait::async_trait;
use http::header::HeaderValue;
use remote::{RemoteError, RemoteErrorKind};
use store::{
    Bucket, BucketPage, BucketStore, BucketUpdate, Capabilities, CompleteOptions, CompletedPart, CopyOptions,
    CopyPartOptions, CopySource, CreateUploadOptions, DeleteOptions, DeleteOutcome, DeleteTarget,
    ListBuckets, ListObjects, ListPage, ListParts, ListUploads, ListVersions, MultipartStore, ObjectInfo,
    ObjectParts, ObjectStore, OpenOptions, Opened, PartOptions, PartOutcome, PartsPage, PutOptions,
    PutOutcome, StoreError, UploadId, UploadPage, UploadRef, VersionPage,
};
use types::{Body, BucketName, Context, ObjectKey, Owner, TagSet, VersionId};

use crate::api::{Api, ApiOptions, Limiter};
use crate::drive::{Counters, Drive};
use crate::folders::Folders;
use crate::locks::Locks;
use crate::options::DrimeOptions;
use crate::stats::Stats;
use crate::tree::Paths;

/// A Drime cloud drive as a store. Cloning shares it.
#[derive(Clone)]
pub struct DrimeStore(pub(crate) Arc<Drive>);

impl DrimeStore {
    /// A store over a drive. Nothing is asked of the drive yet. To be called within a tokio runtime.
    ///
    /// # Errors
    /// `Malformed` where the token cannot stand in a header.
    pub fn new(options: DrimeOptions) -> Result<Self, RemoteError> {
        let authorization = HeaderValue::from_str(&format!("Bearer {}", options.token));
        let mut authorization = authorization
            .map_err(|_| RemoteError::from(RemoteErrorKind::Malformed("a token that is none")))?;
        authorization.set_sensitive(true);
        let api = Api::new(ApiOptions {
            endpoint: options.endpoint.trim_end_matches('/').to_owned(),
            authorization,
            workspace: options.workspace,
            client: options.client,
            limiter: Limiter::new(options.tuning.calls_per_minute),
        });
        Ok(Self(Arc::new(Drive {
            folders: Folders::new(api.clone()),
            api,
            paths: Paths::default(),
            ledger: options.ledger,
            clock: options.clock,
            random: options.random,
            budget: options.budget,
            root: options.root,
            conditional: options.conditional,
            owner: options.root_owner,
            tuning: options.tuning,
            stats: Counters::default(),
            keys: Locks::default(),
            gates: Locks::default(),
            makers: Locks::default(),
            uploads: Locks::default(),
        })))
    }

    /// What the store has done.
    #[must_use]
    pub fn stats(&self) -> Stats {
        Stats::of(&self.0)
    }
}

#[async_trait]
impl BucketStore for DrimeStore {
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
impl ObjectStore for DrimeStore {
    fn capabilities(&self, _: &Bucket) -> Capabilities {
        crate::capabilities::capabilities(self.0.conditional)
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
        self.0.delete(cx, bucket, key, options).await
    }

    async fn delete_many(
        &self,
        cx: &Context,
        bucket: &Bucket,
        targets: Vec<DeleteTarget>,
    ) -> Result<Vec<Result<DeleteOutcome, StoreError>>, StoreError> {
        self.0.delete_many(cx, bucket, targets).await
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
        self.0.set_tags(cx, bucket, key, version_id, tags).await
    }

    async fn list(
        &self,
        cx: &Context,
        bucket: &Bucket,
        options: ListObjects,
    ) -> Result<ListPage, StoreError> {
        self.0.list(cx, bucket, options).await
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
impl MultipartStore for DrimeStore {
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
        self.0.complete_upload(cx, upload, parts, options).await
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
