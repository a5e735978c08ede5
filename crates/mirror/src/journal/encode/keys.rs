use bytes::Bytes;
use record::{Malformed, Reader, Writer};
use types::VersionId;

use super::{
    ABSENT, PRESENT, UNRECORDED, list, option, origin, put_list, put_option, put_origin, put_target,
    sequence, target, timestamp, v1, writer,
};
use crate::journal::record::{CopyAt, CopyState, Current, Debt, Facts, Held, KeyState, Stray, Version, What};

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
const STRAY_WRONG: u8 = 2;

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
            writer.u8(match debt.stray {
                Stray::No => STRAY_NO,
                Stray::Maybe => STRAY_MAYBE,
                Stray::Wrong => STRAY_WRONG,
            });
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
                STRAY_WRONG => Stray::Wrong,
                _ => return Err(Malformed),
            };
            Ok(Debt { target, since, stray })
        })?;
        reader.finish()?;
        Ok(Self { current, null, debts })
    }
}
