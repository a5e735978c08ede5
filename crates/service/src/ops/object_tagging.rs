use s3_model::{
    ObjectTaggingInput, ObjectTaggingOutput, ObjectTaggingSetOutput, PutObjectTaggingInput, S3Error,
};
use store::OpenOptions;
use types::{Context, TagSet, VersionId};

use crate::{Admitted, Service, capability};

impl Service {
    /// GetObjectTagging: an object without tags has an empty set.
    pub(crate) async fn get_object_tagging(
        &self,
        cx: &Context,
        admitted: &Admitted,
        input: ObjectTaggingInput,
    ) -> Result<ObjectTaggingOutput, S3Error> {
        let (bucket, key) = admitted.object()?;
        let options = OpenOptions { version_id: input.version_id.clone(), ..OpenOptions::default() };
        let info = self.store.head(cx, bucket, key, options).await;
        let subject = admitted.subject().version(input.version_id.as_ref());
        let info = info.map_err(|error| subject.error(cx, error))?;
        Ok(ObjectTaggingOutput { version_id: info.version_id, tags: info.metadata.tags })
    }

    /// PutObjectTagging.
    pub(crate) async fn put_object_tagging(
        &self,
        cx: &Context,
        admitted: &Admitted,
        input: PutObjectTaggingInput,
    ) -> Result<ObjectTaggingSetOutput, S3Error> {
        self.set_object_tags(cx, admitted, input.version_id, input.tags).await
    }

    /// DeleteObjectTagging.
    pub(crate) async fn delete_object_tagging(
        &self,
        cx: &Context,
        admitted: &Admitted,
        input: ObjectTaggingInput,
    ) -> Result<ObjectTaggingSetOutput, S3Error> {
        self.set_object_tags(cx, admitted, input.version_id, TagSet::default()).await
    }

    async fn set_object_tags(
        &self,
        cx: &Context,
        admitted: &Admitted,
        version_id: Option<VersionId>,
        tags: TagSet,
    ) -> Result<ObjectTaggingSetOutput, S3Error> {
        let (bucket, key) = admitted.object()?;
        capability::require(self.store.capabilities(bucket).object_tags)?;
        let changed = self.store.set_tags(cx, bucket, key, version_id.clone(), tags).await;
        let subject = admitted.subject().version(version_id.as_ref());
        Ok(ObjectTaggingSetOutput { version_id: changed.map_err(|error| subject.error(cx, error))? })
    }
}
