use s3_model::{BodyChecksum, S3Error, UploadPartInput, UploadPartOutput};
use store::{PartOptions, PartProblem, StoreError, StoreErrorKind, UploadId, UploadRef};
use types::{Body, Context};

use crate::bounded_body::bounded;
use crate::limits::PART_MAX_BYTES;
use crate::{Admitted, Service, digests};

impl Service {
    /// UploadPart.
    pub(crate) async fn upload_part(
        &self,
        cx: &Context,
        admitted: &Admitted,
        input: UploadPartInput,
        body: Body,
    ) -> Result<UploadPartOutput, S3Error> {
        let (bucket, key) = admitted.object()?;
        let max_bytes = self.part_max_bytes();
        Self::limit_size(input.content_length, max_bytes)?;
        let id = UploadId::from_text(&input.upload_id);
        let upload = UploadRef { bucket, key, id: &id };
        let options = PartOptions { expected: digests::expected(&input.digests) };
        let body = bounded(body, max_bytes);
        let stored = self.store.put_part(cx, upload, input.part_number, body, options).await;
        let stored = stored.map_err(|error| part_error(cx, admitted, &input, error))?;
        Ok(UploadPartOutput { etag: stored.etag, checksum: stored.checksum })
    }

    /// The largest part: S3's limit, or that of a whole object where it is smaller.
    pub(crate) fn part_max_bytes(&self) -> u64 {
        PART_MAX_BYTES.min(self.settings.max_object_size_bytes)
    }
}

/// The checksum of a part must be of the upload's algorithm; the answer names both.
fn part_error(cx: &Context, admitted: &Admitted, input: &UploadPartInput, error: StoreError) -> S3Error {
    let sent = match input.digests.checksum {
        BodyChecksum::Unnamed => None,
        BodyChecksum::Compute(algorithm) | BodyChecksum::Trailer(algorithm) => Some(algorithm),
        BodyChecksum::Value(checksum) => Some(checksum.algorithm),
    };
    if let (StoreErrorKind::Part(PartProblem::ChecksumAlgorithm(expected)), Some(sent)) = (&error.kind, sent)
    {
        let name = |algorithm: types::ChecksumAlgorithm| algorithm.name().to_ascii_lowercase();
        return S3Error::invalid_request(format!(
            "Checksum Type mismatch occurred, expected checksum Type: {}, actual checksum Type: {}",
            name(*expected),
            name(sent)
        ));
    }
    admitted.subject().upload(&input.upload_id).error(cx, error)
}
