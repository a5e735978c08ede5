use std::fmt;

/// The ten checksum algorithms of S3. Source: "Checking object integrity in Amazon S3".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ChecksumAlgorithm {
    /// CRC-32, ISO-HDLC.
    Crc32,
    /// CRC-32C, Castagnoli.
    Crc32c,
    /// CRC-64/NVME.
    Crc64Nvme,
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
    /// MD5.
    Md5,
    /// XXH64.
    XxHash64,
    /// XXH3, 64 bits.
    XxHash3,
    /// XXH3, 128 bits.
    XxHash128,
}

impl ChecksumAlgorithm {
    /// Every algorithm.
    pub const ALL: [Self; 10] = [
        Self::Crc32,
        Self::Crc32c,
        Self::Crc64Nvme,
        Self::Sha1,
        Self::Sha256,
        Self::Sha512,
        Self::Md5,
        Self::XxHash64,
        Self::XxHash3,
        Self::XxHash128,
    ];

    /// The name in `x-amz-checksum-algorithm` and in XML.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Crc32 => "CRC32",
            Self::Crc32c => "CRC32C",
            Self::Crc64Nvme => "CRC64NVME",
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
            Self::Sha512 => "SHA512",
            Self::Md5 => "MD5",
            Self::XxHash64 => "XXHASH64",
            Self::XxHash3 => "XXHASH3",
            Self::XxHash128 => "XXHASH128",
        }
    }

    /// Reads a name in any letter case.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name().eq_ignore_ascii_case(name))
    }

    /// The length of a value in bytes.
    #[must_use]
    pub const fn value_len(self) -> usize {
        match self {
            Self::Crc32 | Self::Crc32c => 4,
            Self::Crc64Nvme | Self::XxHash64 | Self::XxHash3 => 8,
            Self::Md5 | Self::XxHash128 => 16,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }

    /// Whether values of parts combine into the value of the whole, so that a multipart object can bear a full-object
    /// checksum.
    #[must_use]
    pub const fn is_combinable(self) -> bool {
        matches!(self, Self::Crc32 | Self::Crc32c | Self::Crc64Nvme)
    }
}

/// What a multipart checksum covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChecksumKind {
    /// All bytes of the object.
    FullObject,
    /// The concatenated binary checksums of the parts.
    Composite,
}

impl ChecksumKind {
    /// The name in `x-amz-checksum-type` and in XML.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::FullObject => "FULL_OBJECT",
            Self::Composite => "COMPOSITE",
        }
    }
}

/// The binary value of a checksum, 4 to 64 bytes, big-endian where it is a number.
#[derive(Clone, Copy)]
pub struct ChecksumValue {
    len: u8,
    bytes: [u8; 64],
}

impl ChecksumValue {
    /// Takes at most 64 bytes; `None` for more.
    #[must_use]
    pub fn new(value: &[u8]) -> Option<Self> {
        let mut bytes = [0; 64];
        bytes.get_mut(..value.len())?.copy_from_slice(value);
        Some(Self { len: u8::try_from(value.len()).ok()?, bytes })
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

impl PartialEq for ChecksumValue {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for ChecksumValue {}

impl fmt::Debug for ChecksumValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// An object's or part's checksum: the algorithm, what it covers, the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checksum {
    /// The algorithm.
    pub algorithm: ChecksumAlgorithm,
    /// What the value covers; a single part's or a plain object's is a full-object checksum.
    pub kind: ChecksumKind,
    /// The value.
    pub value: ChecksumValue,
    /// For a composite one, how many parts it covers: it is written `BASE64-N`.
    pub part_count: Option<u32>,
}

impl Checksum {
    /// A checksum over all bytes. `None` when the length does not fit the algorithm.
    #[must_use]
    pub fn full(algorithm: ChecksumAlgorithm, value: &[u8]) -> Option<Self> {
        (value.len() == algorithm.value_len()).then_some(())?;
        Some(Self {
            algorithm,
            kind: ChecksumKind::FullObject,
            value: ChecksumValue::new(value)?,
            part_count: None,
        })
    }

    /// A checksum over the checksums of `part_count` parts. `None` when the length does not fit the algorithm.
    #[must_use]
    pub fn composite(algorithm: ChecksumAlgorithm, value: &[u8], part_count: u32) -> Option<Self> {
        Some(Self {
            kind: ChecksumKind::Composite,
            part_count: Some(part_count),
            ..Self::full(algorithm, value)?
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_lengths_agree() {
        for algorithm in ChecksumAlgorithm::ALL {
            assert_eq!(ChecksumAlgorithm::from_name(&algorithm.name().to_lowercase()), Some(algorithm));
            let value = vec![7; algorithm.value_len()];
            assert!(Checksum::full(algorithm, &value).is_some());
            assert!(Checksum::full(algorithm, &value[1..]).is_none());
        }
        assert!(ChecksumValue::new(&[0; 65]).is_none());
    }
}
