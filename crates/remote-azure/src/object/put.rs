use bytes::Bytes;
use remote::{IdentityRecord, Payload};
use store::{Bucket, Identity, ObjectIdentity, PutOptions, PutOutcome, StoreError, StoreErrorKind};
use types::{
    Body, ByteRange, Checksum, Context, ExpectedChecksum, ExpectedDigests, ObjectKey, ObjectMetadata, TagSet,
};

use super::ChecksumOnly;
use crate::api::{BlockSource, Guard, PutBlob, Written};
use crate::compose::{Draft, Target, Uncomposed};
use crate::encode::{
    Facts, METADATA_TOO_LARGE, PartTable, describe, dress, encode_tag, key_refusal, percent_encode,
};
use crate::staging::PUT_BLOB_MAX_BYTES;
use crate::store::Azure;

const OPERATION: &str = "put object";
/// Bodies up to this size are held in memory: all is known of them before they are sent, so they can be sent again.
const HELD_MAX_BYTES: u64 = 64 * 1024;

/// Tags as the header has them; `None` for none.
pub(crate) fn tags_header(tags: &TagSet) -> Option<String> {
    let pair = |(key, value): (&str, &str)| {
        format!("{}={}", percent_encode(&encode_tag(key)), percent_encode(&encode_tag(value)))
    };
    (!tags.is_empty()).then(|| tags.iter().map(pair).collect::<Vec<_>>().join("&"))
}

/// A confirmed write as a store tells it.
pub(crate) fn outcome(written: &Written, facts: &Facts) -> PutOutcome {
    let md5 = || written.md5.map(types::ETag::from_md5);
    PutOutcome {
        etag: facts.etag.clone().or_else(md5).unwrap_or_else(|| dress(&written.azure_etag)),
        version_id: None,
        checksum: facts.checksum,
        size_bytes: facts.size_bytes,
        modified_at: written.modified_at,
    }
}

impl Azure {
    pub(crate) async fn put(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        body: Body,
        options: PutOptions,
    ) -> Result<PutOutcome, StoreError> {
        if let Some(why) = key_refusal(key) {
            return Err(StoreError::new(StoreErrorKind::Unsupported(why), OPERATION));
        }
        let _writing = self.gates.write(&bucket.name).await;
        self.hold_bucket(bucket, OPERATION).await?;
        let target = Target {
            cx,
            container: bucket.name.as_str(),
            key,
            condition: &options.condition,
            operation: OPERATION,
        };
        let put = Put { azure: self, bucket, target, metadata: options.metadata };
        match (options.identity, body.length_bytes()) {
            (Identity::Compute(expected), Some(length)) if length <= HELD_MAX_BYTES => {
                put.held(body, expected).await
            }
            (Identity::Compute(expected), Some(length)) if length <= PUT_BLOB_MAX_BYTES => {
                put.streamed(body, length, expected).await
            }
            (Identity::Compute(expected), _) => put.staged(body, expected, None).await,
            (Identity::Supplied(identity), Some(length)) if length <= PUT_BLOB_MAX_BYTES => {
                put.supplied(body, length, identity).await
            }
            (Identity::Supplied(identity), _) => {
                put.staged(body, ExpectedDigests::default(), Some(identity)).await
            }
        }
    }

    /// An id for a write.
    pub(crate) fn write_id(&self) -> String {
        format!("{:016x}", self.random.next_u64())
    }

    /// Keeps what did not fit into the blob.
    pub(crate) async fn keep_record(
        &self,
        bucket: &Bucket,
        key: &ObjectKey,
        outcome: &PutOutcome,
        azure_etag: &str,
        table: Option<&PartTable>,
    ) -> Result<(), StoreError> {
        let record = IdentityRecord {
            etag: outcome.etag.clone(),
            checksum: outcome.checksum,
            part_sizes: Vec::new(),
            metadata: None,
            provider: table.map(PartTable::to_bytes).unwrap_or_default(),
        };
        self.ledger.put_identity(&bucket.name, key, azure_etag, &record).await
    }
}

/// One put under way.
struct Put<'a> {
    azure: &'a Azure,
    bucket: &'a Bucket,
    target: Target<'a>,
    metadata: ObjectMetadata,
}

/// A blob's bytes and what is known of them beforehand.
struct Sending {
    body: Payload,
    content_md5: Option<[u8; 16]>,
    facts: Facts,
}

impl Put<'_> {
    fn facts(&self, size_bytes: u64, checksum: Option<Checksum>) -> Facts {
        Facts { id: self.azure.write_id(), size_bytes, checksum, ..Facts::default() }
    }

    /// A small body: hashed first, then sent with all that is known of it.
    async fn held(self, body: Body, expected: ExpectedDigests) -> Result<PutOutcome, StoreError> {
        let (body, receipt) = hash::Ingest::wrap(body, expected);
        let max_bytes = usize::try_from(HELD_MAX_BYTES).unwrap_or(usize::MAX);
        let bytes: Bytes = body.collect(max_bytes).await.map_err(refused_body)?;
        let digests = super::digests_of(&receipt).map_err(|error| error.into_store(OPERATION))?;
        let facts = self.facts(digests.size_bytes, Some(digests.checksum));
        let sending = Sending { body: Payload::Bytes(bytes), content_md5: Some(digests.md5), facts };
        let sent = self.send(sending).await;
        let (outcome, _) = sent.map_err(|error| match error.kind {
            // The digest was verified before it was sent: the bytes changed on their way to the service.
            StoreErrorKind::DigestMismatch(None) => StoreError { kind: StoreErrorKind::Unavailable, ..error },
            _ => error,
        })?;
        Ok(PutOutcome { etag: digests.etag(), ..outcome })
    }

    /// A larger body: sent as it comes. Where its checksum is known only at its end, the ledger keeps it.
    async fn streamed(
        self,
        body: Body,
        length_bytes: u64,
        expected: ExpectedDigests,
    ) -> Result<PutOutcome, StoreError> {
        let known = match expected.checksum {
            ExpectedChecksum::Value(checksum) => Some(checksum),
            _ => None,
        };
        let (body, receipt) = ChecksumOnly::wrap(body, expected.checksum);
        let facts = Facts { more: known.is_none(), ..self.facts(length_bytes, known) };
        let body = Payload::Stream { body, length_bytes };
        let sending = Sending { body, content_md5: expected.content_md5, facts };
        let (azure, bucket, key, cx) = (self.azure, self.bucket, self.target.key, self.target.cx);
        let (mut outcome, written) = self.send(sending).await?;
        if written.contradicts(receipt.checksum()) {
            // What the service holds is nobody's object.
            let damaged = Guard::Match(written.azure_etag);
            let _ = azure.api.delete(cx, bucket.name.as_str(), key.as_str(), &damaged).await;
            return Err(StoreError::new(StoreErrorKind::Unavailable, OPERATION));
        }
        if known.is_none() {
            outcome.checksum = receipt.checksum();
            azure.keep_record(bucket, key, &outcome, &written.azure_etag, None).await?;
        }
        Ok(outcome)
    }

    /// Plain bytes were hashed above: nothing is hashed here.
    async fn supplied(
        self,
        body: Body,
        length_bytes: u64,
        identity: ObjectIdentity,
    ) -> Result<PutOutcome, StoreError> {
        let facts = supplied(self.facts(length_bytes, None), identity);
        let table = facts.parts.clone();
        let body = Payload::Stream { body, length_bytes };
        let (azure, bucket, key) = (self.azure, self.bucket, self.target.key);
        let (outcome, written) = self.send(Sending { body, content_md5: None, facts }).await?;
        if table.is_some() {
            azure.keep_record(bucket, key, &outcome, &written.azure_etag, table.as_ref()).await?;
        }
        Ok(outcome)
    }

    async fn send(self, sending: Sending) -> Result<(PutOutcome, Written), StoreError> {
        let guard = self.azure.guard(&self.target).await?;
        let too_large = || StoreError::new(StoreErrorKind::Unsupported(METADATA_TOO_LARGE), OPERATION);
        let described = describe(&self.metadata, &sending.facts).ok_or_else(too_large)?;
        let put = PutBlob {
            container: self.target.container,
            blob: self.target.key.as_str(),
            described: &described,
            tags: tags_header(&self.metadata.tags),
            guard: &guard,
            content_md5: sending.content_md5,
            body: sending.body,
        };
        let written = match self.azure.api.put_blob(self.target.cx, put).await {
            Ok(written) => written,
            Err(failure) => {
                self.azure.note_missing(self.bucket, &failure);
                self.azure.look_after(&self.target, &sending.facts.id, failure).await?
            }
        };
        Ok((outcome(&written, &sending.facts), written))
    }

    /// A body of unknown length, or one too large for one request: staged first, then made the object in one step.
    async fn staged(
        self,
        body: Body,
        expected: ExpectedDigests,
        identity: Option<ObjectIdentity>,
    ) -> Result<PutOutcome, StoreError> {
        // What is sent in vain is not sent at all.
        let guard: Guard = self.azure.guard(&self.target).await?;
        drop(guard);
        let name = self.azure.staged_name("put", 0);
        let staged = self.azure.stage(self.target.cx, name.clone(), body, expected, OPERATION).await;
        let outcome = match staged {
            Ok(staged) => {
                let facts = self.facts(staged.size_bytes, Some(staged.checksum));
                let (facts, md5) = match identity {
                    Some(identity) => (supplied(facts, identity), None),
                    None => (facts, Some(staged.md5)),
                };
                let source = BlockSource {
                    container: self.azure.staging.as_str().to_owned(),
                    blob: staged.blob,
                    azure_etag: staged.azure_etag,
                    range: ByteRange::whole(staged.size_bytes),
                };
                let draft = Draft { metadata: self.metadata, facts, md5 };
                let written = self.azure.compose(&self.target, &[source], &draft).await;
                written.map(|written| outcome(&written, &draft.facts)).map_err(|error| match error {
                    Uncomposed::Failed(error) => error,
                    Uncomposed::SourceGone => StoreError::new(StoreErrorKind::Unavailable, OPERATION),
                })
            }
            Err(error) => Err(error),
        };
        self.azure.discard_staged(name);
        outcome
    }
}

/// An identity from above, in place of the blob's own.
fn supplied(facts: Facts, identity: ObjectIdentity) -> Facts {
    let numbered = (1..).zip(&identity.part_sizes);
    let table = PartTable::new(numbered.map(|(number, size)| (number, *size, None)));
    Facts {
        etag: Some(identity.etag),
        checksum: identity.checksum,
        part_count: (!table.is_empty()).then(|| table.len()),
        more: !table.is_empty(),
        parts: (!table.is_empty()).then_some(table),
        ..facts
    }
}

/// A body that did not come to its end, or is not what was expected.
fn refused_body(error: types::BodyError) -> StoreError {
    match error.kind {
        types::BodyErrorKind::DigestMismatch(algorithm) => {
            StoreError::new(StoreErrorKind::DigestMismatch(algorithm), OPERATION)
        }
        types::BodyErrorKind::TrailerMissing(algorithm) => {
            StoreError::new(StoreErrorKind::TrailerMissing(algorithm), OPERATION)
        }
        _ => StoreError::new(StoreErrorKind::Body(error), OPERATION),
    }
}
