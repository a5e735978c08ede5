use bytes::Bytes;
use meta::{Commit, MetaError, MetaErrorKind, Record, ScanItem, ScanRequest};
use record::Malformed;
use store::{StoreError, StoreErrorKind};

use super::Journal;
use super::keys::KeyRange;

/// Rows that one scan takes where all of a range are wanted.
pub(super) const BATCH_ROWS: usize = 1_000;

/// Says an engine's error in the store's words.
pub(super) fn engine(error: MetaError) -> StoreError {
    let kind = match error.kind {
        MetaErrorKind::Conflict(_) => StoreErrorKind::Conflict,
        MetaErrorKind::Full => StoreErrorKind::Full("the mirror's journal"),
        MetaErrorKind::Corrupt => StoreErrorKind::Corrupt,
        MetaErrorKind::ReadOnly | MetaErrorKind::Unavailable => StoreErrorKind::Unavailable,
        MetaErrorKind::TooLarge | MetaErrorKind::Io => StoreErrorKind::Internal,
    };
    StoreError::with_source(kind, "use the mirror's journal", error)
}

/// A row or a record that has an unknown layout.
pub(super) fn malformed() -> StoreError {
    StoreError::with_source(StoreErrorKind::Corrupt, "read the mirror's journal", Malformed)
}

/// Says in the store's words that a record does not decode.
pub(super) fn read<T>(decoded: Result<T, Malformed>) -> Result<T, StoreError> {
    decoded.map_err(|_| malformed())
}

impl Journal {
    pub(super) async fn row(&self, key: &[u8]) -> Result<Option<Record>, StoreError> {
        self.meta.get(key).await.map_err(engine)
    }

    pub(super) async fn rows(&self, keys: &[Bytes]) -> Result<Vec<Option<Record>>, StoreError> {
        self.meta.get_many(keys).await.map_err(engine)
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
        let page = self.meta.scan(request).await.map_err(engine)?;
        let records = page.items.into_iter().filter_map(|item| match item {
            ScanItem::Record(record) => Some(record),
            ScanItem::Prefix(_) => None,
        });
        Ok((records.collect(), page.more))
    }

    /// Makes a commit durable.
    pub(crate) async fn commit(&self, commit: Commit) -> Result<(), StoreError> {
        if commit.writes.is_empty() {
            return Ok(());
        }
        self.meta.commit(commit).await.map(|_| ()).map_err(engine)
    }
}
