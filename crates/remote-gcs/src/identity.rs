use hash::Md5;
use remote::IdentityRecord;
use store::{Bucket, ObjectInfo, OpenOptions, PartProblem, PartSpan, StoreError, StoreErrorKind, Versioning};
use types::{
    BucketName, ByteRange, Checksum, ChecksumAlgorithm, ETag, ObjectKey, ObjectMetadata, Timestamp, VersionId,
};

use crate::facts::{Facts, Rest};
use crate::found::Found;
use crate::store::GcsStore;
use crate::table::PartTable;

/// An object with everything that is known of it.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) found: Found,
    pub(crate) facts: Facts,
    pub(crate) said: ObjectMetadata,
    pub(crate) etag: ETag,
    pub(crate) checksum: Option<Checksum>,
    pub(crate) parts: PartTable,
}

/// The tag of an object that bears no MD5 and was not written here: a function of the generation and nothing else, so
/// that every node and every listing shows the same.
fn dressed(found: &Found) -> ETag {
    let mut md5 = Md5::new();
    md5.update(b"gcs generation ");
    md5.update(&found.generation.to_le_bytes());
    ETag::multipart(md5.finish(), 1)
}

/// The checksum that every object has.
fn own_checksum(found: &Found) -> Option<Checksum> {
    Checksum::full(ChecksumAlgorithm::Crc32c, &found.crc32c?)
}

impl Known {
    /// Puts together what the object tells of itself and what the ledger holds of this generation.
    pub(crate) fn new(found: Found, record: Option<IdentityRecord>) -> Self {
        let (facts, mut said) = Facts::read(&found);
        let record = record.unwrap_or_else(|| IdentityRecord {
            etag: found.md5.map_or_else(|| dressed(&found), ETag::from_md5),
            checksum: None,
            part_sizes: Vec::new(),
            metadata: None,
            provider: Vec::new(),
        });
        let mut parts = PartTable::read(&record.provider).unwrap_or_default();
        if parts.is_empty() {
            parts = PartTable::from_sizes(facts.parts.iter());
        }
        if parts.is_empty() {
            parts = PartTable::from_sizes((1..).zip(record.part_sizes.iter().copied()));
        }
        if facts.rest == Rest::Ledger
            && let Some(metadata) = record.metadata
        {
            said = metadata;
        }
        Self {
            etag: facts.etag.clone().unwrap_or(record.etag),
            checksum: facts.checksum.or(record.checksum).or_else(|| own_checksum(&found)),
            parts,
            said,
            facts,
            found,
        }
    }

    /// When it was written; later changes of its tags do not count.
    pub(crate) fn modified_at(&self) -> Timestamp {
        self.facts.modified_at.unwrap_or(self.found.modified_at)
    }

    /// The version, where the bucket has versions.
    pub(crate) fn version_id(&self, bucket: &Bucket) -> Option<VersionId> {
        version_id(bucket, self.found.generation)
    }

    /// The object as the port tells it.
    ///
    /// # Errors
    /// `Part(NoSuchPart)` where `options` asks for one that it does not have.
    pub(crate) fn info(&self, bucket: &Bucket, options: &OpenOptions) -> Result<ObjectInfo, StoreError> {
        let part = options.part_number.map(|number| self.part(number)).transpose()?;
        Ok(ObjectInfo {
            etag: self.etag.clone(),
            size_bytes: self.found.size_bytes,
            modified_at: self.modified_at(),
            version_id: self.version_id(bucket),
            metadata: self.said.clone(),
            checksum: self.checksum,
            part_count: (!self.parts.is_empty()).then(|| self.parts.count()),
            part,
        })
    }

    fn part(&self, number: u32) -> Result<PartSpan, StoreError> {
        let whole =
            PartSpan { number: 1, range: ByteRange::whole(self.found.size_bytes), checksum: self.checksum };
        let found = if self.parts.is_empty() {
            (number == 1).then_some(whole)
        } else {
            self.parts.spans().find(|span| span.number == number)
        };
        let missing = || StoreError::new(StoreErrorKind::Part(PartProblem::NoSuchPart), "find a part");
        found.ok_or_else(missing)
    }
}

/// The version that a generation is, where the bucket has versions.
pub(crate) fn version_id(bucket: &Bucket, generation: i64) -> Option<VersionId> {
    (bucket.versioning != Versioning::Off).then(|| VersionId::Id(generation.to_string().into()))
}

impl GcsStore {
    /// Adds to an object what the ledger holds of it.
    pub(crate) async fn know(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        found: Found,
    ) -> Result<Known, StoreError> {
        let record = self.ledger.identity(bucket, key, &found.generation.to_string()).await?;
        Ok(Known::new(found, record))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dressed_tag_is_a_function_of_the_generation() {
        let found = |generation| Found {
            generation,
            metageneration: None,
            size_bytes: 1,
            md5: None,
            crc32c: Some([1, 2, 3, 4]),
            modified_at: Timestamp::default(),
            class: String::new(),
            headers: Default::default(),
            metadata: Default::default(),
        };
        let one = Known::new(found(1), None);
        assert_eq!(one.etag, Known::new(found(1), None).etag);
        assert_ne!(one.etag, Known::new(found(2), None).etag);
        assert_eq!(one.etag.as_str().len(), 34);
        assert!(one.etag.as_str().ends_with("-1") && one.etag.md5().is_none());
        assert_eq!(one.checksum, Checksum::full(ChecksumAlgorithm::Crc32c, &[1, 2, 3, 4]));
        let known = Known::new(Found { md5: Some([7; 16]), ..found(1) }, None);
        assert_eq!(known.etag, ETag::from_md5([7; 16]));
    }
}
