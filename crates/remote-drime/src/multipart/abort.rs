use std::sync::Arc;

use remote::UploadRecord;
use store::{ListParts, PartOutcome, PartSummary, PartsPage, StoreError, UploadInfo, UploadRef};
use types::Context;

use super::{UploadState, read};
use crate::drive::{Drive, to_the_end};
use crate::place::Place;

const OPERATION: &str = "abort upload";

impl Drive {
    pub(crate) async fn abort_upload(
        self: &Arc<Self>,
        cx: &Context,
        upload: UploadRef<'_>,
    ) -> Result<(), StoreError> {
        let (drive, cx, place) = (self.clone(), cx.clone(), self.place(upload.bucket, upload.key));
        let id = upload.id.clone();
        to_the_end(OPERATION, async move {
            let _held = drive.uploads.hold(id.as_str().to_owned()).await;
            let upload = UploadRef { bucket: &place.bucket, key: &place.key, id: &id };
            let record = drive.ledger.upload(upload).await?;
            drive.abort_recorded(&cx, &place, &record).await
        })
        .await
    }

    /// Gives an upload up on the drive, and then forgets it: the other way round a crash would leave its parts behind.
    pub(crate) async fn abort_recorded(
        &self,
        cx: &Context,
        place: &Place,
        record: &UploadRecord,
    ) -> Result<(), StoreError> {
        let state: UploadState = read(&record.provider, OPERATION)?;
        let aborted = self.api.abort(cx, place.lane, &state.drive).await;
        aborted.map_err(crate::api::ApiError::into_store)?;
        self.ledger.remove_upload(record).await
    }

    pub(crate) async fn list_parts(
        &self,
        upload: UploadRef<'_>,
        page: ListParts,
    ) -> Result<PartsPage, StoreError> {
        let record = self.ledger.upload(upload).await?;
        let (parts, more) = self.ledger.parts(&record, page).await?;
        let summary = |part: remote::PartRecord| PartSummary {
            number: part.number,
            size_bytes: part.size_bytes,
            outcome: PartOutcome { etag: part.etag, checksum: part.checksum, modified_at: part.modified_at },
        };
        let info = UploadInfo {
            initiated_at: record.initiated_at,
            metadata: record.metadata,
            checksum: record.checksum,
        };
        Ok(PartsPage { upload: info, parts: parts.into_iter().map(summary).collect(), more })
    }
}
