use bytes::{BufMut, Bytes, BytesMut};
pub(super) use meta::{KeyRange, behind_key, behind_prefix};
use store::UploadId;
use types::{BucketName, ObjectKey};

/// The first byte of every key: which kind of record stands there. Frozen: these bytes are on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Family {
    /// What stands apart from an identity, being large.
    Apart = b'a',
    /// Buckets, by name.
    Bucket = b'b',
    /// Outcomes of completed uploads.
    Finished = b'f',
    /// Identities of objects.
    Identity = b'i',
    /// Parts of unfinished uploads.
    Part = b'p',
    /// Unfinished uploads.
    Upload = b'u',
    /// Values of the provider's own.
    Value = b'v',
    /// Uploads that are gone, whose parts are not yet.
    Gone = b'x',
}

fn begin(family: Family) -> BytesMut {
    let mut key = BytesMut::with_capacity(128);
    key.put_u8(family as u8);
    key
}

/// All rows of a family.
pub(super) fn family(family: Family) -> Bytes {
    begin(family).freeze()
}

/// A bucket's row.
pub(super) fn bucket(name: &BucketName) -> Bytes {
    let mut row = begin(Family::Bucket);
    row.put_slice(name.as_str().as_bytes());
    row.freeze()
}

/// The prefix of all rows of a family in a bucket. A bucket's name holds no NUL.
pub(super) fn in_bucket(family: Family, name: &BucketName) -> BytesMut {
    let mut row = begin(family);
    row.put_slice(name.as_str().as_bytes());
    row.put_u8(0);
    row
}

/// An object's identity.
pub(super) fn identity(bucket: &BucketName, key: &ObjectKey) -> Bytes {
    let mut row = in_bucket(Family::Identity, bucket);
    row.put_slice(key.as_str().as_bytes());
    row.freeze()
}

/// What stands apart from an object's identity.
pub(super) fn identity_apart(bucket: &BucketName, key: &ObjectKey) -> Bytes {
    let mut row = in_bucket(Family::Apart, bucket);
    row.put_slice(key.as_str().as_bytes());
    row.freeze()
}

/// A value of the provider's own.
pub(super) fn value(name: &[u8]) -> Bytes {
    let mut row = begin(Family::Value);
    row.put_slice(name);
    row.freeze()
}

/// An upload's number: what its id says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct UploadNumber {
    pub(super) initiated_nanos: u64,
    pub(super) random: u64,
}

impl UploadNumber {
    /// Reads an id; `None` where it is none of ours.
    pub(super) fn parse(id: &UploadId) -> Option<Self> {
        let text = id.as_str();
        let digits = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if text.len() != 32 || !text.bytes().all(digits) {
            return None;
        }
        let number = |part: &str| u64::from_str_radix(part, 16).ok();
        Some(Self { initiated_nanos: number(&text[..16])?, random: number(&text[16..])? })
    }

    pub(super) fn to_id(self) -> UploadId {
        UploadId::from_text(&format!("{:016x}{:016x}", self.initiated_nanos, self.random))
    }
}

/// Writes text so that another component can follow and order is kept: NUL becomes NUL FF. UTF-8 never holds FF, so the
/// writing of a delimiter is found in the writing of a key exactly where the delimiter is in the key.
pub(super) fn put_escaped(row: &mut BytesMut, text: &[u8]) {
    for (index, piece) in text.split(|byte| *byte == 0).enumerate() {
        if index > 0 {
            row.put_slice(&[0, u8::MAX]);
        }
        row.put_slice(piece);
    }
}

/// Reads [`put_escaped`].
pub(super) fn unescape(escaped: &[u8]) -> Option<String> {
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

/// The prefix of all uploads to a key; the key may be any text that a client sends as a marker.
pub(super) fn uploads_to(bucket: &BucketName, key: &str) -> BytesMut {
    let mut row = in_bucket(Family::Upload, bucket);
    put_escaped(&mut row, key.as_bytes());
    row.put_slice(&TERMINATOR);
    row
}

/// An unfinished upload; older ones of a key come first.
pub(super) fn upload(bucket: &BucketName, key: &str, upload: UploadNumber) -> Bytes {
    let mut row = uploads_to(bucket, key);
    put_number(&mut row, upload.initiated_nanos);
    put_number(&mut row, upload.random);
    row.freeze()
}

/// Bucket, key and number of an [`upload`] row.
pub(super) fn parse_upload(row: &[u8]) -> Option<(&str, String, UploadNumber)> {
    let rest = row.get(1..)?;
    let name_len = rest.iter().position(|byte| *byte == 0)?;
    let (name, rest) = (std::str::from_utf8(&rest[..name_len]).ok()?, &rest[name_len + 1..]);
    let (head, tail) = rest.split_at_checked(rest.len().checked_sub(2 * NUMBER_LEN)?)?;
    let key = unescape(head.strip_suffix(&TERMINATOR)?)?;
    let (initiated, random) = tail.split_at(NUMBER_LEN);
    let number = UploadNumber { initiated_nanos: number(initiated)?, random: number(random)? };
    Some((name, key, number))
}

/// The prefix of all rows of a family under an upload's number.
pub(super) fn of_upload(family: Family, upload: UploadNumber) -> BytesMut {
    let mut row = begin(family);
    row.put_u64(upload.initiated_nanos);
    row.put_u64(upload.random);
    row
}

/// The upload of an [`of_upload`] row.
pub(super) fn parse_of_upload(row: &[u8]) -> Option<UploadNumber> {
    let (initiated, rest) = row.get(1..)?.split_first_chunk()?;
    let (random, _) = rest.split_first_chunk()?;
    Some(UploadNumber {
        initiated_nanos: u64::from_be_bytes(*initiated),
        random: u64::from_be_bytes(*random),
    })
}

/// A part of an upload.
pub(super) fn part(upload: UploadNumber, number: u32) -> Bytes {
    let mut row = of_upload(Family::Part, upload);
    row.put_u32(number);
    row.freeze()
}

/// The number at the end of a [`part`] row.
pub(super) fn parse_part(row: &[u8]) -> Option<u32> {
    Some(u32::from_be_bytes(row.get(17..)?.try_into().ok()?))
}
