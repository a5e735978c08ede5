use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use meta::{
    Check, Commit, MemoryMeta, MetaError, MetaErrorKind, MetaRead, MetaStore, Record, Revision, ScanPage,
    ScanRequest,
};

/// How an engine fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The commit is not applied.
    Before,
    /// The commit is applied, and the answer lost.
    After,
    /// Another change comes first, once. Not where only the absence of a row is checked: nothing but a row that appears
    /// could be in the way there.
    Conflict,
}

/// An engine that fails from its `at`th commit on (a conflict: only there).
pub(crate) struct FailingMeta {
    inner: MemoryMeta,
    at: usize,
    failure: Failure,
    commits: AtomicUsize,
}

impl FailingMeta {
    pub(crate) fn new(inner: MemoryMeta, at: usize, failure: Failure) -> Self {
        Self { inner, at, failure, commits: AtomicUsize::new(0) }
    }

    /// Whether the failing commit was reached.
    pub(crate) fn has_failed(&self) -> bool {
        self.commits.load(Ordering::Relaxed) > self.at
    }
}

#[async_trait]
impl MetaRead for FailingMeta {
    async fn get(&self, key: &[u8]) -> Result<Option<Record>, MetaError> {
        self.inner.get(key).await
    }

    async fn get_many(&self, keys: &[Bytes]) -> Result<Vec<Option<Record>>, MetaError> {
        self.inner.get_many(keys).await
    }

    async fn scan(&self, request: ScanRequest) -> Result<ScanPage, MetaError> {
        self.inner.scan(request).await
    }
}

#[async_trait]
impl MetaStore for FailingMeta {
    async fn snapshot(&self) -> Result<Box<dyn MetaRead>, MetaError> {
        self.inner.snapshot().await
    }

    async fn commit(&self, commit: Commit) -> Result<Revision, MetaError> {
        let number = self.commits.fetch_add(1, Ordering::Relaxed);
        let only_absence = matches!(commit.checks[..], [] | [Check::Absent(_)]);
        let lost = MetaError::new(MetaErrorKind::Io, "commit");
        match self.failure {
            Failure::Conflict if number == self.at && !only_absence => {
                Err(MetaError::new(MetaErrorKind::Conflict(commit.checks.len() - 1), "commit"))
            }
            Failure::Before if number >= self.at => Err(lost),
            Failure::After if number == self.at => {
                self.inner.commit(commit).await?;
                Err(lost)
            }
            Failure::After if number > self.at => Err(lost),
            _ => self.inner.commit(commit).await,
        }
    }
}
