use s3_model::{CompleteMultipartUploadInput, CompleteMultipartUploadOutput, CompletedPart, S3Error};
use store::{CompleteOptions, PartProblem, StoreError, StoreErrorKind, UploadId, UploadRef};
use types::Context;

use crate::subject::Subject;
use crate::{Admitted, Service, conditions};

impl Service {
    /// CompleteMultipartUpload. The order of the parts, their tags, sizes and checksums are weighed by the store, together
    /// with the write.
    pub(crate) async fn complete_multipart_upload(
        &self,
        cx: &Context,
        admitted: &Admitted,
        input: CompleteMultipartUploadInput,
    ) -> Result<CompleteMultipartUploadOutput, S3Error> {
        let (bucket, key) = admitted.object()?;
        let id = UploadId::from_text(&input.upload_id);
        let upload = UploadRef { bucket, key, id: &id };
        let support = self.store.capabilities(bucket).conditional_put;
        let options = CompleteOptions {
            condition: conditions::for_store(&input.condition, support)?,
            checksum: input.checksum,
            checksum_kind: input.checksum_kind,
            object_size_bytes: input.object_size_bytes,
            max_size_bytes: Some(self.settings.max_object_size_bytes),
        };
        let parts = input.parts.iter().map(for_store).collect();
        let outcome = self.store.complete_upload(cx, upload, parts, options).await;
        let subject = admitted.subject().upload(&input.upload_id).conditioned(&input.condition);
        let outcome = outcome.map_err(|error| complete_error(cx, &subject, &input.parts, error))?;
        Ok(CompleteMultipartUploadOutput {
            bucket: bucket.name.clone(),
            key: key.clone(),
            etag: outcome.etag,
            checksum: outcome.checksum,
            version_id: outcome.version_id,
        })
    }
}

fn for_store(part: &CompletedPart) -> store::CompletedPart {
    store::CompletedPart { number: part.number, etag: part.etag.clone(), checksum: part.checksum }
}

/// A refusal of one part also names the tag that the client gave for it.
fn complete_error(
    cx: &Context,
    subject: &Subject<'_>,
    parts: &[CompletedPart],
    error: StoreError,
) -> S3Error {
    let number = match &error.kind {
        StoreErrorKind::Part(PartProblem::Invalid(number) | PartProblem::TooSmall { number, .. }) => {
            Some(*number)
        }
        _ => None,
    };
    let answer = subject.error(cx, error);
    match parts.iter().find(|part| Some(part.number) == number) {
        Some(part) => answer.detail("ETag", part.etag.as_str()),
        None => answer,
    }
}
