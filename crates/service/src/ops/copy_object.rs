use iam::Action;
use s3_model::{CopyObjectInput, CopyObjectOutput, Directive, Operation, S3Error};
use store::{CopyOptions, ObjectInfo, Versioning};
use types::{Context, ObjectMetadata, TagSet};

use super::copy_source::{SeenSource, is_race};
use crate::limits::COPY_ATTEMPTS;
use crate::{Admitted, Service, capability, conditions, content_type};

impl Service {
    /// CopyObject. When the source changes between the look at it and the copy, both are done again.
    pub(crate) async fn copy_object(
        &self,
        cx: &Context,
        admitted: &Admitted,
        input: CopyObjectInput,
    ) -> Result<CopyObjectOutput, S3Error> {
        let (bucket, key) = admitted.object()?;
        capability::require(self.store.capabilities(bucket).copy)?;
        let subject = admitted.subject().conditioned(&input.condition);
        let mut attempt = 1;
        loop {
            let seen = self.look_at_source(cx, admitted, &input.source_conditions).await?;
            let options = self.copy_options(cx, admitted, &input, &seen)?;
            match self.store.copy(cx, &seen.pinned, bucket, key, options).await {
                Ok(outcome) => {
                    return Ok(CopyObjectOutput {
                        etag: outcome.etag,
                        modified_at: outcome.modified_at,
                        checksum: outcome.checksum,
                        version_id: outcome.version_id,
                        source_version_id: seen.info.version_id,
                    });
                }
                Err(error) if is_race(&error, &input.condition) && attempt < COPY_ATTEMPTS => attempt += 1,
                Err(error) => return Err(subject.error(cx, error)),
            }
        }
    }

    fn copy_options(
        &self,
        cx: &Context,
        admitted: &Admitted,
        input: &CopyObjectInput,
        seen: &SeenSource,
    ) -> Result<CopyOptions, S3Error> {
        let (bucket, key) = admitted.object()?;
        let max_bytes = self.settings.max_object_size_bytes;
        if seen.info.size_bytes > max_bytes {
            return Err(S3Error::invalid_request(format!(
                "The specified copy source is larger than the maximum allowable size for a copy source: {max_bytes}"
            )));
        }
        if is_itself(admitted)? && !changes(input, &seen.info) {
            return Err(S3Error::invalid_request(
                "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
            ));
        }
        self.require_tagging(cx, admitted, input, &seen.info)?;
        let capabilities = self.store.capabilities(bucket);
        capability::require_tags(&capabilities, tags(input, &seen.info))?;
        let storage_class = input.storage_class.unwrap_or_default();
        capability::require_storage_class(&capabilities, storage_class)?;
        let mut metadata = metadata(input, &seen.info);
        match &mut metadata {
            store::Directive::Copy => capability::require_metadata(&capabilities, &seen.info.metadata)?,
            store::Directive::Replace(metadata) => {
                capability::require_metadata(&capabilities, metadata)?;
                metadata.storage_class = storage_class;
                content_type::fill(metadata, key);
            }
        }
        Ok(CopyOptions {
            metadata,
            storage_class: Some(storage_class),
            tags: match &input.tags {
                Directive::Copy => store::Directive::Copy,
                Directive::Replace(tags) => store::Directive::Replace(tags.clone()),
            },
            checksum: input.checksum,
            condition: conditions::for_store(&input.condition, capabilities.conditional_copy)?,
        })
    }

    /// A copy that brings tags needs to be allowed to read them there and to write them here.
    fn require_tagging(
        &self,
        cx: &Context,
        admitted: &Admitted,
        input: &CopyObjectInput,
        info: &ObjectInfo,
    ) -> Result<(), S3Error> {
        if tags(input, info).is_empty() {
            return Ok(());
        }
        let source = admitted.source()?;
        let reading = Action::of(Operation::GetObjectTagging, source.version_id.as_ref());
        if let (Directive::Copy, Some(action)) = (&input.tags, reading) {
            self.require_on_source(cx, admitted, source, action)?;
        }
        self.require(cx, admitted, Action::PUT_OBJECT_TAGGING)
    }
}

/// The tags that the copy will have.
fn tags<'a>(input: &'a CopyObjectInput, info: &'a ObjectInfo) -> &'a TagSet {
    match &input.tags {
        Directive::Copy => &info.metadata.tags,
        Directive::Replace(tags) => tags,
    }
}

/// Whether source and target are one object. A version that is named is another one, where there can be more than one.
fn is_itself(admitted: &Admitted) -> Result<bool, S3Error> {
    let (bucket, key) = admitted.object()?;
    let source = admitted.source()?;
    let current = source.version_id.is_none() || bucket.versioning == Versioning::Off;
    Ok(source.bucket.name == bucket.name && source.key == *key && current)
}

fn changes(input: &CopyObjectInput, info: &ObjectInfo) -> bool {
    let redirect = &info.metadata.headers.website_redirect_location;
    matches!(input.metadata, Directive::Replace(_))
        || matches!(input.tags, Directive::Replace(_))
        || input.storage_class.is_some_and(|class| class != info.metadata.storage_class)
        || (input.website_redirect_location.is_some() && input.website_redirect_location != *redirect)
        || input.checksum.is_some()
}

/// The copy's headers and user metadata. The website redirect is always the request's own, never the source's.
fn metadata(input: &CopyObjectInput, info: &ObjectInfo) -> store::Directive<ObjectMetadata> {
    let redirect = &input.website_redirect_location;
    let mut metadata = match &input.metadata {
        Directive::Copy if info.metadata.headers.website_redirect_location == *redirect => {
            return store::Directive::Copy;
        }
        Directive::Copy => ObjectMetadata { tags: TagSet::default(), ..info.metadata.clone() },
        Directive::Replace(metadata) => metadata.clone(),
    };
    metadata.headers.website_redirect_location.clone_from(redirect);
    store::Directive::Replace(metadata)
}
