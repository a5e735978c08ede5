use bytes::Bytes;
use meta::Commit;
use store::StoreError;
use types::{BucketName, ObjectKey, VersionId};

use super::encode::{encode_debt, encode_removal};
use super::keys::{self, Family, KeyRange};
use super::rows::{BATCH_ROWS, malformed, read};
use super::{Debt, Intent, Journal, KeyState, Sequence, Version};
use crate::target::TargetNumber;

/// A key of a listing with its state.
pub(crate) type ListedKey = (ObjectKey, KeyState);
/// A noncurrent version of a listing.
pub(crate) type ListedVersion = (ObjectKey, Version);

impl Journal {
    /// What is known of a key; `None` where the journal says nothing.
    pub(crate) async fn key(&self, handle: u64, key: &ObjectKey) -> Result<Option<KeyState>, StoreError> {
        match self.row(&keys::of_key(Family::Key, handle, key.as_str())).await? {
            Some(row) => Ok(Some(read(KeyState::decode(&row.value))?)),
            None => Ok(None),
        }
    }

    /// As [`Journal::key`] for many keys, in their order, as of one moment.
    pub(crate) async fn keys(
        &self,
        handle: u64,
        wanted: &[ObjectKey],
    ) -> Result<Vec<Option<KeyState>>, StoreError> {
        let rows: Vec<Bytes> =
            wanted.iter().map(|key| keys::of_key(Family::Key, handle, key.as_str())).collect();
        let rows = self.rows(&rows).await?;
        rows.iter()
            .map(|row| match row {
                Some(row) => Ok(Some(read(KeyState::decode(&row.value))?)),
                None => Ok(None),
            })
            .collect()
    }

    /// The known keys of a bucket from `start` on, before `end` where there is one, in order, at most `limit`, and whether
    /// there are more.
    pub(crate) async fn known_keys(
        &self,
        handle: u64,
        (start, end): (&str, Option<&str>),
        limit: usize,
    ) -> Result<(Vec<ListedKey>, bool), StoreError> {
        let mut range = KeyRange::of_prefix(&keys::in_bucket(Family::Key, handle)).starting(keys::of_key(
            Family::Key,
            handle,
            start,
        ));
        if let Some(end) = end {
            range.end = range.end.min(keys::of_key(Family::Key, handle, end));
        }
        let (rows, more) = self.scan(range, limit).await?;
        let decode = |row: &meta::Record| -> Result<_, StoreError> {
            let (_, key) = keys::parse_of_key(&row.key).ok_or_else(malformed)?;
            Ok((key, read(KeyState::decode(&row.value))?))
        };
        Ok((rows.iter().map(decode).collect::<Result<_, _>>()?, more))
    }

    /// The noncurrent version of this sequence.
    pub(crate) async fn noncurrent(
        &self,
        handle: u64,
        key: &ObjectKey,
        sequence: Sequence,
    ) -> Result<Option<Version>, StoreError> {
        match self.row(&keys::version(handle, key.as_str(), sequence)).await? {
            Some(row) => Ok(Some(read(Version::decode(&row.value))?)),
            None => Ok(None),
        }
    }

    /// Noncurrent versions of a key, newest first, older than `behind` where it is given, at most `limit`.
    pub(crate) async fn noncurrent_of(
        &self,
        handle: u64,
        key: &ObjectKey,
        behind: Option<Sequence>,
        limit: usize,
    ) -> Result<Vec<Version>, StoreError> {
        let mut range = KeyRange::of_prefix(&keys::under_key(Family::Version, handle, key.as_str()));
        if let Some(behind) = behind {
            range = range.starting(keys::behind_key(&keys::version(handle, key.as_str(), behind)));
        }
        let (rows, _) = self.scan(range, limit).await?;
        rows.iter().map(|row| read(Version::decode(&row.value))).collect()
    }

    /// All noncurrent versions of a key, newest first.
    pub(crate) async fn all_noncurrent(
        &self,
        handle: u64,
        key: &ObjectKey,
    ) -> Result<Vec<Version>, StoreError> {
        let mut all: Vec<Version> = Vec::new();
        loop {
            let behind = all.last().map(|version| version.sequence);
            let page = self.noncurrent_of(handle, key, behind, BATCH_ROWS).await?;
            let more = page.len() == BATCH_ROWS;
            all.extend(page);
            if !more {
                return Ok(all);
            }
        }
    }

    /// Noncurrent versions of all keys of a bucket from `start` on, by key and newest first, at most `limit`, and whether
    /// there are more.
    pub(crate) async fn noncurrent_in(
        &self,
        handle: u64,
        start: &ObjectKey,
        limit: usize,
    ) -> Result<(Vec<ListedVersion>, bool), StoreError> {
        let range = KeyRange::of_prefix(&keys::in_bucket(Family::Version, handle))
            .starting(keys::under_key(Family::Version, handle, start.as_str()).freeze());
        let (rows, more) = self.scan(range, limit).await?;
        let decode = |row: &meta::Record| -> Result<_, StoreError> {
            let (key, _) = keys::parse_version(&row.key).ok_or_else(malformed)?;
            Ok((key, read(Version::decode(&row.value))?))
        };
        Ok((rows.iter().map(decode).collect::<Result<_, _>>()?, more))
    }

    /// Whether any object, version or marker of a bucket is known.
    pub(crate) async fn holds_any(&self, handle: u64) -> Result<bool, StoreError> {
        let prefix = keys::in_bucket(Family::Version, handle);
        if !self.scan(KeyRange::of_prefix(&prefix), 1).await?.0.is_empty() {
            return Ok(true);
        }
        let mut start = String::new();
        loop {
            let (page, more) = self.known_keys(handle, (&start, None), BATCH_ROWS).await?;
            if page.iter().any(|(_, state)| state.version().is_some()) {
                return Ok(true);
            }
            match page.last() {
                Some((last, _)) if more => start = format!("{last}\0"),
                _ => return Ok(false),
            }
        }
    }

    /// A version of a key by its id as clients know it; `None` where there is none.
    pub(crate) async fn version(
        &self,
        handle: u64,
        (key, state): (&ObjectKey, &KeyState),
        id: &VersionId,
    ) -> Result<Option<Version>, StoreError> {
        if let Some(current) = state.version()
            && current.id() == *id
        {
            return Ok(Some(current.clone()));
        }
        let sequence = match id {
            VersionId::Null => state.null,
            VersionId::Id(text) => super::parse_version_id(text).map(|(sequence, _)| sequence),
        };
        let Some(sequence) = sequence else { return Ok(None) };
        let found = self.noncurrent(handle, key, sequence).await?;
        Ok(found.filter(|version| version.id() == *id))
    }

    /// What was begun at keys and not settled, in the order of rows, at most `limit`, behind `after`.
    pub(crate) async fn intents(
        &self,
        after: Option<(u64, &ObjectKey)>,
        limit: usize,
    ) -> Result<Vec<(u64, ObjectKey, Intent)>, StoreError> {
        let mut range = KeyRange::of_prefix(&keys::family(Family::Intent));
        if let Some((handle, key)) = after {
            range = range.starting(keys::behind_key(&keys::of_key(Family::Intent, handle, key.as_str())));
        }
        let (rows, _) = self.scan(range, limit).await?;
        let decode = |row: &meta::Record| -> Result<_, StoreError> {
            let (handle, key) = keys::parse_of_key(&row.key).ok_or_else(malformed)?;
            Ok((handle, key, read(Intent::decode(&row.value))?))
        };
        rows.iter().map(decode).collect()
    }

    /// What was begun at a key and not settled.
    pub(crate) async fn intent(&self, handle: u64, key: &ObjectKey) -> Result<Option<Intent>, StoreError> {
        match self.row(&keys::of_key(Family::Intent, handle, key.as_str())).await? {
            Some(row) => Ok(Some(read(Intent::decode(&row.value))?)),
            None => Ok(None),
        }
    }

    /// Makes changes of keys durable in one commit and keeps the counts in step.
    pub(crate) async fn apply(
        &self,
        mut commit: Commit,
        changes: Vec<(KeyState, KeyState, KeyPlace<'_>)>,
    ) -> Result<(), StoreError> {
        for (before, after, place) in &changes {
            place.write(&mut commit, before, after);
        }
        self.commit(commit).await?;
        for (before, after, _) in &changes {
            let owes = |state: &KeyState, debt: &Debt| state.owes(debt.target);
            after.debts.iter().filter(|debt| !owes(before, debt)).for_each(|debt| {
                self.counts.add(debt.target, 1);
            });
            before.debts.iter().filter(|debt| !owes(after, debt)).for_each(|debt| {
                self.counts.take(debt.target);
            });
        }
        Ok(())
    }
}

/// Where a key's rows are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KeyPlace<'a> {
    /// The bucket's name.
    pub(crate) bucket: &'a BucketName,
    /// The bucket's handle.
    pub(crate) handle: u64,
    /// The key.
    pub(crate) key: &'a ObjectKey,
}

impl KeyPlace<'_> {
    fn row(&self, family: Family) -> Bytes {
        keys::of_key(family, self.handle, self.key.as_str())
    }

    /// Writes the intent of a change.
    pub(crate) fn begin(&self, commit: &mut Commit, intent: &Intent) {
        commit.put(self.row(Family::Intent), intent.encode());
    }

    /// Takes the intent away: what was begun is settled.
    pub(crate) fn settle(&self, commit: &mut Commit) {
        commit.delete(self.row(Family::Intent));
    }

    /// Writes a noncurrent version.
    pub(crate) fn put_noncurrent(&self, commit: &mut Commit, version: &Version) {
        commit.put(keys::version(self.handle, self.key.as_str(), version.sequence), version.encode());
    }

    /// Takes a noncurrent version away.
    pub(crate) fn drop_noncurrent(&self, commit: &mut Commit, sequence: Sequence) {
        commit.delete(keys::version(self.handle, self.key.as_str(), sequence));
    }

    /// Has a target remove a version.
    pub(crate) fn put_removal(
        &self,
        commit: &mut Commit,
        target: TargetNumber,
        sequence: Sequence,
        version_id: &VersionId,
    ) {
        let row = keys::removal(target, self.handle, self.key.as_str(), sequence);
        commit.put(row, encode_removal(version_id));
    }

    /// A target has removed a version.
    pub(crate) fn drop_removal(&self, commit: &mut Commit, target: TargetNumber, sequence: Sequence) {
        commit.delete(keys::removal(target, self.handle, self.key.as_str(), sequence));
    }

    fn write(&self, commit: &mut Commit, before: &KeyState, after: &KeyState) {
        if after.is_void() {
            commit.delete(self.row(Family::Key));
        } else {
            commit.put(self.row(Family::Key), after.encode());
        }
        let row = |debt: &Debt| keys::debt(debt.target, self.handle, self.key.as_str());
        for debt in before.debts.iter().filter(|debt| !after.owes(debt.target)) {
            commit.delete(row(debt));
        }
        for debt in after.debts.iter().filter(|debt| !before.owes(debt.target)) {
            commit.put(row(debt), encode_debt(self.bucket, debt.since));
        }
    }
}
