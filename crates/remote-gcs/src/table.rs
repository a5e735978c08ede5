use store::PartSpan;
use types::{ByteRange, Checksum, ChecksumAlgorithm};

/// The parts of an object: number, size and checksum of each, in order of number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct PartTable(Vec<Part>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Part {
    number: u32,
    size_bytes: u64,
    checksum: Option<Checksum>,
}

/// What a written table begins with.
const VERSION: u8 = 1;
/// In place of an algorithm: the parts have no checksums.
const NO_CHECKSUMS: u8 = 255;

impl PartTable {
    /// A table without checksums.
    pub(crate) fn from_sizes(parts: impl Iterator<Item = (u32, u64)>) -> Self {
        parts.map(|(number, size_bytes)| (number, size_bytes, None)).collect()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn count(&self) -> u32 {
        u32::try_from(self.0.len()).unwrap_or(u32::MAX)
    }

    /// Number and size of each part.
    pub(crate) fn sizes(&self) -> impl Iterator<Item = (u32, u64)> + '_ {
        self.0.iter().map(|part| (part.number, part.size_bytes))
    }

    /// The parts with where they lie.
    pub(crate) fn spans(&self) -> impl Iterator<Item = PartSpan> + '_ {
        self.0.iter().scan(0_u64, |start, part| {
            let range = ByteRange { start: *start, end: start.saturating_add(part.size_bytes) };
            *start = range.end;
            Some(PartSpan { number: part.number, range, checksum: part.checksum })
        })
    }

    /// The table as bytes: version, algorithm, then number, size and checksum of each part, little-endian. Checksums are
    /// left out where not all parts have one of the same algorithm, and where they make it larger than `max_bytes`.
    pub(crate) fn write(&self, max_bytes: usize) -> Vec<u8> {
        let algorithm = self.algorithm().filter(|algorithm| {
            let part_bytes = 10 + algorithm.value_len();
            2 + self.0.len() * part_bytes <= max_bytes
        });
        let place = |algorithm| ChecksumAlgorithm::ALL.iter().position(|known| *known == algorithm);
        let tag =
            algorithm.and_then(place).and_then(|place| u8::try_from(place).ok()).unwrap_or(NO_CHECKSUMS);
        let mut bytes = vec![VERSION, tag];
        for part in &self.0 {
            bytes.extend_from_slice(&(part.number as u16).to_le_bytes());
            bytes.extend_from_slice(&part.size_bytes.to_le_bytes());
            if let (Some(_), Some(checksum)) = (algorithm, &part.checksum) {
                bytes.extend_from_slice(checksum.value.as_bytes());
            }
        }
        bytes
    }

    /// The algorithm that every part has a checksum of.
    fn algorithm(&self) -> Option<ChecksumAlgorithm> {
        let algorithm = self.0.first()?.checksum?.algorithm;
        let has = |part: &Part| part.checksum.is_some_and(|checksum| checksum.algorithm == algorithm);
        self.0.iter().all(has).then_some(algorithm)
    }

    /// Reads what [`PartTable::write`] wrote; `None` for anything else.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let (head, mut rest) = bytes.split_first_chunk::<2>()?;
        if head[0] != VERSION {
            return None;
        }
        let algorithm = match head[1] {
            NO_CHECKSUMS => None,
            place => Some(*ChecksumAlgorithm::ALL.get(usize::from(place))?),
        };
        let value_len = algorithm.map_or(0, ChecksumAlgorithm::value_len);
        let mut parts = Vec::new();
        while !rest.is_empty() {
            let (number, after) = rest.split_first_chunk::<2>()?;
            let (size, after) = after.split_first_chunk::<8>()?;
            let (value, after) = after.split_at_checked(value_len)?;
            rest = after;
            parts.push(Part {
                number: u16::from_le_bytes(*number).into(),
                size_bytes: u64::from_le_bytes(*size),
                checksum: algorithm.and_then(|algorithm| Checksum::full(algorithm, value)),
            });
        }
        Some(Self(parts))
    }
}

impl FromIterator<(u32, u64, Option<Checksum>)> for PartTable {
    fn from_iter<I: IntoIterator<Item = (u32, u64, Option<Checksum>)>>(parts: I) -> Self {
        let part = |(number, size_bytes, checksum)| Part { number, size_bytes, checksum };
        Self(parts.into_iter().map(part).collect())
    }
}

#[cfg(test)]
mod tests {
    use hash::Hasher;

    use super::*;

    #[test]
    fn a_table_is_read_as_it_was_written() {
        for algorithm in ChecksumAlgorithm::ALL {
            let sum = |n: u32| Some(Hasher::checksum(algorithm, &n.to_le_bytes()));
            let table: PartTable =
                [3, 5, 10_000].map(|n| (n, u64::from(n) << 20, sum(n))).into_iter().collect();
            assert_eq!(PartTable::read(&table.write(1 << 20)), Some(table));
        }
    }

    #[test]
    fn checksums_are_left_out_where_there_is_no_room() {
        let sum = Some(Hasher::checksum(ChecksumAlgorithm::Crc32, b""));
        let table: PartTable = (1..=10).map(|n| (n, 5, sum)).collect();
        assert_eq!(table.write(142).len(), 142);
        let without = PartTable::read(&table.write(141)).unwrap();
        assert_eq!(without, PartTable::from_sizes((1..=10).map(|n| (n, 5))));
        assert_eq!(without.spans().nth(2).unwrap().range, ByteRange { start: 10, end: 15 });
    }

    #[test]
    fn nonsense_is_refused() {
        for bytes in
            [&[][..], &[1], &[2, 255], &[1, 77], &[1, 255, 0], &[1, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9]]
        {
            assert_eq!(PartTable::read(bytes), None, "{bytes:?}");
        }
    }
}
