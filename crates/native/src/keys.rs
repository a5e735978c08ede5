use bytes::{BufMut, Bytes, BytesMut};
pub(crate) use meta::{KeyRange, behind_key, behind_prefix};
use store::Bucket;
use types::{BucketName, ObjectKey};

use crate::ids::{DataId, UploadNumber};

/// The first byte of every key: which kind of record stands there. Frozen: these bytes are on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Family {
    /// Bucket records, by name.
    Bucket = b'b',
    /// Completed uploads, kept for repeated completions.
    Completed = b'c',
    /// Bytes of small objects and parts.
    Data = b'd',
    /// Work for the collector.
    ToDo = b'g',
    /// What a versioned key has beside its rows of versions.
    KeyState = b'k',
    /// Current objects.
    Current = b'o',
    /// Parts of unfinished uploads.
    Part = b'p',
    /// Who refers to a blob.
    BlobReference = b'r',
    /// Who refers to a part table.
    TableReference = b's',
    /// Pages of part tables.
    PartPage = b't',
    /// Unfinished uploads.
    Upload = b'u',
    /// Noncurrent versions and delete markers.
    Version = b'v',
}

fn begin(family: Family, capacity: usize) -> BytesMut {
    let mut key = BytesMut::with_capacity(1 + capacity);
    key.put_u8(family as u8);
    key
}

/// Length of what stands before an object key in rows of a bucket: the family and the bucket's handle.
pub(crate) const BUCKET_PREFIX_LEN: usize = 1 + 8;

/// The prefix of all rows of one family in a bucket.
pub(crate) fn in_bucket(family: Family, handle: u64) -> BytesMut {
    let mut key = begin(family, 8 + 64);
    key.put_u64(handle);
    key
}

/// A row of a family whose last component is the object key as it is: [`Family::Current`], [`Family::KeyState`].
pub(crate) fn plain(family: Family, bucket: &Bucket, key: &ObjectKey) -> Bytes {
    plain_of(family, bucket.handle, key.as_str())
}

/// As [`plain`], by the bucket's handle.
pub(crate) fn plain_of(family: Family, bucket_handle: u64, key: &str) -> Bytes {
    let mut row = begin(family, 8 + key.len());
    row.put_u64(bucket_handle);
    row.put_slice(key.as_bytes());
    row.freeze()
}

/// The bucket's row.
pub(crate) fn bucket(name: &BucketName) -> Bytes {
    bucket_prefix(name.as_str())
}

/// The prefix of all buckets whose names begin so.
pub(crate) fn bucket_prefix(prefix: &str) -> Bytes {
    let mut row = begin(Family::Bucket, prefix.len());
    row.put_slice(prefix.as_bytes());
    row.freeze()
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

/// Ends an escaped component; orders before everything that could continue it.
const TERMINATOR: [u8; 2] = [0, 0];
/// Bytes of a number as [`put_number`] writes it.
pub(crate) const NUMBER_LEN: usize = 11;

/// Writes a number so that order is kept and no UTF-8 text is ever found in it: six bits to a byte, each marked as a
/// continuation byte of UTF-8. A delimiter begins with another kind of byte, so folding never cuts a row here.
fn put_number(row: &mut BytesMut, number: u64) {
    for place in (0..NUMBER_LEN).rev() {
        row.put_u8(0x80 | (number >> (6 * place) & 0x3F) as u8);
    }
}

/// Reads [`put_number`].
fn number(bytes: &[u8]) -> Option<u64> {
    let continuation = bytes.len() == NUMBER_LEN && bytes.iter().all(|byte| byte >> 6 == 0b10);
    continuation.then(|| bytes.iter().fold(0, |number, byte| number << 6 | u64::from(byte & 0x3F)))
}

/// Takes `[escaped key][terminator][tail]` apart.
fn split_escaped(rest: &[u8], tail_len: usize) -> Option<(String, &[u8])> {
    let (head, tail) = rest.split_at_checked(rest.len().checked_sub(tail_len)?)?;
    Some((unescape(head.strip_suffix(&TERMINATOR)?)?, tail))
}

/// Reads [`put_escaped`].
pub(crate) fn unescape(escaped: &[u8]) -> Option<String> {
    if !escaped.contains(&0) {
        return std::str::from_utf8(escaped).ok().map(str::to_owned);
    }
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

/// The prefix of all noncurrent versions of a key, or all uploads to it.
pub(crate) fn escaped(family: Family, bucket: &Bucket, key: &str) -> BytesMut {
    escaped_of(family, bucket.handle, key)
}

fn escaped_of(family: Family, bucket_handle: u64, key: &str) -> BytesMut {
    let mut row = in_bucket(family, bucket_handle);
    put_escaped(&mut row, key.as_bytes());
    row.put_slice(&TERMINATOR);
    row
}

/// The row of a noncurrent version or delete marker; newer ones come first.
pub(crate) fn version(bucket: &Bucket, key: &str, sequence: u64) -> Bytes {
    version_of(bucket.handle, key, sequence)
}

/// As [`version`], by the bucket's handle.
pub(crate) fn version_of(bucket_handle: u64, key: &str, sequence: u64) -> Bytes {
    let mut row = escaped_of(Family::Version, bucket_handle, key);
    put_number(&mut row, !sequence);
    row.freeze()
}

/// The object key and sequence of a [`version`] row.
pub(crate) fn parse_version(row: &[u8]) -> Option<(String, u64)> {
    let (key, tail) = split_escaped(row.get(BUCKET_PREFIX_LEN..)?, NUMBER_LEN)?;
    Some((key, !number(tail)?))
}

/// The row of an unfinished upload; older ones come first.
pub(crate) fn upload(bucket: &Bucket, key: &str, upload: UploadNumber) -> Bytes {
    let mut row = escaped(Family::Upload, bucket, key);
    put_number(&mut row, upload.initiated_nanos);
    put_number(&mut row, upload.random);
    row.freeze()
}

/// The object key and number of an [`upload`] row.
pub(crate) fn parse_upload(row: &[u8]) -> Option<(String, UploadNumber)> {
    let (key, tail) = split_escaped(row.get(BUCKET_PREFIX_LEN..)?, 2 * NUMBER_LEN)?;
    let (initiated, random) = tail.split_at(NUMBER_LEN);
    Some((key, UploadNumber { initiated_nanos: number(initiated)?, random: number(random)? }))
}

/// The row of a completed upload.
pub(crate) fn completed(bucket_handle: u64, upload: UploadNumber) -> Bytes {
    let mut row = in_bucket(Family::Completed, bucket_handle);
    row.put_u64(upload.initiated_nanos);
    row.put_u64(upload.random);
    row.freeze()
}

/// The bytes of a small object or part.
pub(crate) fn data(id: DataId) -> Bytes {
    by_id(Family::Data, id.to_bytes())
}

/// The prefix of all rows of a family under one id.
pub(crate) fn by_id(family: Family, id: [u8; 16]) -> Bytes {
    let mut row = begin(family, 16);
    row.put_slice(&id);
    row.freeze()
}

/// A part of an unfinished upload, or a page of a part table.
pub(crate) fn numbered(family: Family, id: DataId, number: u32) -> Bytes {
    let mut row = begin(family, 20);
    row.put_slice(&id.to_bytes());
    row.put_u32(number);
    row.freeze()
}

/// The number at the end of a [`numbered`] row.
pub(crate) fn parse_numbered(row: &[u8]) -> Option<u32> {
    Some(u32::from_be_bytes(row.get(17..)?.try_into().ok()?))
}

/// A reference to a blob: by an object as a whole (`part` 0), or by one part of a table.
pub(crate) fn blob_reference(blob: blob::BlobId, owner: DataId, part: u32) -> Bytes {
    let mut row = begin(Family::BlobReference, 36);
    row.put_slice(&blob.to_bytes());
    row.put_slice(&owner.to_bytes());
    row.put_u32(part);
    row.freeze()
}

/// The blob of a [`blob_reference`] row.
pub(crate) fn parse_blob_reference(row: &[u8]) -> Option<blob::BlobId> {
    Some(blob::BlobId::from_bytes(row.get(1..17)?.try_into().ok()?))
}

/// A reference to a part table by an object.
pub(crate) fn table_reference(table: DataId, owner: DataId) -> Bytes {
    let mut row = begin(Family::TableReference, 32);
    row.put_slice(&table.to_bytes());
    row.put_slice(&owner.to_bytes());
    row.freeze()
}

#[cfg(test)]
mod tests;
