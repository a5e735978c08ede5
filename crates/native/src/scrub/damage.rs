use std::fmt;

use blob::BlobId;
use types::{BucketName, VersionId};

/// What is wrong with something stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DamageKind {
    /// The record cannot be read: it does not match its checksum.
    RecordUnreadable,
    /// The record's layout is not one of ours.
    RecordMalformed,
    /// The record contradicts another; says how.
    Contradiction(&'static str),
    /// Bytes that the record refers to are not there.
    DataMissing,
    /// The bytes that the record refers to are of another size.
    DataSize,
    /// The record uses a blob or table without saying so where the collector looks.
    Unreferenced,
    /// The blob cannot be opened.
    BlobUnreadable,
    /// Bytes of the blob do not match their checksums.
    BlobBytes,
}

/// Something damaged, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// What is wrong.
    pub kind: DamageKind,
    /// The family of the record, in one word.
    pub record: &'static str,
    /// The bucket, where known.
    pub bucket: Option<BucketName>,
    /// The object key, where there is one.
    pub key: Option<String>,
    /// The version, where there is one.
    pub version_id: Option<VersionId>,
    /// The part, where there is one.
    pub part: Option<u32>,
    /// The blob, where there is one.
    pub blob: Option<BlobId>,
}

impl fmt::Display for DamageKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RecordUnreadable => "the record does not match its checksum",
            Self::RecordMalformed => "the record has an unknown layout",
            Self::Contradiction(how) => how,
            Self::DataMissing => "its bytes are missing",
            Self::DataSize => "its bytes have another size",
            Self::Unreferenced => "its bytes are not referred to, and could be removed",
            Self::BlobUnreadable => "the blob cannot be opened",
            Self::BlobBytes => "bytes of the blob do not match their checksums",
        })
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.record)?;
        if let Some(bucket) = &self.bucket {
            write!(f, " in bucket {bucket}")?;
        }
        if let Some(key) = &self.key {
            write!(f, ", key {key:?}")?;
        }
        if let Some(version) = &self.version_id {
            write!(f, ", version {version}")?;
        }
        if let Some(part) = self.part {
            write!(f, ", part {part}")?;
        }
        if let Some(blob) = self.blob {
            write!(f, ", blob {blob}")?;
        }
        write!(f, ": {}", self.kind)
    }
}
