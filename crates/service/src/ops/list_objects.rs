use s3_model::{
    Continuation, ListObjectsInput, ListObjectsOutput, ListObjectsV2Input, ListObjectsV2Output, ListedEntry,
    ListedObject, S3Error,
};
use store::{ListEntry, ListObjects, ObjectSummary, Position};
use types::Context;

use crate::{Admitted, Service, marker};

impl Service {
    /// ListObjects, version 1.
    pub(crate) async fn list_objects(
        &self,
        cx: &Context,
        admitted: &Admitted,
        input: ListObjectsInput,
    ) -> Result<ListObjectsOutput, S3Error> {
        let bucket = admitted.bucket()?;
        let options = ListObjects {
            prefix: input.prefix.clone(),
            delimiter: input.delimiter.clone(),
            after: marker::position(&input.marker, &input.prefix, input.delimiter.as_deref()),
            limit: input.max_keys as usize,
        };
        let (entries, is_truncated) = self.list_page(cx, admitted, options).await?;
        Ok(ListObjectsOutput {
            bucket: bucket.name.clone(),
            request: input,
            owner: bucket.owner.clone(),
            entries,
            is_truncated,
        })
    }

    /// ListObjectsV2. A continuation token wins over `start-after`.
    pub(crate) async fn list_objects_v2(
        &self,
        cx: &Context,
        admitted: &Admitted,
        input: ListObjectsV2Input,
    ) -> Result<ListObjectsV2Output, S3Error> {
        let bucket = admitted.bucket()?;
        let start_after = input.start_after.as_deref().unwrap_or_default();
        let after = match &input.continuation {
            Some(Continuation::Key(key)) => Some(Position::Key(key.clone())),
            Some(Continuation::Prefix(prefix)) => Some(Position::Prefix(prefix.clone())),
            None => marker::position(start_after, &input.prefix, input.delimiter.as_deref()),
        };
        let options = ListObjects {
            prefix: input.prefix.clone(),
            delimiter: input.delimiter.clone(),
            after,
            limit: input.max_keys as usize,
        };
        let (entries, is_truncated) = self.list_page(cx, admitted, options).await?;
        Ok(ListObjectsV2Output {
            bucket: bucket.name.clone(),
            request: input,
            owner: bucket.owner.clone(),
            entries,
            is_truncated,
        })
    }

    /// A page and whether there are more. A page of no entries is never truncated, or a client would ask for ever.
    async fn list_page(
        &self,
        cx: &Context,
        admitted: &Admitted,
        options: ListObjects,
    ) -> Result<(Vec<ListedEntry>, bool), S3Error> {
        let bucket = admitted.bucket()?;
        if options.limit == 0 {
            return Ok((Vec::new(), false));
        }
        let page = self.store.list(cx, bucket, options).await;
        let page = page.map_err(|error| admitted.subject().error(cx, error))?;
        let entries = page.entries.into_iter().map(|entry| match entry {
            ListEntry::Object(object) => ListedEntry::Object(listed(object)),
            ListEntry::Prefix(prefix) => ListedEntry::Prefix(prefix),
        });
        Ok((entries.collect(), page.more))
    }
}

/// An object as listings show it.
pub(super) fn listed(object: ObjectSummary) -> ListedObject {
    ListedObject {
        key: object.key,
        etag: object.etag,
        size_bytes: object.size_bytes,
        modified_at: object.modified_at,
        storage_class: object.storage_class,
        checksum: object.checksum,
    }
}
