use std::sync::Arc;

use hash::{Digests, Ingest, Receipt};
use remote::{PartRecord, Payload, UploadRecord};
use store::{
    CopyPartOptions, CopySource, Missing, PartOptions, PartOutcome, PartProblem, StoreError, StoreErrorKind,
    UploadRef,
};
use types::{Body, ByteRange, Context, ExpectedChecksum, ExpectedDigests, ObjectKey};

use super::{UploadState, read};
use crate::api::{ApiErrorKind, of_body};
use crate::cancel::cancellable;
use crate::drive::{Drive, to_the_end};
use crate::open::{File, lasting};
use crate::parts_of::Source;
use crate::place::Place;

const OPERATION: &str = "put part";
/// A part whose length is not told beforehand is held until it has ended: at most so much.
const UNMEASURED_MAX_BYTES: usize = 16 * 1024 * 1024;
/// Why a longer one is refused.
const UNMEASURED: &str = "a part of more than 16 MiB needs a length that is told beforehand";

impl Drive {
    pub(crate) async fn put_part(
        self: &Arc<Self>,
        cx: &Context,
        upload: UploadRef<'_>,
        number: u32,
        body: Body,
        options: PartOptions,
    ) -> Result<PartOutcome, StoreError> {
        let record = self.ledger.upload(upload).await?;
        let (body, receipt) = verified(body, options.expected, &record)?;
        self.send_part(cx, self.place(upload.bucket, upload.key), record, number, (body, receipt)).await
    }

    pub(crate) async fn copy_part(
        self: &Arc<Self>,
        cx: &Context,
        source: &CopySource,
        upload: UploadRef<'_>,
        number: u32,
        options: CopyPartOptions,
    ) -> Result<PartOutcome, StoreError> {
        const OPERATION: &str = "copy part";
        let record = self.ledger.upload(upload).await?;
        let from = self.place(&source.bucket, &source.key);
        let known = self.source(cx, source, OPERATION).await?;
        let range = options.range.unwrap_or(ByteRange::whole(known.entry.size_bytes));
        let _passage = self.budget.passage().await;
        let body = match range.is_empty() {
            true => Body::empty(),
            false => {
                let file = Arc::new(File::new(self.clone(), cx.clone(), from.lane, known.entry));
                let fetched = file.fetch(range).await.map_err(|error| match error.kind {
                    ApiErrorKind::Gone => StoreError::new(StoreErrorKind::Conflict, OPERATION),
                    _ => error.into_store(),
                })?;
                lasting(&file, range, fetched.body)
            }
        };
        let (body, receipt) = verified(body, ExpectedDigests::default(), &record)?;
        self.send_part(cx, self.place(upload.bucket, upload.key), record, number, (body, receipt)).await
    }

    /// Sends a part to the storage and records it, to the end even when the caller goes away after its last byte.
    async fn send_part(
        self: &Arc<Self>,
        cx: &Context,
        place: Place,
        record: UploadRecord,
        number: u32,
        (body, receipt): (Body, Receipt),
    ) -> Result<PartOutcome, StoreError> {
        let (body, _guard) = cancellable(body);
        let (drive, cx) = (self.clone(), cx.clone());
        to_the_end(OPERATION, async move {
            let state: UploadState = read(&record.provider, OPERATION)?;
            let (payload, _reserved) = drive.payload(body).await?;
            let missing = || StoreError::missing(Missing::Upload, OPERATION);
            let sent = async {
                let url = drive.api.sign_parts(&cx, place.lane, &state.drive, &[number]).await?.remove(0);
                drive.api.send_part(&cx, url, payload).await
            };
            let etag = sent.await.map_err(|error| match error.kind {
                ApiErrorKind::Gone => missing(),
                _ => error.into_store(),
            })?;
            let digests = receipt.digests();
            let digests =
                digests.ok_or_else(|| StoreError::new(StoreErrorKind::Internal, "digest a part"))?;
            drive.record_part(&record, number, &digests, etag).await
        })
        .await
    }

    async fn record_part(
        &self,
        record: &UploadRecord,
        number: u32,
        digests: &Digests,
        etag: String,
    ) -> Result<PartOutcome, StoreError> {
        let _held = self.uploads.hold(record.id.as_str().to_owned()).await;
        let outcome =
            PartOutcome { etag: digests.etag(), checksum: Some(digests.checksum), modified_at: self.now() };
        let part = PartRecord {
            number,
            size_bytes: digests.size_bytes,
            etag: outcome.etag.clone(),
            checksum: outcome.checksum,
            modified_at: outcome.modified_at,
            provider: etag.into_bytes(),
        };
        self.ledger.put_part(record, &part).await?;
        Ok(outcome)
    }

    /// What is sent of a body: it as it is where its length is known, else all of it once it has ended.
    async fn payload(&self, body: Body) -> Result<(Payload, Option<types::Reservation>), StoreError> {
        if let Some(length_bytes) = body.length_bytes() {
            return Ok((Payload::Stream { body, length_bytes }, None));
        }
        let reserved = self.budget.reserve(UNMEASURED_MAX_BYTES).await;
        let gathered = Source::new(body).gather(UNMEASURED_MAX_BYTES).await;
        match gathered.map_err(|error| of_body(error, OPERATION))? {
            (bytes, true) => Ok((Payload::Bytes(bytes), Some(reserved))),
            (_, false) => Err(StoreError::new(StoreErrorKind::Unsupported(UNMEASURED), OPERATION)),
        }
    }

    /// The source of a copy, if it still is the one that the caller saw.
    pub(crate) async fn source(
        self: &Arc<Self>,
        cx: &Context,
        source: &CopySource,
        operation: &'static str,
    ) -> Result<crate::identity::Known, StoreError> {
        let options =
            store::OpenOptions { version_id: source.version_id.clone(), ..store::OpenOptions::default() };
        crate::open::hold_version(&options, operation)?;
        let key: &ObjectKey = &source.key;
        let known = self.known_settled(cx, &self.place(&source.bucket, key), operation).await?;
        match known.etag() == source.etag {
            true => Ok(known),
            false => Err(StoreError::new(StoreErrorKind::Conflict, operation)),
        }
    }
}

/// A body that is held to what the client expects, and whose checksum is the upload's.
fn verified(
    body: Body,
    expected: ExpectedDigests,
    upload: &UploadRecord,
) -> Result<(Body, Receipt), StoreError> {
    let (sent, kept) = (expected.checksum.algorithm(), assembly::algorithm_of(upload.checksum));
    let is_named = expected.checksum != ExpectedChecksum::Default;
    match (is_named && sent != kept, upload.checksum) {
        (true, Some(_)) => {
            let problem = PartProblem::ChecksumAlgorithm(kept);
            Err(StoreError::new(StoreErrorKind::Part(problem), OPERATION))
        }
        // An upload that named no algorithm takes any: it is verified, and another one is kept.
        (true, None) => {
            let (body, _) = Ingest::wrap(body, expected);
            Ok(Ingest::wrap(body, ExpectedDigests::default()))
        }
        (false, _) => {
            let checksum = if is_named { expected.checksum } else { ExpectedChecksum::Compute(kept) };
            Ok(Ingest::wrap(body, ExpectedDigests { checksum, ..expected }))
        }
    }
}
