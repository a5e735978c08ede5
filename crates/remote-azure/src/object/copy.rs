use store::{Bucket, CopyOptions, CopySource, Directive, Missing, PutOutcome, StoreError, StoreErrorKind};
use types::{
    ByteRange, Checksum, ChecksumAlgorithm, Context, ExpectedChecksum, Frame, ObjectKey, ObjectMetadata,
};

use super::{ChecksumOnly, KnownObject, outcome, pinned};
use crate::api::{BlockSource, Failure, Seen};
use crate::compose::{Draft, Target, Uncomposed};
use crate::encode::{Facts, key_refusal};
use crate::store::Azure;

const OPERATION: &str = "copy object";

impl Azure {
    /// The service copies the bytes into blocks of the target, and one commit makes them the object. No copy goes on by
    /// itself, and one that fails leaves the target as it was.
    pub(crate) async fn copy(
        &self,
        cx: &Context,
        source: &CopySource,
        bucket: &Bucket,
        key: &ObjectKey,
        options: CopyOptions,
    ) -> Result<PutOutcome, StoreError> {
        if let Some(why) = key_refusal(key) {
            return Err(StoreError::new(StoreErrorKind::Unsupported(why), OPERATION));
        }
        let _writing = self.gates.write(&bucket.name).await;
        self.hold_bucket(bucket, OPERATION).await?;
        let found = self.look_at_source(cx, source, OPERATION).await?;
        let checksum = self.checksum_of_copy(cx, source, &found.seen, options.checksum).await?;
        let facts = facts(self.write_id(), &found, checksum);
        let table = found.table.filter(|_| facts.more);
        let draft = Draft {
            metadata: copied_metadata(&found.seen.metadata, &options),
            md5: found.seen.etag.md5().filter(|_| facts.etag.is_none()),
            facts,
        };
        let container = bucket.name.as_str();
        let target = Target { cx, container, key, condition: &options.condition, operation: OPERATION };
        let block = BlockSource {
            container: source.bucket.name.as_str().to_owned(),
            blob: source.key.as_str().to_owned(),
            azure_etag: found.seen.azure_etag,
            range: ByteRange::whole(found.seen.size_bytes),
        };
        let written = match self.compose(&target, &[block], &draft).await {
            Ok(written) => written,
            Err(Uncomposed::Failed(error)) => return Err(error),
            Err(Uncomposed::SourceGone) => return Err(self.source_gone(cx, source, OPERATION).await),
        };
        let outcome = outcome(&written, &draft.facts);
        if let Some(table) = &table {
            self.keep_record(bucket, key, &outcome, &written.azure_etag, Some(table)).await?;
        }
        Ok(outcome)
    }

    /// The source, if it still is the one that the caller saw.
    pub(crate) async fn look_at_source(
        &self,
        cx: &Context,
        source: &CopySource,
        operation: &'static str,
    ) -> Result<KnownObject, StoreError> {
        let version_id = source.version_id.as_ref();
        let found = self.look(cx, &source.bucket, &source.key, version_id, operation).await?;
        if found.seen.etag != source.etag {
            return Err(StoreError::new(StoreErrorKind::Conflict, operation));
        }
        Ok(found)
    }

    /// What to say of a source that changed while it was copied.
    pub(crate) async fn source_gone(
        &self,
        cx: &Context,
        source: &CopySource,
        operation: &'static str,
    ) -> StoreError {
        match self.look(cx, &source.bucket, &source.key, source.version_id.as_ref(), operation).await {
            Err(error) if matches!(error.kind, StoreErrorKind::Missing(Missing::Key | Missing::Version)) => {
                error
            }
            _ => StoreError::new(StoreErrorKind::Conflict, operation),
        }
    }

    /// The checksum that the copy is to have. Another algorithm than the source's is computed from its bytes.
    async fn checksum_of_copy(
        &self,
        cx: &Context,
        source: &CopySource,
        seen: &Seen,
        wanted: Option<ChecksumAlgorithm>,
    ) -> Result<Option<Checksum>, StoreError> {
        let kept = seen.checksum();
        let Some(algorithm) = wanted.filter(|wanted| kept.is_none_or(|kept| kept.algorithm != *wanted))
        else {
            return Ok(kept);
        };
        let place = (source.bucket.name.as_str(), source.key.as_str());
        let range = ByteRange::whole(seen.size_bytes);
        let lost = |failure: Failure| match failure.is_condition() {
            true => StoreError::new(StoreErrorKind::Conflict, OPERATION),
            false => failure.into_store(OPERATION),
        };
        let body = pinned(&self.api, cx, place, &seen.azure_etag, range).await.map_err(lost)?;
        let (mut body, receipt) = ChecksumOnly::wrap(body, ExpectedChecksum::Compute(algorithm));
        while let Some(frame) = body.next_frame().await {
            let unread = |error| StoreError::with_source(StoreErrorKind::Unavailable, OPERATION, error);
            let (Frame::Data(_) | Frame::Trailer(_)) = frame.map_err(unread)?;
        }
        Ok(receipt.checksum())
    }
}

/// The copy's identity: the source's, but for tags that were only dressed.
fn facts(id: String, found: &KnownObject, checksum: Option<Checksum>) -> Facts {
    let seen = &found.seen;
    let told = seen.facts.as_ref();
    Facts {
        id,
        size_bytes: seen.size_bytes,
        etag: told.and_then(|facts| facts.etag.clone()),
        checksum,
        part_count: seen.part_count(),
        parts: found.table.clone(),
        more: found.table.is_some(),
        untyped: false,
    }
}

fn copied_metadata(source: &ObjectMetadata, options: &CopyOptions) -> ObjectMetadata {
    let mut metadata = match &options.metadata {
        Directive::Copy => source.clone(),
        Directive::Replace(metadata) => metadata.clone(),
    };
    if let (Directive::Copy, Some(class)) = (&options.metadata, options.storage_class) {
        metadata.storage_class = class;
    }
    metadata.tags = match &options.tags {
        Directive::Copy => source.tags.clone(),
        Directive::Replace(tags) => tags.clone(),
    };
    metadata
}
