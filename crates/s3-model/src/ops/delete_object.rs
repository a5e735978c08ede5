use types::{ObjectKey, VersionId};

use crate::{S3Error, WriteCondition};

/// DeleteObject.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeleteObjectInput {
    /// A version to remove for good.
    pub version_id: Option<VersionId>,
    /// The condition on the object removed.
    pub condition: WriteCondition,
}

/// What a delete did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeleteObjectOutput {
    /// The version removed, or that of the delete marker made.
    pub version_id: Option<VersionId>,
    /// Whether that version is a delete marker.
    pub delete_marker: bool,
}

/// Whether DeleteObjects tells of what succeeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Verbosity {
    /// Each key is told.
    #[default]
    Verbose,
    /// Only failures are told.
    Quiet,
}

/// One entry of a DeleteObjects document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeleteEntry {
    /// An object to delete.
    Target {
        /// The key.
        key: ObjectKey,
        /// A version to remove for good.
        version_id: Option<VersionId>,
        /// The condition on the object removed.
        condition: WriteCondition,
    },
    /// An entry that cannot be carried out; the others are.
    Refused {
        /// The key as sent.
        key: String,
        /// The version as sent.
        version_id: Option<VersionId>,
        /// Why.
        error: S3Error,
    },
}

/// DeleteObjects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteObjectsInput {
    /// Whether to tell of what succeeded.
    pub verbosity: Verbosity,
    /// The entries, 1 to 1,000.
    pub entries: Vec<DeleteEntry>,
}

/// What became of one entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeleteResult {
    /// It is gone, or was not there.
    Deleted {
        /// The key.
        key: ObjectKey,
        /// The version that the request named.
        version_id: Option<VersionId>,
        /// The delete marker made or removed.
        delete_marker_version_id: Option<VersionId>,
    },
    /// It was not deleted.
    Failed {
        /// The key as sent.
        key: String,
        /// The version that the request named.
        version_id: Option<VersionId>,
        /// Why.
        error: S3Error,
    },
}

/// What became of each entry, in the order asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteObjectsOutput {
    /// Whether successes are written.
    pub verbosity: Verbosity,
    /// The results.
    pub results: Vec<DeleteResult>,
}
