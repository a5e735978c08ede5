use types::ByteRange;

use super::cipher::TAG_BYTES;
use super::footer::FOOTER_BYTES;
use super::header::HEADER_BYTES;

/// Plain bytes of a segment; the last one of a stream may be shorter, and of an empty stream it is empty.
pub const SEGMENT_BYTES: usize = 64 * 1024;
/// Bytes of a whole segment as it is stored.
pub const SEALED_SEGMENT_BYTES: usize = SEGMENT_BYTES + TAG_BYTES;

/// How many segments a stream of `plain_bytes` has: at least one.
pub(crate) fn segments(plain_bytes: u64) -> u64 {
    plain_bytes.div_ceil(SEGMENT_BYTES as u64).max(1)
}

/// The size of a stream of `plain_bytes` as it is stored, without footer or padding; `None` past 64 bits.
pub(crate) fn sealed_stream(plain_bytes: u64) -> Option<u64> {
    let tags = segments(plain_bytes).checked_mul(TAG_BYTES as u64)?;
    plain_bytes.checked_add(tags)?.checked_add(HEADER_BYTES as u64)
}

/// The stored size of an object in one piece; `None` past 64 bits.
#[must_use]
pub fn stored_size(plain_bytes: u64) -> Option<u64> {
    sealed_stream(plain_bytes)?.checked_add(FOOTER_BYTES as u64)
}

/// The plain size of an object in one piece by its stored size; `None` where no object is stored in that many bytes.
#[must_use]
pub fn plain_size(stored_bytes: u64) -> Option<u64> {
    let sealed = stored_bytes.checked_sub((HEADER_BYTES + FOOTER_BYTES) as u64)?;
    let count = sealed.div_ceil(SEALED_SEGMENT_BYTES as u64).max(1);
    let plain = sealed.checked_sub(count * TAG_BYTES as u64)?;
    (segments(plain) == count).then_some(plain)
}

/// Where in a stream the sealed segments stand that hold a range of its plain bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    /// The first segment.
    pub(crate) first: u64,
    /// One past the last segment.
    pub(crate) end: u64,
    /// Where their bytes stand, from the stream's beginning.
    pub(crate) stored: ByteRange,
}

/// The segments that hold `range` of a stream of `plain_bytes`; the range is not empty and lies inside.
pub(crate) fn span(range: ByteRange, plain_bytes: u64) -> Span {
    let segment = SEGMENT_BYTES as u64;
    let (first, end) = (range.start / segment, range.end.div_ceil(segment));
    let place = |index: u64| HEADER_BYTES as u64 + index * SEALED_SEGMENT_BYTES as u64;
    let stop = if end == segments(plain_bytes) {
        HEADER_BYTES as u64 + plain_bytes + end * TAG_BYTES as u64
    } else {
        place(end)
    };
    Span { first, end, stored: ByteRange { start: place(first), end: stop } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_sizes_follow_from_stored_ones_and_no_other_size_is_one() {
        let segment = SEGMENT_BYTES as u64;
        let edges = [0, 1, segment - 1, segment, segment + 1, 2 * segment, 7 * segment + 5, 1 << 40];
        for plain in edges {
            assert_eq!(plain_size(stored_size(plain).unwrap()), Some(plain));
        }
        let smallest = stored_size(0).unwrap();
        assert_eq!(plain_size(smallest - 1), None);
        // A second segment is never empty: between whole segments lie sizes of nothing.
        let whole = stored_size(segment).unwrap();
        for extra in 1..=TAG_BYTES as u64 {
            assert_eq!(plain_size(whole + extra), None, "{extra}");
        }
        assert_eq!(plain_size(whole + TAG_BYTES as u64 + 1), Some(segment + 1));
        assert_eq!(stored_size(u64::MAX), None);
    }

    #[test]
    fn spans_hold_their_ranges() {
        let plain = 3 * SEGMENT_BYTES as u64 + 10;
        let of = |start, end| span(ByteRange { start, end }, plain);
        let header = HEADER_BYTES as u64;
        let sealed = SEALED_SEGMENT_BYTES as u64;
        assert_eq!(of(0, 1).stored, ByteRange { start: header, end: header + sealed });
        let last = of(plain - 1, plain);
        assert_eq!((last.first, last.end), (3, 4));
        assert_eq!(last.stored, ByteRange { start: header + 3 * sealed, end: header + 3 * sealed + 26 });
        assert_eq!(of(0, plain).stored.end, sealed_stream(plain).unwrap());
    }
}
