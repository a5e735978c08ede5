use std::borrow::Cow;
use std::sync::Arc;

use async_trait::async_trait;
use store::{
    Bucket, Capabilities, CopyOptions, CopySource, DeleteOptions, DeleteOutcome, DeleteTarget, ListObjects,
    ListPage, ListParts, ListVersions, ObjectInfo, ObjectParts, ObjectStore, OpenOptions, Opened, PutOptions,
    PutOutcome, StoreError, Support, VersionPage,
};
use types::{Body, Context, ObjectKey, TagSet, VersionId};

use crate::home::Entry;
use crate::router::Place;
use crate::{Router, copy};

#[async_trait]
impl ObjectStore for Router {
    fn capabilities(&self, bucket: &Bucket) -> Capabilities {
        let Entry { home, port } = self.home(&bucket.name).unwrap_or(&self.others);
        let mut capabilities = port.capabilities(&home.inward(bucket));
        // Between two stores the bytes pass through here, which needs nothing of either.
        if self.homes.values().any(|other| !Arc::ptr_eq(&other.home.store, &home.store)) {
            capabilities.copy = Support::Yes;
        }
        capabilities
    }

    async fn put(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        body: Body,
        options: PutOptions,
    ) -> Result<PutOutcome, StoreError> {
        let at = self.place(bucket)?;
        at.port().put(cx, &at.bucket, key, body, options).await
    }

    async fn open(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: OpenOptions,
    ) -> Result<Opened, StoreError> {
        let at = self.place(bucket)?;
        at.port().open(cx, &at.bucket, key, options).await
    }

    async fn head(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: OpenOptions,
    ) -> Result<ObjectInfo, StoreError> {
        let at = self.place(bucket)?;
        at.port().head(cx, &at.bucket, key, options).await
    }

    async fn parts(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: OpenOptions,
        page: ListParts,
    ) -> Result<ObjectParts, StoreError> {
        let at = self.place(bucket)?;
        at.port().parts(cx, &at.bucket, key, options, page).await
    }

    async fn delete(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: DeleteOptions,
    ) -> Result<DeleteOutcome, StoreError> {
        let at = self.place(bucket)?;
        at.port().delete(cx, &at.bucket, key, options).await
    }

    async fn delete_many(
        &self,
        cx: &Context,
        bucket: &Bucket,
        targets: Vec<DeleteTarget>,
    ) -> Result<Vec<Result<DeleteOutcome, StoreError>>, StoreError> {
        let at = self.place(bucket)?;
        at.port().delete_many(cx, &at.bucket, targets).await
    }

    async fn copy(
        &self,
        cx: &Context,
        source: &CopySource,
        bucket: &Bucket,
        key: &ObjectKey,
        options: CopyOptions,
    ) -> Result<PutOutcome, StoreError> {
        let (from, at) = (self.place(&source.bucket)?, self.place(bucket)?);
        let source = inward(&from, source);
        if let Some(store) = from.shared_store(&at) {
            let (source, key) = (from.space().source(&source)?, at.space().to_write(key)?);
            return store.copy(cx, &source, &at.bucket, &key, options).await;
        }
        let _running = self.copies.acquire().await.expect("the semaphore is never closed");
        let copied = copy::open(cx, from.port(), &source, options).await?;
        at.port().put(cx, &at.bucket, key, copied.body, copied.options).await
    }

    async fn set_tags(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        version_id: Option<VersionId>,
        tags: TagSet,
    ) -> Result<Option<VersionId>, StoreError> {
        let at = self.place(bucket)?;
        at.port().set_tags(cx, &at.bucket, key, version_id, tags).await
    }

    async fn list(
        &self,
        cx: &Context,
        bucket: &Bucket,
        options: ListObjects,
    ) -> Result<ListPage, StoreError> {
        let at = self.place(bucket)?;
        at.port().list(cx, &at.bucket, options).await
    }

    async fn list_versions(
        &self,
        cx: &Context,
        bucket: &Bucket,
        options: ListVersions,
    ) -> Result<VersionPage, StoreError> {
        let at = self.place(bucket)?;
        at.port().list_versions(cx, &at.bucket, options).await
    }
}

/// The source in the bucket as its store knows it.
pub(crate) fn inward<'a>(from: &Place<'_>, source: &'a CopySource) -> Cow<'a, CopySource> {
    match &from.bucket {
        Cow::Borrowed(_) => Cow::Borrowed(source),
        Cow::Owned(bucket) => Cow::Owned(CopySource { bucket: Arc::new(bucket.clone()), ..source.clone() }),
    }
}
