use aws_lc_rs::digest;
use types::{Checksum, ChecksumAlgorithm};
use xxhash_rust::{xxh3::Xxh3, xxh64::Xxh64};

use crate::Md5;

/// A running checksum of one algorithm.
///
/// Values are as S3 writes them: numbers big-endian, XXH with seed 0.
pub struct Hasher {
    algorithm: ChecksumAlgorithm,
    state: State,
}

#[allow(
    clippy::large_enum_variant,
    reason = "the common state is the largest; a box would cost each put an allocation"
)]
enum State {
    Crc(crc_fast::Digest),
    Sha(digest::Context),
    Md5(Box<Md5>),
    XxHash64(Box<Xxh64>),
    XxHash3(Box<Xxh3>),
}

impl Hasher {
    /// The checksum of nothing yet.
    #[must_use]
    pub fn new(algorithm: ChecksumAlgorithm) -> Self {
        use ChecksumAlgorithm as A;
        let crc = |algorithm| State::Crc(crc_fast::Digest::new(algorithm));
        let sha = |algorithm| State::Sha(digest::Context::new(algorithm));
        let state = match algorithm {
            A::Crc32 => crc(crc_fast::CrcAlgorithm::Crc32IsoHdlc),
            A::Crc32c => crc(crc_fast::CrcAlgorithm::Crc32Iscsi),
            A::Crc64Nvme => crc(crc_fast::CrcAlgorithm::Crc64Nvme),
            A::Sha1 => sha(&digest::SHA1_FOR_LEGACY_USE_ONLY),
            A::Sha256 => sha(&digest::SHA256),
            A::Sha512 => sha(&digest::SHA512),
            A::Md5 => State::Md5(Box::default()),
            A::XxHash64 => State::XxHash64(Box::new(Xxh64::new(0))),
            A::XxHash3 | A::XxHash128 => State::XxHash3(Box::new(Xxh3::new())),
        };
        Self { algorithm, state }
    }

    /// Adds bytes.
    pub fn update(&mut self, data: &[u8]) {
        match &mut self.state {
            State::Crc(crc) => crc.update(data),
            State::Sha(sha) => sha.update(data),
            State::Md5(md5) => md5.update(data),
            State::XxHash64(xxh) => xxh.update(data),
            State::XxHash3(xxh) => xxh.update(data),
        }
    }

    /// The full-object checksum of all bytes added.
    #[must_use]
    pub fn finish(self) -> Checksum {
        let algorithm = self.algorithm;
        let full = |value: &[u8]| {
            Checksum::full(algorithm, value).expect("each state gives a value of its algorithm's length")
        };
        match self.state {
            State::Crc(crc) => full(&crc.finalize().to_be_bytes()[8 - algorithm.value_len()..]),
            State::Sha(sha) => full(sha.finish().as_ref()),
            State::Md5(md5) => full(&md5.finish()),
            State::XxHash64(xxh) => full(&xxh.digest().to_be_bytes()),
            State::XxHash3(xxh) if algorithm == ChecksumAlgorithm::XxHash128 => {
                full(&xxh.digest128().to_be_bytes())
            }
            State::XxHash3(xxh) => full(&xxh.digest().to_be_bytes()),
        }
    }

    /// The checksum of `data`.
    #[must_use]
    pub fn checksum(algorithm: ChecksumAlgorithm, data: &[u8]) -> Checksum {
        let mut hasher = Self::new(algorithm);
        hasher.update(data);
        hasher.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of `123456789` from the catalogue of parametrised CRC algorithms, FIPS 180 tools and the xxHash command.
    #[test]
    fn matches_published_values() {
        use ChecksumAlgorithm as A;
        for (algorithm, expected) in [
            (A::Crc32, "cbf43926"),
            (A::Crc32c, "e3069283"),
            (A::Crc64Nvme, "ae8b14860a799888"),
            (A::Sha1, "f7c3bc1d808e04732adf679965ccc34ca7ae3441"),
            (A::Sha256, "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225"),
            (A::Md5, "25f9e794323b453885f5181f1b624d0b"),
            (A::XxHash64, "8cb841db40e6ae83"),
        ] {
            assert_eq!(
                format!("{:?}", Hasher::checksum(algorithm, b"123456789").value),
                expected,
                "{algorithm:?}"
            );
        }
        // Empty input: the constants that the xxHash specification prints.
        assert_eq!(format!("{:?}", Hasher::checksum(A::XxHash3, b"").value), "2d06800538d394c2");
        assert_eq!(
            format!("{:?}", Hasher::checksum(A::XxHash128, b"").value),
            "99aa06d3014798d86001c324468d497f"
        );
    }

    #[test]
    fn pieces_give_the_checksum_of_the_whole() {
        let data: Vec<u8> = (0..10_000u32).map(|n| (n % 253) as u8).collect();
        for algorithm in ChecksumAlgorithm::ALL {
            let mut hasher = Hasher::new(algorithm);
            data.chunks(333).for_each(|piece| hasher.update(piece));
            assert_eq!(hasher.finish(), Hasher::checksum(algorithm, &data));
        }
    }
}
