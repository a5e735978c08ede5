use types::{ChecksumAlgorithm, ChecksumKind, ETag, ObjectKey, StorageClass, Timestamp, VersionId};

use crate::UploadId;

/// Where a listing goes on: strictly behind this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Position {
    /// Behind this key. Need not be a legal key: any text a client sends as a marker.
    Key(String),
    /// Behind every key that begins so.
    Prefix(String),
}

/// Which current objects to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListObjects {
    /// Only keys that begin so.
    pub prefix: String,
    /// Folds keys that hold this text behind the prefix; any text but the empty one.
    pub delimiter: Option<String>,
    /// Where to go on.
    pub after: Option<Position>,
    /// The most entries in the page; 0 asks only whether there are any.
    pub limit: usize,
}

/// One object of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectSummary {
    /// The key.
    pub key: ObjectKey,
    /// The entity tag.
    pub etag: ETag,
    /// The size.
    pub size_bytes: u64,
    /// When it was last written.
    pub modified_at: Timestamp,
    /// The storage class label.
    pub storage_class: StorageClass,
    /// The checksum's algorithm and kind, where one is kept.
    pub checksum: Option<(ChecksumAlgorithm, ChecksumKind)>,
}

/// One entry of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListEntry {
    /// An object.
    Object(ObjectSummary),
    /// A common prefix, up to and with the delimiter.
    Prefix(String),
}

/// A page of a listing, in byte order of keys and prefixes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListPage {
    /// The entries.
    pub entries: Vec<ListEntry>,
    /// Whether there are more behind the last.
    pub more: bool,
}

/// Which versions to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListVersions {
    /// Only keys that begin so.
    pub prefix: String,
    /// Folds keys that hold this text behind the prefix.
    pub delimiter: Option<String>,
    /// Where to go on.
    pub after: Option<Position>,
    /// With `after` a key: go on with the versions of that key behind this one instead of behind the whole key.
    pub after_version: Option<VersionId>,
    /// The most entries in the page.
    pub limit: usize,
}

/// What a version is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VersionState {
    /// An object.
    Object(ObjectSummary),
    /// A delete marker.
    DeleteMarker,
}

/// One version of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionSummary {
    /// The key.
    pub key: ObjectKey,
    /// The version.
    pub version_id: VersionId,
    /// Whether it is the current one.
    pub is_latest: bool,
    /// When it was written.
    pub modified_at: Timestamp,
    /// What it is.
    pub state: VersionState,
}

/// One entry of a versions listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VersionEntry {
    /// A version.
    Version(VersionSummary),
    /// A common prefix.
    Prefix(String),
}

/// A page of versions: by key in byte order, then newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VersionPage {
    /// The entries.
    pub entries: Vec<VersionEntry>,
    /// Whether there are more behind the last.
    pub more: bool,
}

/// Which unfinished uploads to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListUploads {
    /// Only keys that begin so.
    pub prefix: String,
    /// Folds keys that hold this text behind the prefix.
    pub delimiter: Option<String>,
    /// Where to go on.
    pub after: Option<Position>,
    /// With `after` a key: go on with the uploads of that key behind this one.
    pub after_upload: Option<UploadId>,
    /// The most entries in the page.
    pub limit: usize,
}

/// One unfinished upload of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadSummary {
    /// The key.
    pub key: ObjectKey,
    /// The upload.
    pub upload_id: UploadId,
    /// When it was begun.
    pub initiated_at: Timestamp,
    /// The storage class that the object will have.
    pub storage_class: StorageClass,
    /// The checksum's algorithm and kind, where one was named.
    pub checksum: Option<(ChecksumAlgorithm, ChecksumKind)>,
}

/// One entry of an uploads listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UploadEntry {
    /// An upload.
    Upload(UploadSummary),
    /// A common prefix.
    Prefix(String),
}

/// A page of uploads: by key in byte order, then oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UploadPage {
    /// The entries.
    pub entries: Vec<UploadEntry>,
    /// Whether there are more behind the last.
    pub more: bool,
}
