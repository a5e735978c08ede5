use std::path::PathBuf;

use types::Random;

use crate::BlobId;

const SEQUENCE_BITS: u32 = 16;
const RANDOM_BITS: u32 = 64;
const EPOCH_SHIFT: u32 = SEQUENCE_BITS + RANDOM_BITS;
/// Hexadecimal digits of an epoch's directory.
const EPOCH_DIGITS: usize = 12;
/// Hexadecimal digits of a blob's file.
const ID_DIGITS: usize = 32;

/// Makes the id of the `sequence`th blob of an epoch: 48 bits of epoch, 16 of sequence, 64 of chance. The first two make it
/// unique in this directory; the last tells it from the ids of another copy of the directory's history, such as a restored
/// backup.
pub(super) fn issue(epoch: u64, sequence: u16, random: &dyn Random) -> BlobId {
    let high = u128::from(epoch) << EPOCH_SHIFT | u128::from(sequence) << RANDOM_BITS;
    BlobId::from_u128(high | u128::from(random.next_u64()))
}

/// The epoch in which a blob was written.
pub(super) fn epoch_of(id: BlobId) -> u64 {
    (id.as_u128() >> EPOCH_SHIFT) as u64
}

/// The directory of an epoch.
pub(super) fn epoch_path(epoch: u64) -> PathBuf {
    format!("{epoch:0EPOCH_DIGITS$x}").into()
}

/// The file of a blob.
pub(super) fn blob_path(id: BlobId) -> PathBuf {
    format!("{:0EPOCH_DIGITS$x}/{id}", epoch_of(id)).into()
}

/// Reads the name of an epoch's directory.
pub(super) fn parse_epoch(name: &str) -> Option<u64> {
    u64::try_from(hexadecimal(name, EPOCH_DIGITS)?).ok()
}

/// Reads the name of a blob's file.
pub(super) fn parse_blob(name: &str) -> Option<BlobId> {
    hexadecimal(name, ID_DIGITS).map(BlobId::from_u128)
}

fn hexadecimal(name: &str, digits: usize) -> Option<u128> {
    let own = name.len() == digits && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    own.then(|| u128::from_str_radix(name, 16).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Ones;
    impl Random for Ones {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill(0xff);
        }
    }

    #[test]
    fn names_tell_the_id_and_the_epoch() {
        let id = issue(0x1234, 0x0fff, &Ones);
        assert_eq!(blob_path(id).to_str(), Some("000000001234/0000000012340fffffffffffffffffff"));
        assert_eq!(epoch_of(id), 0x1234);
        assert_eq!(parse_blob("0000000012340fffffffffffffffffff"), Some(id));
        assert_eq!(parse_epoch("000000001234"), Some(0x1234));
        assert_eq!(epoch_path(0x1234).to_str(), Some("000000001234"));
    }

    #[test]
    fn foreign_names_are_not_taken_for_ours() {
        for name in ["", "lost+found", "swept", "00000000123", "00000000123G", "+00000001234", "0000000012AB"]
        {
            assert_eq!(parse_epoch(name), None, "{name}");
            assert_eq!(parse_blob(name), None, "{name}");
        }
    }
}
