use crc_fast::CrcAlgorithm;
use types::{Checksum, ChecksumAlgorithm};

use crate::Hasher;

/// The CRC of a whole, combined from the CRCs of its parts without their bytes.
///
/// Source: "Full object checksums" in the Amazon S3 user guide; only CRCs combine.
#[derive(Debug, Clone, Copy)]
pub struct FullObjectCrc {
    algorithm: ChecksumAlgorithm,
    crc: CrcAlgorithm,
    value: Option<u64>,
}

impl FullObjectCrc {
    /// A whole of no parts yet; `None` where values of the algorithm do not combine.
    #[must_use]
    pub fn new(algorithm: ChecksumAlgorithm) -> Option<Self> {
        let crc = match algorithm {
            ChecksumAlgorithm::Crc32 => CrcAlgorithm::Crc32IsoHdlc,
            ChecksumAlgorithm::Crc32c => CrcAlgorithm::Crc32Iscsi,
            ChecksumAlgorithm::Crc64Nvme => CrcAlgorithm::Crc64Nvme,
            _ => return None,
        };
        Some(Self { algorithm, crc, value: None })
    }

    /// Appends a part of `size_bytes` with this checksum. `None` where the part's algorithm is another.
    #[must_use]
    pub fn append(mut self, part: &Checksum, size_bytes: u64) -> Option<Self> {
        if part.algorithm != self.algorithm {
            return None;
        }
        let part = part.value.as_bytes().iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
        self.value = Some(match self.value {
            None => part,
            Some(whole) => crc_fast::checksum_combine(self.crc, whole, part, size_bytes),
        });
        Some(self)
    }

    /// The checksum of the whole.
    #[must_use]
    pub fn finish(self) -> Checksum {
        match self.value {
            None => Hasher::new(self.algorithm).finish(),
            Some(value) => {
                Checksum::full(self.algorithm, &value.to_be_bytes()[8 - self.algorithm.value_len()..])
                    .expect("a CRC has its algorithm's length")
            }
        }
    }
}

/// The checksum of the concatenated binary checksums of parts, written `BASE64-N`.
#[must_use]
pub fn composite<'a>(
    algorithm: ChecksumAlgorithm,
    parts: impl IntoIterator<Item = &'a Checksum>,
) -> Checksum {
    let mut hasher = Hasher::new(algorithm);
    let mut count = 0;
    for part in parts {
        hasher.update(part.value.as_bytes());
        count += 1;
    }
    Checksum::composite(algorithm, hasher.finish().value.as_bytes(), count)
        .expect("a hasher gives a value of its algorithm's length")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_combine_to_the_whole() {
        let data: Vec<u8> = (0..50_000u32).map(|n| (n * 7 % 251) as u8).collect();
        for algorithm in ChecksumAlgorithm::ALL.into_iter().filter(|algorithm| algorithm.is_combinable()) {
            let mut whole = FullObjectCrc::new(algorithm).unwrap();
            for part in data.chunks(7001).chain([&[][..]]) {
                whole = whole.append(&Hasher::checksum(algorithm, part), part.len() as u64).unwrap();
            }
            assert_eq!(whole.finish(), Hasher::checksum(algorithm, &data));
            assert_eq!(
                FullObjectCrc::new(algorithm).unwrap().finish(),
                Hasher::checksum(algorithm, b""),
                "no parts"
            );
        }
        assert!(FullObjectCrc::new(ChecksumAlgorithm::Sha256).is_none());
    }
}
