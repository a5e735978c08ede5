use store::{ObjectInfo, StoreError, StoreErrorKind, Versioning};
use types::{Checksum, ChecksumKind, ETag, VersionId};

use crate::journal::{Facts, Origin, Version};

/// One target that has what is read.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    /// Its place among the targets.
    pub(super) place: usize,
    /// Its own id of the version, where it is asked for one.
    pub(super) version_id: Option<VersionId>,
    /// Its own tag of it, where it is known.
    pub(super) etag: Option<ETag>,
}

/// What is read: one content, wherever it is.
#[derive(Debug, Clone)]
pub(super) struct Pin {
    /// The targets that have it, in the order in which to ask them.
    pub(super) candidates: Vec<Candidate>,
    /// What the journal knows of it; `None` where only targets know.
    pub(super) known: Option<(Version, Facts)>,
    /// Its size, once it is known.
    pub(super) size_bytes: Option<u64>,
    /// The checksum of all its bytes, where it has one.
    pub(super) checksum: Option<Checksum>,
}

impl Pin {
    /// Whether this is what the target must have.
    ///
    /// # Errors
    /// `Corrupt` where it is something else.
    pub(super) fn check(&self, candidate: &Candidate, info: &ObjectInfo) -> Result<(), StoreError> {
        let same = candidate.etag.as_ref().is_none_or(|etag| *etag == info.etag)
            && self.size_bytes.is_none_or(|size_bytes| size_bytes == info.size_bytes);
        if same { Ok(()) } else { Err(diverged()) }
    }

    /// The object as it is shown, whichever target answered.
    pub(super) fn shown(&self, info: ObjectInfo, versioning: Versioning) -> ObjectInfo {
        let Some((version, facts)) = &self.known else {
            let version_id = info.version_id.unwrap_or(VersionId::Null);
            return ObjectInfo { version_id: (versioning != Versioning::Off).then_some(version_id), ..info };
        };
        let mut metadata = info.metadata;
        metadata.storage_class = facts.storage_class;
        ObjectInfo {
            etag: facts.etag.clone(),
            size_bytes: facts.size_bytes,
            modified_at: version.modified_at,
            version_id: version.shown_id(versioning),
            metadata,
            checksum: facts.checksum,
            part_count: info.part_count,
            part: info.part,
        }
    }

    /// Pins what a target answered, where nothing was known before.
    pub(super) fn fix(&mut self, info: &ObjectInfo) {
        if self.known.is_none() {
            self.size_bytes = Some(info.size_bytes);
            self.candidates.iter_mut().for_each(|candidate| candidate.etag = Some(info.etag.clone()));
        }
    }
}

/// The checksum that can be held against a stream of all bytes: of an object that was hashed below the mirror, not above
/// a layer that changes its bytes.
pub(super) fn whole(facts: &Facts) -> Option<Checksum> {
    let of_these_bytes = facts.origin == Origin::Computed;
    facts.checksum.filter(|checksum| of_these_bytes && checksum.kind == ChecksumKind::FullObject)
}

/// A target has something else than the journal says.
pub(super) fn diverged() -> StoreError {
    StoreError::new(StoreErrorKind::Corrupt, "find at a target what the journal says it has")
}
