use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use meta::{Commit, MemoryMeta, MetaError, MetaRead, MetaStore, Record, Revision, ScanPage, ScanRequest};

use crate::life::Life;

/// The records of a journal, as one life of the process sees them.
pub(crate) struct JournalInLife {
    records: MemoryMeta,
    life: Life,
}

impl JournalInLife {
    pub(crate) fn new(records: &MemoryMeta, life: &Life) -> Arc<Self> {
        Arc::new(Self { records: records.clone(), life: life.clone() })
    }
}

#[async_trait]
impl MetaRead for JournalInLife {
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
impl MetaStore for JournalInLife {
    async fn snapshot(&self) -> Result<Box<dyn MetaRead>, MetaError> {
        self.records.snapshot().await
    }

    async fn commit(&self, commit: Commit) -> Result<Revision, MetaError> {
        self.life.step().await;
        let done = self.records.commit(commit).await;
        self.life.step().await;
        done
    }
}
