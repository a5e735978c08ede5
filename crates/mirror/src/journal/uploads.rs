use bytes::{Bytes, BytesMut};
use meta::{Commit, Fold, ScanItem, ScanRequest};
use store::{ListParts, ListUploads, Position, StoreError, UploadEntry, UploadPage};
use types::{ObjectKey, Timestamp};

use super::keys::{self, Family, KeyRange};
use super::rows::{BATCH_ROWS, engine, malformed, read};
use super::{AbortRecord, FinishedRecord, Journal, PartRecord, UploadNumber, UploadRecord};
use crate::target::TargetNumber;

/// The most entries in one page, whatever the caller asks.
const PAGE_MAX_ENTRIES: usize = 10_000;

impl Journal {
    /// An upload.
    pub(crate) async fn upload(
        &self,
        handle: u64,
        key: &ObjectKey,
        number: UploadNumber,
    ) -> Result<Option<UploadRecord>, StoreError> {
        match self.row(&keys::upload(handle, key.as_str(), number)).await? {
            Some(row) => Ok(Some(read(UploadRecord::decode(&row.value))?)),
            None => Ok(None),
        }
    }

    /// One page of an upload's parts, and whether there are more.
    pub(crate) async fn parts(
        &self,
        upload: UploadNumber,
        page: ListParts,
    ) -> Result<(Vec<(u32, PartRecord)>, bool), StoreError> {
        let range = KeyRange::of_prefix(&keys::of_upload(Family::Part, upload))
            .starting(keys::part(upload, page.after.saturating_add(1)));
        // At least one is read, to know whether there are more.
        let (mut rows, more) = self.scan(range, page.limit.clamp(1, PAGE_MAX_ENTRIES)).await?;
        let more = more || rows.len() > page.limit;
        rows.truncate(page.limit);
        let decode = |row: &meta::Record| -> Result<_, StoreError> {
            Ok((keys::parse_part(&row.key).ok_or_else(malformed)?, read(PartRecord::decode(&row.value))?))
        };
        Ok((rows.iter().map(decode).collect::<Result<_, _>>()?, more))
    }

    /// All parts of an upload.
    pub(crate) async fn all_parts(&self, upload: UploadNumber) -> Result<Vec<(u32, PartRecord)>, StoreError> {
        let mut all: Vec<(u32, PartRecord)> = Vec::new();
        loop {
            let after = all.last().map_or(0, |(number, _)| *number);
            let (page, more) = self.parts(upload, ListParts { after, limit: BATCH_ROWS }).await?;
            all.extend(page);
            if !more {
                return Ok(all);
            }
        }
    }

    /// One page of unfinished uploads, by key in byte order, then oldest first.
    pub(crate) async fn list_uploads(
        &self,
        handle: u64,
        options: &ListUploads,
    ) -> Result<UploadPage, StoreError> {
        let request = window(handle, options);
        if request.start >= request.end {
            return Ok(UploadPage::default());
        }
        // At least one is read, to know whether there are more.
        let page = self.meta.scan(request).await.map_err(engine)?;
        let shown = page.items.iter().take(options.limit);
        let entries = shown.map(entry).collect::<Result<Vec<_>, _>>()?;
        let more = page.more || entries.len() < page.items.len();
        Ok(UploadPage { entries, more })
    }

    /// Uploads of a bucket, at most `limit`.
    pub(crate) async fn uploads_in(
        &self,
        handle: u64,
        limit: usize,
    ) -> Result<Vec<(ObjectKey, UploadNumber, UploadRecord)>, StoreError> {
        let range = KeyRange::of_prefix(&keys::in_bucket(Family::Upload, handle));
        let (rows, _) = self.scan(range, limit).await?;
        rows.iter()
            .map(|row| {
                let (key, number) = keys::parse_upload(&row.key).ok_or_else(malformed)?;
                Ok((key, number, read(UploadRecord::decode(&row.value))?))
            })
            .collect()
    }

    /// What an upload came to.
    pub(crate) async fn finished(&self, upload: UploadNumber) -> Result<Option<FinishedRecord>, StoreError> {
        match self.row(&keys::of_upload(Family::Finished, upload)).await? {
            Some(row) => Ok(Some(read(FinishedRecord::decode(&row.value))?)),
            None => Ok(None),
        }
    }

    /// Forgets outcomes that were kept long enough, and parts that a crash left of those uploads.
    pub(crate) async fn forget_finished(&self, now: Timestamp) -> Result<(), StoreError> {
        let mut range = KeyRange::of_prefix(&keys::family(Family::Finished));
        loop {
            let (rows, more) = self.scan(range.clone(), BATCH_ROWS).await?;
            let mut commit = Commit::default();
            for row in &rows {
                if read(FinishedRecord::decode(&row.value))?.until < now {
                    self.drop_parts(keys::parse_of_upload(&row.key).ok_or_else(malformed)?).await?;
                    commit.delete(row.key.clone());
                }
            }
            self.commit(commit).await?;
            match rows.last() {
                Some(last) if more => range.start = keys::behind_key(&last.key),
                _ => return Ok(()),
            }
        }
    }

    /// Takes the parts of an upload away.
    pub(crate) async fn drop_parts(&self, upload: UploadNumber) -> Result<(), StoreError> {
        loop {
            let range = KeyRange::of_prefix(&keys::of_upload(Family::Part, upload));
            let (rows, more) = self.scan(range, BATCH_ROWS).await?;
            if rows.is_empty() {
                return Ok(());
            }
            let mut commit = Commit::default();
            rows.iter().for_each(|row| {
                commit.delete(row.key.clone());
            });
            self.commit(commit).await?;
            if !more {
                return Ok(());
            }
        }
    }
}

/// Puts or removes an upload's row.
pub(crate) fn write_upload(
    commit: &mut Commit,
    (handle, key): (u64, &ObjectKey),
    number: UploadNumber,
    record: Option<&UploadRecord>,
) {
    let row = keys::upload(handle, key.as_str(), number);
    match record {
        Some(record) => commit.put(row, record.encode()),
        None => commit.delete(row),
    };
}

/// Puts a part.
pub(crate) fn write_part(commit: &mut Commit, upload: UploadNumber, number: u32, record: &PartRecord) {
    commit.put(keys::part(upload, number), record.encode());
}

/// Keeps what an upload came to.
pub(crate) fn write_finished(commit: &mut Commit, upload: UploadNumber, record: &FinishedRecord) {
    commit.put(keys::of_upload(Family::Finished, upload).freeze(), record.encode());
}

/// Has a target abort an upload, or says that it did.
pub(crate) fn write_abort(
    commit: &mut Commit,
    target: TargetNumber,
    upload: UploadNumber,
    record: Option<&AbortRecord>,
) {
    let row = keys::abort(target, upload);
    match record {
        Some(record) => commit.put(row, record.encode()),
        None => commit.delete(row),
    };
}

/// The rows that a listing asks for.
fn window(handle: u64, options: &ListUploads) -> ScanRequest {
    let row = |text: &str| {
        let mut row = keys::in_bucket(Family::Upload, handle);
        keys::put_escaped(&mut row, text.as_bytes());
        row
    };
    let prefix = row(&options.prefix);
    let fold = options.delimiter.as_deref().filter(|delimiter| !delimiter.is_empty()).map(|delimiter| {
        let mut written = BytesMut::new();
        keys::put_escaped(&mut written, delimiter.as_bytes());
        Fold { delimiter: written.freeze(), from: prefix.len() }
    });
    let mut range = KeyRange::of_prefix(&prefix);
    match &options.after {
        None => {}
        Some(Position::Prefix(prefix)) => range = range.starting(keys::behind_prefix(&row(prefix))),
        Some(Position::Key(key)) => {
            let number = options.after_upload.as_ref().and_then(UploadNumber::parse);
            let start: Bytes = match number {
                Some(number) => keys::behind_key(&keys::upload(handle, key, number)),
                None => keys::behind_prefix(&keys::under_key(Family::Upload, handle, key)),
            };
            range = range.starting(start);
        }
    }
    let limit = options.limit.clamp(1, PAGE_MAX_ENTRIES);
    ScanRequest { start: range.start, end: range.end, limit, fold }
}

/// Bytes before the key in an upload's row: the family and the handle.
const ROW_HEAD_BYTES: usize = 9;

fn entry(item: &ScanItem) -> Result<UploadEntry, StoreError> {
    match item {
        ScanItem::Prefix(row) => {
            let prefix = row.get(ROW_HEAD_BYTES..).and_then(keys::unescape).ok_or_else(malformed)?;
            Ok(UploadEntry::Prefix(prefix))
        }
        ScanItem::Record(row) => {
            let (key, number) = keys::parse_upload(&row.key).ok_or_else(malformed)?;
            Ok(UploadEntry::Upload(read(UploadRecord::decode(&row.value))?.summary(key, number)))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use meta::MemoryMeta;
    use types::ETag;

    use super::*;

    #[tokio::test]
    async fn parts_that_a_crash_left_go_with_what_their_upload_came_to() {
        let (journal, _) = Journal::open(Arc::new(MemoryMeta::default()), &["target".into()]).await.unwrap();
        let [ended, unfinished] = [1, 2].map(|random| UploadNumber { initiated_nanos: 5, random });
        let part = PartRecord {
            size_bytes: 1,
            etag: ETag::from_text("tag"),
            checksum: None,
            modified_at: Timestamp::default(),
            held: Vec::new(),
        };
        let [early, late] = [10, 20].map(Timestamp::from_nanos);
        let mut commit = Commit::default();
        write_part(&mut commit, ended, 1, &part);
        write_part(&mut commit, unfinished, 1, &part);
        write_finished(&mut commit, ended, &FinishedRecord::aborted(7, early));
        journal.commit(commit).await.unwrap();
        journal.forget_finished(early).await.unwrap();
        assert!(journal.finished(ended).await.unwrap().is_some());
        journal.forget_finished(late).await.unwrap();
        assert_eq!(journal.finished(ended).await.unwrap(), None);
        assert_eq!(journal.all_parts(ended).await.unwrap(), []);
        assert_eq!(journal.all_parts(unfinished).await.unwrap(), [(1, part)]);
    }
}
