use std::io::{self, IoSlice};
use std::path::Path;

use super::options::Durability;
use crate::fs::FileSystem;

const NAME: &str = "swept";
const NEW_NAME: &str = "swept.new";

const MAGIC: [u8; 8] = *b"SLUICESW";
const VERSION: u32 = 1;
const FILE_BYTES: usize = 24;
const CRC_AT: usize = 20;

/// Reads up to which epoch, exclusive, everything is settled. Zero where the file is missing or damaged: then all is swept
/// again, which is slow and safe.
pub(super) fn read(fs: &dyn FileSystem) -> io::Result<u64> {
    let file = match fs.open(Path::new(NAME)) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(error),
    };
    let mut bytes = [0; FILE_BYTES];
    let length = file.read_at(0, &mut bytes)?;
    decode(&bytes[..length])
}

/// Replaces the file, atomically and, under strict durability, durably.
pub(super) fn write(fs: &dyn FileSystem, epoch: u64, durability: Durability) -> io::Result<()> {
    match fs.remove(Path::new(NEW_NAME)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let file = fs.create(Path::new(NEW_NAME))?;
    file.write_at(0, &[IoSlice::new(&encode(epoch))])?;
    if durability == Durability::Strict {
        file.sync()?;
    }
    fs.rename(Path::new(NEW_NAME), Path::new(NAME))?;
    match durability {
        Durability::Strict => fs.sync_directory(Path::new("")),
        Durability::Relaxed => Ok(()),
    }
}

fn encode(epoch: u64) -> [u8; FILE_BYTES] {
    let mut bytes = [0; FILE_BYTES];
    bytes[..8].copy_from_slice(&MAGIC);
    bytes[8..12].copy_from_slice(&VERSION.to_le_bytes());
    bytes[12..20].copy_from_slice(&epoch.to_le_bytes());
    let crc = crc_fast::crc32_iscsi(&bytes[..CRC_AT]);
    bytes[CRC_AT..].copy_from_slice(&crc.to_le_bytes());
    bytes
}

fn decode(bytes: &[u8]) -> io::Result<u64> {
    let Ok(bytes) = <&[u8; FILE_BYTES]>::try_from(bytes) else { return Ok(0) };
    let field = |at: usize| std::array::from_fn::<u8, 8, _>(|place| bytes[at + place]);
    let crc = crc_fast::crc32_iscsi(&bytes[..CRC_AT]);
    if bytes[..8] != MAGIC || bytes[CRC_AT..] != crc.to_le_bytes() {
        return Ok(0);
    }
    if bytes[8..12] != VERSION.to_le_bytes() {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the file `swept` has an unknown version"));
    }
    Ok(u64::from_le_bytes(field(12)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Frozen: version 1 as released.
    const GOLDEN: [u8; FILE_BYTES] = *b"SLUICESW\x01\0\0\0\x34\x12\0\0\0\0\0\0\x86\x65\xf8\x08";

    #[test]
    fn version_1_is_as_it_was_released() {
        assert_eq!(encode(0x1234), GOLDEN);
        assert_eq!(decode(&GOLDEN).unwrap(), 0x1234);
    }

    #[test]
    fn damage_sweeps_all_again_and_an_unknown_version_is_an_error() {
        for length in 0..FILE_BYTES {
            assert_eq!(decode(&GOLDEN[..length]).unwrap(), 0);
        }
        for bit in 0..FILE_BYTES * 8 {
            let mut bytes = GOLDEN;
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(decode(&bytes).unwrap(), 0, "bit {bit}");
        }
        let mut later = encode(1);
        later[8] = 2;
        let crc = crc_fast::crc32_iscsi(&later[..CRC_AT]);
        later[CRC_AT..].copy_from_slice(&crc.to_le_bytes());
        assert!(decode(&later).is_err());
    }
}
