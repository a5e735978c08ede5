use types::{BucketName, ChecksumAlgorithm, ChecksumKind, ETag, ObjectKey, Owner, StorageClass, Timestamp};

/// How keys are written in a listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EncodingType {
    /// `url`: percent-encoded.
    Url,
}

/// Where a listing goes on: the content of a continuation token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Continuation {
    /// Behind this key.
    Key(String),
    /// Behind every key that begins so.
    Prefix(String),
}

/// ListObjects (version 1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListObjectsInput {
    /// Only keys that begin so.
    pub prefix: String,
    /// Folds keys that hold this text behind the prefix; never empty.
    pub delimiter: Option<String>,
    /// Only keys behind this text; empty for all.
    pub marker: String,
    /// The most entries in the answer, 0 to 1,000.
    pub max_keys: u32,
    /// How keys are written.
    pub encoding: Option<EncodingType>,
}

/// ListObjectsV2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListObjectsV2Input {
    /// Only keys that begin so.
    pub prefix: String,
    /// Folds keys that hold this text behind the prefix; never empty.
    pub delimiter: Option<String>,
    /// Only keys behind this text.
    pub start_after: Option<String>,
    /// Where to go on; wins over `start_after`.
    pub continuation: Option<Continuation>,
    /// The token as sent, for repeating it in the answer.
    pub continuation_token: Option<String>,
    /// The most entries in the answer, 0 to 1,000.
    pub max_keys: u32,
    /// Whether to show each object's owner.
    pub fetch_owner: bool,
    /// How keys are written.
    pub encoding: Option<EncodingType>,
}

/// One object of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedObject {
    /// The key.
    pub key: ObjectKey,
    /// The entity tag.
    pub etag: ETag,
    /// The size.
    pub size_bytes: u64,
    /// When it was last written.
    pub modified_at: Timestamp,
    /// The storage class.
    pub storage_class: StorageClass,
    /// The checksum's algorithm and kind, where one is kept.
    pub checksum: Option<(ChecksumAlgorithm, ChecksumKind)>,
}

/// One entry of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListedEntry {
    /// An object.
    Object(ListedObject),
    /// A common prefix, up to and with the delimiter.
    Prefix(String),
}

/// A page of ListObjects. What the request asked for is repeated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListObjectsOutput {
    /// The bucket.
    pub bucket: BucketName,
    /// What was asked for.
    pub request: ListObjectsInput,
    /// Who owns every object of the bucket.
    pub owner: Owner,
    /// The entries in byte order.
    pub entries: Vec<ListedEntry>,
    /// Whether there are more. The next marker is the last entry's key or prefix, written where there is a delimiter.
    pub is_truncated: bool,
}

/// A page of ListObjectsV2. What the request asked for is repeated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListObjectsV2Output {
    /// The bucket.
    pub bucket: BucketName,
    /// What was asked for.
    pub request: ListObjectsV2Input,
    /// Who owns every object of the bucket; written where the request asked for it.
    pub owner: Owner,
    /// The entries in byte order.
    pub entries: Vec<ListedEntry>,
    /// Whether there are more. The next token is made of the last entry.
    pub is_truncated: bool,
}
