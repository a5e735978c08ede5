use async_trait::async_trait;
use store::{
    Bucket, Capabilities, CopyOptions, CopySource, DeleteOptions, DeleteOutcome, DeleteTarget, ListObjects,
    ListPage, ListParts, ListVersions, ObjectInfo, ObjectParts, ObjectStore, OpenOptions, Opened, PutOptions,
    PutOutcome, StoreError, VersionPage,
};
use types::{Body, Context, ObjectKey, TagSet, VersionId};

use crate::{Router, copy};

#[async_trait]
impl ObjectStore for Router {
    fn capabilities(&self, bucket: &Bucket) -> Capabilities {
        self.home(&bucket.name).capabilities(bucket)
    }

    async fn put(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        body: Body,
        options: PutOptions,
    ) -> Result<PutOutcome, StoreError> {
        self.home(&bucket.name).put(cx, bucket, key, body, options).await
    }

    async fn open(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: OpenOptions,
    ) -> Result<Opened, StoreError> {
        self.home(&bucket.name).open(cx, bucket, key, options).await
    }

    async fn head(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: OpenOptions,
    ) -> Result<ObjectInfo, StoreError> {
        self.home(&bucket.name).head(cx, bucket, key, options).await
    }

    async fn parts(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: OpenOptions,
        page: ListParts,
    ) -> Result<ObjectParts, StoreError> {
        self.home(&bucket.name).parts(cx, bucket, key, options, page).await
    }

    async fn delete(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: DeleteOptions,
    ) -> Result<DeleteOutcome, StoreError> {
        self.home(&bucket.name).delete(cx, bucket, key, options).await
    }

    async fn delete_many(
        &self,
        cx: &Context,
        bucket: &Bucket,
        targets: Vec<DeleteTarget>,
    ) -> Result<Vec<Result<DeleteOutcome, StoreError>>, StoreError> {
        self.home(&bucket.name).delete_many(cx, bucket, targets).await
    }

    async fn copy(
        &self,
        cx: &Context,
        source: &CopySource,
        bucket: &Bucket,
        key: &ObjectKey,
        options: CopyOptions,
    ) -> Result<PutOutcome, StoreError> {
        let target = self.home(&bucket.name);
        if self.are_together(&source.bucket.name, &bucket.name) {
            return target.copy(cx, source, bucket, key, options).await;
        }
        let copied = copy::open(cx, self.home(&source.bucket.name), source, options).await?;
        target.put(cx, bucket, key, copied.body, copied.options).await
    }

    async fn set_tags(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        version_id: Option<VersionId>,
        tags: TagSet,
    ) -> Result<Option<VersionId>, StoreError> {
        self.home(&bucket.name).set_tags(cx, bucket, key, version_id, tags).await
    }

    async fn list(
        &self,
        cx: &Context,
        bucket: &Bucket,
        options: ListObjects,
    ) -> Result<ListPage, StoreError> {
        self.home(&bucket.name).list(cx, bucket, options).await
    }

    async fn list_versions(
        &self,
        cx: &Context,
        bucket: &Bucket,
        options: ListVersions,
    ) -> Result<VersionPage, StoreError> {
        self.home(&bucket.name).list_versions(cx, bucket, options).await
    }
}
