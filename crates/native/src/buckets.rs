use meta::{Check, Commit, MetaErrorKind, ScanItem, ScanRequest};
use store::{Bucket, BucketPage, BucketUpdate, ListBuckets, Missing, StoreError, StoreErrorKind, Versioning};
use types::{BucketName, Owner, TagSet};

use crate::error::{During, contradiction};
use crate::keys::{self, Family, KeyRange};
use crate::native::Native;
use crate::publish::ATTEMPTS_MAX;
use crate::record::{ToDo, decode_bucket, encode_bucket};

/// The most buckets in one page, whatever the caller asks.
const PAGE_MAX_BUCKETS: usize = 10_000;

impl Native {
    pub(crate) async fn create_bucket(
        &self,
        name: &BucketName,
        owner: &Owner,
        tags: &TagSet,
    ) -> Result<Bucket, StoreError> {
        const OPERATION: &str = "create bucket";
        let mut bucket = Bucket {
            name: name.clone(),
            owner: owner.clone(),
            created_at: self.now(),
            versioning: Versioning::Off,
            tags: tags.clone(),
            handle: self.options.random.next_u64(),
            revision: 0,
        };
        let row = keys::bucket(name);
        let mut commit = Commit::default();
        commit.check(Check::Absent(row.clone())).put(row, encode_bucket(&bucket));
        match self.commit(commit).await {
            Ok(revision) => {
                bucket.revision = revision;
                Ok(bucket)
            }
            Err(error) if matches!(error.kind, MetaErrorKind::Conflict(_)) => {
                Err(StoreError::new(StoreErrorKind::BucketExists, OPERATION))
            }
            Err(error) => Err(error).during(OPERATION),
        }
    }

    pub(crate) async fn find_bucket(
        &self,
        name: &BucketName,
        operation: &'static str,
    ) -> Result<Bucket, StoreError> {
        let found = self.meta.get(&keys::bucket(name)).await.during(operation)?;
        let record = found.ok_or_else(|| StoreError::missing(Missing::Bucket, operation))?;
        decode_bucket(&record.value, name.clone(), record.revision).during(operation)
    }

    pub(crate) async fn update_bucket(
        &self,
        bucket: &Bucket,
        update: BucketUpdate,
    ) -> Result<Bucket, StoreError> {
        const OPERATION: &str = "update bucket";
        if update == BucketUpdate::Versioning(Versioning::Off) {
            let why = "versioning can be suspended, never removed";
            return Err(StoreError::new(StoreErrorKind::Unsupported(why), OPERATION));
        }
        let row = keys::bucket(&bucket.name);
        for attempt in 0..ATTEMPTS_MAX {
            let _turn = self.contention.turn(attempt, &row).await;
            let mut found = self.find_bucket(&bucket.name, OPERATION).await?;
            if found.handle != bucket.handle {
                return Err(StoreError::missing(Missing::Bucket, OPERATION));
            }
            match update.clone() {
                BucketUpdate::Versioning(versioning) => found.versioning = versioning,
                BucketUpdate::Tags(tags) => found.tags = tags,
            }
            let mut commit = Commit::default();
            commit.check(Check::Equals(row.clone(), found.revision)).put(row.clone(), encode_bucket(&found));
            match self.commit(commit).await {
                Ok(revision) => {
                    found.revision = revision;
                    return Ok(found);
                }
                Err(error) if matches!(error.kind, MetaErrorKind::Conflict(_)) => {}
                Err(error) => return Err(error).during(OPERATION),
            }
        }
        Err(StoreError::new(StoreErrorKind::Conflict, OPERATION))
    }

    /// Removes an empty bucket in one commit: every write into it checks its record, so none can slip in between. Its
    /// uploads are left to the collector; nobody finds them any more, for a new bucket of the name has another handle.
    pub(crate) async fn delete_bucket(&self, bucket: &Bucket) -> Result<(), StoreError> {
        const OPERATION: &str = "delete bucket";
        let row = keys::bucket(&bucket.name);
        for attempt in 0..ATTEMPTS_MAX {
            let _turn = self.contention.turn(attempt, &row).await;
            let found = self.find_bucket(&bucket.name, OPERATION).await?;
            if found.handle != bucket.handle {
                return Err(StoreError::missing(Missing::Bucket, OPERATION));
            }
            let ranges = [Family::Current, Family::Version]
                .map(|family| KeyRange::of_prefix(&keys::in_bucket(family, bucket.handle).freeze()));
            for range in &ranges {
                if !self.is_empty(range, OPERATION).await? {
                    return Err(StoreError::new(StoreErrorKind::BucketNotEmpty, OPERATION));
                }
            }
            let mut commit = Commit::default();
            commit.check(Check::Equals(row.clone(), found.revision));
            for KeyRange { start, end } in ranges {
                commit.check(Check::RangeEmpty { start, end });
            }
            commit.delete(row.clone()).put(ToDo::Bucket(bucket.handle).key(), ToDo::value());
            if self.commit_change(commit, OPERATION).await? {
                return Ok(());
            }
        }
        Err(StoreError::new(StoreErrorKind::Conflict, OPERATION))
    }

    /// Whether no record stands in a range.
    pub(crate) async fn is_empty(
        &self,
        range: &KeyRange,
        operation: &'static str,
    ) -> Result<bool, StoreError> {
        let request =
            ScanRequest { start: range.start.clone(), end: range.end.clone(), limit: 1, fold: None };
        Ok(self.meta.scan(request).await.during(operation)?.items.is_empty())
    }

    pub(crate) async fn list_buckets(&self, options: ListBuckets) -> Result<BucketPage, StoreError> {
        const OPERATION: &str = "list buckets";
        let mut range = KeyRange::of_prefix(&keys::bucket_prefix(&options.prefix));
        if let Some(after) = &options.after {
            range = range.behind(&keys::bucket_prefix(after));
        }
        if options.limit == 0 {
            let more = !self.is_empty(&range, OPERATION).await?;
            return Ok(BucketPage { buckets: Vec::new(), more });
        }
        let limit = options.limit.min(PAGE_MAX_BUCKETS);
        let request = ScanRequest { start: range.start, end: range.end, limit, fold: None };
        let page = self.meta.scan(request).await.during(OPERATION)?;
        let mut buckets = Vec::with_capacity(page.items.len());
        for item in page.items {
            let ScanItem::Record(record) = item else { continue };
            let name = record.key.get(1..).and_then(|name| std::str::from_utf8(name).ok());
            let name = name.and_then(|name| BucketName::new(name).ok());
            let name = name.ok_or_else(|| contradiction(OPERATION))?;
            buckets.push(decode_bucket(&record.value, name, record.revision).during(OPERATION)?);
        }
        Ok(BucketPage { buckets, more: page.more })
    }
}
