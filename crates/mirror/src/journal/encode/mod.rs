//! The bytes of the journal's records, a file for each family of them.

mod buckets;
mod debts;
mod intents;
mod keys;
mod targets;
mod uploads;

use record::{Malformed, Reader, Writer};
use types::{BucketName, Timestamp};

use super::record::{Origin, Sequence};
use crate::target::TargetNumber;

pub(crate) use debts::{decode_debt, decode_removal, encode_debt, encode_removal};
pub(crate) use targets::{decode_cursor, decode_target, encode_cursor, encode_target};

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
