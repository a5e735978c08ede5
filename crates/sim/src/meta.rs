use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use meta::{Commit, MemoryMeta, MetaError, MetaRead, MetaStore, Record, Revision, ScanPage, ScanRequest};
use tokio::sync::Mutex;
use types::Ceiling;

use crate::{Event, SimDisk};

/// Records in memory whose commits are noted in the history of a disk, so that a power cut takes both at one moment.
///
/// A commit is durable once it is acknowledged; the one on its way may be or not.
#[derive(Clone)]
pub struct SimMeta {
    records: MemoryMeta,
    disk: SimDisk,
    /// One commit at a time: the history tells which one is on its way.
    order: Arc<Mutex<()>>,
}

impl SimMeta {
    /// The records that these commits make, one after the other, whatever their checks.
    ///
    /// # Errors
    /// As [`MetaStore::commit`].
    pub async fn new(disk: SimDisk, commits: &[Commit]) -> Result<Self, MetaError> {
        let records = MemoryMeta::new(Ceiling::unlimited());
        for commit in commits {
            let writes = commit.writes.clone();
            records.commit(Commit { checks: Vec::new(), writes }).await?;
        }
        Ok(Self { records, disk, order: Arc::default() })
    }
}

#[async_trait]
impl MetaRead for SimMeta {
    async fn get(&self, key: &[u8]) -> Result<Option<Record>, MetaError> {
        self.records.get(key).await
    }

    async fn get_many(&self, keys: &[Bytes]) -> Result<Vec<Option<Record>>, MetaError> {
        self.records.get_many(keys).await
    }

    async fn scan(&self, request: ScanRequest) -> Result<ScanPage, MetaError> {
        self.records.scan(request).await
    }
}

#[async_trait]
impl MetaStore for SimMeta {
    async fn snapshot(&self) -> Result<Box<dyn MetaRead>, MetaError> {
        self.records.snapshot().await
    }

    async fn commit(&self, commit: Commit) -> Result<Revision, MetaError> {
        let _order = self.order.lock().await;
        self.disk.note(Event::CommitBegun(commit.clone()));
        let outcome = self.records.commit(commit).await;
        self.disk.note(if outcome.is_ok() { Event::CommitDone } else { Event::CommitRefused });
        outcome
    }
}
