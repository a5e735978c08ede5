use std::time::Duration;

use ::record::Malformed;
use bytes::{Bytes, BytesMut};
use meta::{Check, Commit, Record, ScanItem, ScanRequest};
use store::{ListUploads, Missing, Position, StoreError, UploadEntry, UploadPage, UploadRef};
use types::{BucketName, ObjectKey, Timestamp};

use super::error::Sound;
use super::keys::{self, Family, KeyRange, UploadNumber};
use super::record::{FinishedRecord, encode_gone, summarize_upload};
use super::rows::{RACES_MAX, check_provider, contended};
use super::{Ledger, UploadRecord, error};

/// The most entries in one page, whatever the caller asks.
const PAGE_MAX_ENTRIES: usize = 10_000;
/// How long the outcome of a completed upload is kept.
const FINISHED_KEPT: Duration = Duration::from_secs(24 * 60 * 60);

impl UploadRecord {
    pub(super) fn number(&self) -> Result<UploadNumber, StoreError> {
        UploadNumber::parse(&self.id)
            .filter(|number| number.initiated_nanos == self.initiated_at.as_nanos())
            .ok_or_else(|| error::misuse("the upload's id was not issued for its moment"))
    }

    pub(super) fn row_key(&self) -> Result<Bytes, StoreError> {
        Ok(keys::upload(&self.bucket, self.key.as_str(), self.number()?))
    }
}

impl Ledger {
    /// Records an upload.
    ///
    /// # Errors
    /// `Internal` where the id is not one that [`UploadRecord::issue_id`] gave for that moment; failures of the engine.
    pub async fn create_upload(&self, record: &UploadRecord) -> Result<(), StoreError> {
        check_provider(&record.provider)?;
        let mut commit = Commit::default();
        commit.put(record.row_key()?, record.encode());
        self.commit(commit).await
    }

    /// An upload.
    ///
    /// # Errors
    /// `Missing(Upload)`; failures of the engine.
    pub async fn upload(&self, upload: UploadRef<'_>) -> Result<UploadRecord, StoreError> {
        let missing = || StoreError::missing(Missing::Upload, "find an upload");
        let number = UploadNumber::parse(upload.id).ok_or_else(missing)?;
        let key = keys::upload(&upload.bucket.name, upload.key.as_str(), number);
        let row = self.row(&key).await?.ok_or_else(missing)?;
        UploadRecord::decode(&row.value, upload.bucket.name.clone(), upload.key.clone(), number).sound()
    }

    /// Replaces an upload's record if it still is `expected`; says whether it was.
    ///
    /// # Errors
    /// `Missing(Upload)`; failures of the engine.
    pub async fn replace_upload(
        &self,
        expected: &UploadRecord,
        record: &UploadRecord,
    ) -> Result<bool, StoreError> {
        check_provider(&record.provider)?;
        let key = expected.row_key()?;
        if record.row_key()? != key {
            return Err(error::misuse("an upload keeps its bucket, key and id"));
        }
        let missing = || StoreError::missing(Missing::Upload, "change an upload");
        let row = self.row(&key).await?.ok_or_else(missing)?;
        if row.value != expected.encode() {
            return Ok(false);
        }
        let mut commit = Commit::default();
        commit.check(Check::Equals(key.clone(), row.revision)).put(key, record.encode());
        self.try_commit(commit).await
    }

    /// Forgets an upload and its parts. Nothing happens where there is none.
    ///
    /// # Errors
    /// Failures of the engine.
    pub async fn remove_upload(&self, record: &UploadRecord) -> Result<(), StoreError> {
        let number = record.number()?;
        let mut commit = Commit::default();
        commit.delete(record.row_key()?).put(gone(number), encode_gone());
        self.commit(commit).await?;
        self.remove_gone(number).await
    }

    /// Forgets an upload and its parts, and keeps `outcome`, the provider's own, under its id for a day from `now` on, so
    /// that repeating the completion can be answered.
    ///
    /// # Errors
    /// `Missing(Upload)` where it is gone already; failures of the engine.
    pub async fn finish_upload(
        &self,
        record: &UploadRecord,
        outcome: Vec<u8>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        check_provider(&outcome)?;
        let (key, number) = (record.row_key()?, record.number()?);
        let finished = FinishedRecord {
            until: now.plus(FINISHED_KEPT),
            bucket: record.bucket.as_str().to_owned(),
            key: record.key.as_str().to_owned(),
            outcome,
        };
        for _ in 0..RACES_MAX {
            let missing = || StoreError::missing(Missing::Upload, "finish an upload");
            let row = self.row(&key).await?.ok_or_else(missing)?;
            let mut commit = Commit::default();
            commit.check(Check::Equals(key.clone(), row.revision)).delete(key.clone());
            commit.put(gone(number), encode_gone());
            commit.put(keys::of_upload(Family::Finished, number), finished.encode());
            if self.try_commit(commit).await? {
                return self.remove_gone(number).await;
            }
        }
        Err(contended())
    }

    /// What [`Ledger::finish_upload`] kept of an upload.
    ///
    /// # Errors
    /// Failures of the engine.
    pub async fn finished_upload(&self, upload: UploadRef<'_>) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(number) = UploadNumber::parse(upload.id) else { return Ok(None) };
        let Some(row) = self.row(&keys::of_upload(Family::Finished, number)).await? else { return Ok(None) };
        let finished = FinishedRecord::decode(&row.value).sound()?;
        let same = finished.bucket == upload.bucket.name.as_str() && finished.key == upload.key.as_str();
        Ok(same.then_some(finished.outcome))
    }

    /// One page of unfinished uploads, by key in byte order, then oldest first.
    ///
    /// # Errors
    /// Failures of the engine.
    pub async fn list_uploads(
        &self,
        bucket: &BucketName,
        options: ListUploads,
    ) -> Result<UploadPage, StoreError> {
        let request = window(bucket, &options);
        if request.start >= request.end {
            return Ok(UploadPage::default());
        }
        // At least one is read, to know whether there are more.
        let page = self.meta.scan(request).await.map_err(error::engine)?;
        let name_len = keys::in_bucket(Family::Upload, bucket).len();
        let shown = page.items.iter().take(options.limit);
        let entries = shown.map(|item| entry(item, name_len)).collect::<Result<Vec<_>, _>>()?;
        let more = page.more || entries.len() < page.items.len();
        Ok(UploadPage { entries, more })
    }

    /// Uploads of all buckets begun before `moment`, at most `limit`.
    ///
    /// # Errors
    /// Failures of the engine.
    pub async fn uploads_older_than(
        &self,
        moment: Timestamp,
        limit: usize,
    ) -> Result<Vec<UploadRecord>, StoreError> {
        let mut found = Vec::new();
        let older = |row: &Record, _: &mut Commit| {
            let (bucket, key, number) = keys::parse_upload(&row.key).ok_or(Malformed).sound()?;
            if number.initiated_nanos < moment.as_nanos() && found.len() < limit {
                let bucket = BucketName::new(bucket).map_err(|_| Malformed).sound()?;
                let key = ObjectKey::new(&key).map_err(|_| Malformed).sound()?;
                found.push(UploadRecord::decode(&row.value, bucket, key, number).sound()?);
            }
            Ok(())
        };
        self.sweep(KeyRange::of_prefix(&keys::family(Family::Upload)), older).await?;
        Ok(found)
    }

    /// Ends what was interrupted: parts of uploads that are gone, outcomes past their day. For starts and now and then.
    ///
    /// # Errors
    /// Failures of the engine.
    pub async fn tidy(&self, now: Timestamp) -> Result<(), StoreError> {
        let expired = |row: &Record, commit: &mut Commit| {
            if FinishedRecord::decode(&row.value).sound()?.until < now {
                commit.delete(row.key.clone());
            }
            Ok(())
        };
        self.sweep(KeyRange::of_prefix(&keys::family(Family::Finished)), expired).await?;
        let (rows, _) = self.scan(KeyRange::of_prefix(&keys::family(Family::Gone)), PAGE_MAX_ENTRIES).await?;
        for row in rows {
            self.remove_gone(keys::parse_of_upload(&row.key).ok_or(Malformed).sound()?).await?;
        }
        Ok(())
    }

    pub(super) async fn remove_uploads_of(&self, bucket: &BucketName) -> Result<(), StoreError> {
        let mut removed = Vec::new();
        let remove = |row: &Record, commit: &mut Commit| {
            let (_, _, number) = keys::parse_upload(&row.key).ok_or(Malformed).sound()?;
            commit.delete(row.key.clone()).put(gone(number), encode_gone());
            removed.push(number);
            Ok(())
        };
        self.sweep(KeyRange::of_prefix(&keys::in_bucket(Family::Upload, bucket)), remove).await?;
        for number in removed {
            self.remove_gone(number).await?;
        }
        Ok(())
    }

    /// Removes the parts of an upload that is gone, then its mark.
    async fn remove_gone(&self, number: UploadNumber) -> Result<(), StoreError> {
        self.remove_rows(KeyRange::of_prefix(&keys::of_upload(Family::Part, number))).await?;
        let mut commit = Commit::default();
        commit.delete(gone(number));
        self.commit(commit).await
    }
}

fn gone(number: UploadNumber) -> Bytes {
    keys::of_upload(Family::Gone, number).freeze()
}

/// The rows that a listing asks for.
fn window(bucket: &BucketName, options: &ListUploads) -> ScanRequest {
    let row = |text: &str| {
        let mut row = keys::in_bucket(Family::Upload, bucket);
        keys::put_escaped(&mut row, text.as_bytes());
        row
    };
    let prefix = row(&options.prefix);
    let fold = options.delimiter.as_deref().filter(|delimiter| !delimiter.is_empty()).map(|delimiter| {
        let mut written = BytesMut::new();
        keys::put_escaped(&mut written, delimiter.as_bytes());
        meta::Fold { delimiter: written.freeze(), from: prefix.len() }
    });
    let mut range = KeyRange::of_prefix(&prefix);
    match &options.after {
        None => {}
        Some(Position::Prefix(prefix)) => range = range.starting(keys::behind_prefix(&row(prefix))),
        Some(Position::Key(key)) => {
            let number = options.after_upload.as_ref().and_then(UploadNumber::parse);
            range = range.starting(match number {
                Some(number) => keys::behind_key(&keys::upload(bucket, key, number)),
                None => keys::behind_prefix(&keys::uploads_to(bucket, key)),
            });
        }
    }
    let limit = options.limit.clamp(1, PAGE_MAX_ENTRIES);
    ScanRequest { start: range.start, end: range.end, limit, fold }
}

fn entry(item: &ScanItem, name_len: usize) -> Result<UploadEntry, StoreError> {
    match item {
        ScanItem::Prefix(row) => {
            let prefix = row.get(name_len..).and_then(keys::unescape).ok_or(Malformed).sound()?;
            Ok(UploadEntry::Prefix(prefix))
        }
        ScanItem::Record(row) => {
            let (_, key, number) = keys::parse_upload(&row.key).ok_or(Malformed).sound()?;
            let key = ObjectKey::new(&key).map_err(|_| Malformed).sound()?;
            Ok(UploadEntry::Upload(summarize_upload(&row.value, key, number).sound()?))
        }
    }
}
