use http::Method;
use store::{Bucket, ListParts, ObjectParts, OpenOptions, PartSpan, StoreError, StoreErrorKind};
use types::{ByteRange, Context, ObjectKey, VersionId};

use crate::checksum;
use crate::store::{Inner, PAGE_MAX};
use crate::wire::{Call, Seen};

const OPERATION: &str = "list an object's parts";
pub(super) const NO_PART_LISTING: &str =
    "the service that holds the data lists the parts of objects with composite checksums only";

impl Inner {
    pub(super) async fn parts(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: OpenOptions,
        page: ListParts,
    ) -> Result<ObjectParts, StoreError> {
        let seen = Seen { version: options.version_id.is_some(), ..Seen::default() };
        let size = page.limit.clamp(1, PAGE_MAX).to_string();
        let call = Call::object(Method::GET, bucket.name.as_str(), key.as_str())
            .of("attributes")
            .with_some("versionId", options.version_id.as_ref().map(VersionId::as_str))
            .header("x-amz-object-attributes", "ObjectParts")
            .header("x-amz-max-parts", size)
            .header("x-amz-part-number-marker", page.after.to_string());
        let document = self.wire.document(cx, call).await;
        let root = document.map_err(|failure| failure.into_store(seen, OPERATION))?.root;
        let Some(told) = root.child("ObjectParts") else { return Ok(ObjectParts::default()) };
        let mut parts = Vec::new();
        let mut start = 0;
        for element in told.all("Part") {
            let number = element.number("PartNumber").map_err(|error| error.into_store(OPERATION))?;
            let number = u32::try_from(number).unwrap_or(u32::MAX);
            let size = element.number("Size").map_err(|error| error.into_store(OPERATION))?;
            if parts.is_empty() && page.after > 0 {
                start = self.start_of(cx, bucket, key, &options, number).await?;
            }
            let range = ByteRange { start, end: start + size };
            start += size;
            parts.push(PartSpan { number, range, checksum: checksum::of_element(element) });
        }
        let total = told.number("TotalPartsCount").or_else(|_| told.number("PartsCount")).unwrap_or_default();
        if parts.is_empty() && total > 0 && page.after == 0 {
            return Err(StoreError::new(StoreErrorKind::Unsupported(NO_PART_LISTING), OPERATION));
        }
        if page.limit == 0 {
            return Ok(ObjectParts { more: !parts.is_empty(), parts: Vec::new() });
        }
        parts.truncate(page.limit);
        Ok(ObjectParts { parts, more: told.flag("IsTruncated") })
    }

    /// Where a part begins.
    async fn start_of(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: &OpenOptions,
        number: u32,
    ) -> Result<u64, StoreError> {
        let options = OpenOptions { part_number: Some(number), ..options.clone() };
        let info = self.head(cx, bucket, key, options).await?;
        Ok(info.part.map_or(0, |part| part.range.start))
    }
}
