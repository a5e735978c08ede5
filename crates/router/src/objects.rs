use std::sync::Arc;

use async_trait::async_trait;
use store::{
    Bucket, Capabilities, CopyOptions, CopySource, DeleteOptions, DeleteOutcome, DeleteTarget, ListObjects,
    ListPage, ListParts, ListVersions, ObjectInfo, ObjectParts, ObjectStore, OpenOptions, Opened, PutOptions,
    PutOutcome, StoreError, Support, VersionPage,
};
use types::{Body, Context, ObjectKey, TagSet, VersionId};

use crate::router::Place;
use crate::{Router, copy};

#[async_trait]
impl ObjectStore for Router {
    fn capabilities(&self, bucket: &Bucket) -> Capabilities {
        let home = self.home(&bucket.name).unwrap_or(&self.others);
        let mut capabilities = home.capabilities(bucket);
        // Between two stores the bytes pass through here, which needs nothing of either.
        if self.homes.values().any(|other| !Arc::ptr_eq(&other.store, &home.store)) {
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
        at.store().put(cx, &at.bucket, &at.to_write(key)?, body, options).await
    }

    async fn open(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: OpenOptions,
    ) -> Result<Opened, StoreError> {
        let at = self.place(bucket)?;
        at.store().open(cx, &at.bucket, &at.to_find(key)?, options).await
    }

    async fn head(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: OpenOptions,
    ) -> Result<ObjectInfo, StoreError> {
        let at = self.place(bucket)?;
        at.store().head(cx, &at.bucket, &at.to_find(key)?, options).await
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
        at.store().parts(cx, &at.bucket, &at.to_find(key)?, options, page).await
    }

    async fn delete(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: DeleteOptions,
    ) -> Result<DeleteOutcome, StoreError> {
        let at = self.place(bucket)?;
        at.store().delete(cx, &at.bucket, &at.to_write(key)?, options).await
    }

    async fn delete_many(
        &self,
        cx: &Context,
        bucket: &Bucket,
        targets: Vec<DeleteTarget>,
    ) -> Result<Vec<Result<DeleteOutcome, StoreError>>, StoreError> {
        let at = self.place(bucket)?;
        let mut inward = Vec::with_capacity(targets.len());
        // What cannot be a key in the store has its outcome already.
        let mut outcomes = Vec::with_capacity(targets.len());
        for target in targets {
            match at.to_write(&target.key) {
                Ok(key) => {
                    inward.push(DeleteTarget { key, options: target.options });
                    outcomes.push(None);
                }
                Err(error) => outcomes.push(Some(Err(error))),
            }
        }
        let mut done = match inward.is_empty() {
            true => Vec::new(),
            false => at.store().delete_many(cx, &at.bucket, inward).await?,
        }
        .into_iter();
        Ok(outcomes.into_iter().filter_map(|outcome| outcome.or_else(|| done.next())).collect())
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
        let source = inward(&from, source)?;
        let key = at.to_write(key)?;
        if from.is_with(&at) {
            return at.store().copy(cx, &source, &at.bucket, &key, options).await;
        }
        let _running = self.copies.acquire().await.expect("the semaphore is never closed");
        let copied = copy::open(cx, from.store(), &source, options).await?;
        at.store().put(cx, &at.bucket, &key, copied.body, copied.options).await
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
        at.store().set_tags(cx, &at.bucket, &at.to_find(key)?, version_id, tags).await
    }

    async fn list(
        &self,
        cx: &Context,
        bucket: &Bucket,
        options: ListObjects,
    ) -> Result<ListPage, StoreError> {
        let at = self.place(bucket)?;
        let space = at.home.space();
        let after = space.position(&options.prefix, options.after);
        let options = ListObjects { prefix: space.text(&options.prefix), after, ..options };
        space.objects(at.store().list(cx, &at.bucket, options).await?)
    }

    async fn list_versions(
        &self,
        cx: &Context,
        bucket: &Bucket,
        options: ListVersions,
    ) -> Result<VersionPage, StoreError> {
        let at = self.place(bucket)?;
        let space = at.home.space();
        let after = space.position(&options.prefix, options.after);
        let options = ListVersions { prefix: space.text(&options.prefix), after, ..options };
        space.versions(at.store().list_versions(cx, &at.bucket, options).await?)
    }
}

/// The source as its store knows it.
pub(crate) fn inward(from: &Place<'_>, source: &CopySource) -> Result<CopySource, StoreError> {
    let bucket = match &from.bucket {
        std::borrow::Cow::Borrowed(_) => source.bucket.clone(),
        std::borrow::Cow::Owned(bucket) => Arc::new(bucket.clone()),
    };
    Ok(CopySource { bucket, key: from.to_find(&source.key)?, ..source.clone() })
}
