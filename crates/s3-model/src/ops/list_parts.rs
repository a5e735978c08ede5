use types::{BucketName, Checksum, ETag, ObjectKey, Owner, StorageClass, Timestamp};

use crate::UploadChecksum;

/// ListParts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListPartsInput {
    /// The upload.
    pub upload_id: String,
    /// The most parts in the answer, 0 to 1,000.
    pub max_parts: u32,
    /// Only parts with numbers above this one.
    pub part_number_marker: u32,
}

/// One part of an unfinished upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedPart {
    /// Its number.
    pub number: u32,
    /// When it was written.
    pub modified_at: Timestamp,
    /// Its entity tag.
    pub etag: ETag,
    /// Its size.
    pub size_bytes: u64,
    /// Its checksum.
    pub checksum: Option<Checksum>,
}

/// A page of an upload's parts. What the request asked for is repeated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListPartsOutput {
    /// The bucket.
    pub bucket: BucketName,
    /// The key.
    pub key: ObjectKey,
    /// What was asked for.
    pub request: ListPartsInput,
    /// Who owns the upload: the bucket's owner.
    pub owner: Owner,
    /// The storage class that the object will have.
    pub storage_class: StorageClass,
    /// The checksum that the upload was begun with.
    pub checksum: Option<UploadChecksum>,
    /// The parts in order of number. The next marker is the last one's.
    pub parts: Vec<ListedPart>,
    /// Whether there are more.
    pub is_truncated: bool,
}
