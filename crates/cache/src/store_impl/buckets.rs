use std::sync::Arc;

use async_trait::async_trait;
use store::{Bucket, BucketPage, BucketStore, BucketUpdate, ListBuckets, StoreError, StoreErrorKind};
use types::{BucketName, CacheStatus, Context, Owner, TagSet, Timestamp};

use super::{Cached, View};
use crate::change::Moment;
use crate::disk::PurgeScope;
use crate::error::is_uncertain;
use crate::state::{BucketRecord, KnownBucket};

/// The tag of a bucket's record.
const RECORD: &str = "bucket";

#[async_trait]
impl BucketStore for Cached {
    async fn create_bucket(
        &self,
        cx: &Context,
        name: &BucketName,
        owner: &Owner,
        tags: &TagSet,
    ) -> Result<Bucket, StoreError> {
        self.0.change_bucket(cx, name, self.0.inner.create_bucket(cx, name, owner, tags)).await
    }

    async fn bucket(&self, cx: &Context, name: &BucketName) -> Result<Bucket, StoreError> {
        let moment = self.0.core.changes.moment(self.0.bucket_id(name));
        let seen_at = self.0.now();
        let answer = self.0.inner.bucket(cx, name).await;
        if let Ok(bucket) = &answer
            && self.0.belief.answers_heads()
        {
            self.0.learn_bucket(bucket, seen_at, moment);
        }
        if let Err(error) = &answer
            && matches!(error.kind, StoreErrorKind::Unavailable)
            && let Some((bucket, seen_at, status)) = self.0.stand_in(name).await
        {
            self.0.note_bucket(cx, status, Some(seen_at));
            return Ok(bucket);
        }
        self.0.note_bucket(cx, CacheStatus::Bypass, None);
        answer
    }

    async fn update_bucket(
        &self,
        cx: &Context,
        bucket: &Bucket,
        update: BucketUpdate,
    ) -> Result<Bucket, StoreError> {
        let changes_objects = matches!(update, BucketUpdate::Versioning(_));
        let updating = self.0.inner.update_bucket(cx, bucket, update);
        let updated = self.0.change_bucket(cx, &bucket.name, updating).await;
        if changes_objects {
            self.0.forget_objects(&bucket.name).await;
        }
        updated
    }

    async fn delete_bucket(&self, cx: &Context, bucket: &Bucket) -> Result<(), StoreError> {
        let deleted = self.0.change_bucket(cx, &bucket.name, self.0.inner.delete_bucket(cx, bucket)).await;
        if deleted.is_ok() {
            self.0.forget_objects(&bucket.name).await;
        }
        deleted
    }

    async fn list_buckets(&self, cx: &Context, options: ListBuckets) -> Result<BucketPage, StoreError> {
        self.0.pass(cx, self.0.inner.list_buckets(cx, options)).await
    }
}

impl View {
    /// Changes a bucket by `call`; nothing that was known of its record or its listings is believed afterwards.
    async fn change_bucket<T>(
        &self,
        cx: &Context,
        name: &BucketName,
        call: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let id = self.bucket_id(name);
        // A store that is away is no reason to lose what is known of its buckets.
        let before = match self.belief.outlives_the_store() {
            true => self.recall_bucket(name).await,
            false => None,
        };
        let mut change = self.core.changes.begin(id);
        let after = self.core.changes.moment(id).after(1);
        self.core.buckets.lock().remove(&id);
        if let Some(key) = self.record(name.as_str(), "", RECORD) {
            self.remove_records(&[(key, id)]).await;
        }
        let outcome = call.await;
        if !outcome.as_ref().is_err_and(is_uncertain) {
            change.settle();
        }
        change.end();
        self.core.buckets.lock().remove(&id);
        if let Some(before) = before.filter(|_| outcome.is_err()) {
            let mut buckets = self.core.buckets.lock();
            if self.core.changes.is_quiet(after) {
                buckets.put(id, before.in_doubt().into(), 1);
            }
        }
        self.core.listings.forget_bucket(Some(id));
        self.note(cx, CacheStatus::Bypass);
        outcome
    }

    /// Forgets all objects of a bucket, on disk too.
    async fn forget_objects(&self, name: &BucketName) {
        let id = self.bucket_id(name);
        self.core.table.forget_prefix(Some(id), "");
        self.core.small.forget(Some(&self.store), Some(name.as_str()), "");
        let scope = PurgeScope {
            store: Some(self.store.clone()),
            bucket: Some(name.as_str().to_owned()),
            key_prefix: String::new(),
        };
        let mut purge = self.core.disk.purge(scope);
        while purge.next().await.is_some() {}
    }

    /// Keeps what the store said about a bucket, on disk too, unless it has been changed since.
    fn learn_bucket(&self, bucket: &Bucket, seen_at: Timestamp, moment: Moment) {
        let id = self.bucket_id(&bucket.name);
        let known = self.core.buckets.lock().get(&id).cloned();
        let locate = || self.record(bucket.name.as_str(), "", RECORD);
        let known = match known {
            Some(known) if known.bucket == *bucket && !known.is_doubtful => {
                known.seen_again(seen_at);
                if self.has_record(&known.recorded, locate) {
                    return;
                }
                known
            }
            known => {
                let before = known;
                let known = Arc::new(KnownBucket::new(bucket.clone(), seen_at));
                known.recorded.begin(seen_at);
                let mut buckets = self.core.buckets.lock();
                if !self.core.changes.holds(moment) {
                    return;
                }
                // Under the lock that whoever changes the bucket takes next: the record of what it was changed to stays.
                if let Some(key) = before.as_ref().and_then(|before| before.recorded.known_key()) {
                    self.core.disk.remove(key);
                }
                buckets.put(id, known.clone(), 1);
                known
            }
        };
        let Some(key) = known.recorded.key(locate).cloned() else { return };
        self.write_record(key, (id, moment), move |_| {
            BucketRecord { bucket: known.bucket.clone(), seen_at: known.seen_at() }.encode()
        });
    }

    /// What is said of a bucket while the store is away: without it nobody would get what is cached of its objects. It is
    /// believed for as long as they are.
    async fn stand_in(&self, name: &BucketName) -> Option<(Bucket, Timestamp, CacheStatus)> {
        if !self.belief.answers_heads() {
            return None;
        }
        let known = self.recall_bucket(name).await?;
        let (bucket, seen_at) = (known.bucket.clone(), known.seen_at());
        match !known.is_doubtful && self.belief.in_object(seen_at, self.now()) {
            true => Some((bucket, seen_at, CacheStatus::Hit)),
            false => self.belief.outlives_the_store().then_some((bucket, seen_at, CacheStatus::Stale)),
        }
    }

    async fn recall_bucket(&self, name: &BucketName) -> Option<Arc<KnownBucket>> {
        let id = self.bucket_id(name);
        if let Some(known) = self.core.buckets.lock().get(&id) {
            return Some(known.clone());
        }
        let bytes = self.read_record(&self.record(name.as_str(), "", RECORD)?).await?;
        let BucketRecord { bucket, seen_at } = BucketRecord::decode(&bytes)?;
        Some(Arc::new(KnownBucket::new(bucket, seen_at)))
    }
}
