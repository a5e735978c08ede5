use std::collections::VecDeque;

use async_trait::async_trait;
use parking_lot::Mutex;
use store::*;
use types::{Body, BucketName, Context, ObjectKey, Owner, TagSet, VersionId};

/// A store that does as told: it claims what capabilities it is given, and fails its next writes as scripted.
pub struct Scripted {
    inner: SharedStore,
    capabilities: Mutex<Capabilities>,
    failures: Mutex<VecDeque<StoreErrorKind>>,
    writes: Mutex<usize>,
    bucket_reads: Mutex<usize>,
}

impl Scripted {
    pub fn new(inner: SharedStore) -> Self {
        Self {
            inner,
            capabilities: Mutex::new(Capabilities::ALL),
            failures: Mutex::default(),
            writes: Mutex::default(),
            bucket_reads: Mutex::default(),
        }
    }

    pub fn claim(&self, capabilities: Capabilities) {
        *self.capabilities.lock() = capabilities;
    }

    /// The next writes fail so, one after the other.
    pub fn fail_next(&self, kinds: impl IntoIterator<Item = StoreErrorKind>) {
        self.failures.lock().extend(kinds);
    }

    /// How many writes have been asked for since the last time.
    pub fn take_writes(&self) -> usize {
        std::mem::take(&mut *self.writes.lock())
    }

    /// How many bucket records have been read since the last time.
    pub fn take_bucket_reads(&self) -> usize {
        std::mem::take(&mut *self.bucket_reads.lock())
    }

    fn write(&self) -> Result<(), StoreError> {
        *self.writes.lock() += 1;
        match self.failures.lock().pop_front() {
            Some(kind) => Err(StoreError::new(kind, "scripted")),
            None => Ok(()),
        }
    }
}

#[async_trait]
impl BucketStore for Scripted {
    async fn create_bucket(
        &self,
        cx: &Context,
        name: &BucketName,
        owner: &Owner,
        tags: &TagSet,
    ) -> Result<Bucket, StoreError> {
        self.write()?;
        self.inner.create_bucket(cx, name, owner, tags).await
    }

    async fn bucket(&self, cx: &Context, name: &BucketName) -> Result<Bucket, StoreError> {
        *self.bucket_reads.lock() += 1;
        self.inner.bucket(cx, name).await
    }

    async fn update_bucket(
        &self,
        cx: &Context,
        bucket: &Bucket,
        update: BucketUpdate,
    ) -> Result<Bucket, StoreError> {
        self.write()?;
        self.inner.update_bucket(cx, bucket, update).await
    }

    async fn delete_bucket(&self, cx: &Context, bucket: &Bucket) -> Result<(), StoreError> {
        self.write()?;
        self.inner.delete_bucket(cx, bucket).await
    }

    async fn list_buckets(&self, cx: &Context, options: ListBuckets) -> Result<BucketPage, StoreError> {
        self.inner.list_buckets(cx, options).await
    }
}

#[async_trait]
impl ObjectStore for Scripted {
    fn capabilities(&self, _: &Bucket) -> Capabilities {
        *self.capabilities.lock()
    }

    async fn put(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        body: Body,
        options: PutOptions,
    ) -> Result<PutOutcome, StoreError> {
        self.write()?;
        self.inner.put(cx, bucket, key, body, options).await
    }

    async fn open(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: OpenOptions,
    ) -> Result<Opened, StoreError> {
        self.inner.open(cx, bucket, key, options).await
    }

    async fn head(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: OpenOptions,
    ) -> Result<ObjectInfo, StoreError> {
        self.inner.head(cx, bucket, key, options).await
    }

    async fn parts(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: OpenOptions,
        page: ListParts,
    ) -> Result<ObjectParts, StoreError> {
        self.inner.parts(cx, bucket, key, options, page).await
    }

    async fn delete(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: DeleteOptions,
    ) -> Result<DeleteOutcome, StoreError> {
        self.write()?;
        self.inner.delete(cx, bucket, key, options).await
    }

    async fn delete_many(
        &self,
        cx: &Context,
        bucket: &Bucket,
        targets: Vec<DeleteTarget>,
    ) -> Result<Vec<Result<DeleteOutcome, StoreError>>, StoreError> {
        self.write()?;
        self.inner.delete_many(cx, bucket, targets).await
    }

    async fn copy(
        &self,
        cx: &Context,
        source: &CopySource,
        bucket: &Bucket,
        key: &ObjectKey,
        options: CopyOptions,
    ) -> Result<PutOutcome, StoreError> {
        self.write()?;
        self.inner.copy(cx, source, bucket, key, options).await
    }

    async fn set_tags(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        version_id: Option<VersionId>,
        tags: TagSet,
    ) -> Result<Option<VersionId>, StoreError> {
        self.write()?;
        self.inner.set_tags(cx, bucket, key, version_id, tags).await
    }

    async fn list(
        &self,
        cx: &Context,
        bucket: &Bucket,
        options: ListObjects,
    ) -> Result<ListPage, StoreError> {
        self.inner.list(cx, bucket, options).await
    }

    async fn list_versions(
        &self,
        cx: &Context,
        bucket: &Bucket,
        options: ListVersions,
    ) -> Result<VersionPage, StoreError> {
        self.inner.list_versions(cx, bucket, options).await
    }
}

#[async_trait]
impl MultipartStore for Scripted {
    async fn create_upload(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: CreateUploadOptions,
    ) -> Result<UploadId, StoreError> {
        self.write()?;
        self.inner.create_upload(cx, bucket, key, options).await
    }

    async fn put_part(
        &self,
        cx: &Context,
        upload: UploadRef<'_>,
        number: u32,
        body: Body,
        options: PartOptions,
    ) -> Result<PartOutcome, StoreError> {
        self.write()?;
        self.inner.put_part(cx, upload, number, body, options).await
    }

    async fn copy_part(
        &self,
        cx: &Context,
        source: &CopySource,
        upload: UploadRef<'_>,
        number: u32,
        options: CopyPartOptions,
    ) -> Result<PartOutcome, StoreError> {
        self.write()?;
        self.inner.copy_part(cx, source, upload, number, options).await
    }

    async fn complete_upload(
        &self,
        cx: &Context,
        upload: UploadRef<'_>,
        parts: Vec<CompletedPart>,
        options: CompleteOptions,
    ) -> Result<PutOutcome, StoreError> {
        self.write()?;
        self.inner.complete_upload(cx, upload, parts, options).await
    }

    async fn abort_upload(&self, cx: &Context, upload: UploadRef<'_>) -> Result<(), StoreError> {
        self.write()?;
        self.inner.abort_upload(cx, upload).await
    }

    async fn list_uploads(
        &self,
        cx: &Context,
        bucket: &Bucket,
        options: ListUploads,
    ) -> Result<UploadPage, StoreError> {
        self.inner.list_uploads(cx, bucket, options).await
    }

    async fn list_parts(
        &self,
        cx: &Context,
        upload: UploadRef<'_>,
        page: ListParts,
    ) -> Result<PartsPage, StoreError> {
        self.inner.list_parts(cx, upload, page).await
    }
}
