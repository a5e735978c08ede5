use types::{BucketName, Owner, TagSet, Timestamp};

/// ListBuckets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListBucketsInput {
    /// Only names that begin so.
    pub prefix: Option<String>,
    /// Only names after this one: the continuation token's content.
    pub after: Option<String>,
    /// The most buckets in the answer, 1 to 10,000; all where the request did not ask for pages.
    pub max_buckets: Option<u32>,
    /// Only buckets of this region.
    pub bucket_region: Option<String>,
}

/// One bucket of ListBuckets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedBucket {
    /// Its name.
    pub name: BucketName,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A page of buckets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListBucketsOutput {
    /// Who asks.
    pub owner: Owner,
    /// The buckets in order of name.
    pub buckets: Vec<ListedBucket>,
    /// The prefix asked for.
    pub prefix: Option<String>,
    /// Shown as `BucketRegion` of each bucket where the request asked for pages or a region.
    pub region: Option<String>,
    /// The last name of the page where there are more.
    pub next_after: Option<String>,
}

/// CreateBucket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CreateBucketInput {
    /// The `LocationConstraint`; none is us-east-1.
    pub location_constraint: Option<String>,
    /// Tags that the bucket has from the start.
    pub tags: TagSet,
}

/// A bucket made, or there already where that counts as success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateBucketOutput {
    /// Its name, for `Location`.
    pub bucket: BucketName,
    /// Its region, for `x-amz-bucket-region`.
    pub region: String,
}

/// HeadBucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeadBucketOutput {
    /// Its region, for `x-amz-bucket-region`.
    pub region: String,
}

/// GetBucketLocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BucketLocationOutput {
    /// The region; us-east-1 is written as an empty constraint.
    pub region: String,
}

/// A state of versioning that can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VersioningStatus {
    /// `Enabled`.
    Enabled,
    /// `Suspended`.
    Suspended,
}

/// PutBucketVersioning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PutBucketVersioningInput {
    /// The state wanted.
    pub status: VersioningStatus,
}

/// GetBucketVersioning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BucketVersioningOutput {
    /// The state; none where versioning was never enabled.
    pub status: Option<VersioningStatus>,
}
