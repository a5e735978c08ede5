use std::sync::Arc;

use bytes::Bytes;
use meta::{COMMIT_MAX_WRITES, Commit, MetaError, MetaStore, ScanItem, ScanRequest};
use types::{ETag, ObjectKey};

use super::keys::{self, Family, Hash};
use super::record::Entry;
use crate::format::Manifest;
use crate::stats::CryptStats;

/// The most entries of one key that a write of it looks at, to drop those of what it has replaced.
const REPLACED_MAX: usize = 16;

/// What is shown of stored objects: a memory that may forget. Its rows are found by the stored entity tag, which is another
/// one for all other bytes, so a row is right for ever or is not found.
#[derive(Clone)]
pub(crate) struct Index {
    pub(super) meta: Arc<dyn MetaStore>,
    stats: Arc<CryptStats>,
}

/// Names a stored object.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stored<'a> {
    pub(crate) handle: u64,
    pub(crate) key: &'a ObjectKey,
    pub(crate) etag: &'a ETag,
}

impl Stored<'_> {
    fn row(&self, family: Family) -> Bytes {
        keys::object(family, self.handle, &self.key_hash(), &keys::hash(self.etag.as_str().as_bytes()))
    }

    fn key_hash(&self) -> Hash {
        keys::hash(self.key.as_bytes())
    }
}

/// Whether a key holds one object at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keeps {
    /// A write replaces the object before it.
    One,
    /// Older versions stay.
    Versions,
}

impl Index {
    pub(crate) fn new(meta: Arc<dyn MetaStore>, stats: Arc<CryptStats>) -> Self {
        Self { meta, stats }
    }

    /// The entries of several stored objects; `None` for each that is not known.
    pub(crate) async fn get_many(&self, objects: &[Stored<'_>]) -> Vec<Option<Entry>> {
        let rows: Vec<Bytes> = objects.iter().map(|object| object.row(Family::Entry)).collect();
        let Some(records) = self.counted(self.meta.get_many(&rows).await) else {
            return vec![None; objects.len()];
        };
        let decode = |record: Option<meta::Record>| Entry::decode(&record?.value).ok();
        records.into_iter().map(decode).collect()
    }

    pub(crate) async fn get(&self, object: Stored<'_>) -> Option<Entry> {
        let record = self.counted(self.meta.get(&object.row(Family::Entry)).await)??;
        Entry::decode(&record.value).ok()
    }

    /// The streams and parts of an object that has a part table.
    pub(crate) async fn table(&self, object: Stored<'_>) -> Option<Manifest> {
        let record = self.counted(self.meta.get(&object.row(Family::Table)).await)??;
        Manifest::decode(&record.value).ok()
    }

    /// Remembers a stored object; forgets what it has replaced.
    pub(crate) async fn put(
        &self,
        object: Stored<'_>,
        entry: &Entry,
        table: Option<&Manifest>,
        keeps: Keeps,
    ) {
        let row = object.row(Family::Entry);
        let mut commit = Commit::default();
        if keeps == Keeps::One {
            for other in self.rows_of_key(object.handle, object.key).await {
                if other != row {
                    forget(&mut commit, &other);
                }
            }
        }
        commit.put(row, entry.encode());
        if let Some(table) = table {
            commit.put(object.row(Family::Table), table.encode());
        }
        self.counted(self.meta.commit(commit).await);
    }

    /// Forgets keys.
    pub(crate) async fn forget_keys(&self, handle: u64, keys: &[&ObjectKey]) {
        let mut commit = Commit::default();
        for key in keys {
            self.rows_of_key(handle, key).await.iter().for_each(|row| forget(&mut commit, row));
            if commit.writes.len() + 2 * REPLACED_MAX > COMMIT_MAX_WRITES {
                self.counted(self.meta.commit(std::mem::take(&mut commit)).await);
            }
        }
        if !commit.writes.is_empty() {
            self.counted(self.meta.commit(commit).await);
        }
    }

    async fn rows_of_key(&self, handle: u64, key: &ObjectKey) -> Vec<Bytes> {
        let start = keys::of_key(Family::Entry, handle, &keys::hash(key.as_bytes())).freeze();
        let request = ScanRequest { end: keys::end_of(&start), start, limit: REPLACED_MAX, fold: None };
        let page = self.counted(self.meta.scan(request).await).unwrap_or_default();
        page.items.iter().map(ScanItem::key).cloned().collect()
    }

    /// Forgets a bucket that was removed.
    pub(crate) async fn forget_bucket(&self, handle: u64) {
        for family in [Family::Entry, Family::Table, Family::Upload, Family::Part] {
            let start = keys::in_bucket(family, handle).freeze();
            let end = keys::end_of(&start);
            loop {
                let (start, end) = (start.clone(), end.clone());
                let request = ScanRequest { start, end, limit: COMMIT_MAX_WRITES / 4, fold: None };
                let Some(page) = self.counted(self.meta.scan(request).await) else { return };
                let mut commit = Commit::default();
                page.items.iter().for_each(|item| {
                    commit.delete(item.key().clone());
                });
                if commit.writes.is_empty() || self.counted(self.meta.commit(commit).await).is_none() {
                    break;
                }
            }
        }
    }

    fn counted<T>(&self, result: Result<T, MetaError>) -> Option<T> {
        if result.is_err() {
            self.stats.index_failures.add(1);
        }
        result.ok()
    }
}

/// Removes an entry and its table, whose rows differ in the first byte alone.
fn forget(commit: &mut Commit, entry_row: &Bytes) {
    let mut table = entry_row.to_vec();
    if let Some(family) = table.first_mut() {
        *family = Family::Table as u8;
    }
    commit.delete(entry_row.clone()).delete(table);
}
