use bytes::Bytes;
use meta::{Commit, MetaErrorKind, Record, ScanItem, ScanRequest};
use store::{StoreError, StoreErrorKind};

use super::keys::{KeyRange, behind_key};
use super::{Ledger, PROVIDER_RECORD_MAX_BYTES, error};

/// Rows that one scan or one commit of a removal takes.
const BATCH_ROWS: usize = 1_000;

/// How often a change is decided again because another one came first.
pub(super) const RACES_MAX: u32 = 64;

impl Ledger {
    pub(super) async fn row(&self, key: &[u8]) -> Result<Option<Record>, StoreError> {
        self.meta.get(key).await.map_err(error::engine)
    }

    pub(super) async fn rows(&self, keys: &[Bytes]) -> Result<Vec<Option<Record>>, StoreError> {
        self.meta.get_many(keys).await.map_err(error::engine)
    }

    /// The records of a range, at most `limit`, and whether there are more.
    pub(super) async fn scan(
        &self,
        range: KeyRange,
        limit: usize,
    ) -> Result<(Vec<Record>, bool), StoreError> {
        if limit == 0 || range.start >= range.end {
            return Ok((Vec::new(), false));
        }
        let request = ScanRequest { start: range.start, end: range.end, limit, fold: None };
        let page = self.meta.scan(request).await.map_err(error::engine)?;
        let records = page.items.into_iter().filter_map(|item| match item {
            ScanItem::Record(record) => Some(record),
            ScanItem::Prefix(_) => None,
        });
        Ok((records.collect(), page.more))
    }

    pub(super) async fn commit(&self, commit: Commit) -> Result<(), StoreError> {
        self.meta.commit(commit).await.map(|_| ()).map_err(error::engine)
    }

    /// Commits; false where a check did not hold.
    pub(super) async fn try_commit(&self, commit: Commit) -> Result<bool, StoreError> {
        match self.meta.commit(commit).await {
            Ok(_) => Ok(true),
            Err(error) if matches!(error.kind, MetaErrorKind::Conflict(_)) => Ok(false),
            Err(error) => Err(error::engine(error)),
        }
    }

    /// Calls `each` with every record of a range, a batch at a time, and commits what it gathers.
    pub(super) async fn sweep(
        &self,
        mut range: KeyRange,
        mut each: impl FnMut(&Record, &mut Commit) -> Result<(), StoreError> + Send,
    ) -> Result<(), StoreError> {
        loop {
            let (records, more) = self.scan(range.clone(), BATCH_ROWS).await?;
            let mut commit = Commit::default();
            for record in &records {
                each(record, &mut commit)?;
            }
            if !commit.writes.is_empty() {
                self.commit(commit).await?;
            }
            match records.last() {
                Some(last) if more => range.start = behind_key(&last.key),
                _ => return Ok(()),
            }
        }
    }

    /// Removes every record of a range.
    pub(super) async fn remove_rows(&self, range: KeyRange) -> Result<(), StoreError> {
        let remove = |record: &Record, commit: &mut Commit| {
            commit.delete(record.key.clone());
            Ok(())
        };
        self.sweep(range, remove).await
    }
}

/// Holds what a provider gives to its bound.
pub(super) fn check_provider(bytes: &[u8]) -> Result<(), StoreError> {
    if bytes.len() <= PROVIDER_RECORD_MAX_BYTES {
        Ok(())
    } else {
        Err(error::misuse("a provider's record is over its limit"))
    }
}

/// Too many races.
pub(super) fn contended() -> StoreError {
    StoreError::new(StoreErrorKind::Conflict, "change the ledger")
}
