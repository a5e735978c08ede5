use s3_model::{AbortMultipartUploadInput, S3Error};
use store::{UploadId, UploadRef};
use types::Context;

use crate::{Admitted, Service};

impl Service {
    /// AbortMultipartUpload.
    pub(crate) async fn abort_multipart_upload(
        &self,
        cx: &Context,
        admitted: &Admitted,
        input: AbortMultipartUploadInput,
    ) -> Result<(), S3Error> {
        let (bucket, key) = admitted.object()?;
        let id = UploadId::from_text(&input.upload_id);
        let aborted = self.store.abort_upload(cx, UploadRef { bucket, key, id: &id }).await;
        aborted.map_err(|error| admitted.subject().upload(&input.upload_id).error(cx, error))
    }
}
