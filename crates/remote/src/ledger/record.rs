//! Typed records and their bytes. The key says which bucket, key, upload or number a record is about.

use ::record::{Malformed, Reader, Writer};
use bytes::Bytes;
use store::{UploadChecksum, UploadSummary, Versioning};
use types::{CanonicalId, ObjectKey, Owner, Timestamp};

use super::keys::UploadNumber;
use super::{BucketRecord, IdentityRecord, PartRecord, UploadRecord};

/// The first byte of every value. Frozen: these bytes are on disk; a changed layout gets a new one.
mod v1 {
    pub(super) const BUCKET: u8 = 0x01;
    pub(super) const UPLOAD: u8 = 0x02;
    pub(super) const PART: u8 = 0x03;
    pub(super) const IDENTITY: u8 = 0x04;
    pub(super) const VALUE: u8 = 0x05;
    pub(super) const FINISHED: u8 = 0x06;
    pub(super) const GONE: u8 = 0x07;
    pub(super) const APART: u8 = 0x08;
}

/// Room for most values, in bytes, so that it is allocated once.
const ROOM_BYTES: usize = 160;
const OFF: u8 = 0;
const ENABLED: u8 = 1;
const SUSPENDED: u8 = 2;
const ABSENT: u8 = 0;
const PRESENT: u8 = 1;

impl BucketRecord {
    pub(super) fn encode(&self) -> Bytes {
        let mut writer = Writer::new(v1::BUCKET, ROOM_BYTES);
        writer.u64(self.created_at.as_nanos());
        writer.u8(match self.versioning {
            Versioning::Off => OFF,
            Versioning::Enabled => ENABLED,
            Versioning::Suspended => SUSPENDED,
        });
        writer.text(self.owner.id.as_str());
        writer.text(&self.owner.display_name);
        writer.tags(&self.tags);
        writer.finish()
    }

    pub(super) fn decode(value: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::open(value, v1::BUCKET)?;
        let created_at = Timestamp::from_nanos(reader.u64()?);
        let versioning = match reader.u8()? {
            OFF => Versioning::Off,
            ENABLED => Versioning::Enabled,
            SUSPENDED => Versioning::Suspended,
            _ => return Err(Malformed),
        };
        let owner = Owner { id: CanonicalId::from_text(reader.text()?), display_name: reader.text()?.into() };
        let tags = reader.tags()?;
        reader.finish()?;
        Ok(Self { owner, created_at, tags, versioning })
    }
}

impl UploadRecord {
    pub(super) fn encode(&self) -> Bytes {
        let mut writer = Writer::new(v1::UPLOAD, ROOM_BYTES);
        writer.checksum_kind(self.checksum.map(|named| (named.algorithm, named.kind)));
        writer.class(self.metadata.storage_class);
        writer.metadata(&self.metadata);
        writer.bytes(&self.provider);
        writer.finish()
    }

    pub(super) fn decode(
        value: &[u8],
        bucket: types::BucketName,
        key: ObjectKey,
        number: UploadNumber,
    ) -> Result<Self, Malformed> {
        let mut reader = Reader::open(value, v1::UPLOAD)?;
        let checksum = reader.checksum_kind()?;
        let checksum = checksum.map(|(algorithm, kind)| UploadChecksum { algorithm, kind });
        let class = reader.class()?;
        let metadata = reader.metadata(class)?;
        let provider = reader.bytes()?.to_vec();
        reader.finish()?;
        let initiated_at = Timestamp::from_nanos(number.initiated_nanos);
        Ok(Self { bucket, key, id: number.to_id(), initiated_at, metadata, checksum, provider })
    }
}

/// Reads of an upload's record only what a listing shows.
pub(super) fn summarize_upload(
    value: &[u8],
    key: ObjectKey,
    number: UploadNumber,
) -> Result<UploadSummary, Malformed> {
    let mut reader = Reader::open(value, v1::UPLOAD)?;
    let checksum = reader.checksum_kind()?;
    Ok(UploadSummary {
        key,
        upload_id: number.to_id(),
        initiated_at: Timestamp::from_nanos(number.initiated_nanos),
        storage_class: reader.class()?,
        checksum,
    })
}

impl PartRecord {
    pub(super) fn encode(&self) -> Bytes {
        let mut writer = Writer::new(v1::PART, ROOM_BYTES);
        writer.u64(self.modified_at.as_nanos());
        writer.varint(self.size_bytes);
        writer.etag(&self.etag);
        writer.checksum(self.checksum.as_ref());
        writer.bytes(&self.provider);
        writer.finish()
    }

    pub(super) fn decode(value: &[u8], number: u32) -> Result<Self, Malformed> {
        let mut reader = Reader::open(value, v1::PART)?;
        let modified_at = Timestamp::from_nanos(reader.u64()?);
        let (size_bytes, etag, checksum) = (reader.varint()?, reader.etag()?, reader.checksum()?);
        let provider = reader.bytes()?.to_vec();
        reader.finish()?;
        Ok(Self { number, size_bytes, etag, checksum, modified_at, provider })
    }
}

/// The most bytes of a provider's own that stand inside an identity; larger ones have a row of their own, which listings do
/// not read.
pub(super) const INLINE_MAX_BYTES: usize = 256;
const INLINE: u8 = 0;
const APART: u8 = 1;

impl IdentityRecord {
    /// The record's bytes, and those of the row beside it where there is to be one.
    pub(super) fn encode(&self, provider_version: &str) -> (Bytes, Option<Bytes>) {
        let mut writer = Writer::new(v1::IDENTITY, ROOM_BYTES);
        writer.text(provider_version);
        writer.etag(&self.etag);
        writer.checksum(self.checksum.as_ref());
        put_sizes(&mut writer, &self.part_sizes);
        match &self.metadata {
            None => writer.u8(ABSENT),
            Some(metadata) => {
                writer.u8(PRESENT);
                writer.class(metadata.storage_class);
                writer.metadata(metadata);
            }
        }
        if self.provider.len() <= INLINE_MAX_BYTES {
            writer.u8(INLINE);
            writer.bytes(&self.provider);
            return (writer.finish(), None);
        }
        writer.u8(APART);
        let mut apart = Writer::new(v1::APART, ROOM_BYTES);
        apart.raw(&self.provider);
        (writer.finish(), Some(apart.finish()))
    }

    /// The record, if it is of `provider_version`; without `apart`, what stands there is left out.
    pub(super) fn decode(
        value: &[u8],
        apart: Option<&[u8]>,
        provider_version: &str,
    ) -> Result<Option<Self>, Malformed> {
        let mut reader = Reader::open(value, v1::IDENTITY)?;
        if reader.text()? != provider_version {
            return Ok(None);
        }
        let (etag, checksum) = (reader.etag()?, reader.checksum()?);
        let part_sizes = sizes(&mut reader)?;
        let metadata = match reader.u8()? {
            ABSENT => None,
            PRESENT => {
                let class = reader.class()?;
                Some(reader.metadata(class)?)
            }
            _ => return Err(Malformed),
        };
        let provider = match (reader.u8()?, apart) {
            (INLINE, _) => reader.bytes()?,
            (APART, None) => &[],
            (APART, Some(apart)) => apart.strip_prefix(&[v1::APART]).ok_or(Malformed)?,
            _ => return Err(Malformed),
        };
        reader.finish()?;
        Ok(Some(Self { etag, checksum, part_sizes, metadata, provider: provider.to_vec() }))
    }
}

/// The most parts of one object.
const PARTS_MAX: u64 = 10_000;

/// Part sizes as runs of equal ones: most uploads have two.
fn put_sizes(writer: &mut Writer, sizes: &[u64]) {
    let runs: Vec<_> = sizes.chunk_by(|one, next| one == next).collect();
    writer.varint(runs.len() as u64);
    for run in runs {
        writer.varint(run.len() as u64);
        writer.varint(run[0]);
    }
}

fn sizes(reader: &mut Reader<'_>) -> Result<Vec<u64>, Malformed> {
    let mut sizes = Vec::new();
    for _ in 0..reader.count()? {
        let (length, size) = (reader.varint()?, reader.varint()?);
        if length > PARTS_MAX - sizes.len() as u64 {
            return Err(Malformed);
        }
        sizes.extend((0..length).map(|_| size));
    }
    Ok(sizes)
}

/// A value of the provider's own.
pub(super) fn encode_value(value: &[u8]) -> Bytes {
    let mut writer = Writer::new(v1::VALUE, ROOM_BYTES);
    writer.raw(value);
    writer.finish()
}

/// Reads [`encode_value`].
pub(super) fn decode_value(value: &[u8]) -> Result<&[u8], Malformed> {
    value.strip_prefix(&[v1::VALUE]).ok_or(Malformed)
}

/// What a completed upload came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FinishedRecord {
    /// Until when it is kept.
    pub(super) until: Timestamp,
    /// The bucket.
    pub(super) bucket: String,
    /// The key.
    pub(super) key: String,
    /// The provider's own.
    pub(super) outcome: Vec<u8>,
}

impl FinishedRecord {
    pub(super) fn encode(&self) -> Bytes {
        let mut writer = Writer::new(v1::FINISHED, ROOM_BYTES);
        writer.u64(self.until.as_nanos());
        writer.text(&self.bucket);
        writer.text(&self.key);
        writer.bytes(&self.outcome);
        writer.finish()
    }

    pub(super) fn decode(value: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::open(value, v1::FINISHED)?;
        let until = Timestamp::from_nanos(reader.u64()?);
        let (bucket, key) = (reader.text()?.to_owned(), reader.text()?.to_owned());
        let outcome = reader.bytes()?.to_vec();
        reader.finish()?;
        Ok(Self { until, bucket, key, outcome })
    }
}

/// The mark of an upload whose parts are to be removed.
pub(super) fn encode_gone() -> Bytes {
    Writer::new(v1::GONE, ROOM_BYTES).finish()
}
