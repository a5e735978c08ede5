use std::collections::BTreeMap;

use hash::FullObjectCrc;
use types::{ByteRange, Checksum, ChecksumAlgorithm, ChecksumKind};

/// The checksums of an object's ranges, until all are there and the whole can be verified.
pub(super) struct Sums {
    expected: Checksum,
    size_bytes: u64,
    ranges: BTreeMap<u64, (u64, Checksum)>,
    summed_bytes: u64,
}

/// What is known about the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Not all ranges are there.
    Open,
    /// It is as it should be.
    Right,
    /// It is not: this is the checksum that its bytes have.
    Wrong(Checksum),
    /// It cannot be told: a range was fetched twice.
    Unknown,
}

impl Sums {
    /// `None` where checksums of ranges do not make the whole's.
    pub(super) fn new(expected: Checksum, size_bytes: u64) -> Option<Self> {
        let is_combinable =
            expected.kind == ChecksumKind::FullObject && expected.algorithm.is_combinable() && size_bytes > 0;
        is_combinable.then(|| Self { expected, size_bytes, ranges: BTreeMap::new(), summed_bytes: 0 })
    }

    pub(super) fn algorithm(&self) -> ChecksumAlgorithm {
        self.expected.algorithm
    }

    pub(super) fn add(&mut self, range: ByteRange, checksum: &Checksum) -> Verdict {
        if self.ranges.insert(range.start, (range.end, *checksum)).is_some() {
            return Verdict::Unknown;
        }
        self.summed_bytes += range.len();
        if self.summed_bytes < self.size_bytes {
            return Verdict::Open;
        }
        self.verdict().unwrap_or(Verdict::Unknown)
    }

    fn verdict(&self) -> Option<Verdict> {
        let mut whole = FullObjectCrc::new(self.expected.algorithm)?;
        let mut position = 0;
        for (start, (end, checksum)) in &self.ranges {
            if *start != position {
                return None;
            }
            whole = whole.append(checksum, end - start)?;
            position = *end;
        }
        let found = whole.finish();
        let is_right = found.value == self.expected.value;
        (position == self.size_bytes).then_some(if is_right { Verdict::Right } else { Verdict::Wrong(found) })
    }
}

#[cfg(test)]
mod tests {
    use hash::Hasher;

    use super::*;

    const BYTES: &[u8] = b"the bytes of an object in three ranges";

    fn added(order: [usize; 3], bytes: &[u8]) -> Vec<Verdict> {
        let expected = Hasher::checksum(ChecksumAlgorithm::Crc64Nvme, BYTES);
        let mut sums = Sums::new(expected, BYTES.len() as u64).unwrap();
        let cuts = [0, 5, 20, bytes.len()];
        let add = |place: usize| {
            let (start, end) = (cuts[place], cuts[place + 1]);
            let range = ByteRange { start: start as u64, end: end as u64 };
            sums.add(range, &Hasher::checksum(ChecksumAlgorithm::Crc64Nvme, &bytes[start..end]))
        };
        order.into_iter().map(add).collect()
    }

    #[test]
    fn ranges_in_any_order_make_the_whole() {
        for order in [[0, 1, 2], [2, 0, 1], [1, 2, 0]] {
            assert_eq!(added(order, BYTES), [Verdict::Open, Verdict::Open, Verdict::Right]);
        }
    }

    #[test]
    fn a_wrong_byte_anywhere_makes_the_whole_wrong() {
        for place in [0, 10, BYTES.len() - 1] {
            let mut bytes = BYTES.to_vec();
            bytes[place] ^= 1;
            let found = Hasher::checksum(ChecksumAlgorithm::Crc64Nvme, &bytes);
            assert_eq!(added([0, 1, 2], &bytes)[2], Verdict::Wrong(found));
        }
    }

    #[test]
    fn a_range_that_came_twice_tells_nothing() {
        assert_eq!(added([0, 0, 1], BYTES)[1], Verdict::Unknown);
    }

    #[test]
    fn only_checksums_of_the_whole_that_combine_are_summed() {
        let sha = Hasher::checksum(ChecksumAlgorithm::Sha256, BYTES);
        assert!(Sums::new(sha, 38).is_none());
        let composite = Checksum::composite(ChecksumAlgorithm::Crc32, &[0; 4], 2).unwrap();
        assert!(Sums::new(composite, 38).is_none());
    }
}
