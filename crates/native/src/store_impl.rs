use async_trait::async_trait;
use store::{
    Bucket, BucketPage, BucketStore, BucketUpdate, Capabilities, CopyOptions, CopySource, DeleteOptions,
    DeleteOutcome, DeleteTarget, ListBuckets, ListObjects, ListPage, ListParts, ListVersions, ObjectInfo,
    ObjectParts, ObjectStore, OpenOptions, Opened, PutOptions, PutOutcome, StoreError, VersionPage,
};
use types::{Body, BucketName, Context, ObjectKey, Owner, TagSet, VersionId};

use crate::NativeStore;

#[async_trait]
impl BucketStore for NativeStore {
    async fn create_bucket(
        &self,
        _: &Context,
        name: &BucketName,
        owner: &Owner,
        tags: &TagSet,
    ) -> Result<Bucket, StoreError> {
        self.0.create_bucket(name, owner, tags).await
    }

    async fn bucket(&self, _: &Context, name: &BucketName) -> Result<Bucket, StoreError> {
        self.0.find_bucket(name, "find bucket").await
    }

    async fn update_bucket(
        &self,
        _: &Context,
        bucket: &Bucket,
        update: BucketUpdate,
    ) -> Result<Bucket, StoreError> {
        self.0.update_bucket(bucket, update).await
    }

    async fn delete_bucket(&self, _: &Context, bucket: &Bucket) -> Result<(), StoreError> {
        self.0.delete_bucket(bucket).await
    }

    async fn list_buckets(&self, _: &Context, options: ListBuckets) -> Result<BucketPage, StoreError> {
        self.0.list_buckets(options).await
    }
}

#[async_trait]
impl ObjectStore for NativeStore {
    fn capabilities(&self, _: &Bucket) -> Capabilities {
        Capabilities::ALL
    }

    async fn put(
        &self,
        _: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        body: Body,
        options: PutOptions,
    ) -> Result<PutOutcome, StoreError> {
        self.0.put(bucket, key, body, options).await
    }

    async fn open(
        &self,
        _: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: OpenOptions,
    ) -> Result<Opened, StoreError> {
        self.0.open(bucket, key, options).await
    }

    async fn head(
        &self,
        _: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: OpenOptions,
    ) -> Result<ObjectInfo, StoreError> {
        self.0.head(bucket, key, options).await
    }

    async fn parts(
        &self,
        _: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: OpenOptions,
        page: ListParts,
    ) -> Result<ObjectParts, StoreError> {
        self.0.object_parts(bucket, key, options, page).await
    }

    async fn delete(
        &self,
        _: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: DeleteOptions,
    ) -> Result<DeleteOutcome, StoreError> {
        self.0.delete(bucket, key, options).await
    }

    async fn delete_many(
        &self,
        _: &Context,
        bucket: &Bucket,
        targets: Vec<DeleteTarget>,
    ) -> Result<Vec<Result<DeleteOutcome, StoreError>>, StoreError> {
        self.0.delete_many(bucket, &targets).await
    }

    async fn copy(
        &self,
        _: &Context,
        source: &CopySource,
        bucket: &Bucket,
        key: &ObjectKey,
        options: CopyOptions,
    ) -> Result<PutOutcome, StoreError> {
        self.0.copy(source, bucket, key, options).await
    }

    async fn set_tags(
        &self,
        _: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        version_id: Option<VersionId>,
        tags: TagSet,
    ) -> Result<Option<VersionId>, StoreError> {
        self.0.set_tags(bucket, key, version_id, tags).await
    }

    async fn list(&self, _: &Context, bucket: &Bucket, options: ListObjects) -> Result<ListPage, StoreError> {
        self.0.list(bucket, options).await
    }

    async fn list_versions(
        &self,
        _: &Context,
        bucket: &Bucket,
        options: ListVersions,
    ) -> Result<VersionPage, StoreError> {
        self.0.list_versions(bucket, options).await
    }
}
