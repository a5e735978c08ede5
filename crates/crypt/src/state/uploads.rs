use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use meta::{Check, Commit, MetaErrorKind, MetaStore, Revision, ScanItem, ScanRequest};
use store::{Missing, StoreError, UploadId, UploadRef};
use types::Timestamp;

use super::keys::{self, Family, Hash};
use super::record::{PartRecord, UploadRecord, UploadState};
use crate::error::{During, corrupt};
use crate::format::Reader;

/// How long a completed upload's outcome is kept for a client that asks again.
const COMPLETED_KEPT: Duration = Duration::from_secs(24 * 60 * 60);
/// The most forgotten at once, so that no completion pays for many others.
const FORGOTTEN_MAX: usize = 16;
/// Rows of parts read at once.
const PARTS_PAGE: usize = 1000;

/// Uploads that were begun through this layer. Unlike the index it may not forget: without its row an upload has ended.
#[derive(Clone)]
pub(crate) struct Uploads {
    meta: Arc<dyn MetaStore>,
}

/// An upload as it was found.
#[derive(Debug, Clone)]
pub(crate) struct FoundUpload {
    pub(crate) record: UploadRecord,
    row: Bytes,
    revision: Revision,
    handle: u64,
    upload: Hash,
}

/// A part's record and the number that it was stored under.
#[derive(Debug, Clone)]
pub(crate) struct FoundPart {
    pub(crate) number: u32,
    pub(crate) record: PartRecord,
    row: Bytes,
}

fn upload_hash(id: &UploadId) -> Hash {
    keys::hash(id.as_str().as_bytes())
}

impl Uploads {
    pub(crate) fn new(meta: Arc<dyn MetaStore>) -> Self {
        Self { meta }
    }

    pub(crate) async fn begin(
        &self,
        handle: u64,
        id: &UploadId,
        record: &UploadRecord,
        operation: &'static str,
    ) -> Result<(), StoreError> {
        let row = keys::of_key(Family::Upload, handle, &upload_hash(id)).freeze();
        let mut commit = Commit::default();
        commit.put(row, record.encode());
        self.meta.commit(commit).await.during(operation).map(drop)
    }

    /// An upload, whatever its state.
    pub(crate) async fn find(
        &self,
        upload: UploadRef<'_>,
        operation: &'static str,
    ) -> Result<FoundUpload, StoreError> {
        let (handle, hash) = (upload.bucket.handle, upload_hash(upload.id));
        let row = keys::of_key(Family::Upload, handle, &hash).freeze();
        let missing = || StoreError::missing(Missing::Upload, operation);
        let found = self.meta.get(&row).await.during(operation)?.ok_or_else(missing)?;
        let record = UploadRecord::decode(&found.value).during(operation)?;
        if record.key != upload.key.as_str() {
            return Err(missing());
        }
        Ok(FoundUpload { record, row, revision: found.revision, handle, upload: hash })
    }

    /// An upload that takes parts.
    pub(crate) async fn open(
        &self,
        upload: UploadRef<'_>,
        operation: &'static str,
    ) -> Result<FoundUpload, StoreError> {
        let found = self.find(upload, operation).await?;
        match found.record.state {
            UploadState::Completed(_) => Err(StoreError::missing(Missing::Upload, operation)),
            UploadState::Open | UploadState::Completing { .. } => Ok(found),
        }
    }

    /// The checksums that several uploads were begun with.
    pub(crate) async fn records(
        &self,
        handle: u64,
        ids: &[&UploadId],
        operation: &'static str,
    ) -> Result<Vec<Option<UploadRecord>>, StoreError> {
        let row = |id: &&UploadId| keys::of_key(Family::Upload, handle, &upload_hash(id)).freeze();
        let rows: Vec<Bytes> = ids.iter().map(row).collect();
        let found = self.meta.get_many(&rows).await.during(operation)?;
        let decode = |record: Option<meta::Record>| UploadRecord::decode(&record?.value).ok();
        Ok(found.into_iter().map(decode).collect())
    }

    /// Changes an upload's state, unless somebody else has changed it meanwhile.
    pub(crate) async fn change(
        &self,
        found: &mut FoundUpload,
        state: UploadState,
        operation: &'static str,
    ) -> Result<(), StoreError> {
        found.record.state = state;
        let mut commit = Commit::default();
        commit.check(Check::Equals(found.row.clone(), found.revision));
        commit.put(found.row.clone(), found.record.encode());
        found.revision = self.meta.commit(commit).await.during(operation)?;
        Ok(())
    }

    /// The parts with numbers above `after` that were stored, of at most `limit` numbers and all of each.
    pub(crate) async fn parts(
        &self,
        found: &FoundUpload,
        after: u32,
        limit: usize,
        operation: &'static str,
    ) -> Result<Vec<FoundPart>, StoreError> {
        let prefix = keys::of_key(Family::Part, found.handle, &found.upload).freeze();
        let (mut start, end) =
            (keys::parts_behind(found.handle, &found.upload, after), keys::end_of(&prefix));
        let (mut parts, mut numbers): (Vec<FoundPart>, usize) = (Vec::new(), 0);
        loop {
            let request =
                ScanRequest { start, end: end.clone(), limit: limit.clamp(1, PARTS_PAGE), fold: None };
            let page = self.meta.scan(request).await.during(operation)?;
            for item in page.items {
                let ScanItem::Record(record) = item else { continue };
                let number = record.key.get(prefix.len()..prefix.len() + 4).unwrap_or_default();
                let number = u32::from_be_bytes(number.try_into().map_err(|_| corrupt(operation))?);
                if parts.last().is_none_or(|last| last.number != number) {
                    if numbers == limit {
                        return Ok(parts);
                    }
                    numbers += 1;
                }
                let value = PartRecord::decode(&record.value).during(operation)?;
                parts.push(FoundPart { number, record: value, row: record.key });
            }
            let Some(last) = parts.last().filter(|_| page.more) else { return Ok(parts) };
            start = [&last.row[..], &[0]].concat().into();
        }
    }

    /// What was stored under one number.
    pub(crate) async fn of_number(
        &self,
        found: &FoundUpload,
        number: u32,
        operation: &'static str,
    ) -> Result<Vec<FoundPart>, StoreError> {
        let mut parts = self.parts(found, number.saturating_sub(1), 1, operation).await?;
        parts.retain(|part| part.number == number);
        Ok(parts)
    }

    /// Adds a part; `replaced` were there before it was stored, so it has replaced them.
    pub(crate) async fn add_part(
        &self,
        found: &FoundUpload,
        number: u32,
        record: &PartRecord,
        replaced: &[FoundPart],
        operation: &'static str,
    ) -> Result<(), StoreError> {
        let mut commit = Commit::default();
        commit.check(Check::Shared(found.row.clone(), found.revision));
        replaced.iter().for_each(|part| {
            commit.delete(part.row.clone());
        });
        let etag = keys::hash(record.stored_etag.as_str().as_bytes());
        commit.put(keys::part(found.handle, &found.upload, number, &etag), record.encode());
        match self.meta.commit(commit).await {
            Err(error) if matches!(error.kind, MetaErrorKind::Conflict(_)) => {
                Err(StoreError::missing(Missing::Upload, operation))
            }
            done => done.during(operation).map(drop),
        }
    }

    /// Ends an upload: its parts are forgotten, and it too where nothing is to be kept of it.
    pub(crate) async fn end(
        &self,
        found: &mut FoundUpload,
        completed: Option<UploadState>,
        now: Timestamp,
        operation: &'static str,
    ) -> Result<(), StoreError> {
        match completed {
            Some(state) => {
                found.record.state = state;
                let mut commit = Commit::default();
                let due = keys::due(now.plus(COMPLETED_KEPT), found.handle, &found.upload);
                commit.put(found.row.clone(), found.record.encode()).put(due, Bytes::new());
                self.meta.commit(commit).await.during(operation)?;
            }
            None => {
                let mut commit = Commit::default();
                commit.delete(found.row.clone());
                self.meta.commit(commit).await.during(operation)?;
            }
        }
        loop {
            let parts = self.parts(found, 0, PARTS_PAGE, operation).await?;
            if parts.is_empty() {
                break;
            }
            let mut commit = Commit::default();
            parts.into_iter().take(meta::COMMIT_MAX_WRITES).for_each(|part| {
                commit.delete(part.row);
            });
            self.meta.commit(commit).await.during(operation)?;
        }
        self.forget_old(now, operation).await
    }

    /// Forgets a few uploads that were completed long ago.
    async fn forget_old(&self, now: Timestamp, operation: &'static str) -> Result<(), StoreError> {
        let start = Bytes::from_static(&[Family::Due as u8]);
        let end = keys::due(now, 0, &[0; 32]);
        let request = ScanRequest { start, end, limit: FORGOTTEN_MAX, fold: None };
        let page = self.meta.scan(request).await.during(operation)?;
        let mut commit = Commit::default();
        for item in &page.items {
            let mut reader = Reader(item.key().get(9..).unwrap_or_default());
            if let (Ok(handle), Ok(upload)) = (reader.array::<8>(), reader.array::<32>()) {
                let handle = u64::from_be_bytes(handle);
                commit.delete(keys::of_key(Family::Upload, handle, &upload).freeze());
            }
            commit.delete(item.key().clone());
        }
        if commit.writes.is_empty() {
            return Ok(());
        }
        self.meta.commit(commit).await.during(operation).map(drop)
    }
}
