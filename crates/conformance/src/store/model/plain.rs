use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use hash::Md5;
use store::Versioning;
use types::{ETag, TagSet, VersionId};

use super::step::{Condition, Which};

/// One version of a key.
#[derive(Debug, Clone)]
pub(super) struct Version {
    pub(super) id: VersionId,
    /// None for a delete marker.
    pub(super) object: Option<Object>,
}

/// An object.
#[derive(Debug, Clone)]
pub(super) struct Object {
    pub(super) bytes: Bytes,
    pub(super) etag: ETag,
    pub(super) tags: TagSet,
}

impl Object {
    pub(super) fn new(bytes: Bytes) -> Self {
        let etag = ETag::from_md5(Md5::digest(&bytes));
        Self { bytes, etag, tags: TagSet::default() }
    }
}

/// An unfinished upload.
#[derive(Debug, Clone)]
pub(super) struct PlainUpload {
    pub(super) key: &'static str,
    pub(super) id: store::UploadId,
    pub(super) parts: BTreeMap<u32, Bytes>,
}

/// What a write's condition comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Holds,
    Failed,
    Missing,
}

/// A store in the plainest way: versions per key, the newest first.
#[derive(Debug, Default)]
pub(super) struct Plain {
    pub(super) versioning: Versioning,
    pub(super) keys: BTreeMap<&'static str, Vec<Version>>,
    pub(super) uploads: Vec<PlainUpload>,
}

impl Plain {
    pub(super) fn versions(&self, key: &str) -> &[Version] {
        self.keys.get(key).map_or(&[], Vec::as_slice)
    }

    pub(super) fn current(&self, key: &str) -> Option<&Object> {
        self.versions(key).first().and_then(|version| version.object.as_ref())
    }

    /// The keys that a listing shows.
    pub(super) fn listed(&self) -> BTreeSet<String> {
        self.keys.keys().filter(|key| self.current(key).is_some()).map(|key| (*key).to_owned()).collect()
    }

    /// The id by which a step names a version; none for the current one.
    pub(super) fn name(&self, key: &str, which: Which) -> Option<VersionId> {
        let versions = self.versions(key);
        match which {
            Which::Current => None,
            Which::Null => Some(VersionId::Null),
            Which::Never => Some(VersionId::from_text("0000000000000001ffffffffffffffff")),
            Which::Age(_) if versions.is_empty() => None,
            Which::Age(age) => Some(versions[age % versions.len()].id.clone()),
        }
    }

    /// The version that an id names, or the newest.
    pub(super) fn find(&self, key: &str, id: Option<&VersionId>) -> Option<&Version> {
        let versions = self.versions(key);
        match id {
            None => versions.first(),
            Some(id) => versions.iter().find(|version| version.id == *id),
        }
    }

    pub(super) fn find_mut(&mut self, key: &str, id: Option<&VersionId>) -> Option<&mut Version> {
        let versions = self.keys.get_mut(key)?;
        match id {
            None => versions.first_mut(),
            Some(id) => versions.iter_mut().find(|version| version.id == *id),
        }
    }

    /// Adds what a write made, under the id that the store gave it.
    pub(super) fn push(&mut self, key: &'static str, id: Option<VersionId>, object: Option<Object>) {
        let id = id.unwrap_or(VersionId::Null);
        let versions = self.keys.entry(key).or_default();
        versions.retain(|version| id != VersionId::Null || version.id != VersionId::Null);
        versions.insert(0, Version { id, object });
    }

    /// Removes a version for good.
    pub(super) fn remove(&mut self, key: &str, id: &VersionId) {
        if let Some(versions) = self.keys.get_mut(key) {
            versions.retain(|version| version.id != *id);
            if versions.is_empty() {
                self.keys.remove(key);
            }
        }
    }
}

/// What a condition comes to over what is there.
pub(super) fn judge(condition: Condition, found: Option<&Object>) -> Verdict {
    match (condition, found) {
        (Condition::Always, _) | (Condition::IfAbsent, None) => Verdict::Holds,
        (Condition::IfPresent | Condition::IfMatchRight, Some(_)) => Verdict::Holds,
        (Condition::IfAbsent | Condition::IfMatchWrong, Some(_)) => Verdict::Failed,
        (_, None) => Verdict::Missing,
    }
}
