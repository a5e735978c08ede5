use s3_model::{S3Error, UploadPartCopyInput, UploadPartCopyOutput, WriteCondition};
use store::{CopyPartOptions, ObjectInfo, UploadId, UploadRef};
use types::{ByteRange, Context};

use super::copy_source::is_race;
use crate::limits::COPY_ATTEMPTS;
use crate::{Admitted, Service, capability};

impl Service {
    /// UploadPartCopy. When the source changes between the look at it and the copy, both are done again.
    pub(crate) async fn upload_part_copy(
        &self,
        cx: &Context,
        admitted: &Admitted,
        input: UploadPartCopyInput,
    ) -> Result<UploadPartCopyOutput, S3Error> {
        let (bucket, key) = admitted.object()?;
        capability::require(self.store.capabilities(bucket).copy)?;
        let id = UploadId::from_text(&input.upload_id);
        let upload = UploadRef { bucket, key, id: &id };
        let mut attempt = 1;
        loop {
            let seen = self.look_at_source(cx, admitted, &input.source_conditions).await?;
            self.check_range(&seen.info, input.range)?;
            let options = CopyPartOptions { range: input.range };
            match self.store.copy_part(cx, &seen.pinned, upload, input.part_number, options).await {
                Ok(part) => {
                    return Ok(UploadPartCopyOutput {
                        etag: part.etag,
                        modified_at: part.modified_at,
                        checksum: part.checksum,
                        source_version_id: seen.info.version_id,
                    });
                }
                Err(error) if is_race(&error, &WriteCondition::Always) && attempt < COPY_ATTEMPTS => {
                    attempt += 1
                }
                Err(error) => {
                    return Err(admitted.subject().upload(&input.upload_id).error(cx, error));
                }
            }
        }
    }

    /// A range must lie inside the source, and be no larger than a part.
    fn check_range(&self, source: &ObjectInfo, range: Option<ByteRange>) -> Result<(), S3Error> {
        if let Some(range) = range
            && range.end > source.size_bytes
        {
            return Err(S3Error::invalid_argument(
                format!("Range specified is not valid for source object of size: {}", source.size_bytes),
                "x-amz-copy-source-range",
                format!("bytes={}-{}", range.start, range.end.saturating_sub(1)),
            ));
        }
        let max_bytes = self.part_max_bytes();
        if range.map_or(source.size_bytes, |range| range.len()) > max_bytes {
            return Err(S3Error::invalid_request(format!(
                "The specified copy source is larger than the maximum allowable size for a copy source: {max_bytes}"
            )));
        }
        Ok(())
    }
}
