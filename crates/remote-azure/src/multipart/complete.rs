use assembly::{Assembled, Listing, etag_of};
use remote::{PartRecord, UploadRecord};
use store::{
    CompleteOptions, CompletedPart, Missing, PartProblem, PutOutcome, StoreError, StoreErrorKind, UploadRef,
};
use types::{ByteRange, Context};

use super::put_part::decode_place;
use crate::api::BlockSource;
use crate::compose::{Draft, Target, Uncomposed};
use crate::encode::{Facts, PartTable};
use crate::object::outcome;
use crate::store::Azure;

const OPERATION: &str = "complete upload";

impl Azure {
    pub(crate) async fn complete_upload(
        &self,
        cx: &Context,
        upload: UploadRef<'_>,
        listed: &[CompletedPart],
        options: &CompleteOptions,
    ) -> Result<PutOutcome, StoreError> {
        let _writing = self.gates.write(&upload.bucket.name).await;
        // Of two completions of one upload, the second is answered as the first was; an abort waits.
        let _turn = self.turns.take(upload.id.as_str()).await;
        let record = match self.ledger.upload(upload).await {
            Ok(record) => record,
            Err(error) => return self.completed_before(cx, upload, listed, error).await,
        };
        let listing = Listing::new(record.checksum, listed, options)?;
        let found = self.ledger.parts_numbered(&record, &listing.numbers()).await?;
        let assembled = listing.assemble(found, self.part_min_bytes)?;
        let made = self.make(cx, upload, &record, assembled, options).await?;
        self.ledger.remove_upload(&record).await?;
        self.clear_staged(&record.id);
        Ok(made)
    }

    async fn make(
        &self,
        cx: &Context,
        upload: UploadRef<'_>,
        record: &UploadRecord,
        assembled: Assembled<PartRecord>,
        options: &CompleteOptions,
    ) -> Result<PutOutcome, StoreError> {
        let sources = assembled.parts.iter().map(|part| self.source_of(part));
        let sources = sources.collect::<Option<Vec<_>>>();
        let sources = sources.ok_or_else(|| StoreError::new(StoreErrorKind::Corrupt, OPERATION))?;
        let rows = assembled.parts.iter().map(|part| (part.number, part.size_bytes, part.checksum));
        let table = PartTable::new(rows);
        let facts = Facts {
            // The upload's own id, so that a completion that is repeated finds what it made.
            id: record.id.as_str().to_owned(),
            size_bytes: assembled.size_bytes,
            etag: Some(assembled.etag),
            checksum: assembled.checksum,
            part_count: Some(table.len()),
            parts: Some(table.clone()),
            untyped: false,
            more: true,
        };
        let draft = Draft { metadata: record.metadata.clone(), facts, md5: None };
        let container = upload.bucket.name.as_str();
        let target =
            Target { cx, container, key: upload.key, condition: &options.condition, operation: OPERATION };
        let written = match self.compose(&target, &sources, &draft).await {
            Ok(written) => written,
            Err(Uncomposed::Failed(error)) => return Err(error),
            Err(Uncomposed::SourceGone) => {
                // Aborted meanwhile; else a staged part was removed behind our back.
                self.ledger.upload(upload).await?;
                let number = assembled.parts.first().map_or(1, |part| part.number);
                return Err(StoreError::new(StoreErrorKind::Part(PartProblem::Invalid(number)), OPERATION));
            }
        };
        let outcome = outcome(&written, &draft.facts);
        self.keep_record(upload.bucket, upload.key, &outcome, &written.azure_etag, Some(&table)).await?;
        Ok(outcome)
    }

    fn source_of(&self, part: &PartRecord) -> Option<BlockSource> {
        let (azure_etag, blob) = decode_place(&part.provider)?;
        Some(BlockSource {
            container: self.staging.as_str().to_owned(),
            blob: blob.to_owned(),
            azure_etag: azure_etag.to_owned(),
            range: ByteRange::whole(part.size_bytes),
        })
    }

    /// The answer of an earlier completion with the same parts, while its object is still there.
    async fn completed_before(
        &self,
        cx: &Context,
        upload: UploadRef<'_>,
        listed: &[CompletedPart],
        missing: StoreError,
    ) -> Result<PutOutcome, StoreError> {
        if !matches!(missing.kind, StoreErrorKind::Missing(Missing::Upload)) {
            return Err(missing);
        }
        match self.look(cx, upload.bucket, upload.key, None, OPERATION).await {
            Ok(found) if found.seen.write_id() == upload.id.as_str() => {
                let info = found.seen.into_info();
                if etag_of(listed).as_ref() != Some(&info.etag) {
                    return Err(missing);
                }
                Ok(PutOutcome {
                    etag: info.etag,
                    version_id: None,
                    checksum: info.checksum,
                    size_bytes: info.size_bytes,
                    modified_at: info.modified_at,
                })
            }
            Ok(_) => Err(missing),
            Err(error) if matches!(error.kind, StoreErrorKind::Missing(Missing::Key)) => Err(missing),
            Err(error) => Err(error),
        }
    }
}
