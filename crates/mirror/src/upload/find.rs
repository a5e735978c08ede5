use std::sync::Arc;

use store::{ListParts, Missing, PartOutcome, PartSummary, PartsPage, StoreError, UploadInfo, UploadRef};
use types::{BucketName, ObjectKey, Timestamp};

use crate::core::Core;
use crate::journal::{BucketRecord, PartRecord, UploadNumber, UploadRecord};

const OPERATION: &str = "find an upload";

/// An unfinished upload that was found.
pub(super) struct Found {
    pub(super) bucket: BucketName,
    pub(super) bucket_record: BucketRecord,
    pub(super) key: ObjectKey,
    pub(super) number: UploadNumber,
    pub(super) record: UploadRecord,
}

impl Found {
    /// The targets of the mirror that take part, of those that take writes now.
    pub(super) fn places(&self, core: &Core) -> Vec<usize> {
        let writable = core.writable(&self.bucket_record);
        let takes_part = |place: &usize| {
            let number = core.targets[*place].number;
            self.record.targets.iter().any(|(target, _)| *target == number)
        };
        writable.into_iter().filter(takes_part).collect()
    }
}

pub(super) fn no_upload() -> StoreError {
    StoreError::missing(Missing::Upload, OPERATION)
}

impl Core {
    pub(super) async fn find_upload(self: &Arc<Self>, upload: UploadRef<'_>) -> Result<Found, StoreError> {
        let bucket_record = self.record(upload.bucket, OPERATION).await?;
        let number = UploadNumber::parse(upload.id).ok_or_else(no_upload)?;
        let found = self.journal.upload(bucket_record.handle, upload.key, number).await?;
        Ok(Found {
            bucket: upload.bucket.name.clone(),
            bucket_record,
            key: upload.key.clone(),
            number,
            record: found.ok_or_else(no_upload)?,
        })
    }

    /// One page of an upload's parts, from the journal alone.
    pub(crate) async fn list_parts(
        self: &Arc<Self>,
        upload: UploadRef<'_>,
        page: ListParts,
    ) -> Result<PartsPage, StoreError> {
        let found = self.find_upload(upload).await?;
        let (parts, more) = self.journal.parts(found.number, page).await?;
        let info = UploadInfo {
            initiated_at: Timestamp::from_nanos(found.number.initiated_nanos),
            metadata: found.record.metadata,
            checksum: found.record.checksum,
        };
        let parts = parts.into_iter().map(|(number, part)| PartSummary {
            number,
            size_bytes: part.size_bytes,
            outcome: outcome_of(part),
        });
        Ok(PartsPage { upload: info, parts: parts.collect(), more })
    }
}

pub(super) fn outcome_of(part: PartRecord) -> PartOutcome {
    PartOutcome { etag: part.etag, checksum: part.checksum, modified_at: part.modified_at }
}
