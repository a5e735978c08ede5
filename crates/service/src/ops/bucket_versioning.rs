use s3_model::{BucketVersioningOutput, PutBucketVersioningInput, S3Error, VersioningStatus};
use store::{BucketUpdate, Versioning};
use types::Context;

use crate::{Admitted, Service, capability};

impl Service {
    /// GetBucketVersioning.
    pub(crate) fn get_bucket_versioning(
        &self,
        admitted: &Admitted,
    ) -> Result<BucketVersioningOutput, S3Error> {
        let status = match admitted.bucket()?.versioning {
            Versioning::Off => None,
            Versioning::Enabled => Some(VersioningStatus::Enabled),
            Versioning::Suspended => Some(VersioningStatus::Suspended),
        };
        Ok(BucketVersioningOutput { status })
    }

    /// PutBucketVersioning. The state that the bucket has already is no change.
    pub(crate) async fn put_bucket_versioning(
        &self,
        cx: &Context,
        admitted: &Admitted,
        input: PutBucketVersioningInput,
    ) -> Result<(), S3Error> {
        let bucket = admitted.bucket()?;
        let wanted = match input.status {
            VersioningStatus::Enabled => Versioning::Enabled,
            VersioningStatus::Suspended => Versioning::Suspended,
        };
        if bucket.versioning == wanted {
            return Ok(());
        }
        capability::require(self.store.capabilities(bucket).versioning)?;
        let updated = self.store.update_bucket(cx, bucket, BucketUpdate::Versioning(wanted)).await;
        updated.map(|_| ()).map_err(|error| admitted.subject().error(cx, error))
    }
}
