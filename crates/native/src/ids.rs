use std::fmt;
use std::sync::Arc;

use store::UploadId;
use types::{Clock, Random, VersionId};

/// The id of stored data: of an object's inline bytes, of an upload's parts, of a part table, and of whoever refers to a
/// blob or table. The upper half is the time, so that rows made one after another stand one after another.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct DataId(u128);

impl DataId {
    /// A new id.
    pub(crate) fn new(clock: &dyn Clock, random: &dyn Random) -> Self {
        Self(u128::from(clock.now().as_nanos()) << 64 | u128::from(random.next_u64()))
    }

    /// As bytes that order as the ids do.
    pub(crate) fn to_bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }

    /// From [`DataId::to_bytes`].
    pub(crate) fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(u128::from_be_bytes(bytes))
    }
}

impl fmt::Debug for DataId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// A version of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Version {
    /// Its place among the versions of its key: grows with each.
    pub(crate) sequence: u64,
    /// What makes its id unguessable; none for the null version.
    pub(crate) random: Option<u64>,
}

impl Version {
    /// Whether this is the null version.
    pub(crate) fn is_null(self) -> bool {
        self.random.is_none()
    }

    /// The id that clients see: the sequence and the random part in hexadecimal, so that a look-up by id is a look-up by
    /// key.
    pub(crate) fn id(self) -> VersionId {
        match self.random {
            None => VersionId::Null,
            Some(random) => VersionId::Id(pair_to_text(self.sequence, random)),
        }
    }

    /// Reads an issued id; `None` for text that was never issued.
    pub(crate) fn from_text(text: &str) -> Option<Self> {
        let (sequence, random) = pair_from_text(text)?;
        Some(Self { sequence, random: Some(random) })
    }
}

/// The number of an upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct UploadNumber {
    /// When it was begun.
    pub(crate) initiated_nanos: u64,
    /// What makes its id unguessable.
    pub(crate) random: u64,
}

impl UploadNumber {
    /// The id that clients see.
    pub(crate) fn id(self) -> UploadId {
        UploadId::from_text(&pair_to_text(self.initiated_nanos, self.random))
    }

    /// Reads an issued id; `None` for text that was never issued.
    pub(crate) fn from_id(id: &UploadId) -> Option<Self> {
        let (initiated_nanos, random) = pair_from_text(id.as_str())?;
        Some(Self { initiated_nanos, random })
    }
}

const HALF_LEN: usize = 16;

fn pair_to_text(first: u64, second: u64) -> Arc<str> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let number = u128::from(first) << 64 | u128::from(second);
    let text: [u8; 2 * HALF_LEN] =
        std::array::from_fn(|place| DIGITS[(number >> (124 - 4 * place) & 15) as usize]);
    std::str::from_utf8(&text).expect("digits are ASCII").into()
}

fn pair_from_text(text: &str) -> Option<(u64, u64)> {
    let lower_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if text.len() != 2 * HALF_LEN || !text.bytes().all(lower_hex) {
        return None;
    }
    let (first, second) = text.split_at(HALF_LEN);
    Some((u64::from_str_radix(first, 16).ok()?, u64::from_str_radix(second, 16).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issued_id_is_read_back_and_no_other_text_is() {
        let version = Version { sequence: 0x0123_4567_89ab_cdef, random: Some(7) };
        let id = version.id();
        assert_eq!(id.as_str(), "0123456789abcdef0000000000000007");
        assert_eq!(Version::from_text(id.as_str()), Some(version));
        assert_eq!(Version { sequence: 3, random: None }.id(), VersionId::Null);
        for text in ["", "null", "0123456789ABCDEF0000000000000007", "+123456789abcdef0000000000000007", "é"]
        {
            assert_eq!(Version::from_text(text), None, "{text}");
        }
    }
}
