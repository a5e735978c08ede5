use async_trait::async_trait;
use types::{BucketName, Context, Owner, TagSet, Timestamp};

use crate::StoreError;

/// Whether a bucket keeps versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Versioning {
    /// Never enabled.
    #[default]
    Off,
    /// Every write makes a new version.
    Enabled,
    /// Was enabled once; writes replace the null version.
    Suspended,
}

/// A bucket's record: read once per request and handed down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    /// Its name.
    pub name: BucketName,
    /// Who owns it, and all objects in it.
    pub owner: Owner,
    /// When it was made.
    pub created_at: Timestamp,
    /// Whether it keeps versions.
    pub versioning: Versioning,
    /// Its tags.
    pub tags: TagSet,
    /// The store's own number for it: a bucket made again under an old name has another one.
    pub handle: u64,
    /// Which state of the record this is: a write that was decided on an older one is decided again.
    pub revision: u64,
}

/// A change of a bucket's record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BucketUpdate {
    /// Enables or suspends versioning; it never goes back to [`Versioning::Off`].
    Versioning(Versioning),
    /// Replaces the tags; an empty set removes them.
    Tags(TagSet),
}

/// Which buckets to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListBuckets {
    /// Only names that begin so.
    pub prefix: String,
    /// Only names after this one.
    pub after: Option<String>,
    /// The most buckets in the page.
    pub limit: usize,
}

/// A page of buckets in order of name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BucketPage {
    /// The buckets.
    pub buckets: Vec<Bucket>,
    /// Whether there are more behind the last.
    pub more: bool,
}

/// Buckets: made, found, changed, removed.
#[async_trait]
pub trait BucketStore: Send + Sync + 'static {
    /// Makes a bucket, with its tags, in one step.
    ///
    /// # Errors
    /// `BucketExists` where one of that name is there, whoever owns it.
    async fn create_bucket(
        &self,
        cx: &Context,
        name: &BucketName,
        owner: &Owner,
        tags: &TagSet,
    ) -> Result<Bucket, StoreError>;

    /// A bucket's record.
    ///
    /// # Errors
    /// `Missing(Bucket)`.
    async fn bucket(&self, cx: &Context, name: &BucketName) -> Result<Bucket, StoreError>;

    /// Changes a bucket's record and returns the new one.
    ///
    /// # Errors
    /// `Missing(Bucket)`; `Unsupported`.
    async fn update_bucket(
        &self,
        cx: &Context,
        bucket: &Bucket,
        update: BucketUpdate,
    ) -> Result<Bucket, StoreError>;

    /// Removes an empty bucket; unfinished uploads in it are aborted, as S3 does.
    ///
    /// # Errors
    /// `Missing(Bucket)`; `BucketNotEmpty` while an object, version or delete marker is left.
    async fn delete_bucket(&self, cx: &Context, bucket: &Bucket) -> Result<(), StoreError>;

    /// One page of buckets.
    ///
    /// # Errors
    /// Failures of the store.
    async fn list_buckets(&self, cx: &Context, options: ListBuckets) -> Result<BucketPage, StoreError>;
}
