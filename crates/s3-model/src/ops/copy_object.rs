use types::{Checksum, ChecksumAlgorithm, ETag, ObjectMetadata, StorageClass, TagSet, Timestamp, VersionId};

use crate::{ReadConditions, WriteCondition};

/// Whether a copy keeps what its source has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Directive<T> {
    /// `COPY`: keep the source's.
    Copy,
    /// `REPLACE`: take this instead.
    Replace(T),
}

/// CopyObject. The source's name stands in the route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyObjectInput {
    /// Conditions on the source.
    pub source_conditions: ReadConditions,
    /// The condition on the object replaced.
    pub condition: WriteCondition,
    /// Headers and user metadata. The tags in it are empty; the storage class is the request's or `STANDARD`.
    pub metadata: Directive<ObjectMetadata>,
    /// The tags.
    pub tags: Directive<TagSet>,
    /// The storage class, where the request names one; else the copy is `STANDARD`.
    pub storage_class: Option<StorageClass>,
    /// `x-amz-website-redirect-location`, which no copy takes from its source.
    pub website_redirect_location: Option<String>,
    /// The checksum that the copy must have; the source's algorithm where none is named.
    pub checksum: Option<ChecksumAlgorithm>,
}

/// A copy made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyObjectOutput {
    /// The copy's entity tag.
    pub etag: ETag,
    /// When it was made.
    pub modified_at: Timestamp,
    /// Its checksum.
    pub checksum: Option<Checksum>,
    /// Its version, where the bucket has or had versioning.
    pub version_id: Option<VersionId>,
    /// The source's version, where its bucket has or had versioning.
    pub source_version_id: Option<VersionId>,
}
