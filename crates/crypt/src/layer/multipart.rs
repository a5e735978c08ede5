use assembly::{Listing, algorithm_of};
use aws_lc_rs::digest;
use hash::{Checked, Ingest, Receipt};
use store::{
    Bucket, CompleteOptions, CompletedPart, CopyPartOptions, CopySource, CreateUploadOptions, ListParts,
    Missing, OpenOptions, PartOptions, PartOutcome, PartProblem, PartSummary, PartsPage, PutOutcome,
    StoreError, StoreErrorKind, UploadId, UploadRef,
};
use types::{Body, Context, ExpectedChecksum, ExpectedDigests, ObjectKey};

use super::core::{Core, Place, keeps, stored};
use super::look::parts;
use super::put::{part_header, sent_error, shown};
use crate::error::corrupt;
use crate::format::{Ending, Envelope, Manifest, SealOptions, Secret, Shape, new_id, seal};
use crate::state::{Completed, Entry, FoundPart, FoundUpload, PartRecord, UploadRecord, UploadState};

/// How often a part is added again to an upload whose record changes meanwhile.
const ATTEMPTS_MAX: usize = 8;

/// A part's bytes, and what they must turn out to be.
struct NewPart {
    number: u32,
    body: Body,
    expected: ExpectedDigests,
}

impl Core {
    pub(super) async fn create_upload(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: CreateUploadOptions,
    ) -> Result<UploadId, StoreError> {
        const OPERATION: &str = "create upload";
        self.hold_metadata(&options.metadata, OPERATION)?;
        let gate = self.gates.of(&bucket.name);
        let place = self.place(cx, bucket, key, OPERATION).await?;
        let envelope = self.new_key(cx, (bucket, &place, &gate), Shape::Parts).await?.envelope;
        let gone = || StoreError::missing(Missing::Bucket, OPERATION);
        let _inside = gate.enter().await.ok_or_else(gone)?;
        let metadata = self.with_envelope(bucket, &options.metadata, &envelope).unwrap_or(options.metadata);
        let inner = CreateUploadOptions { metadata, checksum: None };
        let id = self.inner.create_upload(cx, bucket, &place.stored, inner).await?;
        let key = key.as_str().to_owned();
        let record = UploadRecord { key, envelope, checksum: options.checksum, state: UploadState::Open };
        self.uploads.begin(bucket.handle, &id, &record, OPERATION).await?;
        Ok(id)
    }

    pub(super) async fn put_part(
        &self,
        cx: &Context,
        upload: UploadRef<'_>,
        number: u32,
        body: Body,
        options: PartOptions,
    ) -> Result<PartOutcome, StoreError> {
        const OPERATION: &str = "put part";
        let found = self.uploads.open(upload, OPERATION).await?;
        let (body, expected) = expectations(body, options.expected, &found.record, OPERATION)?;
        self.store_part(cx, upload, found, NewPart { number, body, expected }, OPERATION).await
    }

    pub(super) async fn copy_part(
        &self,
        cx: &Context,
        source: &CopySource,
        upload: UploadRef<'_>,
        number: u32,
        options: CopyPartOptions,
    ) -> Result<PartOutcome, StoreError> {
        const OPERATION: &str = "copy part";
        let found = self.uploads.open(upload, OPERATION).await?;
        let _passage = self.options.budget.passage().await;
        let body = self.source_body(cx, source, options.range, OPERATION).await?;
        let checksum = ExpectedChecksum::Compute(algorithm_of(found.record.checksum));
        let expected = ExpectedDigests { content_md5: None, checksum };
        self.store_part(cx, upload, found, NewPart { number, body, expected }, OPERATION).await
    }

    async fn store_part(
        &self,
        cx: &Context,
        upload: UploadRef<'_>,
        found: FoundUpload,
        part: NewPart,
        operation: &'static str,
    ) -> Result<PartOutcome, StoreError> {
        let place = self.place(cx, upload.bucket, upload.key, operation).await?;
        let envelope = found.record.envelope;
        let data_key = self.data_key(cx, (upload.bucket, &place), &envelope, operation).await?;
        // What is there before this part is stored is what it replaces; what comes meanwhile may replace it.
        let replaced = self.uploads.of_number(&found, part.number, operation).await?;
        let stream = new_id(&*self.options.random);
        let (plain, digests) = Ingest::wrap(part.body, part.expected);
        let options = SealOptions {
            header: part_header(&envelope, stream, part.number),
            data_key,
            ending: Ending::Padding(self.options.part_min_bytes),
            admission: None,
            budget: self.options.budget.clone(),
        };
        let (body, receipt) = seal(plain, options);
        let inner = UploadRef { key: &place.stored, ..upload };
        let stored = self.inner.put_part(cx, inner, part.number, body, PartOptions::default()).await;
        let outcome = stored.map_err(|error| sent_error(error, &receipt, operation))?;
        let record = part_record(&outcome, stream, (&receipt, &digests)).ok_or_else(|| corrupt(operation))?;
        self.stats.sealed_bytes.add(record.plain_bytes);
        self.add_part(upload, found, (part.number, &record, &replaced), operation).await?;
        Ok(shown_part(&record))
    }

    /// Adds a stored part to its upload, as long as that takes parts.
    async fn add_part(
        &self,
        upload: UploadRef<'_>,
        mut found: FoundUpload,
        (number, record, replaced): (u32, &PartRecord, &[FoundPart]),
        operation: &'static str,
    ) -> Result<(), StoreError> {
        for _ in 0..ATTEMPTS_MAX {
            match self.uploads.add_part(&found, number, record, replaced, operation).await {
                Err(error) if matches!(error.kind, StoreErrorKind::Missing(Missing::Upload)) => {
                    found = self.uploads.open(upload, operation).await?;
                }
                added => return added,
            }
        }
        Err(StoreError::new(StoreErrorKind::Conflict, operation))
    }

    pub(super) async fn complete_upload(
        &self,
        cx: &Context,
        upload: UploadRef<'_>,
        listed: Vec<CompletedPart>,
        options: CompleteOptions,
    ) -> Result<PutOutcome, StoreError> {
        const OPERATION: &str = "complete upload";
        let _turn = self.turns.of(upload.id).await;
        let mut found = self.uploads.find(upload, OPERATION).await?;
        let place = self.place(cx, upload.bucket, upload.key, OPERATION).await?;
        let digest = digest_of(&listed);
        if let UploadState::Completed(completed) = &found.record.state {
            return self.completed_before(cx, (upload.bucket, &place), completed, &digest).await;
        }
        let stored_parts = self.uploads.parts(&found, 0, usize::MAX, OPERATION).await?;
        let (table, mut inner_parts) =
            assembled(&found, &stored_parts, &listed, &options, self.options.part_min_bytes)?;
        let at = (upload.bucket, &place);
        let condition = self.condition_of_put(cx, at, options.condition.clone(), OPERATION).await?;
        let data_key = self.data_key(cx, at, &found.record.envelope, OPERATION).await?;
        let last = stored_parts.iter().map(|part| part.number).max().unwrap_or_default();
        let gone = || StoreError::missing(Missing::Bucket, OPERATION);
        let _inside = self.gates.of(&upload.bucket.name).enter().await.ok_or_else(gone)?;
        let inner = UploadRef { key: &place.stored, ..upload };
        let contents = digest_of_contents(&table, &inner_parts);
        let manifest =
            self.manifest_part(cx, inner, &mut found, (&table, &data_key), (contents, last + 1)).await?;
        inner_parts.push(manifest);
        let inner_options = CompleteOptions { condition, ..CompleteOptions::default() };
        let completed = self.inner.complete_upload(cx, inner, inner_parts, inner_options).await;
        let outcome = completed.map_err(|error| shown_problem(error, &table, last + 1))?;
        let expected = table.streams_bytes().and_then(|bytes| bytes.checked_add(table.stored_bytes()));
        if expected != Some(outcome.size_bytes) {
            return Err(corrupt(OPERATION));
        }
        let entry = parts(&found.record.envelope, &table, outcome.size_bytes);
        let shown = shown(&entry, outcome.clone());
        let row = stored(upload.bucket, &place, &outcome.etag);
        self.index.put(row, &Entry::Sealed(entry), Some(&table), keeps(upload.bucket)).await;
        let completed = Completed { listed: digest, stored_etag: outcome.etag, outcome: shown.clone() };
        let now = self.options.clock.now();
        // The object is there: that its upload is remembered is a courtesy to a client that asks again.
        let ended =
            self.uploads.end(&mut found, Some(UploadState::Completed(completed)), now, OPERATION).await;
        if ended.is_err() {
            self.stats.index_failures.add(1);
        }
        Ok(shown)
    }

    /// Stores the manifest as the last part, unless a completion before this one, which did not come to its end, already has.
    async fn manifest_part(
        &self,
        cx: &Context,
        inner: UploadRef<'_>,
        found: &mut FoundUpload,
        (table, data_key): (&Manifest, &Secret),
        (contents, number): ([u8; 32], u32),
    ) -> Result<CompletedPart, StoreError> {
        const OPERATION: &str = "complete upload";
        if let UploadState::Completing { contents: before, number: at, stored_etag } = &found.record.state
            && (*before, *at) == (contents, number)
        {
            return Ok(CompletedPart { number, etag: stored_etag.clone(), checksum: None });
        }
        let envelope: &Envelope = &found.record.envelope;
        let sealed = table.seal(envelope, new_id(&*self.options.random), data_key);
        let body = Body::from_bytes(sealed);
        let outcome = self.inner.put_part(cx, inner, number, body, PartOptions::default()).await?;
        let stored_etag = outcome.etag.clone();
        let state = UploadState::Completing { contents, number, stored_etag };
        self.uploads.change(found, state, OPERATION).await?;
        Ok(CompletedPart { number, etag: outcome.etag, checksum: None })
    }

    /// The answer of an earlier completion with the same parts, while its object is still the current one.
    async fn completed_before(
        &self,
        cx: &Context,
        (bucket, place): (&Bucket, &Place),
        completed: &Completed,
        listed: &[u8; 32],
    ) -> Result<PutOutcome, StoreError> {
        let missing = || StoreError::missing(Missing::Upload, "complete upload");
        if completed.listed != *listed {
            return Err(missing());
        }
        match self.inner.head(cx, bucket, &place.stored, OpenOptions::default()).await {
            Ok(info) if info.etag == completed.stored_etag => Ok(completed.outcome.clone()),
            Ok(_) => Err(missing()),
            Err(error) => match error.kind {
                StoreErrorKind::Missing(Missing::Key) | StoreErrorKind::DeleteMarker { .. } => Err(missing()),
                _ => Err(error),
            },
        }
    }

    pub(super) async fn abort_upload(&self, cx: &Context, upload: UploadRef<'_>) -> Result<(), StoreError> {
        const OPERATION: &str = "abort upload";
        let _turn = self.turns.of(upload.id).await;
        let found = self.uploads.open(upload, OPERATION).await;
        let place = self.place(cx, upload.bucket, upload.key, OPERATION).await?;
        let inner = UploadRef { key: &place.stored, ..upload };
        let mut found = match found {
            Ok(found) => found,
            // One that this layer does not know any more can still be removed.
            Err(error) if matches!(error.kind, StoreErrorKind::Missing(Missing::Upload)) => {
                return self.inner.abort_upload(cx, inner).await;
            }
            Err(error) => return Err(error),
        };
        self.inner.abort_upload(cx, inner).await?;
        self.uploads.end(&mut found, None, self.options.clock.now(), OPERATION).await
    }

    pub(super) async fn list_parts(
        &self,
        cx: &Context,
        upload: UploadRef<'_>,
        page: ListParts,
    ) -> Result<PartsPage, StoreError> {
        const OPERATION: &str = "list parts";
        let found = self.uploads.open(upload, OPERATION).await?;
        let place = self.place(cx, upload.bucket, upload.key, OPERATION).await?;
        let inner = UploadRef { key: &place.stored, ..upload };
        let mut info = self.inner.list_parts(cx, inner, ListParts { after: 0, limit: 0 }).await?.upload;
        info.metadata = self.stripped(info.metadata);
        info.checksum = found.record.checksum;
        let stored = self.uploads.parts(&found, page.after, page.limit.saturating_add(1), OPERATION).await?;
        let mut parts: Vec<PartSummary> = newest(&stored)
            .map(|part| PartSummary {
                number: part.number,
                size_bytes: part.record.plain_bytes,
                outcome: shown_part(&part.record),
            })
            .collect();
        let more = parts.len() > page.limit;
        parts.truncate(page.limit);
        Ok(PartsPage { upload: info, parts, more })
    }
}

/// Of each number the part that was stored last.
fn newest(parts: &[FoundPart]) -> impl Iterator<Item = &FoundPart> {
    parts
        .chunk_by(|a, b| a.number == b.number)
        .filter_map(|same| same.iter().max_by_key(|part| part.record.modified_at))
}

/// What makes one list of parts another one.
fn digest_of(listed: &[CompletedPart]) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in listed {
        context.update(&part.number.to_le_bytes());
        context.update(&(part.etag.as_str().len() as u64).to_le_bytes());
        context.update(part.etag.as_str().as_bytes());
    }
    context.finish().as_ref().try_into().expect("a SHA-256 has 32 bytes")
}

/// What makes one manifest another one. Parts that came again have the tags that the client lists, since their bytes are the
/// same, and streams of their own.
fn digest_of_contents(table: &Manifest, stored: &[CompletedPart]) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(&digest_of(stored));
    context.update(&table.encode());
    context.finish().as_ref().try_into().expect("a SHA-256 has 32 bytes")
}

/// Puts the parts that a client lists together by S3's rules: the table of the object, and the list for the store beneath. Of
/// several parts of one number the one with the listed tag is meant; whether it is the one that counts, the store decides.
fn assembled(
    found: &FoundUpload,
    stored: &[FoundPart],
    listed: &[CompletedPart],
    options: &CompleteOptions,
    part_min_bytes: u64,
) -> Result<(Manifest, Vec<CompletedPart>), StoreError> {
    let listing = Listing::new(found.record.checksum, listed, options)?;
    let of = |part: &CompletedPart| {
        let tagged = |found: &&FoundPart| found.number == part.number && found.record.etag() == part.etag;
        let start = stored.partition_point(|found| found.number < part.number);
        let same = stored[start..].iter().take_while(|found| found.number == part.number);
        same.filter(tagged).max_by_key(|found| found.record.modified_at).map(|found| found.record.clone())
    };
    let whole = listing.assemble(listed.iter().map(of), part_min_bytes)?;
    let rows = listed.iter().zip(&whole.parts).map(|(listed, part)| part.rows(listed.number));
    let (streams, parts) = rows.unzip();
    let table = Manifest { etag: whole.etag, checksum: whole.checksum, streams, parts };
    let inner = listed.iter().zip(&whole.parts).map(|(listed, part)| CompletedPart {
        number: listed.number,
        etag: part.stored_etag.clone(),
        checksum: None,
    });
    Ok((table, inner.collect()))
}

/// What the store beneath finds wrong with parts, in plain sizes.
fn shown_problem(error: StoreError, table: &Manifest, manifest: u32) -> StoreError {
    let kind = match error.kind {
        // The manifest was replaced: another completion of this upload was at work.
        StoreErrorKind::Part(PartProblem::Invalid(number)) if number == manifest => StoreErrorKind::Conflict,
        StoreErrorKind::Part(PartProblem::TooSmall { number, .. }) => {
            let part = table.parts.iter().find(|part| part.number == number);
            let size_bytes = part.map_or(0, |part| part.plain_bytes);
            StoreErrorKind::Part(PartProblem::TooSmall { number, size_bytes })
        }
        kind => kind,
    };
    StoreError { kind, ..error }
}

fn part_record(
    outcome: &PartOutcome,
    stream: [u8; 16],
    (receipt, digests): (&crate::format::SealedReceipt, &Receipt),
) -> Option<PartRecord> {
    let (sealed, digests) = (receipt.get(), digests.digests()?);
    sealed.ended.then(|| PartRecord {
        stored_etag: outcome.etag.clone(),
        stream,
        plain_bytes: sealed.plain_bytes,
        padding_bytes: sealed.padding_bytes,
        md5: digests.md5,
        checksum: digests.checksum,
        modified_at: outcome.modified_at,
    })
}

fn shown_part(part: &PartRecord) -> PartOutcome {
    PartOutcome { etag: part.etag(), checksum: Some(part.checksum), modified_at: part.modified_at }
}

/// What the bytes must turn out to be so that the part has the upload's kind of checksum. Where the upload named none, a
/// client may still send any, which is verified on the way and not kept.
fn expectations(
    body: Body,
    expected: ExpectedDigests,
    upload: &UploadRecord,
    operation: &'static str,
) -> Result<(Body, ExpectedDigests), StoreError> {
    let wanted = algorithm_of(upload.checksum);
    let computed = ExpectedDigests { checksum: ExpectedChecksum::Compute(wanted), ..expected };
    match expected.checksum {
        ExpectedChecksum::Default => Ok((body, computed)),
        sent if sent.algorithm() == wanted => Ok((body, expected)),
        sent if upload.checksum.is_none() => Ok((Checked::wrap(body, sent), computed)),
        _ => {
            let problem = PartProblem::ChecksumAlgorithm(wanted);
            Err(StoreError::new(StoreErrorKind::Part(problem), operation))
        }
    }
}
