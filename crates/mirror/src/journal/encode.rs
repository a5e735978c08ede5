use bytes::Bytes;
use record::{Malformed, Reader, Writer};
use store::{UploadChecksum, UploadId, UploadSummary, Versioning};
use types::{BucketName, CanonicalId, ETag, ObjectKey, Owner, Timestamp, VersionId};

use super::record::{
    AbortRecord, BucketDebt, BucketRecord, CopyAt, CopyState, Coverage, Current, Debt, Facts, FinishedRecord,
    Held, Intent, KeyState, Member, Origin, PartRecord, Plan, Sequence, Stray, UploadNumber, UploadRecord,
    Version, What,
};
use crate::target::TargetNumber;

/// Tags of the first layout, one for each kind of record. Frozen: these bytes are on disk.
mod v1 {
    pub(super) const KEY: u8 = 0x11;
    pub(super) const VERSION: u8 = 0x12;
    pub(super) const BUCKET: u8 = 0x13;
    pub(super) const BUCKET_DEBT: u8 = 0x14;
    pub(super) const DEBT: u8 = 0x15;
    pub(super) const INTENT: u8 = 0x16;
    pub(super) const UPLOAD: u8 = 0x17;
    pub(super) const PART: u8 = 0x18;
    pub(super) const FINISHED: u8 = 0x19;
    pub(super) const ABORT: u8 = 0x1A;
    pub(super) const REMOVAL: u8 = 0x1B;
    pub(super) const TARGET: u8 = 0x1C;
    pub(super) const CURSOR: u8 = 0x1D;
}

const ABSENT: u8 = 0;
const PRESENT: u8 = 1;
const UNRECORDED: u8 = 2;

/// Most records are smaller.
const RECORD_BYTES: usize = 160;

fn writer(tag: u8) -> Writer {
    Writer::new(tag, RECORD_BYTES)
}

fn put_target(writer: &mut Writer, target: TargetNumber) {
    writer.varint(u64::from(target.0));
}

fn target(reader: &mut Reader<'_>) -> Result<TargetNumber, Malformed> {
    u16::try_from(reader.varint()?).map(TargetNumber).map_err(|_| Malformed)
}

fn put_option<T>(writer: &mut Writer, value: Option<T>, put: impl FnOnce(&mut Writer, T)) {
    match value {
        None => writer.u8(ABSENT),
        Some(value) => {
            writer.u8(PRESENT);
            put(writer, value);
        }
    }
}

fn option<'a, T>(
    reader: &mut Reader<'a>,
    read: impl FnOnce(&mut Reader<'a>) -> Result<T, Malformed>,
) -> Result<Option<T>, Malformed> {
    match reader.u8()? {
        ABSENT => Ok(None),
        PRESENT => read(reader).map(Some),
        _ => Err(Malformed),
    }
}

fn put_list<T>(writer: &mut Writer, values: &[T], mut put: impl FnMut(&mut Writer, &T)) {
    writer.varint(values.len() as u64);
    values.iter().for_each(|value| put(writer, value));
}

fn list<'a, T>(
    reader: &mut Reader<'a>,
    mut read: impl FnMut(&mut Reader<'a>) -> Result<T, Malformed>,
) -> Result<Vec<T>, Malformed> {
    (0..reader.count()?).map(|_| read(reader)).collect()
}

fn bucket_name(reader: &mut Reader<'_>) -> Result<BucketName, Malformed> {
    BucketName::new(reader.text()?).map_err(|_| Malformed)
}

fn timestamp(reader: &mut Reader<'_>) -> Result<Timestamp, Malformed> {
    reader.u64().map(Timestamp::from_nanos)
}

fn sequence(reader: &mut Reader<'_>) -> Result<Sequence, Malformed> {
    reader.u64().map(Sequence)
}

fn put_held(writer: &mut Writer, held: &Held) {
    put_option(writer, held.version_id.as_ref(), |writer, id| writer.text(id.as_str()));
    put_option(writer, held.etag.as_ref(), Writer::etag);
}

fn held(reader: &mut Reader<'_>) -> Result<Held, Malformed> {
    Ok(Held {
        version_id: option(reader, |reader| reader.text().map(VersionId::from_text))?,
        etag: option(reader, Reader::etag)?,
    })
}

const COMPUTED: u8 = 0;
const SUPPLIED: u8 = 1;

fn put_origin(writer: &mut Writer, origin: Origin) {
    writer.u8(if origin == Origin::Computed { COMPUTED } else { SUPPLIED });
}

fn origin(reader: &mut Reader<'_>) -> Result<Origin, Malformed> {
    match reader.u8()? {
        COMPUTED => Ok(Origin::Computed),
        SUPPLIED => Ok(Origin::Supplied),
        _ => Err(Malformed),
    }
}

const COPY_OWED: u8 = 0;
const COPY_HELD: u8 = 1;
const COPY_OWES_TAGS: u8 = 2;

fn put_copy(writer: &mut Writer, copy: &CopyAt) {
    put_target(writer, copy.target);
    match &copy.state {
        CopyState::Owed => writer.u8(COPY_OWED),
        CopyState::Held(held) => {
            writer.u8(COPY_HELD);
            put_held(writer, held);
        }
        CopyState::OwesTags(held) => {
            writer.u8(COPY_OWES_TAGS);
            put_held(writer, held);
        }
    }
}

fn copy(reader: &mut Reader<'_>) -> Result<CopyAt, Malformed> {
    let target = target(reader)?;
    let state = match reader.u8()? {
        COPY_OWED => CopyState::Owed,
        COPY_HELD => CopyState::Held(held(reader)?),
        COPY_OWES_TAGS => CopyState::OwesTags(held(reader)?),
        _ => return Err(Malformed),
    };
    Ok(CopyAt { target, state })
}

const MARKER: u8 = 0;
const OBJECT: u8 = 1;

fn put_version(writer: &mut Writer, version: &Version) {
    writer.u64(version.sequence.0);
    put_option(writer, version.random, Writer::u64);
    writer.u64(version.modified_at.as_nanos());
    match &version.what {
        What::Marker => writer.u8(MARKER),
        What::Object(facts) => {
            writer.u8(OBJECT);
            writer.etag(&facts.etag);
            writer.varint(facts.size_bytes);
            writer.checksum(facts.checksum.as_ref());
            writer.class(facts.storage_class);
            put_origin(writer, facts.origin);
        }
    }
    put_list(writer, &version.copies, put_copy);
}

fn version(reader: &mut Reader<'_>) -> Result<Version, Malformed> {
    let sequence = sequence(reader)?;
    let random = option(reader, Reader::u64)?;
    let modified_at = timestamp(reader)?;
    let what = match reader.u8()? {
        MARKER => What::Marker,
        OBJECT => What::Object(Facts {
            etag: reader.etag()?,
            size_bytes: reader.varint()?,
            checksum: reader.checksum()?,
            storage_class: reader.class()?,
            origin: origin(reader)?,
        }),
        _ => return Err(Malformed),
    };
    Ok(Version { sequence, random, modified_at, what, copies: list(reader, copy)? })
}

impl Version {
    /// The bytes of a noncurrent version's row.
    pub(crate) fn encode(&self) -> Bytes {
        let mut writer = writer(v1::VERSION);
        put_version(&mut writer, self);
        writer.finish()
    }

    /// Reads [`Version::encode`].
    pub(crate) fn decode(value: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::open(value, v1::VERSION)?;
        let version = version(&mut reader)?;
        reader.finish()?;
        Ok(version)
    }
}

const STRAY_NO: u8 = 0;
const STRAY_MAYBE: u8 = 1;

impl KeyState {
    pub(crate) fn encode(&self) -> Bytes {
        let mut writer = writer(v1::KEY);
        match &self.current {
            Current::Absent => writer.u8(ABSENT),
            Current::Unrecorded => writer.u8(UNRECORDED),
            Current::Version(version) => {
                writer.u8(PRESENT);
                put_version(&mut writer, version);
            }
        }
        put_option(&mut writer, self.null, |writer, sequence| writer.u64(sequence.0));
        put_list(&mut writer, &self.debts, |writer, debt| {
            put_target(writer, debt.target);
            writer.u64(debt.since.as_nanos());
            writer.u8(if debt.stray == Stray::Maybe { STRAY_MAYBE } else { STRAY_NO });
        });
        writer.finish()
    }

    pub(crate) fn decode(value: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::open(value, v1::KEY)?;
        let current = match reader.u8()? {
            ABSENT => Current::Absent,
            UNRECORDED => Current::Unrecorded,
            PRESENT => Current::Version(version(&mut reader)?),
            _ => return Err(Malformed),
        };
        let null = option(&mut reader, sequence)?;
        let debts = list(&mut reader, |reader| {
            let (target, since) = (target(reader)?, timestamp(reader)?);
            let stray = match reader.u8()? {
                STRAY_NO => Stray::No,
                STRAY_MAYBE => Stray::Maybe,
                _ => return Err(Malformed),
            };
            Ok(Debt { target, since, stray })
        })?;
        reader.finish()?;
        Ok(Self { current, null, debts })
    }
}

const OFF: u8 = 0;
const ENABLED: u8 = 1;
const SUSPENDED: u8 = 2;
const WHOLE: u8 = 0;
const PARTIAL: u8 = 1;
const FULL: u8 = 0;
const FILLING: u8 = 1;
const OWES: u8 = 2;
const NEW: u8 = 3;

impl BucketRecord {
    pub(crate) fn encode(&self) -> Bytes {
        let mut writer = writer(v1::BUCKET);
        writer.u64(self.handle);
        writer.varint(self.revision);
        writer.u64(self.created_at.as_nanos());
        writer.u8(match self.versioning {
            Versioning::Off => OFF,
            Versioning::Enabled => ENABLED,
            Versioning::Suspended => SUSPENDED,
        });
        writer.u8(if self.coverage == Coverage::Whole { WHOLE } else { PARTIAL });
        writer.text(self.owner.id.as_str());
        writer.text(&self.owner.display_name);
        writer.tags(&self.tags);
        put_list(&mut writer, &self.members, |writer, (number, member)| {
            put_target(writer, *number);
            writer.u8(match member {
                Member::Full => FULL,
                Member::Filling => FILLING,
                Member::Owes => OWES,
                Member::New => NEW,
            });
        });
        writer.finish()
    }

    pub(crate) fn decode(value: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::open(value, v1::BUCKET)?;
        let (handle, revision, created_at) = (reader.u64()?, reader.varint()?, timestamp(&mut reader)?);
        let versioning = match reader.u8()? {
            OFF => Versioning::Off,
            ENABLED => Versioning::Enabled,
            SUSPENDED => Versioning::Suspended,
            _ => return Err(Malformed),
        };
        let coverage = match reader.u8()? {
            WHOLE => Coverage::Whole,
            PARTIAL => Coverage::Partial,
            _ => return Err(Malformed),
        };
        let owner = Owner { id: CanonicalId::from_text(reader.text()?), display_name: reader.text()?.into() };
        let tags = reader.tags()?;
        let members = list(&mut reader, |reader| {
            let number = target(reader)?;
            let member = match reader.u8()? {
                FULL => Member::Full,
                FILLING => Member::Filling,
                OWES => Member::Owes,
                NEW => Member::New,
                _ => return Err(Malformed),
            };
            Ok((number, member))
        })?;
        reader.finish()?;
        Ok(Self { handle, revision, owner, created_at, tags, versioning, coverage, members })
    }
}

impl BucketDebt {
    pub(crate) fn encode(&self) -> Bytes {
        let mut writer = writer(v1::BUCKET_DEBT);
        writer.u64(self.since.as_nanos());
        put_list(&mut writer, &self.removed, |writer, handle| writer.u64(*handle));
        writer.finish()
    }

    pub(crate) fn decode(value: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::open(value, v1::BUCKET_DEBT)?;
        let since = timestamp(&mut reader)?;
        let removed = list(&mut reader, Reader::u64)?;
        reader.finish()?;
        Ok(Self { since, removed })
    }
}

/// A row of [`super::keys::Family::Debt`]: the bucket's name and since when.
pub(crate) fn encode_debt(bucket: &BucketName, since: Timestamp) -> Bytes {
    let mut writer = writer(v1::DEBT);
    writer.u64(since.as_nanos());
    writer.text(bucket.as_str());
    writer.finish()
}

/// Reads [`encode_debt`].
pub(crate) fn decode_debt(value: &[u8]) -> Result<(BucketName, Timestamp), Malformed> {
    let mut reader = Reader::open(value, v1::DEBT)?;
    let since = timestamp(&mut reader)?;
    let bucket = bucket_name(&mut reader)?;
    reader.finish()?;
    Ok((bucket, since))
}

const PLAN_OBJECT: u8 = 1;
const PLAN_MARKER: u8 = 2;
const PLAN_REMOVE: u8 = 3;
const PLAN_TAGS: u8 = 4;

fn put_upload_number(writer: &mut Writer, number: UploadNumber) {
    writer.u64(number.initiated_nanos);
    writer.u64(number.random);
}

fn upload_number(reader: &mut Reader<'_>) -> Result<UploadNumber, Malformed> {
    Ok(UploadNumber { initiated_nanos: reader.u64()?, random: reader.u64()? })
}

impl Intent {
    pub(crate) fn encode(&self) -> Bytes {
        let mut writer = writer(v1::INTENT);
        writer.text(self.bucket.as_str());
        put_list(&mut writer, &self.targets, |writer, target| put_target(writer, *target));
        match &self.plan {
            Plan::Object { sequence, random, upload, origin } => {
                writer.u8(PLAN_OBJECT);
                writer.u64(sequence.0);
                put_option(&mut writer, *random, Writer::u64);
                put_option(&mut writer, *upload, put_upload_number);
                put_origin(&mut writer, *origin);
            }
            Plan::Marker { sequence, random } => {
                writer.u8(PLAN_MARKER);
                writer.u64(sequence.0);
                put_option(&mut writer, *random, Writer::u64);
            }
            Plan::Remove { sequence } => {
                writer.u8(PLAN_REMOVE);
                put_option(&mut writer, *sequence, |writer, sequence| writer.u64(sequence.0));
            }
            Plan::Tags { sequence, tags } => {
                writer.u8(PLAN_TAGS);
                writer.u64(sequence.0);
                writer.tags(tags);
            }
        }
        writer.finish()
    }

    pub(crate) fn decode(value: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::open(value, v1::INTENT)?;
        let bucket = bucket_name(&mut reader)?;
        let targets = list(&mut reader, target)?;
        let plan = match reader.u8()? {
            PLAN_OBJECT => Plan::Object {
                sequence: sequence(&mut reader)?,
                random: option(&mut reader, Reader::u64)?,
                upload: option(&mut reader, upload_number)?,
                origin: origin(&mut reader)?,
            },
            PLAN_MARKER => {
                Plan::Marker { sequence: sequence(&mut reader)?, random: option(&mut reader, Reader::u64)? }
            }
            PLAN_REMOVE => Plan::Remove { sequence: option(&mut reader, sequence)? },
            PLAN_TAGS => Plan::Tags { sequence: sequence(&mut reader)?, tags: reader.tags()? },
            _ => return Err(Malformed),
        };
        reader.finish()?;
        Ok(Self { bucket, targets, plan })
    }
}

impl UploadRecord {
    pub(crate) fn encode(&self) -> Bytes {
        let mut writer = writer(v1::UPLOAD);
        writer.checksum_kind(self.checksum.map(|named| (named.algorithm, named.kind)));
        writer.class(self.metadata.storage_class);
        writer.metadata(&self.metadata);
        put_list(&mut writer, &self.targets, |writer, (target, id)| {
            put_target(writer, *target);
            writer.text(id.as_str());
        });
        writer.finish()
    }

    pub(crate) fn decode(value: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::open(value, v1::UPLOAD)?;
        let checksum = reader.checksum_kind()?;
        let checksum = checksum.map(|(algorithm, kind)| UploadChecksum { algorithm, kind });
        let storage_class = reader.class()?;
        let metadata = reader.metadata(storage_class)?;
        let targets = list(&mut reader, |reader| Ok((target(reader)?, UploadId::from_text(reader.text()?))))?;
        reader.finish()?;
        Ok(Self { metadata, checksum, targets })
    }

    /// What a listing shows of it.
    pub(crate) fn summary(&self, key: ObjectKey, number: UploadNumber) -> UploadSummary {
        UploadSummary {
            key,
            upload_id: number.to_id(),
            initiated_at: Timestamp::from_nanos(number.initiated_nanos),
            storage_class: self.metadata.storage_class,
            checksum: self.checksum.map(|named| (named.algorithm, named.kind)),
        }
    }
}

impl PartRecord {
    pub(crate) fn encode(&self) -> Bytes {
        let mut writer = writer(v1::PART);
        writer.u64(self.modified_at.as_nanos());
        writer.varint(self.size_bytes);
        writer.etag(&self.etag);
        writer.checksum(self.checksum.as_ref());
        put_list(&mut writer, &self.held, |writer, (target, etag)| {
            put_target(writer, *target);
            put_option(writer, etag.as_ref(), Writer::etag);
        });
        writer.finish()
    }

    pub(crate) fn decode(value: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::open(value, v1::PART)?;
        let modified_at = timestamp(&mut reader)?;
        let (size_bytes, etag, checksum) = (reader.varint()?, reader.etag()?, reader.checksum()?);
        let held = list(&mut reader, |reader| -> Result<(TargetNumber, Option<ETag>), Malformed> {
            Ok((target(reader)?, option(reader, Reader::etag)?))
        })?;
        reader.finish()?;
        Ok(Self { size_bytes, etag, checksum, modified_at, held })
    }
}

impl FinishedRecord {
    pub(crate) fn encode(&self) -> Bytes {
        let mut writer = writer(v1::FINISHED);
        writer.u64(self.until.as_nanos());
        writer.u64(self.handle);
        writer.text(&self.key);
        writer.u64(self.sequence.0);
        writer.finish()
    }

    pub(crate) fn decode(value: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::open(value, v1::FINISHED)?;
        let (until, handle) = (timestamp(&mut reader)?, reader.u64()?);
        let (key, sequence) = (reader.text()?.to_owned(), sequence(&mut reader)?);
        reader.finish()?;
        Ok(Self { until, handle, key, sequence })
    }
}

impl AbortRecord {
    pub(crate) fn encode(&self) -> Bytes {
        let mut writer = writer(v1::ABORT);
        writer.text(self.bucket.as_str());
        writer.text(&self.key);
        writer.text(self.upload_id.as_str());
        writer.finish()
    }

    pub(crate) fn decode(value: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::open(value, v1::ABORT)?;
        let bucket = bucket_name(&mut reader)?;
        let (key, upload_id) = (reader.text()?.to_owned(), UploadId::from_text(reader.text()?));
        reader.finish()?;
        Ok(Self { bucket, key, upload_id })
    }
}

/// A version to be removed at a target: the target's own id of it.
pub(crate) fn encode_removal(version_id: &VersionId) -> Bytes {
    let mut writer = writer(v1::REMOVAL);
    writer.text(version_id.as_str());
    writer.finish()
}

/// Reads [`encode_removal`].
pub(crate) fn decode_removal(value: &[u8]) -> Result<VersionId, Malformed> {
    let mut reader = Reader::open(value, v1::REMOVAL)?;
    let version_id = VersionId::from_text(reader.text()?);
    reader.finish()?;
    Ok(version_id)
}

/// A target's number.
pub(crate) fn encode_target(number: TargetNumber) -> Bytes {
    let mut writer = writer(v1::TARGET);
    put_target(&mut writer, number);
    writer.finish()
}

/// Reads [`encode_target`].
pub(crate) fn decode_target(value: &[u8]) -> Result<TargetNumber, Malformed> {
    let mut reader = Reader::open(value, v1::TARGET)?;
    let number = target(&mut reader)?;
    reader.finish()?;
    Ok(number)
}

/// Where an audit or a back-fill stands: bytes of its own.
pub(crate) fn encode_cursor(value: &[u8]) -> Bytes {
    let mut writer = writer(v1::CURSOR);
    writer.raw(value);
    writer.finish()
}

/// Reads [`encode_cursor`].
pub(crate) fn decode_cursor(value: &[u8]) -> Result<&[u8], Malformed> {
    value.strip_prefix(&[v1::CURSOR]).ok_or(Malformed)
}
