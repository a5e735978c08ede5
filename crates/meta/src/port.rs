use async_trait::async_trait;
use bytes::Bytes;

use crate::{Commit, MetaError, Record, Revision, ScanPage, ScanRequest};

/// Reads over one view of the records: each call of a store sees everything committed before it, all calls of a snapshot
/// see the same moment.
#[async_trait]
pub trait MetaRead: Send + Sync {
    /// The record under `key`.
    ///
    /// # Errors
    /// `Corrupt` where the stored record does not match its checksum; `Io`, `Unavailable` from the engine.
    async fn get(&self, key: &[u8]) -> Result<Option<Record>, MetaError>;

    /// The records under `keys`, in their order, all as of one moment.
    ///
    /// # Errors
    /// As [`MetaRead::get`].
    async fn get_many(&self, keys: &[Bytes]) -> Result<Vec<Option<Record>>, MetaError>;

    /// One page of a range, as of one moment.
    ///
    /// # Errors
    /// As [`MetaRead::get`].
    async fn scan(&self, request: ScanRequest) -> Result<ScanPage, MetaError>;
}

/// A metadata engine: an ordered map of records with atomic, durable, checked commits.
#[async_trait]
pub trait MetaStore: MetaRead + 'static {
    /// A view of this moment for a few reads that must agree. Hold it for one page of results at most: engines keep old
    /// data alive for it.
    ///
    /// # Errors
    /// As [`MetaRead::get`]. Reads of the snapshot end with `Unavailable` where it was held for so long that the engine
    /// needed what it kept alive.
    async fn snapshot(&self) -> Result<Box<dyn MetaRead>, MetaError>;

    /// Applies all writes if all checks hold, else none. Durable and visible to every later read when it returns.
    ///
    /// # Errors
    /// `Conflict` with the index of the first check that failed; `TooLarge` past [`crate::COMMIT_MAX_WRITES`],
    /// [`crate::COMMIT_MAX_BYTES`] or [`crate::ENCODED_KEY_MAX_BYTES`]; `Full`, `ReadOnly`, `Io`, `Unavailable` from the
    /// engine, nothing being applied.
    ///
    /// # Cancel safety
    /// A commit whose future is dropped takes effect wholly or not at all.
    async fn commit(&self, commit: Commit) -> Result<Revision, MetaError>;
}
