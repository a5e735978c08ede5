use assembly::{Assembled, Listing, etag_of};
use remote::{IdentityRecord, PartRecord, UploadRecord};
use store::{
    CompleteOptions, CompletedPart, Missing, PartProblem, PutOutcome, StoreError, StoreErrorKind, UploadRef,
    WriteCondition,
};
use types::{ChecksumAlgorithm, ChecksumKind, Context};

use super::part::waiting_name;
use super::staging::{Mode, whole_of};
use crate::api::Asked;
use crate::copy::Rewrite;
use crate::facts::{Facts, Rest};
use crate::found::Found;
use crate::guard::Guard;
use crate::identity::Known;
use crate::put::outcome;
use crate::store::GcsStore;
use crate::table::PartTable;
use crate::upload::resource;

const COMPLETE: &str = "complete an upload";

/// What waits to become the object.
enum Waiting {
    /// One object with all the bytes.
    Whole { name: String, generation: i64 },
    /// Objects to be composed.
    Pieces(Vec<String>),
}

impl GcsStore {
    pub(super) async fn complete(
        &self,
        cx: &Context,
        upload: UploadRef<'_>,
        listed: &[CompletedPart],
        options: &CompleteOptions,
    ) -> Result<PutOutcome, StoreError> {
        self.require_conditional_put(&options.condition, COMPLETE)?;
        let _turn = self.uploads.turns.take(upload.id).await;
        let record = match self.ledger.upload(upload).await {
            Ok(record) => record,
            Err(error) => return self.completed_before(cx, upload, listed, error).await,
        };
        let listing = Listing::new(record.checksum, listed, options)?;
        let stored = self.ledger.parts_numbered(&record, &listing.numbers()).await?;
        let assembled = listing.assemble(stored, self.limits.part_min_bytes)?;
        let mode = Mode::read(&record.provider)?;
        let current = self.known(cx, &upload.bucket.name, upload.key, None).await?;
        let known = match current.filter(|known| is_of(known, &record, &assembled)) {
            // An earlier attempt got so far before it broke off.
            Some(known) => known,
            None => self.publish(cx, upload, &record, &mode, (&assembled, &options.condition)).await?,
        };
        let outcome_kept = known.found.generation.to_le_bytes().to_vec();
        self.ledger.finish_upload(&record, outcome_kept, self.clock.now()).await?;
        self.clean(cx, &upload.bucket.name, upload.id, &mode).await;
        Ok(outcome(&known, upload.bucket))
    }

    /// Makes the object in one write to its key.
    async fn publish(
        &self,
        cx: &Context,
        upload: UploadRef<'_>,
        record: &UploadRecord,
        mode: &Mode,
        (assembled, condition): (&Assembled<PartRecord>, &WriteCondition),
    ) -> Result<Known, StoreError> {
        // Decided before the parts are joined, so that an upload stays open that cannot become the object.
        let guard = self.guard(cx, &upload.bucket.name, upload.key, condition).await?;
        if guard == Guard::ABSENT && self.known(cx, &upload.bucket.name, upload.key, None).await?.is_some() {
            return Err(StoreError::new(StoreErrorKind::ConditionFailed, COMPLETE));
        }
        let waiting = match self.join(cx, record, mode, assembled).await {
            Ok(waiting) => waiting,
            Err(error) => return Err(self.replaced(record, assembled).await.unwrap_or(error)),
        };
        let table: PartTable =
            assembled.parts.iter().map(|part| (part.number, part.size_bytes, part.checksum)).collect();
        let nonce = format!("{:016x}", self.random.next_u64());
        let facts = Facts {
            etag: Some(assembled.etag.clone()),
            checksum: assembled.checksum.filter(|sum| !is_native(sum)),
            parts: table.sizes().collect(),
            nonce: Some(nonce.clone()),
            upload: Some(record.id.as_str().to_owned()),
            ..Facts::default()
        };
        let (written, rest) = facts.write(&record.metadata);
        let resource = resource(upload.key.as_str(), &record.metadata, &written);
        let asked = self.make(cx, upload, &waiting, (&resource, guard)).await;
        if let Ok(Err(_)) = &asked
            && let Some(error) = self.replaced(record, assembled).await
        {
            return Err(error);
        }
        let place = (&upload.bucket.name, upload.key);
        let found = self.settle_put(cx, place, asked, condition, Some(&nonce)).await?;
        self.hold_whole(cx, upload, assembled, &found).await?;
        let identity = IdentityRecord {
            etag: assembled.etag.clone(),
            checksum: assembled.checksum,
            part_sizes: Vec::new(),
            metadata: (rest == Rest::Ledger).then(|| record.metadata.clone()),
            provider: table.write(remote::IDENTITY_PROVIDER_MAX_BYTES),
        };
        let generation = found.generation.to_string();
        self.ledger.put_identity(&upload.bucket.name, upload.key, &generation, &identity).await?;
        Ok(Known::new(found, Some(identity)))
    }

    /// Brings the parts together under waiting names.
    async fn join(
        &self,
        cx: &Context,
        record: &UploadRecord,
        mode: &Mode,
        assembled: &Assembled<PartRecord>,
    ) -> Result<Waiting, StoreError> {
        let bucket = record.bucket.as_str();
        match mode {
            Mode::Compose => {
                let names = assembled.parts.iter().map(|part| waiting_name(record, part)).collect();
                self.compose_down(cx, bucket, &record.id, names).await.map(Waiting::Pieces)
            }
            Mode::Xml(upload) => {
                let name = whole_of(&record.id);
                let etag = |part: &remote::PartRecord| String::from_utf8_lossy(&part.provider).into_owned();
                let parts: Vec<(u32, String)> =
                    assembled.parts.iter().map(|part| (part.number, etag(part))).collect();
                self.complete_xml(cx, (bucket, &name, upload), &parts).await?;
                match self.look(cx, bucket, &name, None).await? {
                    Some(found) if found.size_bytes == assembled.size_bytes => {
                        Ok(Waiting::Whole { name, generation: found.generation })
                    }
                    // Joined before, of other parts: they cannot be joined again.
                    Some(_) => Err(StoreError::new(StoreErrorKind::Conflict, COMPLETE)),
                    None => Err(StoreError::missing(Missing::Upload, COMPLETE)),
                }
            }
        }
    }

    /// The error of a completion that one of its parts was replaced under.
    async fn replaced(&self, record: &UploadRecord, assembled: &Assembled<PartRecord>) -> Option<StoreError> {
        let numbers: Vec<u32> = assembled.parts.iter().map(|part| part.number).collect();
        let now = self.ledger.parts_numbered(record, &numbers).await.ok()?;
        let mut pairs = assembled.parts.iter().zip(now);
        let (part, _) = pairs.find(|(part, now)| now.as_ref() != Some(*part))?;
        Some(StoreError::new(StoreErrorKind::Part(PartProblem::Invalid(part.number)), COMPLETE))
    }

    async fn make(
        &self,
        cx: &Context,
        upload: UploadRef<'_>,
        waiting: &Waiting,
        (resource, guard): (&serde_json::Value, Guard),
    ) -> Asked<Found> {
        let (bucket, key) = (upload.bucket.name.as_str(), upload.key.as_str());
        match waiting {
            Waiting::Whole { name, generation } => {
                let (from, to) = ((bucket, name.as_str()), (bucket, key));
                self.rewrite(cx, &Rewrite { from, generation: *generation, to, resource, guard }).await
            }
            Waiting::Pieces(names) => self.compose(cx, (bucket, key), names, resource, guard).await,
        }
    }

    /// Holds the object to its parts; one that differs is removed again.
    async fn hold_whole(
        &self,
        cx: &Context,
        upload: UploadRef<'_>,
        assembled: &Assembled<PartRecord>,
        found: &Found,
    ) -> Result<(), StoreError> {
        let expected = assembled.checksum.filter(is_native);
        let agrees = expected.zip(found.crc32c).is_none_or(|(sum, crc)| sum.value.as_bytes() == crc);
        if agrees && found.size_bytes == assembled.size_bytes {
            return Ok(());
        }
        let (bucket, key) = (upload.bucket.name.as_str(), upload.key.as_str());
        self.remove_generation(cx, bucket, key, found.generation).await;
        tracing::warn!(bucket, key, "the service joined other bytes than its parts; removed again");
        Err(StoreError::new(StoreErrorKind::Unavailable, COMPLETE))
    }

    /// The answer of an earlier completion with the same parts, while its object is still the current one.
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
        let Some(finished) = self.ledger.finished_upload(upload).await? else { return Err(missing) };
        let generation = finished.try_into().ok().map(i64::from_le_bytes);
        let known = self.known(cx, &upload.bucket.name, upload.key, None).await?;
        match known {
            Some(known)
                if Some(known.found.generation) == generation
                    && etag_of(listed).as_ref() == Some(&known.etag) =>
            {
                Ok(outcome(&known, upload.bucket))
            }
            _ => Err(missing),
        }
    }
}

/// Whether an object is the one that this upload makes.
fn is_of(known: &Known, upload: &UploadRecord, assembled: &Assembled<PartRecord>) -> bool {
    known.facts.upload.as_deref() == Some(upload.id.as_str()) && known.etag == assembled.etag
}

/// Whether every object has this checksum of itself.
fn is_native(checksum: &types::Checksum) -> bool {
    checksum.algorithm == ChecksumAlgorithm::Crc32c && checksum.kind == ChecksumKind::FullObject
}
