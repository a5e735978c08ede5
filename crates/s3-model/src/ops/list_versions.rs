use types::{BucketName, ObjectKey, Owner, Timestamp, VersionId};

use crate::{EncodingType, ListedObject};

/// ListObjectVersions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListObjectVersionsInput {
    /// Only keys that begin so.
    pub prefix: String,
    /// Folds keys that hold this text behind the prefix; never empty.
    pub delimiter: Option<String>,
    /// Only keys behind this text, or, with `version_id_marker`, also versions of that key behind that one; empty for
    /// all.
    pub key_marker: String,
    /// The version behind which the listing goes on.
    pub version_id_marker: Option<VersionId>,
    /// The most entries in the answer, 0 to 1,000.
    pub max_keys: u32,
    /// How keys are written.
    pub encoding: Option<EncodingType>,
}

/// One version or delete marker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListedVersion {
    /// An object.
    Object {
        /// The object.
        object: ListedObject,
        /// The version.
        version_id: VersionId,
        /// Whether it is the current one.
        is_latest: bool,
    },
    /// A delete marker.
    DeleteMarker {
        /// The key.
        key: ObjectKey,
        /// The version.
        version_id: VersionId,
        /// Whether it is the current one.
        is_latest: bool,
        /// When it was made.
        modified_at: Timestamp,
    },
}

/// One entry of a listing of versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VersionListEntry {
    /// A version or delete marker.
    Version(ListedVersion),
    /// A common prefix.
    Prefix(String),
}

/// A page of versions. What the request asked for is repeated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListObjectVersionsOutput {
    /// The bucket.
    pub bucket: BucketName,
    /// What was asked for.
    pub request: ListObjectVersionsInput,
    /// Who owns every object of the bucket.
    pub owner: Owner,
    /// The entries, by key in byte order, then newest first.
    pub entries: Vec<VersionListEntry>,
    /// Whether there are more. The next markers are made of the last entry.
    pub is_truncated: bool,
}
