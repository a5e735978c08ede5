use types::{TagSet, VersionId};

/// PutBucketTagging.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PutBucketTaggingInput {
    /// The tags, at most 50.
    pub tags: TagSet,
}

/// GetBucketTagging; a bucket without tags is `NoSuchTagSet` instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BucketTaggingOutput {
    /// The tags.
    pub tags: TagSet,
}

/// GetObjectTagging and DeleteObjectTagging.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ObjectTaggingInput {
    /// Which version; the current one where none is named.
    pub version_id: Option<VersionId>,
}

/// PutObjectTagging.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PutObjectTaggingInput {
    /// Which version; the current one where none is named.
    pub version_id: Option<VersionId>,
    /// The tags, at most 10.
    pub tags: TagSet,
}

/// GetObjectTagging.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectTaggingOutput {
    /// The version, where the bucket has or had versioning.
    pub version_id: Option<VersionId>,
    /// The tags, none included.
    pub tags: TagSet,
}

/// PutObjectTagging and DeleteObjectTagging.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectTaggingSetOutput {
    /// The version changed, where the bucket has or had versioning.
    pub version_id: Option<VersionId>,
}
