//! The index on disk: a header, then records of what happened, each with its own checksum.

use super::index::{Entry, NewEntry, QueueName};
use super::layout::{BLOCK_MAX_BYTES, Extent, Place, bytes_at, crc, u16_at, u32_at, u64_at};

/// The size of a record, and of the header, in bytes.
pub(super) const RECORD_BYTES: usize = 32;
const CRC_AT: usize = 28;

const MAGIC: [u8; 8] = *b"SLUICECI";
const VERSION: u32 = 1;

const KIND_INSERT: u8 = 1;
const KIND_PROMOTE: u8 = 2;
const KIND_REMOVE: u8 = 3;
const FLAG_MAIN: u8 = 1;
const FLAG_STATE: u8 = 2;

/// Bytes of a record or header.
pub(super) type Encoded = [u8; RECORD_BYTES];

/// What happened to a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Record {
    /// It is complete, and readable at its place. Takes the place of any block of its hash.
    Insert(Kept, QueueName),
    /// It went into the main queue.
    Promote(Gone),
    /// It is not there any more.
    Remove(Gone),
}

/// A block as the index on disk keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kept {
    pub(super) hash: u64,
    pub(super) scope: u32,
    pub(super) extent: Extent,
    pub(super) is_state: bool,
}

/// Which block: one that lies elsewhere is another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Gone {
    pub(super) hash: u64,
    pub(super) place: Place,
}

impl From<Kept> for NewEntry {
    fn from(kept: Kept) -> Self {
        let Kept { hash, scope, extent, is_state } = kept;
        Self { hash, scope, extent, is_state, reach: 0 }
    }
}

impl Record {
    /// That a block was put into a queue.
    pub(super) fn insert(new: &NewEntry, queue: QueueName) -> Self {
        let NewEntry { hash, scope, extent, is_state, reach: _ } = *new;
        Self::Insert(Kept { hash, scope, extent, is_state }, queue)
    }

    /// That a block is there.
    pub(super) fn of(entry: &Entry) -> Self {
        let kept = Kept {
            hash: entry.hash(),
            scope: entry.scope(),
            extent: entry.extent(),
            is_state: entry.is_state(),
        };
        Self::Insert(kept, entry.queue())
    }

    /// That a block went into the main queue.
    pub(super) fn promote(entry: &Entry) -> Self {
        Self::Promote(Gone { hash: entry.hash(), place: entry.extent().place })
    }

    /// That a block is gone.
    pub(super) fn remove(entry: &Entry) -> Self {
        Self::Remove(Gone { hash: entry.hash(), place: entry.extent().place })
    }

    pub(super) fn encode(&self) -> Encoded {
        let mut bytes = [0; RECORD_BYTES];
        let (kind, hash, place) = match self {
            Self::Insert(kept, queue) => {
                let main = if *queue == QueueName::Main { FLAG_MAIN } else { 0 };
                bytes[1] = main | if kept.is_state { FLAG_STATE } else { 0 };
                bytes[2..4].copy_from_slice(&kept.extent.footer.to_le_bytes());
                bytes[20..24].copy_from_slice(&kept.extent.length.to_le_bytes());
                bytes[24..28].copy_from_slice(&kept.scope.to_le_bytes());
                (KIND_INSERT, kept.hash, kept.extent.place)
            }
            Self::Promote(which) => (KIND_PROMOTE, which.hash, which.place),
            Self::Remove(which) => (KIND_REMOVE, which.hash, which.place),
        };
        bytes[0] = kind;
        bytes[4..12].copy_from_slice(&hash.to_le_bytes());
        bytes[12..16].copy_from_slice(&place.segment.to_le_bytes());
        bytes[16..20].copy_from_slice(&place.page.to_le_bytes());
        seal(bytes)
    }

    /// Reads a record; `None` where it is damaged.
    pub(super) fn decode(bytes: &Encoded) -> Option<Self> {
        if !is_whole(bytes) {
            return None;
        }
        let hash = u64_at(bytes, 4);
        let place = Place { segment: u32_at(bytes, 12), page: u32_at(bytes, 16) };
        let which = Gone { hash, place };
        match (bytes[0], bytes[1]) {
            (KIND_INSERT, flags) if flags & !(FLAG_MAIN | FLAG_STATE) == 0 => {
                let extent = Extent { place, length: u32_at(bytes, 20), footer: u16_at(bytes, 2) };
                let is_possible = (1..=BLOCK_MAX_BYTES).contains(&extent.length) && extent.footer > 0;
                let queue = if flags & FLAG_MAIN == 0 { QueueName::Small } else { QueueName::Main };
                let is_state = flags & FLAG_STATE != 0;
                let kept = Kept { hash, scope: u32_at(bytes, 24), extent, is_state };
                is_possible.then_some(Self::Insert(kept, queue))
            }
            (KIND_PROMOTE, 0) => Some(Self::Promote(which)),
            (KIND_REMOVE, 0) => Some(Self::Remove(which)),
            _ => None,
        }
    }
}

/// What the index on disk begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Header {
    /// It can be read.
    Known,
    /// It is damaged: nothing is known of the blocks.
    Damaged,
    /// A later release wrote it.
    Unknown(u32),
}

impl Header {
    /// The header that this release writes.
    pub(super) fn encode() -> Encoded {
        let mut bytes = [0; RECORD_BYTES];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..12].copy_from_slice(&VERSION.to_le_bytes());
        seal(bytes)
    }

    pub(super) fn decode(bytes: &Encoded) -> Self {
        if !is_whole(bytes) || bytes_at::<8>(bytes, 0) != MAGIC {
            return Self::Damaged;
        }
        match u32_at(bytes, 8) {
            VERSION => Self::Known,
            version => Self::Unknown(version),
        }
    }
}

fn seal(mut bytes: Encoded) -> Encoded {
    let sum = crc(&bytes[..CRC_AT]);
    bytes[CRC_AT..].copy_from_slice(&sum.to_le_bytes());
    bytes
}

fn is_whole(bytes: &Encoded) -> bool {
    u32_at(bytes, CRC_AT) == crc(&bytes[..CRC_AT])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records() -> [Record; 4] {
        let place = Place { segment: 7, page: 300 };
        let extent = Extent { place, length: 70_000, footer: 140 };
        let kept = Kept { hash: 0x0102_0304_0506_0708, scope: 0x1112_1314, extent, is_state: false };
        let gone = Gone { hash: kept.hash, place };
        [
            Record::Insert(kept, QueueName::Small),
            Record::Insert(Kept { is_state: true, ..kept }, QueueName::Main),
            Record::Promote(gone),
            Record::Remove(gone),
        ]
    }

    #[test]
    fn records_come_back_and_damaged_ones_do_not() {
        for record in records() {
            let bytes = record.encode();
            assert_eq!(Record::decode(&bytes), Some(record));
            for bit in 0..RECORD_BYTES * 8 {
                let mut damaged = bytes;
                damaged[bit / 8] ^= 1 << (bit % 8);
                assert_eq!(Record::decode(&damaged), None, "bit {bit} of {record:?}");
            }
        }
    }

    #[test]
    fn what_is_whole_and_makes_no_sense_is_damaged() {
        let [record, ..] = records();
        let changed = |at: usize, byte: u8| {
            let mut bytes = record.encode();
            bytes[at] = byte;
            Record::decode(&seal(bytes))
        };
        assert_eq!(changed(0, 0), None);
        assert_eq!(changed(0, 4), None);
        assert_eq!(changed(1, 4), None);
        assert_eq!(changed(23, 0xff), None, "longer than a block can be");
        assert!(changed(4, 9).is_some());
    }

    #[test]
    fn a_header_tells_damage_from_a_later_release() {
        let bytes = Header::encode();
        assert_eq!(Header::decode(&bytes), Header::Known);
        for bit in 0..RECORD_BYTES * 8 {
            let mut damaged = bytes;
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Header::decode(&damaged), Header::Damaged, "bit {bit}");
        }
        let mut later = bytes;
        later[8] = 9;
        assert_eq!(Header::decode(&seal(later)), Header::Unknown(9));
    }
}
