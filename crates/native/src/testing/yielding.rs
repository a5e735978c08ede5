use async_trait::async_trait;
use bytes::Bytes;
use meta::{Commit, MemoryMeta, MetaError, MetaRead, MetaStore, Record, Revision, ScanPage, ScanRequest};
use tokio::task::yield_now;

/// An engine that waits once before and once after each call, so that a caller can be dropped there.
pub(crate) struct YieldingMeta(pub(crate) MemoryMeta);

#[async_trait]
impl MetaRead for YieldingMeta {
    async fn get(&self, key: &[u8]) -> Result<Option<Record>, MetaError> {
        yield_now().await;
        let got = self.0.get(key).await;
        yield_now().await;
        got
    }

    async fn get_many(&self, keys: &[Bytes]) -> Result<Vec<Option<Record>>, MetaError> {
        yield_now().await;
        let got = self.0.get_many(keys).await;
        yield_now().await;
        got
    }

    async fn scan(&self, request: ScanRequest) -> Result<ScanPage, MetaError> {
        yield_now().await;
        let page = self.0.scan(request).await;
        yield_now().await;
        page
    }
}

#[async_trait]
impl MetaStore for YieldingMeta {
    async fn snapshot(&self) -> Result<Box<dyn MetaRead>, MetaError> {
        self.0.snapshot().await
    }

    async fn commit(&self, commit: Commit) -> Result<Revision, MetaError> {
        yield_now().await;
        let done = self.0.commit(commit).await;
        yield_now().await;
        done
    }
}
