mod state;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::vec;

use async_trait::async_trait;
use bytes::Bytes;
use parking_lot::RwLock;
use types::Ceiling;

use self::state::{State, effective, record_bytes};
use crate::{
    Commit, ENCODED_KEY_MAX_BYTES, MetaError, MetaErrorKind, MetaRead, MetaStore, Record, Revision, ScanItem,
    ScanPage, ScanRequest,
};

/// Records that [`MemoryRecords`] fetches at once.
const EXPORT_PAGE_RECORDS: usize = 512;

/// A metadata engine in memory. What it holds is gone when the last clone is dropped. Cloning shares the records.
///
/// A snapshot costs nothing by itself; while it lives, records that are replaced are kept beside their successors.
#[derive(Clone)]
pub struct MemoryMeta(Arc<Inner>);

struct Inner {
    state: RwLock<State>,
    ceiling: Ceiling,
}

impl Default for MemoryMeta {
    fn default() -> Self {
        Self::new(Ceiling::unlimited())
    }
}

impl MemoryMeta {
    /// An empty engine whose records count under `ceiling`; a commit that does not fit any more is `Full`.
    #[must_use]
    pub fn new(ceiling: Ceiling) -> Self {
        Self(Arc::new(Inner { state: RwLock::default(), ceiling }))
    }

    /// An engine that holds `records`, each with its own revision, as [`MemoryMeta::records`] gave them. Later commits get
    /// revisions above `revision` and above those of all records. A key that comes twice has its later record.
    ///
    /// # Errors
    /// The first error of `records`; `Full` where they do not fit under the ceiling; `TooLarge` for an overlong key.
    pub fn restore(
        ceiling: Ceiling,
        revision: Revision,
        records: impl IntoIterator<Item = Result<Record, MetaError>>,
    ) -> Result<Self, MetaError> {
        let meta = Self::new(ceiling);
        {
            let mut state = meta.0.state.write();
            state.raise_revision(revision);
            for record in records {
                meta.0.restore(&mut state, &record?)?;
            }
        }
        Ok(meta)
    }

    /// All records in order of key, as of this moment. Commits go on meanwhile.
    #[must_use]
    pub fn records(&self) -> MemoryRecords {
        let snapshot = Snapshot::new(&self.0);
        MemoryRecords { snapshot, page: Vec::new().into_iter(), next: Some(Bytes::new()) }
    }
}

impl Inner {
    fn restore(&self, state: &mut State, record: &Record) -> Result<(), MetaError> {
        const OPERATION: &str = "restore records";
        if record.key.len() > ENCODED_KEY_MAX_BYTES {
            return Err(MetaError::new(MetaErrorKind::TooLarge, OPERATION));
        }
        let replaced = state.get(&record.key, state.revision());
        if !self.ceiling.take(record_bytes(&record.key, &record.value)) {
            return Err(MetaError::new(MetaErrorKind::Full, OPERATION));
        }
        state.restore(record);
        if let Some(replaced) = replaced {
            self.ceiling.give_back(record_bytes(&replaced.key, &replaced.value));
        }
        Ok(())
    }

    fn commit(&self, commit: &Commit) -> Result<Revision, MetaError> {
        commit.check_limits()?;
        let writes = effective(&commit.writes);
        let mut state = self.state.write();
        if let Some(index) = state.failed_check(&commit.checks) {
            return Err(MetaError::new(MetaErrorKind::Conflict(index), "commit"));
        }
        let (taken, freed) = state.cost(&writes);
        if !self.ceiling.take(taken.saturating_sub(freed)) {
            return Err(MetaError::new(MetaErrorKind::Full, "commit"));
        }
        self.ceiling.give_back(freed.saturating_sub(taken));
        Ok(state.apply(&writes))
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        let state = self.state.get_mut();
        self.ceiling.give_back(state.held_bytes());
    }
}

#[async_trait]
impl MetaRead for MemoryMeta {
    async fn get(&self, key: &[u8]) -> Result<Option<Record>, MetaError> {
        let state = self.0.state.read();
        Ok(state.get(key, state.revision()))
    }

    async fn get_many(&self, keys: &[Bytes]) -> Result<Vec<Option<Record>>, MetaError> {
        let state = self.0.state.read();
        Ok(keys.iter().map(|key| state.get(key, state.revision())).collect())
    }

    async fn scan(&self, request: ScanRequest) -> Result<ScanPage, MetaError> {
        let state = self.0.state.read();
        Ok(state.scan(&request, state.revision()))
    }
}

#[async_trait]
impl MetaStore for MemoryMeta {
    async fn snapshot(&self) -> Result<Box<dyn MetaRead>, MetaError> {
        Ok(Box::new(Snapshot::new(&self.0)))
    }

    async fn commit(&self, commit: Commit) -> Result<Revision, MetaError> {
        self.0.commit(&commit)
    }
}

/// The records as of one moment.
struct Snapshot {
    inner: Arc<Inner>,
    view: Revision,
}

impl Snapshot {
    fn new(inner: &Arc<Inner>) -> Self {
        let view = inner.state.write().hold();
        Self { inner: inner.clone(), view }
    }
}

impl Drop for Snapshot {
    fn drop(&mut self) {
        let freed = self.inner.state.write().release(self.view);
        self.inner.ceiling.give_back(freed);
    }
}

#[async_trait]
impl MetaRead for Snapshot {
    async fn get(&self, key: &[u8]) -> Result<Option<Record>, MetaError> {
        Ok(self.inner.state.read().get(key, self.view))
    }

    async fn get_many(&self, keys: &[Bytes]) -> Result<Vec<Option<Record>>, MetaError> {
        let state = self.inner.state.read();
        Ok(keys.iter().map(|key| state.get(key, self.view)).collect())
    }

    async fn scan(&self, request: ScanRequest) -> Result<ScanPage, MetaError> {
        Ok(self.inner.state.read().scan(&request, self.view))
    }
}

/// All records of a [`MemoryMeta`] in order of key, as of one moment. The engine is locked only for a few records at a
/// time.
pub struct MemoryRecords {
    snapshot: Snapshot,
    page: vec::IntoIter<ScanItem>,
    /// Where the next page begins; `None` behind the last one.
    next: Option<Bytes>,
}

impl MemoryRecords {
    /// The last revision that these records have seen: what [`MemoryMeta::restore`] is to be given.
    #[must_use]
    pub fn revision(&self) -> Revision {
        self.snapshot.view
    }

    fn fetch(&mut self, start: Bytes) {
        let end = Bytes::from(vec![u8::MAX; ENCODED_KEY_MAX_BYTES + 1]);
        let request = ScanRequest { start, end, limit: EXPORT_PAGE_RECORDS, fold: None };
        let page = self.snapshot.inner.state.read().scan(&request, self.snapshot.view);
        self.next =
            page.items.last().filter(|_| page.more).map(|item| [item.key(), &b"\0"[..]].concat().into());
        self.page = page.items.into_iter();
    }
}

impl Iterator for MemoryRecords {
    type Item = Record;

    fn next(&mut self) -> Option<Record> {
        loop {
            match self.page.next() {
                Some(ScanItem::Record(record)) => return Some(record),
                Some(ScanItem::Prefix(_)) => {}
                None => {
                    let start = self.next.take()?;
                    self.fetch(start);
                }
            }
        }
    }
}
