use std::sync::Arc;

use async_trait::async_trait;
use store::{
    Bucket, BucketPage, BucketStore, BucketUpdate, Capabilities, CompleteOptions, CompletedPart, CopyOptions,
    CopyPartOptions, CopySource, CreateUploadOptions, DeleteOptions, DeleteOutcome, DeleteTarget,
    ListBuckets, ListObjects, ListPage, ListParts, ListUploads, ListVersions, MultipartStore, ObjectInfo,
    ObjectParts, ObjectStore, OpenOptions, Opened, PartOptions, PartOutcome, PartsPage, PutOptions,
    PutOutcome, SharedStore, StoreError, UploadId, UploadPage, UploadRef, VersionPage,
};
use types::{Body, BucketName, Context, ObjectKey, Owner, TagSet, VersionId};

use super::body::{Watched, Way, counted};
use super::stats::{ObserveStats, StoreOperation};

/// A store that is watched.
pub(super) struct Observed {
    pub(super) inner: SharedStore,
    pub(super) stats: Arc<ObserveStats>,
}

#[async_trait]
impl BucketStore for Observed {
    async fn create_bucket(
        &self,
        cx: &Context,
        name: &BucketName,
        owner: &Owner,
        tags: &TagSet,
    ) -> Result<Bucket, StoreError> {
        self.stats.watch(StoreOperation::CreateBucket, self.inner.create_bucket(cx, name, owner, tags)).await
    }

    async fn bucket(&self, cx: &Context, name: &BucketName) -> Result<Bucket, StoreError> {
        self.stats.watch(StoreOperation::Bucket, self.inner.bucket(cx, name)).await
    }

    async fn update_bucket(
        &self,
        cx: &Context,
        bucket: &Bucket,
        update: BucketUpdate,
    ) -> Result<Bucket, StoreError> {
        self.stats.watch(StoreOperation::UpdateBucket, self.inner.update_bucket(cx, bucket, update)).await
    }

    async fn delete_bucket(&self, cx: &Context, bucket: &Bucket) -> Result<(), StoreError> {
        self.stats.watch(StoreOperation::DeleteBucket, self.inner.delete_bucket(cx, bucket)).await
    }

    async fn list_buckets(&self, cx: &Context, options: ListBuckets) -> Result<BucketPage, StoreError> {
        self.stats.watch(StoreOperation::ListBuckets, self.inner.list_buckets(cx, options)).await
    }
}

#[async_trait]
impl ObjectStore for Observed {
    fn capabilities(&self, bucket: &Bucket) -> Capabilities {
        self.inner.capabilities(bucket)
    }

    async fn put(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        body: Body,
        options: PutOptions,
    ) -> Result<PutOutcome, StoreError> {
        let body = counted(body, &self.stats, Way::In);
        self.stats.watch(StoreOperation::Put, self.inner.put(cx, bucket, key, body, options)).await
    }

    async fn open(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: OpenOptions,
    ) -> Result<Opened, StoreError> {
        let opening = self.inner.open(cx, bucket, key, options);
        let Opened { info, content } = self.stats.watch(StoreOperation::Open, opening).await?;
        Ok(Opened { info, content: Box::new(Watched { inner: content, stats: self.stats.clone() }) })
    }

    async fn head(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: OpenOptions,
    ) -> Result<ObjectInfo, StoreError> {
        self.stats.watch(StoreOperation::Head, self.inner.head(cx, bucket, key, options)).await
    }

    async fn parts(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: OpenOptions,
        page: ListParts,
    ) -> Result<ObjectParts, StoreError> {
        self.stats.watch(StoreOperation::Parts, self.inner.parts(cx, bucket, key, options, page)).await
    }

    async fn delete(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: DeleteOptions,
    ) -> Result<DeleteOutcome, StoreError> {
        self.stats.watch(StoreOperation::Delete, self.inner.delete(cx, bucket, key, options)).await
    }

    async fn delete_many(
        &self,
        cx: &Context,
        bucket: &Bucket,
        targets: Vec<DeleteTarget>,
    ) -> Result<Vec<Result<DeleteOutcome, StoreError>>, StoreError> {
        self.stats.watch(StoreOperation::DeleteMany, self.inner.delete_many(cx, bucket, targets)).await
    }

    async fn copy(
        &self,
        cx: &Context,
        source: &CopySource,
        bucket: &Bucket,
        key: &ObjectKey,
        options: CopyOptions,
    ) -> Result<PutOutcome, StoreError> {
        self.stats.watch(StoreOperation::Copy, self.inner.copy(cx, source, bucket, key, options)).await
    }

    async fn set_tags(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        version_id: Option<VersionId>,
        tags: TagSet,
    ) -> Result<Option<VersionId>, StoreError> {
        self.stats
            .watch(StoreOperation::SetTags, self.inner.set_tags(cx, bucket, key, version_id, tags))
            .await
    }

    async fn list(
        &self,
        cx: &Context,
        bucket: &Bucket,
        options: ListObjects,
    ) -> Result<ListPage, StoreError> {
        self.stats.watch(StoreOperation::List, self.inner.list(cx, bucket, options)).await
    }

    async fn list_versions(
        &self,
        cx: &Context,
        bucket: &Bucket,
        options: ListVersions,
    ) -> Result<VersionPage, StoreError> {
        self.stats.watch(StoreOperation::ListVersions, self.inner.list_versions(cx, bucket, options)).await
    }
}

#[async_trait]
impl MultipartStore for Observed {
    async fn create_upload(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: CreateUploadOptions,
    ) -> Result<UploadId, StoreError> {
        self.stats
            .watch(StoreOperation::CreateUpload, self.inner.create_upload(cx, bucket, key, options))
            .await
    }

    async fn put_part(
        &self,
        cx: &Context,
        upload: UploadRef<'_>,
        number: u32,
        body: Body,
        options: PartOptions,
    ) -> Result<PartOutcome, StoreError> {
        let body = counted(body, &self.stats, Way::In);
        self.stats
            .watch(StoreOperation::PutPart, self.inner.put_part(cx, upload, number, body, options))
            .await
    }

    async fn copy_part(
        &self,
        cx: &Context,
        source: &CopySource,
        upload: UploadRef<'_>,
        number: u32,
        options: CopyPartOptions,
    ) -> Result<PartOutcome, StoreError> {
        self.stats
            .watch(StoreOperation::CopyPart, self.inner.copy_part(cx, source, upload, number, options))
            .await
    }

    async fn complete_upload(
        &self,
        cx: &Context,
        upload: UploadRef<'_>,
        parts: Vec<CompletedPart>,
        options: CompleteOptions,
    ) -> Result<PutOutcome, StoreError> {
        self.stats
            .watch(StoreOperation::CompleteUpload, self.inner.complete_upload(cx, upload, parts, options))
            .await
    }

    async fn abort_upload(&self, cx: &Context, upload: UploadRef<'_>) -> Result<(), StoreError> {
        self.stats.watch(StoreOperation::AbortUpload, self.inner.abort_upload(cx, upload)).await
    }

    async fn list_uploads(
        &self,
        cx: &Context,
        bucket: &Bucket,
        options: ListUploads,
    ) -> Result<UploadPage, StoreError> {
        self.stats.watch(StoreOperation::ListUploads, self.inner.list_uploads(cx, bucket, options)).await
    }

    async fn list_parts(
        &self,
        cx: &Context,
        upload: UploadRef<'_>,
        page: ListParts,
    ) -> Result<PartsPage, StoreError> {
        self.stats.watch(StoreOperation::ListParts, self.inner.list_parts(cx, upload, page)).await
    }
}
