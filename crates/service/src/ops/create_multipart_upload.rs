use iam::Action;
use s3_model::{CreateMultipartUploadInput, CreateMultipartUploadOutput, S3Error};
use store::{CreateUploadOptions, UploadChecksum};
use types::Context;

use crate::{Admitted, Service, capability, content_type};

impl Service {
    /// CreateMultipartUpload.
    pub(crate) async fn create_multipart_upload(
        &self,
        cx: &Context,
        admitted: &Admitted,
        input: CreateMultipartUploadInput,
    ) -> Result<CreateMultipartUploadOutput, S3Error> {
        let (bucket, key) = admitted.object()?;
        let CreateMultipartUploadInput { mut metadata, checksum } = input;
        let capabilities = self.store.capabilities(bucket);
        capability::require(capabilities.multipart)?;
        if !metadata.tags.is_empty() {
            self.require(cx, admitted, Action::PUT_OBJECT_TAGGING)?;
        }
        capability::require_metadata(&capabilities, &metadata)?;
        capability::require_tags(&capabilities, &metadata.tags)?;
        capability::require_storage_class(&capabilities, metadata.storage_class)?;
        content_type::fill(&mut metadata, key);
        let options = CreateUploadOptions {
            metadata,
            checksum: checksum.map(|sum| UploadChecksum { algorithm: sum.algorithm, kind: sum.kind }),
        };
        let upload = self.store.create_upload(cx, bucket, key, options).await;
        let upload = upload.map_err(|error| admitted.subject().error(cx, error))?;
        Ok(CreateMultipartUploadOutput {
            bucket: bucket.name.clone(),
            key: key.clone(),
            upload_id: upload.as_str().to_owned(),
            checksum,
        })
    }
}
