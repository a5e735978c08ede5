use s3_model::{CompleteMultipartUploadInput, CompleteMultipartUploadOutput, CompletedPart, S3Error};
use store::{
    CompleteOptions, ListParts, PartProblem, StoreError, StoreErrorKind, UploadChecksum, UploadId, UploadRef,
};
use types::Context;

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
        let outcome = match self.store.complete_upload(cx, upload, parts, options).await {
            Ok(outcome) => outcome,
            Err(error) => return Err(self.not_completed(cx, admitted, &input, error).await),
        };
        Ok(CompleteMultipartUploadOutput {
            bucket: bucket.name.clone(),
            key: key.clone(),
            etag: outcome.etag,
            checksum: outcome.checksum,
            version_id: outcome.version_id,
        })
    }

    /// The answer to a completion that failed, with what the store's error does not tell: the tag that the client gave for
    /// the part that is wrong, and the checksum that the upload was begun with.
    async fn not_completed(
        &self,
        cx: &Context,
        admitted: &Admitted,
        input: &CompleteMultipartUploadInput,
        error: StoreError,
    ) -> S3Error {
        let subject = admitted.subject().upload(&input.upload_id).conditioned(&input.condition);
        let problem = match &error.kind {
            StoreErrorKind::Part(problem) => Some(*problem),
            _ => None,
        };
        let answer = subject.error(cx, error);
        match problem {
            Some(PartProblem::Invalid(number) | PartProblem::TooSmall { number, .. }) => {
                match input.parts.iter().find(|part| part.number == number) {
                    Some(part) => answer.detail("ETag", part.etag.as_str()),
                    None => answer,
                }
            }
            Some(PartProblem::TooLarge { .. }) => {
                answer.detail("MaxSizeAllowed", self.settings.max_object_size_bytes.to_string())
            }
            Some(PartProblem::ChecksumMissing(_) | PartProblem::ChecksumKind) => {
                match self.upload_checksum(cx, admitted, &input.upload_id).await {
                    Some(checksum) => S3Error { message: checksum_text(problem, checksum).into(), ..answer },
                    None => answer,
                }
            }
            _ => answer,
        }
    }

    async fn upload_checksum(
        &self,
        cx: &Context,
        admitted: &Admitted,
        upload_id: &str,
    ) -> Option<UploadChecksum> {
        let (bucket, key) = admitted.object().ok()?;
        let upload = UploadRef { bucket, key, id: &UploadId::from_text(upload_id) };
        let page = self.store.list_parts(cx, upload, ListParts { after: 0, limit: 0 }).await.ok()?;
        page.upload.checksum
    }
}

fn checksum_text(problem: Option<PartProblem>, checksum: UploadChecksum) -> String {
    let algorithm = checksum.algorithm.name().to_ascii_lowercase();
    match problem {
        Some(PartProblem::ChecksumMissing(number)) => format!(
            "The upload was created using a {algorithm} checksum. The complete request must include the checksum for each part. It was missing for part {number} in the request."
        ),
        _ => format!(
            "The upload was created using the {} checksum mode. The complete request must use the same checksum mode.",
            checksum.kind.name()
        ),
    }
}

fn for_store(part: &CompletedPart) -> store::CompletedPart {
    store::CompletedPart { number: part.number, etag: part.etag.clone(), checksum: part.checksum }
}
