use s3_model::{ListPartsInput, ListPartsOutput, ListedPart, S3Error, UploadChecksum};
use store::{ListParts, PartSummary, UploadId, UploadRef};
use types::Context;

use crate::{Admitted, Service};

impl Service {
    /// ListParts.
    pub(crate) async fn list_parts(
        &self,
        cx: &Context,
        admitted: &Admitted,
        input: ListPartsInput,
    ) -> Result<ListPartsOutput, S3Error> {
        let (bucket, key) = admitted.object()?;
        let id = UploadId::from_text(&input.upload_id);
        let upload = UploadRef { bucket, key, id: &id };
        let page = ListParts { after: input.part_number_marker, limit: input.max_parts as usize };
        let page = self.store.list_parts(cx, upload, page).await;
        let page = page.map_err(|error| admitted.subject().upload(&input.upload_id).error(cx, error))?;
        let checksum = page.upload.checksum;
        Ok(ListPartsOutput {
            bucket: bucket.name.clone(),
            key: key.clone(),
            owner: bucket.owner.clone(),
            storage_class: page.upload.metadata.storage_class,
            checksum: checksum.map(|sum| UploadChecksum { algorithm: sum.algorithm, kind: sum.kind }),
            parts: page.parts.into_iter().map(listed).collect(),
            is_truncated: page.more && input.max_parts > 0,
            request: input,
        })
    }
}

fn listed(part: PartSummary) -> ListedPart {
    ListedPart {
        number: part.number,
        modified_at: part.outcome.modified_at,
        etag: part.outcome.etag,
        size_bytes: part.size_bytes,
        checksum: part.outcome.checksum,
    }
}
