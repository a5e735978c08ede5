use types::{BucketName, ObjectKey, Owner, StorageClass, Timestamp};

use crate::{EncodingType, UploadChecksum};

/// ListMultipartUploads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListMultipartUploadsInput {
    /// Only keys that begin so.
    pub prefix: String,
    /// Folds keys that hold this text behind the prefix; never empty.
    pub delimiter: Option<String>,
    /// Only keys behind this text, or, with `upload_id_marker`, also uploads of that key behind that one; empty for all.
    pub key_marker: String,
    /// Ignored by S3 where there is no key marker.
    pub upload_id_marker: String,
    /// The most entries in the answer, 0 to 1,000.
    pub max_uploads: u32,
    /// How keys are written.
    pub encoding: Option<EncodingType>,
}

/// One unfinished upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedUpload {
    /// The key that the object will have.
    pub key: ObjectKey,
    /// The upload.
    pub upload_id: String,
    /// When it was begun.
    pub initiated_at: Timestamp,
    /// The storage class that the object will have.
    pub storage_class: StorageClass,
    /// The checksum that it was begun with.
    pub checksum: Option<UploadChecksum>,
}

/// One entry of a listing of uploads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UploadListEntry {
    /// An upload.
    Upload(ListedUpload),
    /// A common prefix.
    Prefix(String),
}

/// A page of uploads. What the request asked for is repeated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListMultipartUploadsOutput {
    /// The bucket.
    pub bucket: BucketName,
    /// What was asked for.
    pub request: ListMultipartUploadsInput,
    /// Who owns every upload of the bucket.
    pub owner: Owner,
    /// The entries, by key in byte order, then oldest first.
    pub entries: Vec<UploadListEntry>,
    /// Whether there are more. The next markers are made of the last entry.
    pub is_truncated: bool,
}
