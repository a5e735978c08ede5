use std::borrow::Cow;

use blob::MakeRoom;
use meta::{Check, Commit, MetaError, MetaErrorKind, Revision, Write};
use store::{Bucket, Missing, PutOutcome, StoreError, Versioning, WriteCondition};
use types::{Checksum, ETag, ObjectKey, ObjectMetadata, VersionId};

use crate::change::{Effects, KeyChange};
use crate::collector::Room;
use crate::error::{During, from_meta};
use crate::ids::{DataId, Version};
use crate::keys;
use crate::native::Native;
use crate::receive::Stored;
use crate::record::{Data, ObjectRecord};

/// How often a change is decided again because another came first. Past a few tries writers of one key take turns, so
/// only other processes on the same store can use these up.
pub(crate) const ATTEMPTS_MAX: usize = 1000;

/// Everything about an object that is to become visible, but its version and time.
pub(crate) struct Draft {
    pub(crate) etag: ETag,
    pub(crate) checksum: Option<Checksum>,
    pub(crate) size_bytes: u64,
    pub(crate) metadata: ObjectMetadata,
    pub(crate) owner: DataId,
    pub(crate) data: Data,
    /// Bytes that the commit writes or refers to for the first time.
    pub(crate) stored: Stored,
    /// What the commit writes beside the object's rows.
    pub(crate) effects: Effects,
    /// What must hold beside the key's rows: that a copy's source, or an upload, is still as it was read.
    pub(crate) checks: Vec<Check>,
}

/// A commit did not take place.
pub(crate) enum Unpublished {
    /// One of the draft's own checks does not hold: the caller must look again.
    Stale,
    /// It failed.
    Failed(StoreError),
}

impl From<StoreError> for Unpublished {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}

/// Where a change goes: the bucket as last read, and the key.
pub(crate) struct Target<'a> {
    pub(crate) bucket: Cow<'a, Bucket>,
    pub(crate) key: &'a ObjectKey,
}

impl<'a> Target<'a> {
    pub(crate) fn new(bucket: &'a Bucket, key: &'a ObjectKey) -> Self {
        Self { bucket: Cow::Borrowed(bucket), key }
    }
}

/// The version as callers see it: none where the bucket never had versions.
pub(crate) fn shown(bucket: &Bucket, version: Version) -> Option<VersionId> {
    (bucket.versioning != Versioning::Off).then(|| version.id())
}

/// The check that a bucket's record is still the one that was read.
pub(crate) fn bucket_check(bucket: &Bucket) -> Check {
    Check::Shared(keys::bucket(&bucket.name), bucket.revision)
}

/// Whether a commit adds work for the collector.
pub(crate) fn leaves_work(commit: &Commit) -> bool {
    let is_to_do = |key: &bytes::Bytes| key.first() == Some(&(keys::Family::ToDo as u8));
    commit.writes.iter().any(|write| matches!(write, Write::Put { key, .. } if is_to_do(key)))
}

impl Native {
    /// Makes a draft the current object of its key, in one commit.
    pub(crate) async fn publish(
        &self,
        target: &mut Target<'_>,
        condition: &WriteCondition,
        draft: &mut Draft,
        operation: &'static str,
    ) -> Result<PutOutcome, Unpublished> {
        let row = keys::plain(keys::Family::Current, &target.bucket, target.key);
        for attempt in 0..ATTEMPTS_MAX {
            let _turn = self.contention.turn(attempt, &row).await;
            let bucket = target.bucket.clone();
            let mut change = KeyChange::load(&*self.meta, &bucket, target.key).await?;
            change.require(condition)?;
            let now = self.now();
            let version = change.next_version(now, self.options.random.next_u64());
            let object = draft.object(version, now);
            change.put_object(&*self.meta, object).await?;
            let mut commit = draft.begin_commit(&bucket);
            change.finish(&mut commit);
            draft.finish_commit(&mut commit);
            if self.commit_stored(commit, &mut draft.stored, draft.checks.len(), operation).await? {
                return Ok(draft.outcome(&bucket, version, now));
            }
            self.renew_bucket(&mut target.bucket, operation).await?;
        }
        Err(StoreError::new(store::StoreErrorKind::Conflict, operation).into())
    }

    /// Commits; false where another change came first and the caller should decide again.
    pub(crate) async fn commit_stored(
        &self,
        commit: Commit,
        stored: &mut Stored,
        own_checks: usize,
        operation: &'static str,
    ) -> Result<bool, Unpublished> {
        stored.committing();
        let leaves_work = leaves_work(&commit);
        match self.commit(commit).await {
            Ok(_) => {
                stored.committed();
                self.discards.wake_if(leaves_work);
                Ok(true)
            }
            Err(error) => {
                // After a failure of the device nobody can say what a restart will find.
                if !matches!(error.kind, MetaErrorKind::Io | MetaErrorKind::Unavailable) {
                    stored.not_committed();
                }
                match error.kind {
                    MetaErrorKind::Conflict(index) => {
                        self.stats.commit_conflicts.add(1);
                        if index < own_checks { Err(Unpublished::Stale) } else { Ok(false) }
                    }
                    _ => Err(from_meta(error, operation).into()),
                }
            }
        }
    }

    /// Reads the bucket's record again.
    ///
    /// # Errors
    /// `Missing(Bucket)` where it is gone, or another one of that name is there.
    pub(crate) async fn renew_bucket(
        &self,
        bucket: &mut Cow<'_, Bucket>,
        operation: &'static str,
    ) -> Result<(), StoreError> {
        let found = self.find_bucket(&bucket.name, operation).await?;
        if found.handle != bucket.handle {
            return Err(StoreError::missing(Missing::Bucket, operation));
        }
        if found.revision != bucket.revision {
            *bucket = Cow::Owned(found);
        }
        Ok(())
    }

    /// Commits a change that stores nothing new; false where another change came first.
    pub(crate) async fn commit_change(
        &self,
        commit: Commit,
        operation: &'static str,
    ) -> Result<bool, StoreError> {
        if commit.writes.is_empty() {
            return Ok(true);
        }
        let leaves_work = leaves_work(&commit);
        let is_done = self.settled(self.commit(commit).await, operation)?;
        self.discards.wake_if(is_done && leaves_work);
        Ok(is_done)
    }

    /// Commits; where the engine has no room, what was given up is removed first.
    pub(crate) async fn commit(&self, commit: Commit) -> Result<Revision, MetaError> {
        let room = Room::new(self);
        loop {
            match self.meta.commit(commit.clone()).await {
                Err(error) if matches!(error.kind, MetaErrorKind::Full) && room.make_room().await => {}
                outcome => return outcome,
            }
        }
    }

    /// Whether a commit took place; false where another change came first.
    pub(crate) fn settled(
        &self,
        committed: Result<Revision, MetaError>,
        operation: &'static str,
    ) -> Result<bool, StoreError> {
        match committed {
            Ok(_) => Ok(true),
            Err(error) if matches!(error.kind, MetaErrorKind::Conflict(_)) => {
                self.stats.commit_conflicts.add(1);
                Ok(false)
            }
            Err(error) => Err(error).during(operation),
        }
    }
}

impl Draft {
    fn object(&self, version: Version, now: types::Timestamp) -> ObjectRecord {
        ObjectRecord {
            version,
            modified_at: now,
            size_bytes: self.size_bytes,
            etag: self.etag.clone(),
            checksum: self.checksum,
            owner: self.owner,
            data: self.data.clone(),
            metadata: self.metadata.clone(),
        }
    }

    fn begin_commit(&self, bucket: &Bucket) -> Commit {
        let mut commit = Commit { checks: self.checks.clone(), writes: Vec::with_capacity(4) };
        commit.check(bucket_check(bucket));
        commit
    }

    fn finish_commit(&self, commit: &mut Commit) {
        self.effects.append_to(commit);
        if let Stored::Inline(id, bytes) = &self.stored {
            commit.put(keys::data(*id), bytes.clone());
        }
        if let (Stored::Blob(blob), Data::Whole(_)) = (&self.stored, &self.data) {
            commit.put(keys::blob_reference(blob.id(), self.owner, 0), bytes::Bytes::new());
        }
    }

    fn outcome(&self, bucket: &Bucket, version: Version, now: types::Timestamp) -> PutOutcome {
        PutOutcome {
            etag: self.etag.clone(),
            version_id: shown(bucket, version),
            checksum: self.checksum,
            size_bytes: self.size_bytes,
            modified_at: now,
        }
    }
}
