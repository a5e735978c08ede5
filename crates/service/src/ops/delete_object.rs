use s3_model::{DeleteObjectInput, DeleteObjectOutput, S3Error};
use store::DeleteOptions;
use types::Context;

use crate::{Admitted, Service, conditions};

impl Service {
    /// DeleteObject. Deleting what is not there succeeds, unless a condition asks for it.
    pub(crate) async fn delete_object(
        &self,
        cx: &Context,
        admitted: &Admitted,
        input: DeleteObjectInput,
    ) -> Result<DeleteObjectOutput, S3Error> {
        let (bucket, key) = admitted.object()?;
        let support = self.store.capabilities(bucket).conditional_delete;
        let condition = conditions::for_store(&input.condition, support)?;
        let options = DeleteOptions { version_id: input.version_id.clone(), condition };
        let subject = admitted.subject().version(input.version_id.as_ref()).conditioned(&input.condition);
        let outcome = self.store.delete(cx, bucket, key, options).await;
        let outcome = outcome.map_err(|error| subject.error(cx, error))?;
        Ok(DeleteObjectOutput { version_id: outcome.version_id, delete_marker: outcome.delete_marker })
    }
}
