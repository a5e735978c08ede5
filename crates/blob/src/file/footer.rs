use super::failure::ReadFailure;
use super::layout::{BLOB_MAX_BYTES, Layout};
use crate::BlobId;

/// Bytes of the footer.
pub(super) const FOOTER_BYTES: usize = 48;

const MAGIC: [u8; 8] = *b"SLUICEBL";
const VERSION: u32 = 1;

const MAGIC_AT: usize = 0;
const VERSION_AT: usize = 8;
const ID_AT: usize = 16;
const SIZE_AT: usize = 32;
const CRC_AT: usize = 44;

/// The end of a blob's file: what the file is, and how large the blob.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Footer {
    pub(super) id: BlobId,
    pub(super) layout: Layout,
}

impl Footer {
    pub(super) fn encode(self) -> [u8; FOOTER_BYTES] {
        let mut bytes = [0; FOOTER_BYTES];
        bytes[MAGIC_AT..][..8].copy_from_slice(&MAGIC);
        bytes[VERSION_AT..][..4].copy_from_slice(&VERSION.to_le_bytes());
        bytes[ID_AT..][..16].copy_from_slice(&self.id.to_bytes());
        bytes[SIZE_AT..][..8].copy_from_slice(&self.layout.size_bytes.to_le_bytes());
        let crc = crc_fast::crc32_iscsi(&bytes[..CRC_AT]);
        bytes[CRC_AT..].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    pub(super) fn decode(bytes: &[u8; FOOTER_BYTES]) -> Result<Self, ReadFailure> {
        let crc = crc_fast::crc32_iscsi(&bytes[..CRC_AT]);
        if bytes[MAGIC_AT..][..8] != MAGIC || field::<4>(bytes, CRC_AT) != crc.to_le_bytes() {
            return Err(ReadFailure::Damaged("the footer is damaged"));
        }
        if u32::from_le_bytes(field(bytes, VERSION_AT)) != VERSION {
            return Err(ReadFailure::UnknownVersion);
        }
        let size_bytes = u64::from_le_bytes(field(bytes, SIZE_AT));
        if size_bytes > BLOB_MAX_BYTES {
            return Err(ReadFailure::Damaged("the size is over the limit"));
        }
        Ok(Self { id: BlobId::from_bytes(field(bytes, ID_AT)), layout: Layout::new(size_bytes) })
    }
}

/// The bytes of a field whose place and width are constants inside the footer.
fn field<const WIDTH: usize>(bytes: &[u8; FOOTER_BYTES], at: usize) -> [u8; WIDTH] {
    std::array::from_fn(|place| bytes[at + place])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn footer() -> Footer {
        Footer { id: BlobId::from_u128(7 << 100 | 9), layout: Layout::new(12345) }
    }

    #[test]
    fn what_is_encoded_decodes() {
        assert_eq!(Footer::decode(&footer().encode()).unwrap(), footer());
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        for bit in 0..FOOTER_BYTES * 8 {
            let mut bytes = footer().encode();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(matches!(Footer::decode(&bytes), Err(ReadFailure::Damaged(_))), "bit {bit}");
        }
    }

    #[test]
    fn an_unknown_version_is_told_apart_from_damage() {
        let mut bytes = footer().encode();
        bytes[VERSION_AT] = 2;
        let crc = crc_fast::crc32_iscsi(&bytes[..CRC_AT]);
        bytes[CRC_AT..].copy_from_slice(&crc.to_le_bytes());
        assert!(matches!(Footer::decode(&bytes), Err(ReadFailure::UnknownVersion)));
    }
}
