use std::future::Future;
use std::sync::Arc;

use async_trait::async_trait;
use blob::MemoryBlobs;
use meta::MemoryMeta;
use native::{NativeOptions, NativeStore};
use sim::SimRandom;
use store::{
    Bucket, BucketPage, BucketStore, BucketUpdate, Capabilities, CompleteOptions, CompletedPart, Content,
    CopyOptions, CopyPartOptions, CopySource, CreateUploadOptions, DeleteOptions, DeleteOutcome,
    DeleteTarget, ListBuckets, ListObjects, ListPage, ListParts, ListUploads, ListVersions, MultipartStore,
    ObjectInfo, ObjectParts, ObjectStore, OpenOptions, Opened, PartOptions, PartOutcome, PartsPage,
    PutOptions, PutOutcome, SharedStore, StoreError, StoreErrorKind, UploadId, UploadPage, UploadRef,
    VersionPage,
};
use types::{Body, BucketName, ByteRange, Ceiling, Clock, Context, ObjectKey, Owner, TagSet, VersionId};

use crate::body::FaultyBody;
use crate::faults::{Call, Fate, Faults};
use crate::life::Life;

/// The smallest part but the last, in bytes.
pub(crate) const PART_MIN_BYTES: u64 = 64;

/// A target: a native store in memory, and its faults.
#[derive(Clone)]
pub(crate) struct SimTarget {
    pub(crate) store: SharedStore,
    pub(crate) faults: Arc<Faults>,
}

impl SimTarget {
    pub(crate) fn new(clock: Arc<dyn Clock>, random: Arc<SimRandom>) -> Self {
        let options = NativeOptions {
            part_min_bytes: PART_MIN_BYTES,
            clock,
            ..NativeOptions::new(Arc::new(SimRandom::new(random.number())))
        };
        let blobs = Arc::new(MemoryBlobs::new(Ceiling::unlimited()));
        let store = Arc::new(NativeStore::new(Arc::new(MemoryMeta::default()), blobs, options));
        Self { store, faults: Faults::new(random) }
    }

    /// The target as one life of the process sees it.
    pub(crate) fn in_life(&self, life: &Life) -> SharedStore {
        Arc::new(TargetInLife { target: self.clone(), life: life.clone() })
    }
}

struct TargetInLife {
    target: SimTarget,
    life: Life,
}

impl TargetInLife {
    /// Makes one call, with whatever the target's mood makes of it.
    async fn call<T>(&self, effect: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        self.call_of(Call::Other, effect).await
    }

    async fn call_of<T>(
        &self,
        call: Call,
        effect: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        const REFUSED: StoreError = StoreError {
            kind: StoreErrorKind::Unavailable,
            operation: "a call of a faulty target",
            source: None,
        };
        self.life.step().await;
        match self.target.faults.fate(call) {
            Fate::Well => {}
            Fate::Refused => return Err(REFUSED),
            Fate::Denied => return Err(StoreError::new(StoreErrorKind::Denied, REFUSED.operation)),
            Fate::Slow(time) => tokio::time::sleep(time).await,
            Fate::Hanging => {
                self.target.faults.hang().await;
                return Err(REFUSED);
            }
            Fate::DoneAndRefused => {
                let _done = effect.await;
                self.life.step().await;
                return Err(REFUSED);
            }
        }
        let done = effect.await;
        self.life.step().await;
        done
    }
}

struct FaultyContent {
    inner: Box<dyn Content>,
    faults: Arc<Faults>,
}

#[async_trait]
impl Content for FaultyContent {
    async fn read(&self, range: ByteRange) -> Result<Body, StoreError> {
        let body = self.inner.read(range).await?;
        Ok(FaultyBody::wrap(body, self.faults.fate_of_bytes(range.len())))
    }
}

#[async_trait]
impl BucketStore for TargetInLife {
    async fn create_bucket(
        &self,
        cx: &Context,
        name: &BucketName,
        owner: &Owner,
        tags: &TagSet,
    ) -> Result<Bucket, StoreError> {
        self.call(self.target.store.create_bucket(cx, name, owner, tags)).await
    }

    async fn bucket(&self, cx: &Context, name: &BucketName) -> Result<Bucket, StoreError> {
        self.call(self.target.store.bucket(cx, name)).await
    }

    async fn update_bucket(
        &self,
        cx: &Context,
        bucket: &Bucket,
        update: BucketUpdate,
    ) -> Result<Bucket, StoreError> {
        self.call_of(Call::UpdateBucket, self.target.store.update_bucket(cx, bucket, update)).await
    }

    async fn delete_bucket(&self, cx: &Context, bucket: &Bucket) -> Result<(), StoreError> {
        self.call(self.target.store.delete_bucket(cx, bucket)).await
    }

    async fn list_buckets(&self, cx: &Context, options: ListBuckets) -> Result<BucketPage, StoreError> {
        self.call(self.target.store.list_buckets(cx, options)).await
    }
}

#[async_trait]
impl ObjectStore for TargetInLife {
    fn capabilities(&self, bucket: &Bucket) -> Capabilities {
        self.target.store.capabilities(bucket)
    }

    async fn put(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        body: Body,
        options: PutOptions,
    ) -> Result<PutOutcome, StoreError> {
        self.call_of(Call::Put, self.target.store.put(cx, bucket, key, body, options)).await
    }

    async fn open(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: OpenOptions,
    ) -> Result<Opened, StoreError> {
        let opened = self.call(self.target.store.open(cx, bucket, key, options)).await?;
        let content = FaultyContent { inner: opened.content, faults: self.target.faults.clone() };
        Ok(Opened { info: opened.info, content: Box::new(content) })
    }

    async fn head(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: OpenOptions,
    ) -> Result<ObjectInfo, StoreError> {
        self.call(self.target.store.head(cx, bucket, key, options)).await
    }

    async fn parts(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: OpenOptions,
        page: ListParts,
    ) -> Result<ObjectParts, StoreError> {
        self.call(self.target.store.parts(cx, bucket, key, options, page)).await
    }

    async fn delete(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: DeleteOptions,
    ) -> Result<DeleteOutcome, StoreError> {
        self.call_of(Call::Delete, self.target.store.delete(cx, bucket, key, options)).await
    }

    async fn delete_many(
        &self,
        cx: &Context,
        bucket: &Bucket,
        targets: Vec<DeleteTarget>,
    ) -> Result<Vec<Result<DeleteOutcome, StoreError>>, StoreError> {
        self.call_of(Call::Delete, self.target.store.delete_many(cx, bucket, targets)).await
    }

    async fn copy(
        &self,
        cx: &Context,
        source: &CopySource,
        bucket: &Bucket,
        key: &ObjectKey,
        options: CopyOptions,
    ) -> Result<PutOutcome, StoreError> {
        self.call(self.target.store.copy(cx, source, bucket, key, options)).await
    }

    async fn set_tags(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        version_id: Option<VersionId>,
        tags: TagSet,
    ) -> Result<Option<VersionId>, StoreError> {
        self.call(self.target.store.set_tags(cx, bucket, key, version_id, tags)).await
    }

    async fn list(
        &self,
        cx: &Context,
        bucket: &Bucket,
        options: ListObjects,
    ) -> Result<ListPage, StoreError> {
        self.call(self.target.store.list(cx, bucket, options)).await
    }

    async fn list_versions(
        &self,
        cx: &Context,
        bucket: &Bucket,
        options: ListVersions,
    ) -> Result<VersionPage, StoreError> {
        self.call(self.target.store.list_versions(cx, bucket, options)).await
    }
}

#[async_trait]
impl MultipartStore for TargetInLife {
    async fn create_upload(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: CreateUploadOptions,
    ) -> Result<UploadId, StoreError> {
        self.call(self.target.store.create_upload(cx, bucket, key, options)).await
    }

    async fn put_part(
        &self,
        cx: &Context,
        upload: UploadRef<'_>,
        number: u32,
        body: Body,
        options: PartOptions,
    ) -> Result<PartOutcome, StoreError> {
        self.call(self.target.store.put_part(cx, upload, number, body, options)).await
    }

    async fn copy_part(
        &self,
        cx: &Context,
        source: &CopySource,
        upload: UploadRef<'_>,
        number: u32,
        options: CopyPartOptions,
    ) -> Result<PartOutcome, StoreError> {
        self.call(self.target.store.copy_part(cx, source, upload, number, options)).await
    }

    async fn complete_upload(
        &self,
        cx: &Context,
        upload: UploadRef<'_>,
        parts: Vec<CompletedPart>,
        options: CompleteOptions,
    ) -> Result<PutOutcome, StoreError> {
        self.call_of(Call::Complete, self.target.store.complete_upload(cx, upload, parts, options)).await
    }

    async fn abort_upload(&self, cx: &Context, upload: UploadRef<'_>) -> Result<(), StoreError> {
        self.call(self.target.store.abort_upload(cx, upload)).await
    }

    async fn list_uploads(
        &self,
        cx: &Context,
        bucket: &Bucket,
        options: ListUploads,
    ) -> Result<UploadPage, StoreError> {
        self.call(self.target.store.list_uploads(cx, bucket, options)).await
    }

    async fn list_parts(
        &self,
        cx: &Context,
        upload: UploadRef<'_>,
        page: ListParts,
    ) -> Result<PartsPage, StoreError> {
        self.call(self.target.store.list_parts(cx, upload, page)).await
    }
}
