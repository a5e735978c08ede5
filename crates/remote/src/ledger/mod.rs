//! Records that a provider has no room for, over a metadata engine. `docs/format/ledger.md` shows their bytes.

mod buckets;
mod error;
#[cfg(test)]
mod golden;
mod identities;
mod keys;
mod parts;
mod record;
mod rows;
#[cfg(test)]
mod tests;
mod uploads;
mod values;

use assembly::UploadedPart;
use std::sync::Arc;

use meta::MetaStore;
use store::UploadChecksum;
use types::{BucketName, Checksum, ETag, ObjectKey, ObjectMetadata, Owner, Random, TagSet, Timestamp};

pub use identities::IDENTITY_PROVIDER_MAX_BYTES;

/// The most bytes of a provider's own in one record.
pub const PROVIDER_RECORD_MAX_BYTES: usize = 64 * 1024;

/// What one store keeps on this side. Cloning shares it.
#[derive(Clone)]
pub struct Ledger {
    meta: Arc<dyn MetaStore>,
}

impl Ledger {
    /// The ledger in this engine, which is the store's own.
    #[must_use]
    pub fn new(meta: Arc<dyn MetaStore>) -> Self {
        Self { meta }
    }
}

/// What S3 knows of a bucket beyond its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BucketRecord {
    /// Who owns it.
    pub owner: Owner,
    /// When it was made.
    pub created_at: Timestamp,
    /// Its tags.
    pub tags: TagSet,
    /// Whether it keeps versions.
    pub versioning: store::Versioning,
}

/// An unfinished upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadRecord {
    /// The bucket.
    pub bucket: BucketName,
    /// The key that the object will have.
    pub key: ObjectKey,
    /// Its id, from [`UploadRecord::issue_id`].
    pub id: store::UploadId,
    /// When it was begun.
    pub initiated_at: Timestamp,
    /// What the client said about the object.
    pub metadata: ObjectMetadata,
    /// The checksum named.
    pub checksum: Option<UploadChecksum>,
    /// The provider's own, at most [`PROVIDER_RECORD_MAX_BYTES`].
    pub provider: Vec<u8>,
}

impl UploadRecord {
    /// An id for an upload begun at this moment. Later ones of one key come later in listings.
    #[must_use]
    pub fn issue_id(initiated_at: Timestamp, random: &dyn Random) -> store::UploadId {
        store::UploadId::from_text(&format!("{:016x}{:016x}", initiated_at.as_nanos(), random.next_u64()))
    }
}

/// A part of an unfinished upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartRecord {
    /// Its number.
    pub number: u32,
    /// Its size.
    pub size_bytes: u64,
    /// Its entity tag.
    pub etag: ETag,
    /// Its checksum.
    pub checksum: Option<Checksum>,
    /// When it was written.
    pub modified_at: Timestamp,
    /// The provider's own, at most [`PROVIDER_RECORD_MAX_BYTES`].
    pub provider: Vec<u8>,
}

impl UploadedPart for PartRecord {
    fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    fn has_etag(&self, etag: &ETag) -> bool {
        self.etag == *etag
    }

    fn checksum(&self) -> Option<Checksum> {
        self.checksum
    }
}

/// What S3 clients recognise an object by, and what they said about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityRecord {
    /// The entity tag.
    pub etag: ETag,
    /// The checksum.
    pub checksum: Option<Checksum>,
    /// Sizes of its parts in order, where it was uploaded in parts.
    pub part_sizes: Vec<u64>,
    /// What the client said about it, tags included, where the provider does not keep that.
    pub metadata: Option<ObjectMetadata>,
    /// The provider's own, at most [`IDENTITY_PROVIDER_MAX_BYTES`].
    pub provider: Vec<u8>,
}
