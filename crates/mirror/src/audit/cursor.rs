use types::{BucketName, ObjectKey};

use super::event::{Depth, VerifyCounts};

/// The layout of a cursor's value.
const LAYOUT: u8 = 1;
/// Bytes of the counts.
const COUNTS_BYTES: usize = 8 * 8;

/// Where an audit stands: the last key compared, and what was found up to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cursor {
    pub(super) key: ObjectKey,
    pub(super) counts: VerifyCounts,
}

/// Under which name the journal keeps the cursor of an audit.
pub(super) fn name(bucket: &BucketName, depth: Depth) -> Vec<u8> {
    [b"verify/", depth.name().as_bytes(), b"/", bucket.as_str().as_bytes()].concat()
}

impl Cursor {
    /// The layout's number, eight counts of eight bytes each, little-endian, and the key.
    pub(super) fn encode(&self) -> Vec<u8> {
        let VerifyCounts { compared, same, owed, only_on, differs, unreadable, repaired, bytes } =
            self.counts;
        let mut value = vec![LAYOUT];
        for count in [compared, same, owed, only_on, differs, unreadable, repaired, bytes] {
            value.extend_from_slice(&count.to_le_bytes());
        }
        value.extend_from_slice(self.key.as_str().as_bytes());
        value
    }

    /// `None` where the value is of another layout: such an audit begins anew.
    pub(super) fn decode(value: &[u8]) -> Option<Self> {
        let (counts, key) = value.strip_prefix(&[LAYOUT])?.split_at_checked(COUNTS_BYTES)?;
        let mut counts =
            counts.chunks_exact(8).filter_map(|count| Some(u64::from_le_bytes(count.try_into().ok()?)));
        let mut next = || counts.next();
        let counts = VerifyCounts {
            compared: next()?,
            same: next()?,
            owed: next()?,
            only_on: next()?,
            differs: next()?,
            unreadable: next()?,
            repaired: next()?,
            bytes: next()?,
        };
        Some(Self { key: ObjectKey::new(std::str::from_utf8(key).ok()?).ok()?, counts })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_and_its_bytes_stay() {
        let counts = VerifyCounts {
            compared: 1,
            same: 2,
            owed: 3,
            only_on: 4,
            differs: 5,
            unreadable: 6,
            repaired: 7,
            bytes: 0x0102_0304_0506_0708,
        };
        let cursor = Cursor { key: ObjectKey::new("a/b").unwrap(), counts };
        let value = cursor.encode();
        let mut golden = vec![1u8];
        for count in 1..=7u64 {
            golden.extend_from_slice(&[count as u8, 0, 0, 0, 0, 0, 0, 0]);
        }
        golden.extend_from_slice(&[8, 7, 6, 5, 4, 3, 2, 1]);
        golden.extend_from_slice(b"a/b");
        assert_eq!(value, golden);
        assert_eq!(Cursor::decode(&value), Some(cursor));
        for length in 0..=COUNTS_BYTES + 1 {
            assert_eq!(Cursor::decode(&value[..length]), None, "cut to {length}");
        }
        assert_eq!(Cursor::decode(&[2; 80]), None);
        assert_eq!(name(&BucketName::new("bucket").unwrap(), Depth::Deep), b"verify/deep/bucket");
    }
}
