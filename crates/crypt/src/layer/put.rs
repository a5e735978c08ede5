use hash::{Ingest, Receipt};
use store::{
    Bucket, Identity, Missing, ObjectIdentity, PutOptions, PutOutcome, StoreError, StoreErrorKind,
    WriteCondition,
};
use types::{Body, BodyErrorKind, Checksum, Context, ETag, ExpectedDigests, ObjectKey, ObjectMetadata};

use super::core::{Core, Place, keeps, stored};
use super::gate::Gate;
use super::look::{parts, whole_header};
use crate::error::{corrupt, from_sent_body};
use crate::format::{
    Algorithm, BoundName, Ending, Envelope, FOOTER_ETAG_MAX_BYTES, Header, Identified, Manifest, PartRow,
    Role, SealOptions, SealedReceipt, Secret, Shape, StreamRow, new_id, seal, stored_size,
};
use crate::state::{Entry, SealedEntry};

const OPERATION: &str = "put object";

/// What an object will be recognised by.
pub(super) enum NewIdentity {
    /// What its bytes turn out to be.
    Hash(ExpectedDigests),
    /// What somebody above, or an object that it is a copy of, has said.
    Known { etag: ETag, checksum: Option<Checksum>, parts: Vec<PartRow> },
}

/// An object that is to be sealed and stored.
pub(super) struct NewObject {
    pub(super) body: Body,
    pub(super) identity: NewIdentity,
    pub(super) metadata: ObjectMetadata,
    /// In the words of the store beneath.
    pub(super) condition: WriteCondition,
    /// As it was before any key of the bucket was asked for.
    pub(super) gate: Gate,
}

/// Where the identity stands when the body has been stored.
enum Later {
    Footer(Receipt),
    Entry(ETag, Option<Checksum>),
    Table(Manifest),
}

impl From<Identity> for NewIdentity {
    fn from(identity: Identity) -> Self {
        match identity {
            Identity::Compute(expected) => Self::Hash(expected),
            Identity::Supplied(ObjectIdentity { etag, checksum, part_sizes }) => {
                let row = |(number, plain_bytes)| PartRow { number, plain_bytes, checksum: None };
                Self::Known { etag, checksum, parts: (1..).zip(part_sizes).map(row).collect() }
            }
        }
    }
}

/// A data key of an object's own and the envelope that bears it.
pub(super) struct NewKey {
    pub(super) data_key: Secret,
    pub(super) envelope: Envelope,
}

impl Core {
    pub(super) async fn put(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        body: Body,
        options: PutOptions,
    ) -> Result<PutOutcome, StoreError> {
        self.hold_metadata(&options.metadata, OPERATION)?;
        let gate = self.gates.of(&bucket.name);
        let place = self.place(cx, bucket, key, OPERATION).await?;
        let condition = self.condition_of_put(cx, (bucket, &place), options.condition, OPERATION).await?;
        let (identity, metadata) = (options.identity.into(), options.metadata);
        let object = NewObject { body, identity, metadata, condition, gate };
        self.put_sealed(cx, (bucket, &place), object, OPERATION).await
    }

    /// Draws a data key and wraps it for an object.
    pub(super) async fn new_key(
        &self,
        cx: &Context,
        (bucket, place, gate): (&Bucket, &Place, &Gate),
        shape: Shape,
    ) -> Result<NewKey, StoreError> {
        let (random, algorithm): (_, Algorithm) = (&*self.options.random, self.options.algorithm);
        let (object, data_key) = (new_id(random), Secret::random(random));
        let envelope =
            self.wrap_key(cx, (bucket, place, gate), &data_key, (object, algorithm, shape)).await?;
        Ok(NewKey { data_key, envelope })
    }

    /// Wraps a data key with the epoch key of today. What is wrapped passes the same gate, so it must be the one that the
    /// bucket had before.
    pub(super) async fn wrap_key(
        &self,
        cx: &Context,
        (bucket, place, gate): (&Bucket, &Place, &Gate),
        data_key: &Secret,
        object: ([u8; 16], Algorithm, Shape),
    ) -> Result<Envelope, StoreError> {
        let (epoch, epoch_key) = self.epochs.current(cx, bucket, gate).await?;
        let name = BoundName { bucket: &bucket.name, key: &place.plain };
        Ok(Envelope::wrap(object, data_key, name, (&epoch, &epoch_key), &*self.options.random))
    }

    /// Seals an object and stores it.
    pub(super) async fn put_sealed(
        &self,
        cx: &Context,
        (bucket, place): (&Bucket, &Place),
        object: NewObject,
        operation: &'static str,
    ) -> Result<PutOutcome, StoreError> {
        let shape = shape_of(&object.identity);
        let key = self.new_key(cx, (bucket, place, &object.gate), shape).await?;
        let (plain, ending, later) = self.ending(object.body, object.identity, &key);
        let (admission, inside) = object.gate.admission();
        let options = SealOptions {
            header: whole_header(&key.envelope),
            data_key: key.data_key,
            ending,
            admission: Some(admission),
            budget: self.options.budget.clone(),
        };
        let (body, receipt) = seal(plain, options);
        let metadata = self.with_envelope(bucket, &object.metadata, &key.envelope);
        let options = PutOptions {
            metadata: metadata.unwrap_or(object.metadata),
            identity: self.opaque_identity(bucket),
            condition: object.condition,
        };
        let put = self.inner.put(cx, bucket, &place.stored, body, options).await;
        let outcome = put.map_err(|error| sent_error(error, &receipt, operation))?;
        let (entry, table) = stored_entry(&key.envelope, later, &receipt, outcome.size_bytes)
            .ok_or_else(|| corrupt(operation))?;
        self.stats.sealed_bytes.add(entry.size_bytes);
        let shown = shown(&entry, outcome.clone());
        let row = stored(bucket, place, &outcome.etag);
        self.index.put(row, &Entry::Sealed(entry), table.as_ref(), keeps(bucket)).await;
        drop(inside);
        Ok(shown)
    }

    /// The body as it is to be sealed, and what comes behind its last segment.
    fn ending(&self, body: Body, identity: NewIdentity, key: &NewKey) -> (Body, Ending, Later) {
        match identity {
            NewIdentity::Hash(expected) => {
                let (body, receipt) = Ingest::wrap(body, expected);
                (body, Ending::Footer(Identified::Hashed(receipt.clone())), Later::Footer(receipt))
            }
            NewIdentity::Known { etag, checksum, .. } if key.envelope.shape == Shape::Whole => {
                let identified = Identified::Known(etag.clone(), checksum);
                (body, Ending::Footer(identified), Later::Entry(etag, checksum))
            }
            NewIdentity::Known { etag, checksum, parts } => {
                let of_parts = parts.iter().fold(0_u64, |sum, part| sum.saturating_add(part.plain_bytes));
                // Without parts it is the entity tag that needs a table, and the body says how long it is.
                let plain_bytes = if parts.is_empty() { body.length_bytes().unwrap_or(0) } else { of_parts };
                let stream = key.envelope.object;
                let row = StreamRow { stream, part: 0, plain_bytes, padding_bytes: 0 };
                let table = Manifest { etag, checksum, streams: vec![row], parts };
                let sealed = table.seal(&key.envelope, new_id(&*self.options.random), &key.data_key);
                (body, Ending::Manifest(plain_bytes, sealed), Later::Table(table))
            }
        }
    }

    /// An identity that says nothing of the plain bytes, where the store takes one: it need hash nothing then.
    pub(super) fn opaque_identity(&self, bucket: &Bucket) -> Identity {
        if !self.inner.capabilities(bucket).supplied_identity.is_yes() {
            return Identity::default();
        }
        let etag = ETag::from_md5(new_id(&*self.options.random));
        Identity::Supplied(ObjectIdentity { etag, checksum: None, part_sizes: Vec::new() })
    }
}

/// Part tables, and entity tags that no footer holds, need a manifest.
fn shape_of(identity: &NewIdentity) -> Shape {
    match identity {
        NewIdentity::Known { parts, etag, .. }
            if !parts.is_empty() || etag.as_str().len() > FOOTER_ETAG_MAX_BYTES =>
        {
            Shape::Parts
        }
        _ => Shape::Whole,
    }
}

/// What was stored; `None` where the store says that it has stored another number of bytes, or has not read them all.
fn stored_entry(
    envelope: &Envelope,
    later: Later,
    receipt: &SealedReceipt,
    stored_bytes: u64,
) -> Option<(SealedEntry, Option<Manifest>)> {
    let sealed = receipt.get();
    if !sealed.ended {
        return None;
    }
    let (etag, checksum) = match later {
        Later::Table(table) => {
            let expected = table.streams_bytes()?.checked_add(table.stored_bytes())?;
            return (stored_bytes == expected).then(|| (parts(envelope, &table, stored_bytes), Some(table)));
        }
        Later::Entry(etag, checksum) => (etag, checksum),
        Later::Footer(digests) => {
            let digests = digests.digests()?;
            (digests.etag(), Some(digests.checksum))
        }
    };
    let entry = SealedEntry {
        envelope: *envelope,
        etag,
        checksum,
        size_bytes: sealed.plain_bytes,
        stored_bytes,
        part_count: None,
    };
    (stored_size(sealed.plain_bytes) == Some(stored_bytes)).then_some((entry, None))
}

/// An outcome as callers see it.
pub(super) fn shown(entry: &SealedEntry, outcome: PutOutcome) -> PutOutcome {
    PutOutcome {
        etag: entry.etag.clone(),
        checksum: entry.checksum,
        size_bytes: entry.size_bytes,
        version_id: outcome.version_id,
        modified_at: outcome.modified_at,
    }
}

/// A failure of the store beneath, or of the plain body that it was given sealed.
pub(super) fn sent_error(error: StoreError, receipt: &SealedReceipt, operation: &'static str) -> StoreError {
    let sealed = receipt.get();
    if sealed.refused {
        return StoreError::missing(Missing::Bucket, operation);
    }
    match (sealed.fault, error.kind) {
        (Some(_), StoreErrorKind::Body(body)) => match body.kind {
            BodyErrorKind::DigestMismatch(_) | BodyErrorKind::TrailerMissing(_) => {
                from_sent_body(body.kind, operation)
            }
            _ => StoreError::new(StoreErrorKind::Body(body), operation),
        },
        (Some(fault), _) => from_sent_body(fault, operation),
        (None, kind) => StoreError { kind, ..error },
    }
}

/// The header of a part's stream.
pub(super) fn part_header(envelope: &Envelope, stream: [u8; 16], part: u32) -> Header {
    Header { envelope: *envelope, stream, part, role: Role::Data }
}
