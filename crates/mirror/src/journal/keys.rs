use bytes::{BufMut, Bytes, BytesMut};
pub(crate) use meta::{KeyRange, behind_key, behind_prefix};
use types::{BucketName, ObjectKey};

use super::record::{Sequence, UploadNumber};
use crate::target::TargetNumber;

/// The first byte of every row: which kind of record stands there. Frozen: these bytes are on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Family {
    /// Uploads to be aborted at a target.
    Abort = b'a',
    /// Buckets, by name.
    Bucket = b'b',
    /// Where audits and back-fills stand.
    Cursor = b'c',
    /// Keys that a target owes, by target.
    Debt = b'd',
    /// Outcomes of completed uploads.
    Finished = b'f',
    /// Intents: what was begun at a key and has not been settled.
    Intent = b'i',
    /// The present state of keys.
    Key = b'k',
    /// Buckets that a target owes.
    BucketDebt = b'o',
    /// Parts of unfinished uploads.
    Part = b'p',
    /// Versions to be removed at a target.
    Removal = b'r',
    /// Numbers of targets, by name.
    Target = b't',
    /// Unfinished uploads.
    Upload = b'u',
    /// Noncurrent versions.
    Version = b'v',
}

fn begin(family: Family) -> BytesMut {
    let mut row = BytesMut::with_capacity(128);
    row.put_u8(family as u8);
    row
}

/// The prefix of all rows of a family.
pub(crate) fn family(family: Family) -> Bytes {
    begin(family).freeze()
}

/// A row of a family under a name.
pub(crate) fn named(family: Family, name: &[u8]) -> Bytes {
    let mut row = begin(family);
    row.put_slice(name);
    row.freeze()
}

/// The prefix of all rows of a family in the bucket of this handle.
pub(crate) fn in_bucket(family: Family, handle: u64) -> BytesMut {
    let mut row = begin(family);
    row.put_u64(handle);
    row
}

/// The row of a key in a family that has one row for each: [`Family::Key`], [`Family::Intent`].
pub(crate) fn of_key(family: Family, handle: u64, key: &str) -> Bytes {
    let mut row = in_bucket(family, handle);
    row.put_slice(key.as_bytes());
    row.freeze()
}

/// Handle and key of an [`of_key`] row.
pub(crate) fn parse_of_key(row: &[u8]) -> Option<(u64, ObjectKey)> {
    let (handle, key) = row.get(1..)?.split_first_chunk()?;
    Some((u64::from_be_bytes(*handle), ObjectKey::new(std::str::from_utf8(key).ok()?).ok()?))
}

/// The prefix of all rows of a family that concern a target.
pub(crate) fn of_target(family: Family, target: TargetNumber) -> BytesMut {
    let mut row = begin(family);
    row.put_u16(target.0);
    row
}

/// The prefix of all keys that a target owes in a bucket.
pub(crate) fn debts_in(target: TargetNumber, handle: u64) -> BytesMut {
    let mut row = of_target(Family::Debt, target);
    row.put_u64(handle);
    row
}

/// A key that a target owes; rows come in order of keys.
pub(crate) fn debt(target: TargetNumber, handle: u64, key: &str) -> Bytes {
    let mut row = debts_in(target, handle);
    row.put_slice(key.as_bytes());
    row.freeze()
}

/// Target, handle and key of a [`debt`] row.
pub(crate) fn parse_debt(row: &[u8]) -> Option<(TargetNumber, u64, ObjectKey)> {
    let (target, rest) = row.get(1..)?.split_first_chunk()?;
    let (handle, key) = rest.split_first_chunk()?;
    let key = ObjectKey::new(std::str::from_utf8(key).ok()?).ok()?;
    Some((TargetNumber(u16::from_be_bytes(*target)), u64::from_be_bytes(*handle), key))
}

/// A bucket that a target owes.
pub(crate) fn bucket_debt(target: TargetNumber, name: &BucketName) -> Bytes {
    let mut row = of_target(Family::BucketDebt, target);
    row.put_slice(name.as_str().as_bytes());
    row.freeze()
}

/// The name of a [`bucket_debt`] row.
pub(crate) fn parse_bucket_debt(row: &[u8]) -> Option<BucketName> {
    BucketName::new(std::str::from_utf8(row.get(3..)?).ok()?).ok()
}

/// Writes text so that another component can follow and order is kept: NUL becomes NUL FF. UTF-8 never holds FF, so the
/// writing of a delimiter is found in the writing of a key exactly where the delimiter is in the key.
pub(crate) fn put_escaped(row: &mut BytesMut, text: &[u8]) {
    for (index, piece) in text.split(|byte| *byte == 0).enumerate() {
        if index > 0 {
            row.put_slice(&[0, u8::MAX]);
        }
        row.put_slice(piece);
    }
}

/// Reads [`put_escaped`].
pub(crate) fn unescape(escaped: &[u8]) -> Option<String> {
    let mut key = Vec::with_capacity(escaped.len());
    let mut bytes = escaped.iter();
    while let Some(byte) = bytes.next() {
        key.push(*byte);
        if *byte == 0 && bytes.next() != Some(&u8::MAX) {
            return None;
        }
    }
    String::from_utf8(key).ok()
}

/// Ends an escaped component; orders before everything that could continue it.
const TERMINATOR: [u8; 2] = [0, 0];
/// Bytes of a number as [`put_number`] writes it.
const NUMBER_LEN: usize = 11;

/// Writes a number so that order is kept and no UTF-8 text is ever found in it: six bits to a byte, each marked as a
/// continuation byte of UTF-8. A delimiter begins with another kind of byte, so folding never cuts a row here.
fn put_number(row: &mut BytesMut, number: u64) {
    for place in (0..NUMBER_LEN).rev() {
        row.put_u8(0x80 | (number >> (6 * place) & 0x3F) as u8);
    }
}

fn number(bytes: &[u8]) -> Option<u64> {
    let continuation = bytes.len() == NUMBER_LEN && bytes.iter().all(|byte| byte >> 6 == 0b10);
    continuation.then(|| bytes.iter().fold(0, |number, byte| number << 6 | u64::from(byte & 0x3F)))
}

/// The prefix of all rows of a key in a family that has several of them: [`Family::Version`], [`Family::Upload`].
pub(crate) fn under_key(family: Family, handle: u64, key: &str) -> BytesMut {
    let mut row = in_bucket(family, handle);
    put_escaped(&mut row, key.as_bytes());
    row.put_slice(&TERMINATOR);
    row
}

/// A noncurrent version; newer ones of a key come first.
pub(crate) fn version(handle: u64, key: &str, sequence: Sequence) -> Bytes {
    let mut row = under_key(Family::Version, handle, key);
    put_number(&mut row, !sequence.0);
    row.freeze()
}

/// Key and sequence of a [`version`] row.
pub(crate) fn parse_version(row: &[u8]) -> Option<(ObjectKey, Sequence)> {
    let (head, tail) = row.get(9..)?.split_at_checked(row.len().checked_sub(9 + NUMBER_LEN)?)?;
    let key = unescape(head.strip_suffix(&TERMINATOR)?)?;
    Some((ObjectKey::new(&key).ok()?, Sequence(!number(tail)?)))
}

/// An unfinished upload; older ones of a key come first.
pub(crate) fn upload(handle: u64, key: &str, upload: UploadNumber) -> Bytes {
    let mut row = under_key(Family::Upload, handle, key);
    put_number(&mut row, upload.initiated_nanos);
    put_number(&mut row, upload.random);
    row.freeze()
}

/// Key and number of an [`upload`] row.
pub(crate) fn parse_upload(row: &[u8]) -> Option<(ObjectKey, UploadNumber)> {
    let (head, tail) = row.get(9..)?.split_at_checked(row.len().checked_sub(9 + 2 * NUMBER_LEN)?)?;
    let key = unescape(head.strip_suffix(&TERMINATOR)?)?;
    let (initiated, random) = tail.split_at(NUMBER_LEN);
    let number = UploadNumber { initiated_nanos: number(initiated)?, random: number(random)? };
    Some((ObjectKey::new(&key).ok()?, number))
}

/// The prefix of all rows of a family under an upload's number, and [`Family::Finished`]'s row.
pub(crate) fn of_upload(family: Family, upload: UploadNumber) -> BytesMut {
    let mut row = begin(family);
    row.put_u64(upload.initiated_nanos);
    row.put_u64(upload.random);
    row
}

/// The number of an upload's row that has nothing else: [`Family::Finished`].
pub(crate) fn parse_of_upload(row: &[u8]) -> Option<UploadNumber> {
    let (initiated, random) = row.get(1..)?.split_first_chunk()?;
    let (initiated_nanos, random) = (u64::from_be_bytes(*initiated), random.try_into().ok()?);
    Some(UploadNumber { initiated_nanos, random: u64::from_be_bytes(random) })
}

/// A part of an upload.
pub(crate) fn part(upload: UploadNumber, number: u32) -> Bytes {
    let mut row = of_upload(Family::Part, upload);
    row.put_u32(number);
    row.freeze()
}

/// The number at the end of a [`part`] row.
pub(crate) fn parse_part(row: &[u8]) -> Option<u32> {
    Some(u32::from_be_bytes(row.get(17..)?.try_into().ok()?))
}

/// An upload to be aborted at a target.
pub(crate) fn abort(target: TargetNumber, upload: UploadNumber) -> Bytes {
    let mut row = of_target(Family::Abort, target);
    row.put_u64(upload.initiated_nanos);
    row.put_u64(upload.random);
    row.freeze()
}

/// The prefix of the versions of a key to be removed at a target.
pub(crate) fn removals(target: TargetNumber, handle: u64, key: &str) -> BytesMut {
    let mut row = of_target(Family::Removal, target);
    row.put_u64(handle);
    put_escaped(&mut row, key.as_bytes());
    row.put_slice(&TERMINATOR);
    row
}

/// A version to be removed at a target, by the mirror's sequence of it.
pub(crate) fn removal(target: TargetNumber, handle: u64, key: &str, sequence: Sequence) -> Bytes {
    let mut row = removals(target, handle, key);
    put_number(&mut row, sequence.0);
    row.freeze()
}

/// The sequence at the end of a [`removal`] row.
pub(crate) fn parse_removal(row: &[u8]) -> Option<Sequence> {
    number(row.get(row.len().checked_sub(NUMBER_LEN)?..)?).map(Sequence)
}

/// The number at the end of an [`abort`] row.
pub(crate) fn parse_abort(row: &[u8]) -> Option<UploadNumber> {
    let (initiated, rest) = row.get(3..)?.split_first_chunk()?;
    let random = rest.try_into().ok()?;
    Some(UploadNumber { initiated_nanos: u64::from_be_bytes(*initiated), random: u64::from_be_bytes(random) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_every_key_parse_back_and_newer_versions_come_first() {
        for text in ["a", "a\0b", "\0", "a/b", "z\u{10FFFF}"] {
            let key = ObjectKey::new(text).unwrap();
            let rows = [7, 6].map(|number| version(5, text, Sequence(number)));
            assert!(rows[0] < rows[1]);
            assert_eq!(parse_version(&rows[0]), Some((key.clone(), Sequence(7))));
            let number = UploadNumber { initiated_nanos: 1, random: u64::MAX };
            assert_eq!(parse_upload(&upload(5, text, number)), Some((key.clone(), number)));
            assert_eq!(parse_of_key(&of_key(Family::Key, 5, text)), Some((5, key.clone())));
            assert_eq!(parse_debt(&debt(TargetNumber(2), 5, text)), Some((TargetNumber(2), 5, key)));
        }
    }

    #[test]
    fn the_longest_row_fits() {
        let key = "\0".repeat(types::KEY_MAX_BYTES);
        let longest = removal(TargetNumber(1), 2, &key, Sequence(3));
        assert!(longest.len() <= meta::ENCODED_KEY_MAX_BYTES, "{}", longest.len());
    }
}
