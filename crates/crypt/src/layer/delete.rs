use store::{Bucket, DeleteOptions, DeleteOutcome, DeleteTarget, StoreError, Versioning};
use types::{Context, ObjectKey, TagSet, VersionId};

use super::core::Core;

const OPERATION: &str = "delete object";

impl Core {
    pub(super) async fn delete(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: DeleteOptions,
    ) -> Result<DeleteOutcome, StoreError> {
        let target = self.target(cx, bucket, DeleteTarget { key: key.clone(), options }).await?;
        let outcome = self.inner.delete(cx, bucket, &target.key, target.options).await?;
        if bucket.versioning == Versioning::Off {
            self.index.forget_keys(bucket.handle, &[&target.key]).await;
        }
        Ok(outcome)
    }

    /// A target in the words of the store beneath.
    async fn target(
        &self,
        cx: &Context,
        bucket: &Bucket,
        target: DeleteTarget,
    ) -> Result<DeleteTarget, StoreError> {
        let place = self.place(cx, bucket, &target.key, OPERATION).await?;
        let DeleteOptions { version_id, condition } = target.options;
        let support = self.inner.capabilities(bucket).conditional_delete;
        let condition = (condition, version_id.clone(), support);
        let condition = self.condition(cx, (bucket, &place), condition, OPERATION).await?;
        Ok(DeleteTarget { key: place.stored, options: DeleteOptions { version_id, condition } })
    }

    pub(super) async fn delete_many(
        &self,
        cx: &Context,
        bucket: &Bucket,
        targets: Vec<DeleteTarget>,
    ) -> Result<Vec<Result<DeleteOutcome, StoreError>>, StoreError> {
        let mut outcomes = Vec::with_capacity(targets.len());
        let mut passed = Vec::with_capacity(targets.len());
        for target in targets {
            match self.target(cx, bucket, target).await {
                Ok(target) => {
                    passed.push(target);
                    outcomes.push(None);
                }
                Err(error) => outcomes.push(Some(Err(error))),
            }
        }
        let keys: Vec<ObjectKey> = passed.iter().map(|target| target.key.clone()).collect();
        let deleted = match passed.is_empty() {
            true => Vec::new(),
            false => self.inner.delete_many(cx, bucket, passed).await?,
        };
        if bucket.versioning == Versioning::Off {
            self.index.forget_keys(bucket.handle, &keys.iter().collect::<Vec<_>>()).await;
        }
        let mut deleted = deleted.into_iter();
        Ok(outcomes.into_iter().filter_map(|outcome| outcome.or_else(|| deleted.next())).collect())
    }

    pub(super) async fn set_tags(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        version_id: Option<VersionId>,
        tags: TagSet,
    ) -> Result<Option<VersionId>, StoreError> {
        let place = self.place_to_read(cx, bucket, key, "set tags").await?;
        self.inner.set_tags(cx, bucket, &place.stored, version_id, tags).await
    }
}
