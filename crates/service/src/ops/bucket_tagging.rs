use s3_model::{BucketTaggingOutput, ErrorCode, PutBucketTaggingInput, S3Error};
use store::BucketUpdate;
use types::{Context, TagSet};

use crate::{Admitted, Service, capability};

impl Service {
    /// GetBucketTagging: a bucket without tags is `NoSuchTagSet`.
    pub(crate) fn get_bucket_tagging(&self, admitted: &Admitted) -> Result<BucketTaggingOutput, S3Error> {
        let bucket = admitted.bucket()?;
        if bucket.tags.is_empty() {
            return Err(S3Error::new(ErrorCode::NoSuchTagSet).detail("BucketName", bucket.name.as_str()));
        }
        Ok(BucketTaggingOutput { tags: bucket.tags.clone() })
    }

    /// PutBucketTagging.
    pub(crate) async fn put_bucket_tagging(
        &self,
        cx: &Context,
        admitted: &Admitted,
        input: PutBucketTaggingInput,
    ) -> Result<(), S3Error> {
        self.set_bucket_tags(cx, admitted, input.tags).await
    }

    /// DeleteBucketTagging: no tags is no change.
    pub(crate) async fn delete_bucket_tagging(
        &self,
        cx: &Context,
        admitted: &Admitted,
    ) -> Result<(), S3Error> {
        self.set_bucket_tags(cx, admitted, TagSet::default()).await
    }

    async fn set_bucket_tags(&self, cx: &Context, admitted: &Admitted, tags: TagSet) -> Result<(), S3Error> {
        let bucket = admitted.bucket()?;
        if bucket.tags == tags {
            return Ok(());
        }
        capability::require(self.store.capabilities(bucket).bucket_tags)?;
        let updated = self.store.update_bucket(cx, bucket, BucketUpdate::Tags(tags)).await;
        updated.map(|_| ()).map_err(|error| admitted.subject().error(cx, error))
    }
}
