//! Uploads in parts: each part goes straight to the storage; what is known of it stands in the ledger.

mod abort;
mod complete;
mod create;
mod joined;
mod part;

use store::{StoreError, StoreErrorKind};

use serde::{Deserialize, Serialize};

use crate::api::{DriveUpload, EntryId};

/// What a later part, and the completion, need to know of an upload: kept in its record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct UploadState {
    /// The drive's own names for it.
    pub(crate) drive: DriveUpload,
    /// The completion that has been begun, if one has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) completing: Option<Completing>,
}

/// A completion that has been begun: what a second one needs to find what the first one made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Completing {
    /// The object's tag.
    pub(crate) etag: String,
    /// Its size.
    pub(crate) size_bytes: u64,
    /// The files of its name that were there before.
    pub(crate) before: Vec<EntryId>,
}

/// What a completion made, kept for a while so that its repetition can be answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Completed {
    /// The file.
    pub(crate) entry: EntryId,
    /// Its tag.
    pub(crate) etag: String,
}

pub(super) fn write<T: Serialize>(value: &T, operation: &'static str) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(value)
        .map_err(|error| StoreError::with_source(StoreErrorKind::Internal, operation, error))
}

pub(super) fn read<'a, T: Deserialize<'a>>(
    bytes: &'a [u8],
    operation: &'static str,
) -> Result<T, StoreError> {
    serde_json::from_slice(bytes)
        .map_err(|error| StoreError::with_source(StoreErrorKind::Corrupt, operation, error))
}
