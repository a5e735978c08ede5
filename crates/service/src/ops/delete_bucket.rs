use s3_model::{ErrorCode, S3Error};
use types::Context;

use crate::{Admitted, Deletion, Service};

impl Service {
    /// DeleteBucket: of an empty bucket that the configuration does not hold.
    pub(crate) async fn delete_bucket(&self, cx: &Context, admitted: &Admitted) -> Result<(), S3Error> {
        let bucket = admitted.bucket()?;
        if self.settings.bucket(&bucket.name).deletion == Deletion::Pinned {
            return Err(S3Error::with_message(
                ErrorCode::AccessDenied,
                "The bucket stands in the server's configuration and cannot be deleted over S3",
            )
            .detail("BucketName", bucket.name.as_str()));
        }
        let deleted = self.store.delete_bucket(cx, bucket).await;
        deleted.map_err(|error| admitted.subject().error(cx, error))
    }
}
