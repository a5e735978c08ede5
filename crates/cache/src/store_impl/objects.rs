use async_trait::async_trait;
use store::{
    Bucket, Capabilities, CopyOptions, CopySource, DeleteOptions, DeleteOutcome, DeleteTarget, ListObjects,
    ListPage, ListParts, ListVersions, ObjectInfo, ObjectParts, ObjectStore, OpenOptions, Opened, PutOptions,
    PutOutcome, StoreError, VersionPage,
};
use types::{Body, Context, ObjectKey, TagSet, VersionId};

use super::Cached;
use super::head::Look;

#[async_trait]
impl ObjectStore for Cached {
    fn capabilities(&self, bucket: &Bucket) -> Capabilities {
        self.0.inner.capabilities(bucket)
    }

    async fn put(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        body: Body,
        options: PutOptions,
    ) -> Result<PutOutcome, StoreError> {
        self.0.write(cx, bucket, &[key], self.0.inner.put(cx, bucket, key, body, options)).await
    }

    async fn open(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: OpenOptions,
    ) -> Result<Opened, StoreError> {
        self.0.open(Look::new(&self.0, cx, bucket, key, &options)).await
    }

    async fn head(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: OpenOptions,
    ) -> Result<ObjectInfo, StoreError> {
        self.0.head(Look::new(&self.0, cx, bucket, key, &options)).await
    }

    async fn parts(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: OpenOptions,
        page: ListParts,
    ) -> Result<ObjectParts, StoreError> {
        self.0.pass(cx, self.0.inner.parts(cx, bucket, key, options, page)).await
    }

    async fn delete(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: DeleteOptions,
    ) -> Result<DeleteOutcome, StoreError> {
        self.0.write(cx, bucket, &[key], self.0.inner.delete(cx, bucket, key, options)).await
    }

    async fn delete_many(
        &self,
        cx: &Context,
        bucket: &Bucket,
        targets: Vec<DeleteTarget>,
    ) -> Result<Vec<Result<DeleteOutcome, StoreError>>, StoreError> {
        let keys: Vec<ObjectKey> = targets.iter().map(|target| target.key.clone()).collect();
        let keys: Vec<&ObjectKey> = keys.iter().collect();
        let deleting = self.0.inner.delete_many(cx, bucket, targets);
        self.0
            .write_each(cx, bucket, &keys, deleting, |outcomes, place| outcomes.get(place)?.as_ref().err())
            .await
    }

    async fn copy(
        &self,
        cx: &Context,
        source: &CopySource,
        bucket: &Bucket,
        key: &ObjectKey,
        options: CopyOptions,
    ) -> Result<PutOutcome, StoreError> {
        self.0.write(cx, bucket, &[key], self.0.inner.copy(cx, source, bucket, key, options)).await
    }

    async fn set_tags(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        version_id: Option<VersionId>,
        tags: TagSet,
    ) -> Result<Option<VersionId>, StoreError> {
        self.0.write(cx, bucket, &[key], self.0.inner.set_tags(cx, bucket, key, version_id, tags)).await
    }

    async fn list(
        &self,
        cx: &Context,
        bucket: &Bucket,
        options: ListObjects,
    ) -> Result<ListPage, StoreError> {
        self.0.list_objects(cx, bucket, options).await
    }

    async fn list_versions(
        &self,
        cx: &Context,
        bucket: &Bucket,
        options: ListVersions,
    ) -> Result<VersionPage, StoreError> {
        self.0.list_object_versions(cx, bucket, options).await
    }
}
