//! The parts of an object as the ledger keeps them beside its identity. Little-endian:
//!
//! | bytes | what |
//! |---|---|
//! | 1 | version, 1 |
//! | 1 | checksum algorithm of all parts, by its place in [`ChecksumAlgorithm::ALL`]; 255 where there is none |
//! | 4 | how many parts follow |
//! | 4, 8, n | of each: its number, its size, its checksum of the algorithm's length |
//!
//! Of an object in one piece nothing is kept: no bytes.

use types::{Checksum, ChecksumAlgorithm};

const VERSION: u8 = 1;
const NO_CHECKSUM: u8 = 255;

/// One part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TablePart {
    pub(crate) number: u32,
    pub(crate) size_bytes: u64,
    pub(crate) checksum: Option<Checksum>,
}

/// The parts of an object, none where it was uploaded in one piece.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct PartTable {
    pub(crate) parts: Vec<TablePart>,
}

impl PartTable {
    pub(crate) fn encode(&self) -> Vec<u8> {
        if self.parts.is_empty() {
            return Vec::new();
        }
        let algorithm = self.parts[0].checksum.map(|checksum| checksum.algorithm);
        // All parts bear the same algorithm's, or none of them counts.
        let algorithm = algorithm.filter(|algorithm| {
            self.parts.iter().all(|part| part.checksum.is_some_and(|kept| kept.algorithm == *algorithm))
        });
        let place = algorithm.and_then(|wanted| ChecksumAlgorithm::ALL.iter().position(|one| *one == wanted));
        let tag = place.and_then(|place| u8::try_from(place).ok()).unwrap_or(NO_CHECKSUM);
        let mut bytes = vec![VERSION, tag];
        bytes.extend_from_slice(&u32::try_from(self.parts.len()).unwrap_or(u32::MAX).to_le_bytes());
        for part in &self.parts {
            bytes.extend_from_slice(&part.number.to_le_bytes());
            bytes.extend_from_slice(&part.size_bytes.to_le_bytes());
            if let Some(checksum) = part.checksum.filter(|_| algorithm.is_some()) {
                bytes.extend_from_slice(checksum.value.as_bytes());
            }
        }
        bytes
    }

    /// `None` where the bytes are no such table.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        if bytes.is_empty() {
            return Some(Self::default());
        }
        let mut reader = bytes;
        let [version, tag] = take(&mut reader)?;
        let algorithm = match tag {
            NO_CHECKSUM => None,
            place => Some(*ChecksumAlgorithm::ALL.get(usize::from(place))?),
        };
        let count = u32::from_le_bytes(take(&mut reader)?);
        let mut parts = Vec::new();
        for _ in 0..count {
            let (number, size_bytes) =
                (u32::from_le_bytes(take(&mut reader)?), u64::from_le_bytes(take(&mut reader)?));
            let checksum = match algorithm {
                None => None,
                Some(algorithm) => {
                    let (value, rest) = reader.split_at_checked(algorithm.value_len())?;
                    reader = rest;
                    Some(Checksum::full(algorithm, value)?)
                }
            };
            parts.push(TablePart { number, size_bytes, checksum });
        }
        (version == VERSION && reader.is_empty()).then_some(Self { parts })
    }
}

fn take<const N: usize>(reader: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, rest) = reader.split_first_chunk::<N>()?;
    *reader = rest;
    Some(*taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_of_a_table_stay_what_they_are() {
        let checksum = Checksum::full(ChecksumAlgorithm::Crc32, &[1, 2, 3, 4]);
        let part = |number, size_bytes| TablePart { number, size_bytes, checksum };
        let table = PartTable { parts: vec![part(1, 5), part(7, 258)] };
        let golden = [
            1, 0, 2, 0, 0, 0, 1, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 7, 0, 0, 0, 2, 1, 0, 0, 0, 0,
            0, 0, 1, 2, 3, 4,
        ];
        assert_eq!(table.encode(), golden);
        assert_eq!(PartTable::decode(&golden), Some(table));
        assert_eq!(PartTable::decode(&[]), Some(PartTable::default()));
        for end in 1..golden.len() {
            assert_eq!(PartTable::decode(&golden[..end]), None, "cut at {end}");
        }
        assert_eq!(PartTable::decode(&[2, 255, 0, 0, 0, 0]), None);
    }
}
