use std::sync::Arc;

use store::{Bucket, Missing, StoreError, StoreErrorKind};
use types::{ObjectKey, VersionId};

use super::pin::{Candidate, Pin, whole};
use crate::core::Core;
use crate::journal::{Coverage, Current, Facts, KeyState, Member, Version, What};

impl Core {
    /// Finds out what stands under a key, or which version is meant, and who has it.
    ///
    /// # Errors
    /// As [`store::ObjectStore::open`], from the journal alone.
    pub(super) async fn find(
        self: &Arc<Self>,
        bucket: &Bucket,
        key: &ObjectKey,
        version_id: Option<&VersionId>,
        operation: &'static str,
    ) -> Result<Pin, StoreError> {
        if self.is_unsettled(bucket.handle, key) {
            self.settle_key(&bucket.name, bucket.handle, key).await?;
        }
        let state = self.journal.key(bucket.handle, key).await?.unwrap_or_else(KeyState::unrecorded);
        let (version, named) = match version_id {
            None => (state.version().cloned(), false),
            Some(id) => (self.journal.version(bucket.handle, (key, &state), id).await?, true),
        };
        if let Some(version) = version {
            return self.known(bucket, version, named, operation);
        }
        let record = self.record(bucket, operation).await?;
        let missing = if named { Missing::Version } else { Missing::Key };
        if state.current != Current::Unrecorded || record.coverage == Coverage::Whole {
            return Err(StoreError::missing(missing, operation));
        }
        let candidates = self.health.order(crate::ReadPolicy::Order).into_iter().filter(|place| {
            let number = self.targets[*place].number;
            record.member(number) == Some(Member::Full) && !state.owes(number)
        });
        let candidates = candidates
            .map(|place| Candidate { place, version_id: version_id.cloned(), etag: None })
            .collect();
        Ok(Pin { candidates, known: None, size_bytes: None, checksum: None })
    }

    fn known(
        &self,
        bucket: &Bucket,
        version: Version,
        named: bool,
        operation: &'static str,
    ) -> Result<Pin, StoreError> {
        let facts = match &version.what {
            What::Object(facts) => facts.clone(),
            What::Marker => {
                let (version_id, modified_at) = (version.id(), version.modified_at);
                let kind = StoreErrorKind::DeleteMarker { version_id, named, modified_at };
                return Err(StoreError::new(kind, operation));
            }
        };
        Ok(self.pin(bucket, version, facts))
    }

    /// A version that the journal knows, pinned at the targets that have it.
    pub(super) fn pin(&self, bucket: &Bucket, version: Version, facts: Facts) -> Pin {
        let candidate = |place: usize| {
            let held = version.held_at(self.targets[place].number)?;
            let version_id = held.address(bucket.versioning);
            let etag = Some(held.etag.clone().unwrap_or_else(|| facts.etag.clone()));
            Some(Candidate { place, version_id, etag })
        };
        Pin {
            candidates: self.health.order(self.read).into_iter().filter_map(candidate).collect(),
            size_bytes: Some(facts.size_bytes),
            checksum: whole(&facts),
            known: Some((version, facts)),
        }
    }
}

/// Whether two looks at the journal found the same content.
pub(super) fn is_same(one: &Pin, other: &Pin) -> bool {
    let sequence = |pin: &Pin| pin.known.as_ref().map(|(version, _)| version.sequence);
    sequence(one) == sequence(other)
}
