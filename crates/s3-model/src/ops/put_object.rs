use types::{Checksum, ETag, ObjectMetadata, VersionId};

use crate::{BodyDigests, WriteCondition};

/// PutObject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PutObjectInput {
    /// The declared size of the object, framing not counted.
    pub content_length: u64,
    /// What the client says about the object.
    pub metadata: ObjectMetadata,
    /// What the bytes must turn out to be.
    pub digests: BodyDigests,
    /// The condition on the object replaced.
    pub condition: WriteCondition,
}

/// An object stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PutObjectOutput {
    /// The entity tag.
    pub etag: ETag,
    /// The checksum kept.
    pub checksum: Option<Checksum>,
    /// The version, where the bucket has or had versioning.
    pub version_id: Option<VersionId>,
}
