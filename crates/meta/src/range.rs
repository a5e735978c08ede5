use bytes::Bytes;

use crate::after_prefix;

/// A half-open range of keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRange {
    /// First key, inclusive.
    pub start: Bytes,
    /// End, exclusive.
    pub end: Bytes,
}

impl KeyRange {
    /// All keys that begin with `prefix`, which is not all 0xFF.
    #[must_use]
    pub fn of_prefix(prefix: &[u8]) -> Self {
        Self { start: Bytes::copy_from_slice(prefix), end: behind_prefix(prefix) }
    }

    /// The same range from `start` on.
    #[must_use]
    pub fn starting(self, start: Bytes) -> Self {
        Self { start: self.start.max(start), end: self.end }
    }

    /// The same range from behind `key` on.
    #[must_use]
    pub fn behind(self, key: &[u8]) -> Self {
        self.starting(behind_key(key))
    }
}

/// The least key that lies behind `key`.
#[must_use]
pub fn behind_key(key: &[u8]) -> Bytes {
    [key, &[0]].concat().into()
}

/// The least key that lies behind every key beginning with `prefix`; empty where there is none, the prefix being empty or all
/// 0xFF.
#[must_use]
pub fn behind_prefix(prefix: &[u8]) -> Bytes {
    after_prefix(prefix).unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_of_a_prefix_begins_with_it_and_ends_behind_all_that_begin_so() {
        let range = KeyRange::of_prefix(b"ab\xFF");
        assert_eq!((&range.start[..], &range.end[..]), (&b"ab\xFF"[..], &b"ac"[..]));
        assert_eq!(range.clone().behind(b"ab\xFFc").start, b"ab\xFFc\0"[..]);
        assert_eq!(range.clone().behind(b"a").start, range.start, "it never grows");
    }
}
