//! What stands behind a block's bytes: whose they are, and their checksums.

use super::key::{BlockKey, BlockKind, NAME_MAX_BYTES, Names, Source};
use super::layout::{BLOCK_MAX_BYTES, Extent, PIECE_BYTES, Place, crc, pieces, u16_at, u32_at, u64_at};

const MAGIC: [u8; 8] = *b"SLUICECB";
const VERSION: u32 = 1;
/// The fields before the checksums.
const FIXED_BYTES: usize = 56;
/// The checksum at the end.
const CRC_BYTES: usize = 4;

/// The longest footer, in bytes.
pub(super) const FOOTER_MAX_BYTES: usize =
    FIXED_BYTES + 4 * (BLOCK_MAX_BYTES / PIECE_BYTES) as usize + 4 * NAME_MAX_BYTES + CRC_BYTES;

const _: () = assert!(FOOTER_MAX_BYTES <= u16::MAX as usize, "the index keeps its length in 16 bits");

/// The length of the footer of such a block, in bytes.
pub(super) fn footer_bytes(key: &BlockKey, length: u32) -> u16 {
    let Names { store, bucket, key, tag } = key.source().names();
    let names = store.len() + bucket.len() + key.len() + tag.len();
    (FIXED_BYTES + 4 * pieces(length) as usize + names + CRC_BYTES) as u16
}

/// Writes the footer of a block.
pub(super) fn encode(key: &BlockKey, extent: &Extent, checksums: &[u32]) -> Vec<u8> {
    let source = key.source();
    let names = source.names();
    let parts = [names.store, names.bucket, names.key, names.tag];
    let mut bytes = Vec::with_capacity(usize::from(extent.footer));
    bytes.extend_from_slice(&MAGIC);
    bytes.extend_from_slice(&VERSION.to_le_bytes());
    bytes.extend_from_slice(&extent.place.segment.to_le_bytes());
    bytes.extend_from_slice(&extent.place.page.to_le_bytes());
    bytes.extend_from_slice(&extent.length.to_le_bytes());
    bytes.extend_from_slice(&key.hash().to_le_bytes());
    bytes.extend_from_slice(&source.block_bytes().to_le_bytes());
    bytes.extend_from_slice(&key.number().to_le_bytes());
    bytes.extend_from_slice(&[source.kind().to_byte(), 0, 0, 0]);
    bytes.extend_from_slice(&(checksums.len() as u32).to_le_bytes());
    parts.iter().for_each(|part| bytes.extend_from_slice(&(part.len() as u16).to_le_bytes()));
    checksums.iter().for_each(|checksum| bytes.extend_from_slice(&checksum.to_le_bytes()));
    parts.iter().for_each(|part| bytes.extend_from_slice(part.as_bytes()));
    let sum = crc(&bytes);
    bytes.extend_from_slice(&sum.to_le_bytes());
    bytes
}

/// A footer as it was found, whole and in its place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Footer<'a> {
    bytes: &'a [u8],
    length: u32,
    checksums_end: usize,
}

impl<'a> Footer<'a> {
    /// Reads the footer of the block at `extent`; `None` where it is not one.
    pub(super) fn decode(bytes: &'a [u8], extent: &Extent) -> Option<Self> {
        let (body, sum) = bytes.split_last_chunk::<CRC_BYTES>()?;
        if body.len() < FIXED_BYTES || crc(body) != u32::from_le_bytes(*sum) {
            return None;
        }
        let place = Place { segment: u32_at(body, 12), page: u32_at(body, 16) };
        let length = u32_at(body, 20);
        let is_here = body[..8] == MAGIC
            && u32_at(body, 8) == VERSION
            && place == extent.place
            && length == extent.length
            && u32_at(body, 44) == pieces(length);
        let checksums_end = FIXED_BYTES + 4 * pieces(length) as usize;
        let names: usize = (0..4).map(|part| usize::from(u16_at(body, 48 + 2 * part))).sum();
        (is_here && checksums_end + names == body.len()).then_some(Self {
            bytes: body,
            length,
            checksums_end,
        })
    }

    /// The checksum of each piece, in order.
    pub(super) fn checksums(&self) -> impl Iterator<Item = u32> + '_ {
        self.bytes[FIXED_BYTES..self.checksums_end].chunks_exact(4).map(|bytes| u32_at(bytes, 0))
    }

    /// The hash of the key.
    pub(super) fn hash(&self) -> u64 {
        u64_at(self.bytes, 24)
    }

    /// Whether this is the block that is asked for.
    pub(super) fn is_of(&self, key: &BlockKey) -> bool {
        let source = key.source();
        let (found, wanted) = (self.names(), source.names());
        let is_same_name = match source.kind() {
            BlockKind::Content => {
                found.is_some_and(|found| (found.store, found.tag) == (wanted.store, wanted.tag))
            }
            BlockKind::Data | BlockKind::State => found == Some(wanted),
        };
        is_same_name
            && self.bytes[40] == source.kind().to_byte()
            && u32_at(self.bytes, 32) == source.block_bytes()
            && u32_at(self.bytes, 36) == key.number()
    }

    /// The names; `None` where they are not text.
    pub(super) fn names(&self) -> Option<Names<'a>> {
        let mut start = self.checksums_end;
        let bytes = self.bytes;
        let mut next = |part: usize| {
            let end = start + usize::from(u16_at(bytes, 48 + 2 * part));
            let text = std::str::from_utf8(bytes.get(start..end)?).ok();
            start = end;
            text
        };
        Some(Names { store: next(0)?, bucket: next(1)?, key: next(2)?, tag: next(3)? })
    }

    /// The key of the block that the footer says it is; `None` where no key is made so.
    pub(super) fn key(&self) -> Option<BlockKey> {
        let kind = BlockKind::from_byte(self.bytes[40])?;
        let source = Source::new(kind, self.names()?, u32_at(self.bytes, 32))?;
        let key = BlockKey::new(&source, u32_at(self.bytes, 36));
        (key.hash() == self.hash() && self.length > 0).then_some(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> BlockKey {
        let names = Names { store: "far", bucket: "reports", key: "2026/a.csv", tag: "d41d8cd9" };
        BlockKey::new(&Source::new(BlockKind::Data, names, 1 << 20).unwrap(), 7)
    }

    fn extent(key: &BlockKey) -> Extent {
        let length = PIECE_BYTES + 10;
        Extent { place: Place { segment: 3, page: 40 }, length, footer: footer_bytes(key, length) }
    }

    #[test]
    fn a_footer_comes_back_whole() {
        let key = key();
        let extent = extent(&key);
        let bytes = encode(&key, &extent, &[11, 12]);
        assert_eq!(bytes.len(), usize::from(extent.footer));
        let footer = Footer::decode(&bytes, &extent).unwrap();
        assert_eq!(footer.checksums().collect::<Vec<_>>(), [11, 12]);
        assert!(footer.is_of(&key));
        assert_eq!(footer.key(), Some(key.clone()));
        assert!(!footer.is_of(&BlockKey::new(key.source(), 8)));
    }

    #[test]
    fn a_footer_in_another_place_or_of_another_length_is_none() {
        let key = key();
        let extent = extent(&key);
        let bytes = encode(&key, &extent, &[11, 12]);
        let place = Place { segment: 3, page: 41 };
        assert!(Footer::decode(&bytes, &Extent { place, ..extent }).is_none());
        assert!(Footer::decode(&bytes, &Extent { length: extent.length - 1, ..extent }).is_none());
        for bit in 0..bytes.len() * 8 {
            let mut damaged = bytes.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(Footer::decode(&damaged, &extent).is_none(), "bit {bit}");
        }
        for length in 0..bytes.len() {
            assert!(Footer::decode(&bytes[..length], &extent).is_none(), "{length} bytes");
        }
    }

    #[test]
    fn content_is_the_same_under_other_names() {
        let of = |key, tag| {
            let names = Names { store: "far", bucket: "b", key, tag };
            BlockKey::new(&Source::new(BlockKind::Content, names, 1 << 20).unwrap(), 0)
        };
        let first = of("first", "digest");
        let place = Place { segment: 1, page: 0 };
        let extent = Extent { place, length: 5, footer: footer_bytes(&first, 5) };
        let bytes = encode(&first, &extent, &[1]);
        let footer = Footer::decode(&bytes, &extent).unwrap();
        assert!(footer.is_of(&of("second", "digest")));
        assert!(!footer.is_of(&of("first", "other")));
    }
}
