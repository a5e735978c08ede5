use std::collections::VecDeque;

use store::{
    Bucket, ListEntry, ListObjects, ListVersions, Position, StoreError, VersionEntry, VersionState,
    Versioning,
};
use types::{Context, ETag, ObjectKey, VersionId};

use crate::core::Core;

/// Versions that one page of a target's listing asks for.
const PAGE_VERSIONS: usize = 1_000;

/// One version of a key as a target lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HeldVersion {
    /// The target's own id; `None` where the bucket never had versions.
    pub(super) version_id: Option<VersionId>,
    /// Its tag and size; `None` for a delete marker.
    pub(super) object: Option<(ETag, u64)>,
}

/// What a target holds, key by key in order.
pub(super) struct Holdings {
    pub(super) place: usize,
    at: Bucket,
    prefix: String,
    held: VecDeque<(ObjectKey, HeldVersion)>,
    after: Option<ObjectKey>,
    after_version: Option<VersionId>,
    more: bool,
}

impl Holdings {
    /// The keys of a target behind `after`.
    pub(super) fn new(place: usize, at: Bucket, after: Option<ObjectKey>) -> Self {
        Self {
            place,
            at,
            prefix: String::new(),
            held: VecDeque::new(),
            after,
            after_version: None,
            more: true,
        }
    }

    /// The first key that was not taken.
    pub(super) async fn peek(&mut self, core: &Core) -> Result<Option<&ObjectKey>, StoreError> {
        if self.held.is_empty() {
            self.fill(core).await?;
        }
        Ok(self.held.front().map(|(key, _)| key))
    }

    /// All versions of this key, newest first, where it is the next one.
    pub(super) async fn take(
        &mut self,
        core: &Core,
        key: &ObjectKey,
    ) -> Result<Vec<HeldVersion>, StoreError> {
        let mut versions = Vec::new();
        while self.peek(core).await? == Some(key) {
            versions.extend(self.held.pop_front().map(|(_, version)| version));
        }
        Ok(versions)
    }

    async fn fill(&mut self, core: &Core) -> Result<(), StoreError> {
        while self.held.is_empty() && self.more {
            let attempt = core.health.begin(self.place);
            let page = match self.at.versioning {
                Versioning::Off => self.objects(core).await,
                Versioning::Enabled | Versioning::Suspended => self.versions(core).await,
            };
            match &page {
                Ok(_) => attempt.answered(),
                Err(error) => attempt.refused(&error.kind),
            }
            (self.held, self.more) = page?;
            if let Some((key, version)) = self.held.back() {
                self.after = Some(key.clone());
                self.after_version = version.version_id.clone();
            }
        }
        Ok(())
    }

    async fn objects(&self, core: &Core) -> Result<(VecDeque<(ObjectKey, HeldVersion)>, bool), StoreError> {
        let after = self.after.as_ref().map(|key| Position::Key(key.as_str().to_owned()));
        let options =
            ListObjects { prefix: self.prefix.clone(), delimiter: None, after, limit: PAGE_VERSIONS };
        let page = core.targets[self.place].store.list(&Context::background(), &self.at, options).await?;
        let held = page.entries.into_iter().filter_map(|entry| match entry {
            ListEntry::Object(object) => {
                let held = HeldVersion { version_id: None, object: Some((object.etag, object.size_bytes)) };
                Some((object.key, held))
            }
            ListEntry::Prefix(_) => None,
        });
        let held: VecDeque<_> = held.collect();
        let more = page.more && !held.is_empty();
        Ok((held, more))
    }

    async fn versions(&self, core: &Core) -> Result<(VecDeque<(ObjectKey, HeldVersion)>, bool), StoreError> {
        let after = self.after.as_ref().map(|key| Position::Key(key.as_str().to_owned()));
        let after_version = self.after_version.clone();
        let prefix = self.prefix.clone();
        let options = ListVersions { prefix, delimiter: None, after, after_version, limit: PAGE_VERSIONS };
        let store = &core.targets[self.place].store;
        let page = store.list_versions(&Context::background(), &self.at, options).await?;
        let held = page.entries.into_iter().filter_map(|entry| match entry {
            VersionEntry::Version(version) => {
                let object = match version.state {
                    VersionState::Object(object) => Some((object.etag, object.size_bytes)),
                    VersionState::DeleteMarker => None,
                };
                Some((version.key, HeldVersion { version_id: Some(version.version_id), object }))
            }
            VersionEntry::Prefix(_) => None,
        });
        let held: VecDeque<_> = held.collect();
        let more = page.more && !held.is_empty();
        Ok((held, more))
    }

    /// What a target holds of one key at this moment.
    pub(super) async fn of_key(
        core: &Core,
        (place, at): (usize, Bucket),
        key: &ObjectKey,
    ) -> Result<Vec<HeldVersion>, StoreError> {
        let mut holdings = Self::new(place, at, None);
        holdings.prefix = key.as_str().to_owned();
        holdings.take(core, key).await
    }
}
