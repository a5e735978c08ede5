use crate::Fold;

impl Fold {
    /// How long the prefix is that `key` folds to, the delimiter included; `None` where the key does not fold.
    #[must_use]
    pub fn prefix_len(&self, key: &[u8]) -> Option<usize> {
        let searched = key.get(self.from..)?;
        let place = match *self.delimiter {
            [] => return None,
            [byte] => searched.iter().position(|candidate| *candidate == byte)?,
            _ => searched.windows(self.delimiter.len()).position(|window| window == self.delimiter)?,
        };
        Some(self.from + place + self.delimiter.len())
    }
}

/// The first key that is greater than every key that begins with `prefix`; `None` where there is none, the prefix being
/// empty or all 0xFF.
#[must_use]
pub fn after_prefix(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|byte| *byte != u8::MAX)?;
    let mut next = prefix[..=last].to_vec();
    next[last] += 1;
    Some(next)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn fold(delimiter: &'static [u8], from: usize, key: &[u8]) -> Option<usize> {
        Fold { delimiter: Bytes::from_static(delimiter), from }.prefix_len(key)
    }

    #[test]
    fn a_prefix_ends_with_the_first_delimiter_at_or_after_from() {
        assert_eq!(fold(b"/", 0, b"a/b/c"), Some(2));
        assert_eq!(fold(b"/", 1, b"a/b/c"), Some(2));
        assert_eq!(fold(b"/", 2, b"a/b/c"), Some(4));
        assert_eq!(fold(b"/", 4, b"a/b/c"), None);
        assert_eq!(fold(b"/", 9, b"a/b/c"), None);
        assert_eq!(fold(b"--", 0, b"a-b--c"), Some(5));
        assert_eq!(fold(b"--", 0, b"a-"), None);
        assert_eq!(fold(b"", 0, b"a"), None);
    }

    #[test]
    fn the_key_after_a_prefix_passes_over_trailing_ff() {
        assert_eq!(after_prefix(b"a/"), Some(b"a0".to_vec()));
        assert_eq!(after_prefix(b"a\xFF\xFF"), Some(b"b".to_vec()));
        assert_eq!(after_prefix(b"\xFF"), None);
        assert_eq!(after_prefix(b""), None);
    }
}
