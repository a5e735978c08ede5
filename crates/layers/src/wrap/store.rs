use std::sync::Arc;

use async_trait::async_trait;
use store::{
    Bucket, BucketPage, BucketStore, BucketUpdate, Capabilities, CopyOptions, CopySource, DeleteOptions,
    DeleteOutcome, DeleteTarget, ListBuckets, ListObjects, ListPage, ListParts, ListVersions, ObjectInfo,
    ObjectParts, ObjectStore, OpenOptions, Opened, PutOptions, PutOutcome, SharedStore, StoreError,
    VersionPage, Versioning, WriteCondition,
};
use types::{Body, BucketName, Context, ObjectKey, Owner, TagSet, VersionId};

use super::content::HookedContent;
use super::{Call, Change, Hook, Repeat, Size, StoreOperation as Operation};

/// A store all of whose calls go through a hook.
pub(crate) struct Hooked<H> {
    pub(super) inner: SharedStore,
    pub(super) hook: Arc<H>,
}

impl<H: Hook> Hooked<H> {
    /// Puts a hook around a store.
    pub(crate) fn shared(inner: SharedStore, hook: Arc<H>) -> SharedStore {
        Arc::new(Self { inner, hook })
    }
}

/// What is given to a call by value: given away, or copied where the hook may run the call again.
pub(crate) struct Once<T>(Option<T>);

impl<T: Clone> Once<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(Some(value))
    }

    pub(crate) fn get<H: Hook>(&mut self) -> T {
        let value = if H::REPEATS { self.0.clone() } else { self.0.take() };
        value.expect("a hook that does not say so runs no call twice")
    }
}

#[async_trait]
impl<H: Hook> BucketStore for Hooked<H> {
    async fn create_bucket(
        &self,
        cx: &Context,
        name: &BucketName,
        owner: &Owner,
        tags: &TagSet,
    ) -> Result<Bucket, StoreError> {
        self.hook.space().may_create(tags)?;
        let call = Call::looking(Operation::CreateBucket, cx, Some(name), None);
        let call = call.changing(Change::NewBucket, Repeat::Never);
        self.hook.around(&call, (), |()| self.inner.create_bucket(cx, name, owner, tags)).await
    }

    async fn bucket(&self, cx: &Context, name: &BucketName) -> Result<Bucket, StoreError> {
        let call = Call::looking(Operation::Bucket, cx, Some(name), None);
        self.hook.around(&call, (), |()| self.inner.bucket(cx, name)).await
    }

    async fn update_bucket(
        &self,
        cx: &Context,
        bucket: &Bucket,
        update: BucketUpdate,
    ) -> Result<Bucket, StoreError> {
        if self.hook.space().has_already(bucket, &update)? {
            return Ok(bucket.clone());
        }
        let call = Call::looking(Operation::UpdateBucket, cx, Some(&bucket.name), None);
        let call = call.changing(Change::Settings, Repeat::Safe);
        let mut update = Once::new(update);
        self.hook.around(&call, (), |()| self.inner.update_bucket(cx, bucket, update.get::<H>())).await
    }

    async fn delete_bucket(&self, cx: &Context, bucket: &Bucket) -> Result<(), StoreError> {
        self.hook.space().may_delete()?;
        let call = Call::looking(Operation::DeleteBucket, cx, Some(&bucket.name), None);
        let call = call.changing(Change::NoBucket, Repeat::Never);
        self.hook.around(&call, (), |()| self.inner.delete_bucket(cx, bucket)).await
    }

    async fn list_buckets(&self, cx: &Context, options: ListBuckets) -> Result<BucketPage, StoreError> {
        let call = Call::looking(Operation::ListBuckets, cx, None, None);
        let mut options = Once::new(options);
        self.hook.around(&call, (), |()| self.inner.list_buckets(cx, options.get::<H>())).await
    }
}

#[async_trait]
impl<H: Hook> ObjectStore for Hooked<H> {
    fn capabilities(&self, bucket: &Bucket) -> Capabilities {
        self.hook.space().capabilities(bucket, self.inner.capabilities(bucket))
    }

    async fn put(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        body: Body,
        options: PutOptions,
    ) -> Result<PutOutcome, StoreError> {
        let at = self.hook.space().to_write(key)?;
        let change = Change::Object { bucket, key, bytes: Size::Sent(body.length_bytes()) };
        let call = Call::looking(Operation::Put, cx, Some(&bucket.name), Some(key));
        let call = call.changing(change, Repeat::Never);
        let mut options = Once::new(options);
        let run = |body| self.inner.put(cx, bucket, &at, body, options.get::<H>());
        self.hook.around(&call, body, run).await
    }

    async fn open(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: OpenOptions,
    ) -> Result<Opened, StoreError> {
        let at = self.hook.space().to_find(key)?;
        let call = Call::looking(Operation::Open, cx, Some(&bucket.name), Some(key));
        let mut options = Once::new(options);
        let run = |()| self.inner.open(cx, bucket, &at, options.get::<H>());
        let Opened { info, content } = self.hook.around(&call, (), run).await?;
        let content = HookedContent::new(&self.hook, cx, bucket, key, content);
        Ok(Opened { info, content: Box::new(content) })
    }

    async fn head(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: OpenOptions,
    ) -> Result<ObjectInfo, StoreError> {
        let at = self.hook.space().to_find(key)?;
        let call = Call::looking(Operation::Head, cx, Some(&bucket.name), Some(key));
        let mut options = Once::new(options);
        self.hook.around(&call, (), |()| self.inner.head(cx, bucket, &at, options.get::<H>())).await
    }

    async fn parts(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: OpenOptions,
        page: ListParts,
    ) -> Result<ObjectParts, StoreError> {
        let at = self.hook.space().to_find(key)?;
        let call = Call::looking(Operation::Parts, cx, Some(&bucket.name), Some(key));
        let mut options = Once::new(options);
        self.hook.around(&call, (), |()| self.inner.parts(cx, bucket, &at, options.get::<H>(), page)).await
    }

    async fn delete(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: DeleteOptions,
    ) -> Result<DeleteOutcome, StoreError> {
        let at = self.hook.space().to_write(key)?;
        let version_id = options.version_id.clone();
        let repeat = Repeat::of_delete(bucket, version_id.as_ref(), &options.condition);
        let change = Change::Delete { bucket, key, version_id: version_id.as_ref() };
        let call = Call::looking(Operation::Delete, cx, Some(&bucket.name), Some(key));
        let call = call.changing(change, repeat);
        let mut options = Once::new(options);
        self.hook.around(&call, (), |()| self.inner.delete(cx, bucket, &at, options.get::<H>())).await
    }

    async fn delete_many(
        &self,
        cx: &Context,
        bucket: &Bucket,
        targets: Vec<DeleteTarget>,
    ) -> Result<Vec<Result<DeleteOutcome, StoreError>>, StoreError> {
        let (inward, refused) = self.hook.space().targets(targets);
        let is_safe = |target: &DeleteTarget| {
            let DeleteOptions { version_id, condition } = &target.options;
            Repeat::of_delete(bucket, version_id.as_ref(), condition) == Repeat::Safe
        };
        let repeat = Repeat::when(inward.iter().all(is_safe));
        let has_any = !inward.is_empty();
        let named = if H::NEEDS_TARGETS { inward.clone() } else { Vec::new() };
        let call = Call::looking(Operation::DeleteMany, cx, Some(&bucket.name), None)
            .changing(Change::Deletes { bucket, targets: &named }, repeat);
        let mut inward = Once::new(inward);
        let run = |()| self.inner.delete_many(cx, bucket, inward.get::<H>());
        let mut outcomes = match refused.is_empty() || has_any {
            true => self.hook.around(&call, (), run).await?,
            false => Vec::new(),
        };
        for (place, error) in refused {
            outcomes.insert(place, Err(error));
        }
        Ok(outcomes)
    }

    async fn copy(
        &self,
        cx: &Context,
        source: &CopySource,
        bucket: &Bucket,
        key: &ObjectKey,
        options: CopyOptions,
    ) -> Result<PutOutcome, StoreError> {
        let space = self.hook.space();
        let (from, at) = (space.source(source)?, space.to_write(key)?);
        // A copy onto its own source may leave another tag than the one that the repetition would name.
        let is_onto_itself = source.key == *key && source.bucket.name == bucket.name;
        let replaces = bucket.versioning == Versioning::Off && options.condition == WriteCondition::Always;
        let change = Change::Object { bucket, key, bytes: Size::Copied(&from, None) };
        let call = Call::looking(Operation::Copy, cx, Some(&bucket.name), Some(key))
            .changing(change, Repeat::when(replaces && !is_onto_itself));
        let mut options = Once::new(options);
        self.hook.around(&call, (), |()| self.inner.copy(cx, &from, bucket, &at, options.get::<H>())).await
    }

    async fn set_tags(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        version_id: Option<VersionId>,
        tags: TagSet,
    ) -> Result<Option<VersionId>, StoreError> {
        let at = self.hook.space().to_find(key)?;
        let call = Call::looking(Operation::SetTags, cx, Some(&bucket.name), Some(key));
        let call = call.changing(Change::Tags, Repeat::Safe);
        let mut given = Once::new((version_id, tags));
        let run = |()| {
            let (version_id, tags) = given.get::<H>();
            self.inner.set_tags(cx, bucket, &at, version_id, tags)
        };
        self.hook.around(&call, (), run).await
    }

    async fn list(
        &self,
        cx: &Context,
        bucket: &Bucket,
        options: ListObjects,
    ) -> Result<ListPage, StoreError> {
        let space = self.hook.space();
        let call = Call::looking(Operation::List, cx, Some(&bucket.name), None);
        let after = space.position(&options.prefix, options.after);
        let mut options = Once::new(ListObjects { prefix: space.text(options.prefix), after, ..options });
        let run = |()| self.inner.list(cx, bucket, options.get::<H>());
        space.objects(self.hook.around(&call, (), run).await?)
    }

    async fn list_versions(
        &self,
        cx: &Context,
        bucket: &Bucket,
        options: ListVersions,
    ) -> Result<VersionPage, StoreError> {
        let space = self.hook.space();
        let call = Call::looking(Operation::ListVersions, cx, Some(&bucket.name), None);
        let after = space.position(&options.prefix, options.after);
        let mut options = Once::new(ListVersions { prefix: space.text(options.prefix), after, ..options });
        let run = |()| self.inner.list_versions(cx, bucket, options.get::<H>());
        space.versions(self.hook.around(&call, (), run).await?)
    }
}
