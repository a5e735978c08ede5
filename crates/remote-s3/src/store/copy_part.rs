use std::sync::Arc;

use http::Method;
use store::{
    CopyPartOptions, CopySource, OpenOptions, PartOptions, PartOutcome, StoreError, StoreErrorKind, UploadRef,
};
use types::{ByteRange, Context, ETag, RangeSpec};

use crate::store::Inner;
use crate::store::copy::from;
use crate::wire::Call;
use crate::{checksum, date};

const OPERATION: &str = "copy a part";

impl Inner {
    pub(super) async fn copy_part(
        self: &Arc<Self>,
        cx: &Context,
        source: &CopySource,
        upload: UploadRef<'_>,
        number: u32,
        options: CopyPartOptions,
    ) -> Result<PartOutcome, StoreError> {
        let call = Call::object(Method::PUT, upload.bucket.name.as_str(), upload.key.as_str())
            .with("partNumber", &number.to_string())
            .with("uploadId", upload.id.as_str());
        let mut call = from(call, source)?;
        if let Some(range) = options.range {
            // An empty range is that of an empty object, which is copied whole.
            if !range.is_empty() {
                let text = format!("bytes={}-{}", range.start, range.end - 1);
                call = call.header("x-amz-copy-source-range", text);
            }
        }
        let document = match self.wire.document(cx, call).await {
            Ok(document) => document,
            Err(failure) => {
                let error = self.copy_refused(cx, source, failure, false).await;
                // Some services compute no checksum of a part that they copy, and then refuse it for having none.
                let given = self.begun(cx, upload).await?.given;
                if given.is_some() && matches!(error.kind, StoreErrorKind::Unsupported(_)) {
                    return self.carry_part(cx, source, upload, number, options).await;
                }
                return Err(StoreError { operation: OPERATION, ..error });
            }
        };
        let etag = document.root.need("ETag").map_err(|error| error.into_store(OPERATION))?;
        let modified_at = document.root.get("LastModified").and_then(date::of_document);
        Ok(PartOutcome {
            etag: ETag::from_text(etag),
            checksum: checksum::of_element(&document.root),
            modified_at: modified_at.unwrap_or_else(|| self.date_of(&document.headers)),
        })
    }

    /// Copies a part through here.
    async fn carry_part(
        self: &Arc<Self>,
        cx: &Context,
        source: &CopySource,
        upload: UploadRef<'_>,
        number: u32,
        options: CopyPartOptions,
    ) -> Result<PartOutcome, StoreError> {
        let some = options.range.filter(|range| !range.is_empty());
        let range_hint = some.map(|range| RangeSpec::FromTo { first: range.start, last: range.end - 1 });
        let open =
            OpenOptions { version_id: source.version_id.clone(), range_hint, ..OpenOptions::default() };
        let _passage = self.budget().passage().await;
        let opened = self.open(cx, &source.bucket, &source.key, open).await?;
        if opened.info.etag != source.etag {
            return Err(StoreError::new(StoreErrorKind::Conflict, OPERATION));
        }
        let range = options.range.unwrap_or(ByteRange::whole(opened.info.size_bytes));
        let body = opened.content.read(range).await?;
        self.put_part(cx, upload, number, body, PartOptions::default()).await
    }
}
