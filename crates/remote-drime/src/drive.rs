use std::sync::Arc;

use remote::Ledger;
use store::{Bucket, Missing, StoreError, StoreErrorKind, WriteCondition};
use tokio::sync::{Mutex, RwLock};
use types::{Budget, Clock, Counter, ObjectKey, Owner, Random, Timestamp};

use crate::api::{Api, EntryId, FolderId, Lane};
use crate::folders::Folders;
use crate::locks::Locks;
use crate::options::{Conditional, Root, Tuning};
use crate::tree::Paths;

/// Everything that the operations share.
pub(crate) struct Drive {
    pub(crate) api: Api,
    pub(crate) folders: Folders,
    pub(crate) paths: Paths,
    pub(crate) ledger: Ledger,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) budget: Budget,
    pub(crate) root: Root,
    pub(crate) conditional: Conditional,
    pub(crate) owner: Owner,
    pub(crate) tuning: Tuning,
    pub(crate) stats: Counters,
    /// One writer of a key at a time gets to the moment at which its object shows.
    pub(crate) keys: Locks<(FolderId, ObjectKey), Mutex<()>>,
    /// Writers are in the folder that they write to; one that is empty is closed before it is removed.
    pub(crate) gates: Locks<FolderId, RwLock<()>>,
    /// One maker of folders in a folder at a time.
    pub(crate) makers: Locks<FolderId, Mutex<()>>,
    /// Completions of an upload and changes of its parts exclude each other.
    pub(crate) uploads: Locks<String, Mutex<()>>,
}

/// What the store counts.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) healed: Counter,
    pub(crate) folders_removed: Counter,
    pub(crate) adopted: Counter,
}

impl Drive {
    /// The folder that a bucket is.
    pub(crate) fn bucket_folder(&self, bucket: &Bucket) -> FolderId {
        match self.root {
            Root::Buckets => FolderId::Entry(EntryId(bucket.handle)),
            Root::Default => FolderId::Root,
        }
    }

    /// Whose turn the calls for a bucket take.
    pub(crate) fn lane(&self, bucket: &Bucket) -> Lane {
        Lane(bucket.handle.max(1))
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Refuses a condition that could not be held atomically.
    pub(crate) fn admit(
        &self,
        condition: &WriteCondition,
        operation: &'static str,
    ) -> Result<(), StoreError> {
        match (self.conditional, condition) {
            (Conditional::Exclusive, _) | (_, WriteCondition::Always) => Ok(()),
            (Conditional::Refuse, _) => {
                Err(StoreError::new(StoreErrorKind::Unsupported(crate::capabilities::CONDITIONS), operation))
            }
        }
    }
}

/// Decides a condition by the tag of the object that is there.
pub(crate) fn decide(
    condition: &WriteCondition,
    etag: Option<&types::ETag>,
    operation: &'static str,
) -> Result<(), StoreError> {
    match (condition, etag) {
        (WriteCondition::Always, _)
        | (WriteCondition::IfAbsent, None)
        | (WriteCondition::IfPresent, Some(_)) => Ok(()),
        (WriteCondition::IfMatch(wanted), Some(found)) if wanted == found => Ok(()),
        (WriteCondition::IfPresent | WriteCondition::IfMatch(_), None) => {
            Err(StoreError::missing(Missing::Key, operation))
        }
        _ => Err(StoreError::new(StoreErrorKind::ConditionFailed, operation)),
    }
}

/// Runs to its end even when the caller goes away: what has been begun on the drive is recorded here too.
pub(crate) async fn to_the_end<T, F>(operation: &'static str, future: F) -> Result<T, StoreError>
where
    T: Send + 'static,
    F: Future<Output = Result<T, StoreError>> + Send + 'static,
{
    let joined = tokio::spawn(future).await;
    joined.unwrap_or_else(|error| Err(StoreError::with_source(StoreErrorKind::Internal, operation, error)))
}
