use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use meta::{
    Commit, MemoryMeta, MetaError, MetaErrorKind, MetaRead, MetaStore, Record, Revision, ScanPage,
    ScanRequest,
};

use crate::life::Life;

/// The records of a journal, as one life of the process sees them.
pub(crate) struct JournalInLife {
    records: MemoryMeta,
    life: Life,
    faults: JournalFaults,
}

/// How many commits and reads a journal still takes before one of them fails.
#[derive(Clone)]
pub(crate) struct JournalFaults {
    commits: Arc<AtomicI64>,
    reads: Arc<AtomicI64>,
}

impl Default for JournalFaults {
    fn default() -> Self {
        let endless = || Arc::new(AtomicI64::new(i64::MAX));
        Self { commits: endless(), reads: endless() }
    }
}

impl JournalFaults {
    /// So many commits are taken; the one behind them is not.
    #[allow(dead_code, reason = "not every world has its journal fail")]
    pub(crate) fn fail_after(&self, commits: i64) {
        self.commits.store(commits, Ordering::Relaxed);
    }

    /// So many reads are answered; the one behind them is not.
    #[allow(dead_code, reason = "not every world has its journal fail")]
    pub(crate) fn fail_read_after(&self, reads: i64) {
        self.reads.store(reads, Ordering::Relaxed);
    }

    fn take(left: &AtomicI64, operation: &'static str) -> Result<(), MetaError> {
        if left.fetch_sub(1, Ordering::Relaxed) == 0 {
            return Err(MetaError::new(MetaErrorKind::Unavailable, operation));
        }
        Ok(())
    }
}

impl JournalInLife {
    pub(crate) fn new(records: &MemoryMeta, life: &Life) -> Arc<Self> {
        Self::failing(records, life, JournalFaults::default())
    }

    pub(crate) fn failing(records: &MemoryMeta, life: &Life, faults: JournalFaults) -> Arc<Self> {
        Arc::new(Self { records: records.clone(), life: life.clone(), faults })
    }
}

#[async_trait]
impl MetaRead for JournalInLife {
    async fn get(&self, key: &[u8]) -> Result<Option<Record>, MetaError> {
        JournalFaults::take(&self.faults.reads, "read")?;
        self.records.get(key).await
    }

    async fn get_many(&self, keys: &[Bytes]) -> Result<Vec<Option<Record>>, MetaError> {
        JournalFaults::take(&self.faults.reads, "read")?;
        self.records.get_many(keys).await
    }

    async fn scan(&self, request: ScanRequest) -> Result<ScanPage, MetaError> {
        JournalFaults::take(&self.faults.reads, "read")?;
        self.records.scan(request).await
    }
}

#[async_trait]
impl MetaStore for JournalInLife {
    async fn snapshot(&self) -> Result<Box<dyn MetaRead>, MetaError> {
        self.records.snapshot().await
    }

    async fn commit(&self, commit: Commit) -> Result<Revision, MetaError> {
        self.life.step().await;
        JournalFaults::take(&self.faults.commits, "commit")?;
        let done = self.records.commit(commit).await;
        self.life.step().await;
        done
    }
}
