use types::{BucketName, ObjectKey};

use crate::target::TargetNumber;

/// The layout of a cursor's value.
const LAYOUT: u8 = 1;

/// How far a back-fill of one bucket to one target has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackfillProgress {
    /// The journal's number for the bucket: the progress in one that was removed says nothing about its successor.
    pub(super) handle: u64,
    /// Keys that were brought to the target or found there.
    pub keys: u64,
    /// The last of them, in order.
    pub behind: Option<ObjectKey>,
}

/// What begins the names of all cursors of back-fills.
pub(crate) const NAMES: &[u8] = b"fill/";

/// Under which name the journal keeps how far a back-fill has come.
pub(crate) fn name(target: TargetNumber, bucket: &BucketName) -> Vec<u8> {
    [&names_of(target), bucket.as_str().as_bytes()].concat()
}

/// What begins the names of the cursors of one target's back-fills.
pub(crate) fn names_of(target: TargetNumber) -> Vec<u8> {
    [NAMES, &target.0.to_be_bytes()].concat()
}

/// Target and bucket of a cursor's name.
pub(crate) fn parse_name(name: &[u8]) -> Option<(TargetNumber, BucketName)> {
    let (target, bucket) = name.strip_prefix(NAMES)?.split_first_chunk()?;
    Some((
        TargetNumber(u16::from_be_bytes(*target)),
        BucketName::new(std::str::from_utf8(bucket).ok()?).ok()?,
    ))
}

impl BackfillProgress {
    /// The layout's number, handle and count of eight bytes each, little-endian, and the key.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut value = vec![LAYOUT];
        value.extend_from_slice(&self.handle.to_le_bytes());
        value.extend_from_slice(&self.keys.to_le_bytes());
        value.extend_from_slice(self.behind.as_ref().map_or(&[], |key| key.as_str().as_bytes()));
        value
    }

    /// `None` where the value is of another layout: such a back-fill begins anew.
    pub(crate) fn decode(value: &[u8]) -> Option<Self> {
        let (handle, rest) = value.strip_prefix(&[LAYOUT])?.split_first_chunk()?;
        let (keys, key) = rest.split_first_chunk()?;
        let key = std::str::from_utf8(key).ok()?;
        Some(Self {
            handle: u64::from_le_bytes(*handle),
            keys: u64::from_le_bytes(*keys),
            behind: ObjectKey::new(key).ok(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_and_its_bytes_stay() {
        let progress = BackfillProgress { handle: 7, keys: 0x0102, behind: ObjectKey::new("k").ok() };
        let value = progress.encode();
        assert_eq!(value, [1, 7, 0, 0, 0, 0, 0, 0, 0, 2, 1, 0, 0, 0, 0, 0, 0, b'k']);
        assert_eq!(BackfillProgress::decode(&value), Some(progress));
        let begun = BackfillProgress { handle: 7, keys: 0, behind: None };
        assert_eq!(BackfillProgress::decode(&begun.encode()), Some(begun));
        assert_eq!(BackfillProgress::decode(&value[..16]), None);
        assert_eq!(BackfillProgress::decode(&[9; 20]), None);
        let bucket = BucketName::new("bucket").unwrap();
        let name = name(TargetNumber(258), &bucket);
        assert_eq!(name, b"fill/\x01\x02bucket");
        assert_eq!(parse_name(&name), Some((TargetNumber(258), bucket)));
    }
}
