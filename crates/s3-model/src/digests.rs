use types::{Checksum, ChecksumAlgorithm, ChecksumKind};

/// Which checksum of the body a request speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BodyChecksum {
    /// None.
    #[default]
    Unnamed,
    /// An algorithm without a value: compute it and keep it.
    Compute(ChecksumAlgorithm),
    /// This value, given in a header, must match.
    Value(Checksum),
    /// The value follows the body as a trailer, and must come and match.
    Trailer(ChecksumAlgorithm),
}

/// What a request says that its body must turn out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BodyDigests {
    /// `Content-MD5`.
    pub content_md5: Option<[u8; 16]>,
    /// The checksum.
    pub checksum: BodyChecksum,
}

/// The checksum that a multipart upload is begun with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UploadChecksum {
    /// The algorithm of all parts.
    pub algorithm: ChecksumAlgorithm,
    /// What the checksum of the whole covers.
    pub kind: ChecksumKind,
}
