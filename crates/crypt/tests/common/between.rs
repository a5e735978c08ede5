//! A store between a layer and the store that it wraps: it counts calls, fails at one of them, and can keep nothing of what
//! a layer would put beside the bytes.

use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use store::{
    Bucket, BucketPage, BucketStore, BucketUpdate, Capabilities, CompleteOptions, CompletedPart, CopyOptions,
    CopyPartOptions, CopySource, CreateUploadOptions, DeleteOptions, DeleteOutcome, DeleteTarget, Identity,
    ListBuckets, ListObjects, ListPage, ListParts, ListUploads, ListVersions, MultipartStore, ObjectInfo,
    ObjectParts, ObjectStore, OpenOptions, Opened, PartOptions, PartOutcome, PartsPage, PutOptions,
    PutOutcome, SharedStore, StoreError, StoreErrorKind, Support, UploadId, UploadPage, UploadRef,
    VersionPage,
};
use tokio::sync::Notify;
use types::{Body, BucketName, Context, ObjectKey, Owner, TagSet, VersionId};

/// The store between.
pub(crate) struct Between {
    pub(crate) inner: SharedStore,
    /// It keeps no metadata with an object, no identity, and copies nothing.
    pub(crate) bare: bool,
    /// It knows no conditions.
    pub(crate) unconditional: bool,
    pub(crate) calls: Mutex<Vec<&'static str>>,
    /// How many calls go well from now on.
    pub(crate) good: AtomicUsize,
    /// The call that fails has its effect all the same.
    pub(crate) lost_answer: bool,
    /// Calls that fail, as often as they are named.
    pub(crate) failing: Mutex<Vec<&'static str>>,
    /// The next call of this name waits.
    pub(crate) held: Mutex<Option<(&'static str, Hold)>>,
}

/// Holds a call up.
#[derive(Clone, Default)]
pub(crate) struct Hold {
    /// The call has come.
    pub(crate) reached: Arc<Notify>,
    /// It may go on.
    pub(crate) go: Arc<Notify>,
}

impl Between {
    pub(crate) fn new(inner: SharedStore) -> Self {
        Self {
            inner,
            bare: false,
            unconditional: false,
            calls: Mutex::default(),
            good: AtomicUsize::new(usize::MAX),
            lost_answer: false,
            failing: Mutex::default(),
            held: Mutex::default(),
        }
    }

    /// Holds the next call of this name up.
    pub(crate) fn hold(&self, name: &'static str) -> Hold {
        let hold = Hold::default();
        *self.held.lock().unwrap() = Some((name, hold.clone()));
        hold
    }

    /// Takes a name out of those that fail; whether it was there.
    fn fails(&self, name: &str) -> bool {
        let mut failing = self.failing.lock().unwrap();
        let place = failing.iter().position(|failing| *failing == name);
        place.map(|place| failing.remove(place)).is_some()
    }

    /// What has been called since the last time.
    pub(crate) fn take_calls(&self) -> Vec<&'static str> {
        std::mem::take(&mut *self.calls.lock().unwrap())
    }

    async fn step<T: Send>(
        &self,
        name: &'static str,
        call: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        self.calls.lock().unwrap().push(name);
        let held = self.held.lock().unwrap().take_if(|(which, _)| *which == name);
        if let Some((_, hold)) = held {
            hold.reached.notify_one();
            hold.go.notified().await;
        }
        if self.fails(name) {
            return Err(StoreError::new(StoreErrorKind::Unavailable, name));
        }
        let good = self.good.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |good| {
            Some(if good == usize::MAX { good } else { good.saturating_sub(1) })
        });
        if good == Ok(0) {
            if self.lost_answer {
                let _ = call.await;
            }
            return Err(StoreError::new(StoreErrorKind::Unavailable, name));
        }
        call.await
    }
}

#[async_trait]
impl BucketStore for Between {
    async fn create_bucket(
        &self,
        cx: &Context,
        name: &BucketName,
        owner: &Owner,
        tags: &TagSet,
    ) -> Result<Bucket, StoreError> {
        self.step("create_bucket", self.inner.create_bucket(cx, name, owner, tags)).await
    }

    async fn bucket(&self, cx: &Context, name: &BucketName) -> Result<Bucket, StoreError> {
        self.step("bucket", self.inner.bucket(cx, name)).await
    }

    async fn update_bucket(
        &self,
        cx: &Context,
        bucket: &Bucket,
        update: BucketUpdate,
    ) -> Result<Bucket, StoreError> {
        self.step("update_bucket", self.inner.update_bucket(cx, bucket, update)).await
    }

    async fn delete_bucket(&self, cx: &Context, bucket: &Bucket) -> Result<(), StoreError> {
        self.step("delete_bucket", self.inner.delete_bucket(cx, bucket)).await
    }

    async fn list_buckets(&self, cx: &Context, options: ListBuckets) -> Result<BucketPage, StoreError> {
        self.step("list_buckets", self.inner.list_buckets(cx, options)).await
    }
}

#[async_trait]
impl ObjectStore for Between {
    fn capabilities(&self, bucket: &Bucket) -> Capabilities {
        let mut inner = self.inner.capabilities(bucket);
        if self.unconditional {
            inner.conditional_put = Support::No("for a test");
        }
        if !self.bare {
            return inner;
        }
        Capabilities {
            metadata: Support::Supplied("beside the objects"),
            supplied_identity: Support::No("for a test"),
            copy: Support::No("for a test"),
            part_listing: Support::No("for a test"),
            ..inner
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
        let mut options = options;
        if self.bare {
            options.identity = Identity::default();
        }
        self.step("put", self.inner.put(cx, bucket, key, body, options)).await
    }

    async fn open(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: OpenOptions,
    ) -> Result<Opened, StoreError> {
        let opening = self.inner.open(cx, bucket, key, options);
        let Opened { info, content } = self.step("open", opening).await?;
        Ok(Opened { info, content })
    }

    async fn head(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: OpenOptions,
    ) -> Result<ObjectInfo, StoreError> {
        self.step("head", self.inner.head(cx, bucket, key, options)).await
    }

    async fn parts(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: OpenOptions,
        page: ListParts,
    ) -> Result<ObjectParts, StoreError> {
        self.step("parts", self.inner.parts(cx, bucket, key, options, page)).await
    }

    async fn delete(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: DeleteOptions,
    ) -> Result<DeleteOutcome, StoreError> {
        self.step("delete", self.inner.delete(cx, bucket, key, options)).await
    }

    async fn delete_many(
        &self,
        cx: &Context,
        bucket: &Bucket,
        targets: Vec<DeleteTarget>,
    ) -> Result<Vec<Result<DeleteOutcome, StoreError>>, StoreError> {
        self.step("delete_many", self.inner.delete_many(cx, bucket, targets)).await
    }

    async fn copy(
        &self,
        cx: &Context,
        source: &CopySource,
        bucket: &Bucket,
        key: &ObjectKey,
        options: CopyOptions,
    ) -> Result<PutOutcome, StoreError> {
        if self.bare {
            return Err(StoreError::new(StoreErrorKind::Unsupported("for a test"), "copy"));
        }
        self.step("copy", self.inner.copy(cx, source, bucket, key, options)).await
    }

    async fn set_tags(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        version_id: Option<VersionId>,
        tags: TagSet,
    ) -> Result<Option<VersionId>, StoreError> {
        self.step("set_tags", self.inner.set_tags(cx, bucket, key, version_id, tags)).await
    }

    async fn list(
        &self,
        cx: &Context,
        bucket: &Bucket,
        options: ListObjects,
    ) -> Result<ListPage, StoreError> {
        self.step("list", self.inner.list(cx, bucket, options)).await
    }

    async fn list_versions(
        &self,
        cx: &Context,
        bucket: &Bucket,
        options: ListVersions,
    ) -> Result<VersionPage, StoreError> {
        self.step("list_versions", self.inner.list_versions(cx, bucket, options)).await
    }
}

#[async_trait]
impl MultipartStore for Between {
    async fn create_upload(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: CreateUploadOptions,
    ) -> Result<UploadId, StoreError> {
        self.step("create_upload", self.inner.create_upload(cx, bucket, key, options)).await
    }

    async fn put_part(
        &self,
        cx: &Context,
        upload: UploadRef<'_>,
        number: u32,
        body: Body,
        options: PartOptions,
    ) -> Result<PartOutcome, StoreError> {
        self.step("put_part", self.inner.put_part(cx, upload, number, body, options)).await
    }

    async fn copy_part(
        &self,
        cx: &Context,
        source: &CopySource,
        upload: UploadRef<'_>,
        number: u32,
        options: CopyPartOptions,
    ) -> Result<PartOutcome, StoreError> {
        self.step("copy_part", self.inner.copy_part(cx, source, upload, number, options)).await
    }

    async fn complete_upload(
        &self,
        cx: &Context,
        upload: UploadRef<'_>,
        parts: Vec<CompletedPart>,
        options: CompleteOptions,
    ) -> Result<PutOutcome, StoreError> {
        self.step("complete_upload", self.inner.complete_upload(cx, upload, parts, options)).await
    }

    async fn abort_upload(&self, cx: &Context, upload: UploadRef<'_>) -> Result<(), StoreError> {
        self.step("abort_upload", self.inner.abort_upload(cx, upload)).await
    }

    async fn list_uploads(
        &self,
        cx: &Context,
        bucket: &Bucket,
        options: ListUploads,
    ) -> Result<UploadPage, StoreError> {
        self.step("list_uploads", self.inner.list_uploads(cx, bucket, options)).await
    }

    async fn list_parts(
        &self,
        cx: &Context,
        upload: UploadRef<'_>,
        page: ListParts,
    ) -> Result<PartsPage, StoreError> {
        self.step("list_parts", self.inner.list_parts(cx, upload, page)).await
    }
}
