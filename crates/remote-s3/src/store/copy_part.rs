use http::Method;
use store::{CopyPartOptions, CopySource, PartOutcome, StoreError, UploadRef};
use types::{Context, ETag};

use crate::store::Inner;
use crate::store::copy::from;
use crate::wire::Call;
use crate::{checksum, date};

const OPERATION: &str = "copy a part";

impl Inner {
    pub(super) async fn copy_part(
        &self,
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
}
