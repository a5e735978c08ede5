use types::{
    BucketName, ByteRange, Checksum, ChecksumKind, ETag, ObjectKey, ObjectMetadata, Timestamp, VersionId,
};

use crate::{BodyDigests, ReadConditions, UploadChecksum, WriteCondition};

/// CreateMultipartUpload.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CreateMultipartUploadInput {
    /// What the client says about the object.
    pub metadata: ObjectMetadata,
    /// The checksum named.
    pub checksum: Option<UploadChecksum>,
}

/// An upload begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateMultipartUploadOutput {
    /// The bucket.
    pub bucket: BucketName,
    /// The key.
    pub key: ObjectKey,
    /// The upload.
    pub upload_id: String,
    /// The checksum named.
    pub checksum: Option<UploadChecksum>,
}

/// UploadPart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadPartInput {
    /// The upload.
    pub upload_id: String,
    /// The part, 1 to 10,000.
    pub part_number: u32,
    /// The declared size of the part, framing not counted.
    pub content_length: u64,
    /// What the bytes must turn out to be.
    pub digests: BodyDigests,
}

/// A part stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadPartOutput {
    /// Its entity tag.
    pub etag: ETag,
    /// Its checksum.
    pub checksum: Option<Checksum>,
}

/// UploadPartCopy. The source's name stands in the route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadPartCopyInput {
    /// The upload.
    pub upload_id: String,
    /// The part, 1 to 10,000.
    pub part_number: u32,
    /// The bytes of the source; all where none are named. One that reaches past the source's end is refused.
    pub range: Option<ByteRange>,
    /// Conditions on the source.
    pub source_conditions: ReadConditions,
}

/// A part copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadPartCopyOutput {
    /// Its entity tag.
    pub etag: ETag,
    /// When it was written.
    pub modified_at: Timestamp,
    /// Its checksum.
    pub checksum: Option<Checksum>,
    /// The source's version, where its bucket has or had versioning.
    pub source_version_id: Option<VersionId>,
}

/// One part as the client lists it on completing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompletedPart {
    /// Its number, 1 to 10,000.
    pub number: u32,
    /// The tag that the client got for it.
    pub etag: ETag,
    /// The checksum, where the client repeats it.
    pub checksum: Option<Checksum>,
}

/// CompleteMultipartUpload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompleteMultipartUploadInput {
    /// The upload.
    pub upload_id: String,
    /// The parts, 1 to 10,000, in the order listed, which need not be ascending.
    pub parts: Vec<CompletedPart>,
    /// The condition on the object replaced.
    pub condition: WriteCondition,
    /// The checksum of the whole that the client expects.
    pub checksum: Option<Checksum>,
    /// `x-amz-checksum-type`.
    pub checksum_kind: Option<ChecksumKind>,
    /// `x-amz-mp-object-size`.
    pub object_size_bytes: Option<u64>,
}

/// An upload completed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompleteMultipartUploadOutput {
    /// The bucket.
    pub bucket: BucketName,
    /// The key.
    pub key: ObjectKey,
    /// The object's entity tag.
    pub etag: ETag,
    /// The object's checksum.
    pub checksum: Option<Checksum>,
    /// The version, where the bucket has or had versioning.
    pub version_id: Option<VersionId>,
}

/// AbortMultipartUpload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AbortMultipartUploadInput {
    /// The upload.
    pub upload_id: String,
}
