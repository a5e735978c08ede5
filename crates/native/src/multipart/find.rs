use bytes::Bytes;
use meta::{Commit, ScanItem, ScanRequest};
use store::{Missing, StoreError, UploadRef};

use crate::error::{During, contradiction};
use crate::ids::{DataId, UploadNumber};
use crate::keys::{self, Family, KeyRange};
use crate::native::Native;
use crate::record::{PartRecord, UploadRecord, UploadState};

/// How many parts are read at a time.
const SCAN_PARTS: usize = 1000;

/// An unfinished upload as it was found, and where.
pub(super) struct FoundUpload {
    pub(super) number: UploadNumber,
    pub(super) row: Bytes,
    pub(super) revision: u64,
    pub(super) record: UploadRecord,
}

impl FoundUpload {
    /// Makes a change of one of the upload's parts part of a commit: other parts may change at the same time, but a
    /// completion that is reading them has to notice.
    pub(super) fn check_for_part(&self, commit: &mut Commit) {
        match self.record.state {
            UploadState::Open => {
                commit.check(meta::Check::Shared(self.row.clone(), self.revision));
            }
            UploadState::Frozen => {
                let open = UploadRecord { state: UploadState::Open, ..self.record.clone() };
                commit.check(meta::Check::Equals(self.row.clone(), self.revision));
                commit.put(self.row.clone(), open.encode());
            }
        }
    }
}

/// The row of an upload that a request names.
pub(super) fn upload_row(
    upload: UploadRef<'_>,
    operation: &'static str,
) -> Result<(UploadNumber, Bytes), StoreError> {
    let number = UploadNumber::from_id(upload.id);
    let number = number.ok_or_else(|| StoreError::missing(Missing::Upload, operation))?;
    Ok((number, keys::upload(upload.bucket, upload.key.as_str(), number)))
}

impl Native {
    /// Finds an unfinished upload.
    ///
    /// # Errors
    /// `Missing(Upload)`.
    pub(super) async fn find_upload(
        &self,
        upload: UploadRef<'_>,
        operation: &'static str,
    ) -> Result<FoundUpload, StoreError> {
        let (number, row) = upload_row(upload, operation)?;
        let found = self.meta.get(&row).await.during(operation)?;
        let found = found.ok_or_else(|| StoreError::missing(Missing::Upload, operation))?;
        let record = UploadRecord::decode(&found.value).during(operation)?;
        Ok(FoundUpload { number, row, revision: found.revision, record })
    }

    /// At most `limit` parts with numbers above `after`, and whether there are more.
    pub(crate) async fn scan_parts(
        &self,
        parts: DataId,
        after: u32,
        limit: usize,
        operation: &'static str,
    ) -> Result<(Vec<(u32, PartRecord)>, bool), StoreError> {
        let range = KeyRange::of_prefix(&keys::by_id(Family::Part, parts.to_bytes()));
        let range = range.behind(&keys::numbered(Family::Part, parts, after));
        let request = ScanRequest { start: range.start, end: range.end, limit, fold: None };
        let page = self.meta.scan(request).await.during(operation)?;
        let mut found = Vec::with_capacity(page.items.len());
        for item in page.items {
            let ScanItem::Record(record) = item else { continue };
            let number = keys::parse_numbered(&record.key).ok_or_else(|| contradiction(operation))?;
            found.push((number, PartRecord::decode(&record.value).during(operation)?));
        }
        Ok((found, page.more))
    }

    /// All parts of an upload, in order; at most 10,000 by their numbers.
    pub(super) async fn all_parts(
        &self,
        parts: DataId,
        operation: &'static str,
    ) -> Result<Vec<(u32, PartRecord)>, StoreError> {
        let mut all: Vec<(u32, PartRecord)> = Vec::new();
        loop {
            let after = all.last().map_or(0, |(number, _)| *number);
            let (page, more) = self.scan_parts(parts, after, SCAN_PARTS, operation).await?;
            all.extend(page);
            if !more {
                return Ok(all);
            }
        }
    }
}
