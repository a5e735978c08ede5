use std::fmt;

/// A half-open range of bytes, `start..end`, never empty unless the object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ByteRange {
    /// First byte, inclusive.
    pub start: u64,
    /// One past the last byte.
    pub end: u64,
}

impl ByteRange {
    /// The whole of an object of `size_bytes`.
    #[must_use]
    pub fn whole(size_bytes: u64) -> Self {
        Self { start: 0, end: size_bytes }
    }

    /// How many bytes the range covers.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.end.saturating_sub(self.start)
    }

    /// Whether the range covers no byte.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.end <= self.start
    }
}

/// One range as a client asks for it. Source: RFC 9110, section 14.1.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RangeSpec {
    /// `bytes=first-last`, both inclusive.
    FromTo {
        /// First byte.
        first: u64,
        /// Last byte, inclusive.
        last: u64,
    },
    /// `bytes=first-`.
    From(u64),
    /// `bytes=-length`: the last bytes.
    Suffix(u64),
}

/// The range lies outside the object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnsatisfiableRange;

impl fmt::Display for UnsatisfiableRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the range lies outside the object")
    }
}

impl std::error::Error for UnsatisfiableRange {}

impl RangeSpec {
    /// Reads a `Range` header. `None` where it is not one well-formed `bytes` range: such a header is ignored, as
    /// RFC 9110 asks and S3 does (several ranges in one header are ignored too).
    #[must_use]
    pub fn parse(header: &str) -> Option<Self> {
        let (unit, spec) = header.split_once('=')?;
        if !unit.trim().eq_ignore_ascii_case("bytes") {
            return None;
        }
        let (first, last) = spec.trim().split_once('-')?;
        match (first.trim(), last.trim()) {
            ("", "") => None,
            ("", suffix) => digits(suffix).map(Self::Suffix),
            (first, "") => digits(first).map(Self::From),
            (first, last) => {
                let (first, last) = (digits(first)?, digits(last)?);
                (first <= last).then_some(Self::FromTo { first, last })
            }
        }
    }

    /// Fits the range to an object of `size_bytes`; the end is cut to the object's.
    ///
    /// # Errors
    /// [`UnsatisfiableRange`] when no byte of the object is asked for.
    pub fn resolve(self, size_bytes: u64) -> Result<ByteRange, UnsatisfiableRange> {
        let range = match self {
            Self::FromTo { first, last } => {
                ByteRange { start: first, end: last.saturating_add(1).min(size_bytes) }
            }
            Self::From(first) => ByteRange { start: first, end: size_bytes },
            Self::Suffix(length) => ByteRange { start: size_bytes.saturating_sub(length), end: size_bytes },
        };
        if range.is_empty() { Err(UnsatisfiableRange) } else { Ok(range) }
    }
}

/// The range as a `Range` header has it.
impl fmt::Display for RangeSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FromTo { first, last } => write!(f, "bytes={first}-{last}"),
            Self::From(first) => write!(f, "bytes={first}-"),
            Self::Suffix(length) => write!(f, "bytes=-{length}"),
        }
    }
}

/// A decimal number; one too large for 64 bits counts as the largest.
fn digits(text: &str) -> Option<u64> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(header: &str, size: u64) -> Option<Result<(u64, u64), UnsatisfiableRange>> {
        RangeSpec::parse(header).map(|spec| spec.resolve(size).map(|range| (range.start, range.end)))
    }

    #[test]
    fn three_forms_resolve() {
        assert_eq!(resolve("bytes=0-0", 10), Some(Ok((0, 1))));
        assert_eq!(resolve("bytes=2-", 10), Some(Ok((2, 10))));
        assert_eq!(resolve("bytes=-3", 10), Some(Ok((7, 10))));
        assert_eq!(resolve("bytes=-30", 10), Some(Ok((0, 10))));
        assert_eq!(resolve("bytes=5-99999999999999999999999", 10), Some(Ok((5, 10))));
    }

    #[test]
    fn a_range_is_written_as_it_was_read() {
        for header in ["bytes=0-5", "bytes=7-", "bytes=-9"] {
            assert_eq!(RangeSpec::parse(header).unwrap().to_string(), header);
        }
    }

    #[test]
    fn outside_is_unsatisfiable_and_malformed_is_ignored() {
        assert_eq!(resolve("bytes=10-", 10), Some(Err(UnsatisfiableRange)));
        assert_eq!(resolve("bytes=-0", 10), Some(Err(UnsatisfiableRange)));
        assert_eq!(resolve("bytes=0-1", 0), Some(Err(UnsatisfiableRange)));
        for header in
            ["bytes=3-2", "bytes=-", "bytes=a-b", "items=0-1", "bytes=0-1,3-4", "bytes", "bytes=+1-2"]
        {
            assert_eq!(RangeSpec::parse(header), None, "{header}");
        }
    }
}
