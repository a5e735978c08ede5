use http::{HeaderMap, HeaderName, HeaderValue};
use store::UploadChecksum;
use types::{ChecksumAlgorithm, ChecksumKind, ObjectKey, Timestamp};

use super::Begun;

/// The version of the layout.
const FORMAT: u8 = 1;
/// In place of an algorithm: none.
const NONE: u8 = 0xff;

/// What the service does not tell of an upload: kept in the ledger under its bucket and id.
///
/// Layout, all numbers little-endian: format (1 byte), checksum named and checksum given (2 bytes each: place of the
/// algorithm in S3's list or 0xff, kind), seconds when begun (8 bytes), length of the key (2 bytes), key; then the headers
/// it was begun with, each as length of the name (2 bytes), name, length of the value (4 bytes), value. No check of its own:
/// the ledger's engine has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) struct UploadRecord {
    pub(in crate::store) begun: Begun,
    pub(in crate::store) initiated_at: Timestamp,
    pub(in crate::store) key: ObjectKey,
    pub(in crate::store) headers: HeaderMap,
}

impl UploadRecord {
    /// Writes the record.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = vec![FORMAT];
        for checksum in [self.begun.named, self.begun.given] {
            out.extend(
                checksum.map_or([NONE, NONE], |checksum| [place(checksum.algorithm), kind(checksum.kind)]),
            );
        }
        out.extend(self.initiated_at.as_secs().to_le_bytes());
        // A key has at most 1,024 bytes, a header that was sent fits HTTP's limits.
        out.extend((self.key.as_bytes().len() as u16).to_le_bytes());
        out.extend(self.key.as_bytes());
        for (name, value) in &self.headers {
            out.extend((name.as_str().len() as u16).to_le_bytes());
            out.extend(name.as_str().as_bytes());
            out.extend((value.len() as u32).to_le_bytes());
            out.extend(value.as_bytes());
        }
        out
    }

    /// Reads a record; `None` where it is none.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes;
        let [FORMAT] = take::<1>(&mut rest)? else { return None };
        let named = checksum(take(&mut rest)?)?;
        let given = checksum(take(&mut rest)?)?;
        let initiated_at = Timestamp::from_secs(u64::from_le_bytes(take(&mut rest)?));
        let length = u16::from_le_bytes(take(&mut rest)?);
        let key = ObjectKey::new(std::str::from_utf8(some(&mut rest, length.into())?).ok()?).ok()?;
        let mut headers = HeaderMap::new();
        while !rest.is_empty() {
            let length = u16::from_le_bytes(take(&mut rest)?);
            let name = HeaderName::from_bytes(some(&mut rest, length.into())?).ok()?;
            let length = u32::from_le_bytes(take(&mut rest)?);
            let value = some(&mut rest, usize::try_from(length).ok()?)?;
            headers.append(name, HeaderValue::from_bytes(value).ok()?);
        }
        Some(Self { begun: Begun { named, given }, initiated_at, key, headers })
    }
}

fn some<'a>(rest: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (head, tail) = rest.split_at_checked(length)?;
    *rest = tail;
    Some(head)
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    some(rest, N)?.try_into().ok()
}

fn place(algorithm: ChecksumAlgorithm) -> u8 {
    let place = ChecksumAlgorithm::ALL.iter().position(|other| *other == algorithm);
    u8::try_from(place.unwrap_or_default()).unwrap_or(NONE)
}

fn kind(kind: ChecksumKind) -> u8 {
    match kind {
        ChecksumKind::FullObject => 0,
        ChecksumKind::Composite => 1,
    }
}

/// Reads a checksum; the outer `None` where it is neither one nor none.
fn checksum(bytes: [u8; 2]) -> Option<Option<UploadChecksum>> {
    let kind = match bytes {
        [NONE, NONE] => return Some(None),
        [_, 0] => ChecksumKind::FullObject,
        [_, 1] => ChecksumKind::Composite,
        _ => return None,
    };
    let algorithm = *ChecksumAlgorithm::ALL.get(usize::from(bytes[0]))?;
    Some(Some(UploadChecksum { algorithm, kind }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn record() -> UploadRecord {
        let mut headers = HeaderMap::new();
        headers.insert("x-amz-meta-a", HeaderValue::from_static("1"));
        let given =
            UploadChecksum { algorithm: ChecksumAlgorithm::Crc64Nvme, kind: ChecksumKind::FullObject };
        UploadRecord {
            begun: Begun { named: None, given: Some(given) },
            initiated_at: Timestamp::from_secs(7),
            key: ObjectKey::new("k").unwrap(),
            headers,
        }
    }

    /// The released layout.
    #[test]
    fn the_layout_stays_as_it_is() {
        let golden = b"\x01\xff\xff\x02\x00\x07\0\0\0\0\0\0\0\x01\0k\x0c\0x-amz-meta-a\x01\0\0\x001";
        assert_eq!(record().encode(), golden);
        assert_eq!(UploadRecord::decode(golden), Some(record()));
    }

    #[test]
    fn what_is_cut_short_is_no_record() {
        let whole = record().encode();
        let headless = whole.len() - 19;
        for length in (0..whole.len()).filter(|length| *length != headless) {
            assert_eq!(UploadRecord::decode(&whole[..length]), None, "{length}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = UploadRecord::decode(&bytes);
        }
    }
}
