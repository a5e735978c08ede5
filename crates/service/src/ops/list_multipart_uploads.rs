use s3_model::{
    ListMultipartUploadsInput, ListMultipartUploadsOutput, ListedUpload, S3Error, UploadChecksum,
    UploadListEntry,
};
use store::{ListUploads, Position, UploadEntry, UploadId, UploadSummary};
use types::Context;

use crate::{Admitted, Service, capability, marker};

impl Service {
    /// ListMultipartUploads.
    pub(crate) async fn list_multipart_uploads(
        &self,
        cx: &Context,
        admitted: &Admitted,
        input: ListMultipartUploadsInput,
    ) -> Result<ListMultipartUploadsOutput, S3Error> {
        let bucket = admitted.bucket()?;
        capability::require(self.store.capabilities(bucket).multipart)?;
        let (entries, is_truncated) = if input.max_uploads == 0 {
            (Vec::new(), false)
        } else {
            let page = self.store.list_uploads(cx, bucket, options(&input)).await;
            let page = page.map_err(|error| admitted.subject().error(cx, error))?;
            (page.entries.into_iter().map(entry).collect(), page.more)
        };
        Ok(ListMultipartUploadsOutput {
            bucket: bucket.name.clone(),
            request: input,
            owner: bucket.owner.clone(),
            entries,
            is_truncated,
        })
    }
}

/// An upload marker counts only beside a key marker, which it makes a key.
fn options(input: &ListMultipartUploadsInput) -> ListUploads {
    let within_key = !input.key_marker.is_empty() && !input.upload_id_marker.is_empty();
    let after = if within_key {
        Some(Position::Key(input.key_marker.clone()))
    } else {
        marker::position(&input.key_marker, &input.prefix, input.delimiter.as_deref())
    };
    ListUploads {
        prefix: input.prefix.clone(),
        delimiter: input.delimiter.clone(),
        after,
        after_upload: within_key.then(|| UploadId::from_text(&input.upload_id_marker)),
        limit: input.max_uploads as usize,
    }
}

fn entry(entry: UploadEntry) -> UploadListEntry {
    match entry {
        UploadEntry::Prefix(prefix) => UploadListEntry::Prefix(prefix),
        UploadEntry::Upload(upload) => UploadListEntry::Upload(listed(upload)),
    }
}

fn listed(upload: UploadSummary) -> ListedUpload {
    ListedUpload {
        key: upload.key,
        upload_id: upload.upload_id.as_str().to_owned(),
        initiated_at: upload.initiated_at,
        storage_class: upload.storage_class,
        checksum: upload.checksum.map(|(algorithm, kind)| UploadChecksum { algorithm, kind }),
    }
}
