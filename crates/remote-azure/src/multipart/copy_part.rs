use store::{CopyPartOptions, CopySource, PartOutcome, StoreError, UploadRef};
use types::{ByteRange, Context, ExpectedChecksum, ExpectedDigests};

use super::put_part::NewPart;
use crate::object::pinned;
use crate::store::Azure;

const OPERATION: &str = "copy part";

impl Azure {
    /// A part's entity tag is the MD5 of its bytes, which the service does not tell of a range: they are read, pinned to
    /// the version named, and staged as if a client had sent them.
    pub(crate) async fn copy_part(
        &self,
        cx: &Context,
        source: &CopySource,
        upload: UploadRef<'_>,
        number: u32,
        options: CopyPartOptions,
    ) -> Result<PartOutcome, StoreError> {
        let record = self.ledger.upload(upload).await?;
        let seen = self.look_at_source(cx, source, OPERATION).await?.seen;
        let range = options.range.unwrap_or(ByteRange::whole(seen.size_bytes));
        let place = (source.bucket.name.as_str(), source.key.as_str());
        let _passage = self.api.client().passage().await;
        let body = match pinned(&self.api, cx, place, &seen.azure_etag, range).await {
            Ok(body) => body,
            Err(failure) if failure.is_condition() || failure.is_missing() => {
                return Err(self.source_gone(cx, source, OPERATION).await);
            }
            Err(failure) => return Err(failure.into_store(OPERATION)),
        };
        let checksum = ExpectedChecksum::Compute(assembly::algorithm_of(record.checksum));
        let expected = ExpectedDigests { content_md5: None, checksum };
        self.add_part(cx, &record, NewPart { number, body, expected }, OPERATION).await
    }
}
