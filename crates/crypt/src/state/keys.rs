use bytes::{BufMut, Bytes, BytesMut};
use types::{ChecksumAlgorithm, Timestamp};

/// What a row is about; its first byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    /// An object's entry.
    Entry = 1,
    /// An object's part table.
    Table = 2,
    /// An unfinished or completed upload.
    Upload = 3,
    /// A part of an unfinished upload.
    Part = 4,
    /// When a completed upload is forgotten.
    Due = 5,
}

pub(crate) type Hash = [u8; 32];

/// SHA-256: names of any length in rows of one length.
pub(crate) fn hash(text: &[u8]) -> Hash {
    let checksum = hash::Hasher::checksum(ChecksumAlgorithm::Sha256, text);
    checksum.value.as_bytes().try_into().expect("a SHA-256 has 32 bytes")
}

pub(crate) fn in_bucket(family: Family, handle: u64) -> BytesMut {
    let mut row = BytesMut::with_capacity(80);
    row.put_u8(family as u8);
    row.put_u64(handle);
    row
}

/// All rows of a key in a bucket.
pub(crate) fn of_key(family: Family, handle: u64, key: &Hash) -> BytesMut {
    let mut row = in_bucket(family, handle);
    row.put_slice(key);
    row
}

/// The row of one stored object: its key and the stored entity tag.
pub(crate) fn object(family: Family, handle: u64, key: &Hash, etag: &Hash) -> Bytes {
    let mut row = of_key(family, handle, key);
    row.put_slice(etag);
    row.freeze()
}

pub(crate) fn part(handle: u64, upload: &Hash, number: u32, etag: &Hash) -> Bytes {
    let mut row = of_key(Family::Part, handle, upload);
    row.put_u32(number);
    row.put_slice(etag);
    row.freeze()
}

/// Rows of parts with numbers above `after`.
pub(crate) fn parts_behind(handle: u64, upload: &Hash, after: u32) -> Bytes {
    let mut row = of_key(Family::Part, handle, upload);
    row.put_u32(after.saturating_add(1));
    row.freeze()
}

pub(crate) fn due(at: Timestamp, handle: u64, upload: &Hash) -> Bytes {
    let mut row = BytesMut::with_capacity(64);
    row.put_u8(Family::Due as u8);
    row.put_u64(at.as_millis());
    row.put_u64(handle);
    row.put_slice(upload);
    row.freeze()
}

/// The end of all rows that begin with `prefix`, exclusive.
pub(crate) fn end_of(prefix: &[u8]) -> Bytes {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < u8::MAX {
            end.push(last + 1);
            break;
        }
    }
    end.into()
}
