use crate::{Checksum, ChecksumAlgorithm};

/// Which checksum of a body the client expects or wants kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ExpectedChecksum {
    /// Nothing said: CRC64NVME is computed and kept.
    #[default]
    Default,
    /// Compute and keep this algorithm's.
    Compute(ChecksumAlgorithm),
    /// The value is known beforehand and must match.
    Value(Checksum),
    /// The value comes as the body's trailer, and must come and match.
    Trailer(ChecksumAlgorithm),
}

impl ExpectedChecksum {
    /// The algorithm to compute.
    #[must_use]
    pub fn algorithm(&self) -> ChecksumAlgorithm {
        match self {
            Self::Default => ChecksumAlgorithm::Crc64Nvme,
            Self::Compute(algorithm) | Self::Trailer(algorithm) => *algorithm,
            Self::Value(checksum) => checksum.algorithm,
        }
    }
}

/// What a body must turn out to be, verified before anything becomes visible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ExpectedDigests {
    /// `Content-MD5`.
    pub content_md5: Option<[u8; 16]>,
    /// The checksum.
    pub checksum: ExpectedChecksum,
}
