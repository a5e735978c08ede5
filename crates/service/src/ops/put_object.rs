use iam::Action;
use s3_model::{
    BodyDigests, PostObjectInput, PostObjectOutput, PutObjectInput, PutObjectOutput, S3Error, WriteCondition,
};
use store::{Identity, PutOptions, PutOutcome};
use types::{Body, Context, ObjectKey, ObjectMetadata};

use crate::bounded_body::bounded;
use crate::{Admitted, Service, capability, conditions, content_type, digests};

/// An object that is to be stored, whichever way it came.
struct NewObject<'a> {
    key: &'a ObjectKey,
    metadata: ObjectMetadata,
    digests: BodyDigests,
    condition: WriteCondition,
}

impl Service {
    /// PutObject.
    pub(crate) async fn put_object(
        &self,
        cx: &Context,
        admitted: &Admitted,
        input: PutObjectInput,
        body: Body,
    ) -> Result<PutObjectOutput, S3Error> {
        let (_, key) = admitted.object()?;
        Self::limit_size(input.content_length, self.settings.max_object_size_bytes)?;
        let PutObjectInput { metadata, digests, condition, .. } = input;
        let outcome =
            self.store_object(cx, admitted, NewObject { key, metadata, digests, condition }, body).await?;
        Ok(PutObjectOutput { etag: outcome.etag, checksum: outcome.checksum, version_id: outcome.version_id })
    }

    /// POST object: the key stands in the form, so it is asked for here. The file's length is known at its end only.
    pub(crate) async fn post_object(
        &self,
        cx: &Context,
        admitted: &Admitted,
        input: PostObjectInput,
        body: Body,
    ) -> Result<PostObjectOutput, S3Error> {
        self.require_on(cx, admitted, Action::PUT_OBJECT, Some(&input.key))?;
        let PostObjectInput { key, metadata, digests, success } = input;
        let object = NewObject { key: &key, metadata, digests, condition: WriteCondition::Always };
        let outcome = self.store_object(cx, admitted, object, body).await?;
        Ok(PostObjectOutput {
            bucket: admitted.bucket()?.name.clone(),
            key,
            etag: outcome.etag,
            checksum: outcome.checksum,
            version_id: outcome.version_id,
            success,
        })
    }

    async fn store_object(
        &self,
        cx: &Context,
        admitted: &Admitted,
        object: NewObject<'_>,
        body: Body,
    ) -> Result<PutOutcome, S3Error> {
        let bucket = admitted.bucket()?;
        let NewObject { key, mut metadata, digests, condition } = object;
        if !metadata.tags.is_empty() {
            self.require_on(cx, admitted, Action::PUT_OBJECT_TAGGING, Some(key))?;
        }
        let max_bytes = self.settings.max_object_size_bytes;
        Self::limit_size(body.length_bytes().unwrap_or_default(), max_bytes)?;
        let capabilities = self.store.capabilities(bucket);
        capability::require_metadata(&capabilities, &metadata)?;
        capability::require_tags(&capabilities, &metadata.tags)?;
        capability::require_storage_class(&capabilities, metadata.storage_class)?;
        content_type::fill(&mut metadata, key);
        let options = PutOptions {
            metadata,
            identity: Identity::Compute(digests::expected(&digests)),
            condition: conditions::for_store(&condition, capabilities.conditional_put)?,
        };
        let stored = self.store.put(cx, bucket, key, bounded(body, max_bytes), options).await;
        stored.map_err(|error| admitted.subject().key(key).conditioned(&condition).error(cx, error))
    }
}
