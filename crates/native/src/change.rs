mod effects;
mod slot;
mod versions;

use std::cmp::Reverse;
use std::collections::BTreeMap;

use bytes::Bytes;
use meta::{Commit, MetaRead, Record};
use store::{Bucket, Missing, StoreError, StoreErrorKind, Versioning, WriteCondition};
use types::{ObjectKey, Timestamp};

pub(crate) use self::effects::Effects;
use self::slot::Slot;
pub(crate) use self::versions::VersionName;
use crate::error::During;
use crate::ids::Version;
use crate::keys::{self, Family};
use crate::record::{KeyState, MarkerRecord, ObjectRecord, VersionRecord};

const OPERATION: &str = "change key";

/// All rows of one key that a change looks at and what it makes of them: an optimistic transaction. Every row that was
/// looked at is checked at the commit, so that what was decided still holds there.
///
/// The rows keep this true: the current object stands in the current row, all other versions in version rows with lower
/// sequences; where there is no current row, there are no version rows either, or the newest is a delete marker and the
/// key state names it. Every change of which version is the newest therefore changes the current row or the key state,
/// and those two are always looked at: no version row can appear unseen.
pub(crate) struct KeyChange<'a> {
    bucket: &'a Bucket,
    key: &'a ObjectKey,
    current: Slot<ObjectRecord>,
    state: Slot<KeyState>,
    versions: BTreeMap<Reverse<u64>, Slot<VersionRecord>>,
    /// All stored version rows down to this sequence are in `versions`.
    scanned_to: Option<u64>,
    effects: Effects,
}

impl<'a> KeyChange<'a> {
    /// The rows that every change of the key needs, for [`KeyChange::from_rows`].
    pub(crate) fn rows(bucket: &Bucket, key: &ObjectKey) -> [Bytes; 2] {
        [keys::plain(Family::Current, bucket, key), keys::plain(Family::KeyState, bucket, key)]
    }

    /// Reads what every change of the key needs. A bucket that never had versions has current rows only.
    pub(crate) async fn load(
        meta: &dyn MetaRead,
        bucket: &'a Bucket,
        key: &'a ObjectKey,
    ) -> Result<Self, StoreError> {
        let [current, state] = Self::rows(bucket, key);
        if bucket.versioning == Versioning::Off {
            let found = meta.get(&current).await.during(OPERATION)?;
            return Self::from_rows(bucket, key, found, None);
        }
        let mut found = meta.get_many(&[current, state]).await.during(OPERATION)?.into_iter();
        Self::from_rows(bucket, key, found.next().flatten(), found.next().flatten())
    }

    /// A change over rows that were read already.
    pub(crate) fn from_rows(
        bucket: &'a Bucket,
        key: &'a ObjectKey,
        current: Option<Record>,
        state: Option<Record>,
    ) -> Result<Self, StoreError> {
        Ok(Self {
            bucket,
            key,
            current: Slot::read(current, ObjectRecord::decode).during(OPERATION)?,
            state: Slot::read(state, KeyState::decode).during(OPERATION)?,
            versions: BTreeMap::new(),
            scanned_to: None,
            effects: Effects::default(),
        })
    }

    /// The bucket as it was read.
    pub(crate) fn bucket(&self) -> &'a Bucket {
        self.bucket
    }

    /// The current object.
    pub(crate) fn current(&self) -> Option<&ObjectRecord> {
        self.current.get()
    }

    /// Holds the current object to a condition.
    ///
    /// # Errors
    /// `ConditionFailed`, `Missing(Key)`.
    pub(crate) fn require(&self, condition: &WriteCondition) -> Result<(), StoreError> {
        decide(condition, self.current(), OPERATION)
    }

    /// What the current row's next version must be above. Only a version that was the newest matters.
    fn next_sequence(&self, now: Timestamp) -> u64 {
        let newest = self.current().map(|object| object.version.sequence);
        let marker = self.key_state().marker.map(|marker| marker.version.sequence);
        let known = newest.max(marker).map_or(0, |sequence| sequence.saturating_add(1));
        now.as_nanos().max(known)
    }

    /// The version that a write at `now` makes, as the bucket's versioning asks.
    pub(crate) fn next_version(&self, now: Timestamp, random: u64) -> Version {
        let random = (self.bucket.versioning == Versioning::Enabled).then_some(random);
        Version { sequence: self.next_sequence(now), random }
    }

    /// Makes `object` the current one; what it replaces stays as a version or is released, as the bucket's versioning asks.
    pub(crate) async fn put_object(
        &mut self,
        meta: &dyn MetaRead,
        object: ObjectRecord,
    ) -> Result<(), StoreError> {
        self.step_aside(meta).await?;
        self.state.update(|state| state.marker = None);
        self.current.set(Some(object));
        Ok(())
    }

    /// Puts a delete marker; without versions it just removes the current object. Returns the marker.
    pub(crate) async fn put_marker(
        &mut self,
        meta: &dyn MetaRead,
        version: Version,
        now: Timestamp,
    ) -> Result<Option<MarkerRecord>, StoreError> {
        self.step_aside(meta).await?;
        if self.bucket.versioning == Versioning::Off {
            return Ok(None);
        }
        let marker = MarkerRecord { version, modified_at: now };
        self.version_slot(version.sequence).set(Some(VersionRecord::Marker(marker)));
        self.state.update(|state| {
            state.marker = Some(marker);
            if version.is_null() {
                state.null_sequence = Some(version.sequence);
            }
        });
        Ok(Some(marker))
    }

    /// Empties the current row for a new version, and removes the null version where the new one will be null.
    async fn step_aside(&mut self, meta: &dyn MetaRead) -> Result<(), StoreError> {
        let becomes_null = self.bucket.versioning != Versioning::Enabled;
        if let Some(replaced) = self.current.take() {
            if becomes_null && replaced.version.is_null() {
                self.effects.release(&replaced);
            } else {
                self.demote(replaced);
            }
        }
        match self.key_state().null_sequence {
            Some(sequence) if becomes_null => self.drop_version(meta, sequence).await,
            _ => Ok(()),
        }
    }

    fn demote(&mut self, object: ObjectRecord) {
        let version = object.version;
        if version.is_null() {
            self.state.update(|state| state.null_sequence = Some(version.sequence));
        }
        self.version_slot(version.sequence).set(Some(VersionRecord::Object(Box::new(object))));
    }

    fn key_state(&self) -> KeyState {
        self.state.get().copied().unwrap_or_default()
    }

    /// Adds this key's checks and writes to a commit.
    pub(crate) fn finish(self, commit: &mut Commit) {
        let [current, state] = Self::rows(self.bucket, self.key);
        let mut state_slot = self.state;
        state_slot.clear_if(KeyState::is_empty);
        self.current.finish(current, commit, ObjectRecord::encode);
        if self.bucket.versioning != Versioning::Off {
            state_slot.finish(state, commit, KeyState::encode);
        }
        for (Reverse(sequence), slot) in self.versions {
            let row = keys::version(self.bucket, self.key.as_str(), sequence);
            slot.finish(row, commit, VersionRecord::encode);
        }
        self.effects.finish(commit);
    }
}

/// Holds an object that a write replaces or removes to the write's condition.
///
/// # Errors
/// `ConditionFailed`, `Missing(Key)`.
pub(crate) fn decide(
    condition: &WriteCondition,
    found: Option<&ObjectRecord>,
    operation: &'static str,
) -> Result<(), StoreError> {
    let failed = || Err(StoreError::new(StoreErrorKind::ConditionFailed, operation));
    match (condition, found) {
        (WriteCondition::Always, _)
        | (WriteCondition::IfAbsent, None)
        | (WriteCondition::IfPresent, Some(_)) => Ok(()),
        (WriteCondition::IfAbsent, Some(_)) => failed(),
        (WriteCondition::IfPresent | WriteCondition::IfMatch(_), None) => {
            Err(StoreError::missing(Missing::Key, operation))
        }
        (WriteCondition::IfMatch(etag), Some(object)) => {
            if *etag == object.etag {
                Ok(())
            } else {
                failed()
            }
        }
    }
}
