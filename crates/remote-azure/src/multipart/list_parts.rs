use store::{ListParts, PartSummary, PartsPage, StoreError, UploadInfo, UploadRef};

use super::put_part::outcome;
use crate::store::Azure;

impl Azure {
    pub(crate) async fn list_parts(
        &self,
        upload: UploadRef<'_>,
        page: ListParts,
    ) -> Result<PartsPage, StoreError> {
        let record = self.ledger.upload(upload).await?;
        let (parts, more) = self.ledger.parts(&record, page).await?;
        let summary = |part: &remote::PartRecord| PartSummary {
            number: part.number,
            size_bytes: part.size_bytes,
            outcome: outcome(part),
        };
        let upload = UploadInfo {
            initiated_at: record.initiated_at,
            metadata: record.metadata,
            checksum: record.checksum,
        };
        Ok(PartsPage { upload, parts: parts.iter().map(summary).collect(), more })
    }
}
