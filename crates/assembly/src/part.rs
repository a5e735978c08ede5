use store::UploadChecksum;
use types::{Checksum, ChecksumAlgorithm, ETag};

/// A part as it was uploaded.
pub trait UploadedPart {
    /// Its size.
    fn size_bytes(&self) -> u64;
    /// Whether this is its entity tag.
    fn has_etag(&self, etag: &ETag) -> bool;
    /// Its checksum, where one is kept.
    fn checksum(&self) -> Option<Checksum>;
}

/// The algorithm of an upload's parts: the one named when it was begun, else CRC64NVME.
#[must_use]
pub fn algorithm_of(upload: Option<UploadChecksum>) -> ChecksumAlgorithm {
    upload.map_or(ChecksumAlgorithm::Crc64Nvme, |named| named.algorithm)
}
