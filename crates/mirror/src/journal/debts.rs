use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use store::StoreError;
use types::{BucketName, ObjectKey, Timestamp, VersionId};

use super::encode::{decode_debt, decode_removal};
use super::keys::{self, Family, KeyRange};
use super::rows::{BATCH_ROWS, malformed, read};
use super::{AbortRecord, Journal, Sequence, UploadNumber};
use crate::target::TargetNumber;

/// How many keys each target owes; kept in step with the rows.
#[derive(Debug, Default)]
pub(crate) struct DebtCounts(Mutex<BTreeMap<TargetNumber, u64>>);

impl DebtCounts {
    fn counts(&self) -> MutexGuard<'_, BTreeMap<TargetNumber, u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many keys a target owes.
    pub(crate) fn of(&self, target: TargetNumber) -> u64 {
        self.counts().get(&target).copied().unwrap_or(0)
    }

    pub(super) fn add(&self, target: TargetNumber, more: u64) {
        *self.counts().entry(target).or_default() += more;
    }

    pub(super) fn take(&self, target: TargetNumber) {
        let mut counts = self.counts();
        let count = counts.entry(target).or_default();
        *count = count.saturating_sub(1);
    }
}

/// A key that a target owes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OwedKey {
    /// The bucket's handle.
    pub(crate) handle: u64,
    /// The bucket's name.
    pub(crate) bucket: BucketName,
    /// The key.
    pub(crate) key: ObjectKey,
    /// Since when.
    pub(crate) since: Timestamp,
}

impl Journal {
    pub(super) async fn load_counts(&self, targets: &[TargetNumber]) -> Result<(), StoreError> {
        for target in targets {
            let mut after = None;
            loop {
                let page = self.owed(*target, after.as_ref(), BATCH_ROWS).await?;
                self.counts.add(*target, page.len() as u64);
                if page.len() < BATCH_ROWS {
                    break;
                }
                after = page.into_iter().next_back();
            }
        }
        Ok(())
    }

    /// Keys that a target owes, by bucket and then in order of keys, behind `after`, at most `limit`.
    pub(crate) async fn owed(
        &self,
        target: TargetNumber,
        after: Option<&OwedKey>,
        limit: usize,
    ) -> Result<Vec<OwedKey>, StoreError> {
        let mut range = KeyRange::of_prefix(&keys::of_target(Family::Debt, target));
        if let Some(after) = after {
            range = range.starting(keys::behind_key(&keys::debt(target, after.handle, after.key.as_str())));
        }
        self.owed_in_rows(range, limit).await.map(|(owed, _)| owed)
    }

    /// Keys of a bucket that a target owes and that lie in `start..end`, in order, at most `limit`, and whether there are
    /// more. No end is the bucket's.
    pub(crate) async fn owed_in_bucket(
        &self,
        target: TargetNumber,
        handle: u64,
        (start, end): (&str, Option<&str>),
        limit: usize,
    ) -> Result<(Vec<OwedKey>, bool), StoreError> {
        let mut range =
            KeyRange::of_prefix(&keys::debts_in(target, handle)).starting(keys::debt(target, handle, start));
        if let Some(end) = end {
            range.end = range.end.min(keys::debt(target, handle, end));
        }
        self.owed_in_rows(range, limit).await
    }

    async fn owed_in_rows(&self, range: KeyRange, limit: usize) -> Result<(Vec<OwedKey>, bool), StoreError> {
        let (rows, more) = self.scan(range, limit).await?;
        let decode = |row: &meta::Record| -> Result<_, StoreError> {
            let (_, handle, key) = keys::parse_debt(&row.key).ok_or_else(malformed)?;
            let (bucket, since) = read(decode_debt(&row.value))?;
            Ok(OwedKey { handle, bucket, key, since })
        };
        Ok((rows.iter().map(decode).collect::<Result<_, _>>()?, more))
    }

    /// The versions of a key that are to be removed at a target: the mirror's sequences and the target's own ids.
    pub(crate) async fn removals(
        &self,
        target: TargetNumber,
        handle: u64,
        key: &ObjectKey,
    ) -> Result<Vec<(Sequence, VersionId)>, StoreError> {
        let prefix = keys::removals(target, handle, key.as_str());
        let (rows, _) = self.scan(KeyRange::of_prefix(&prefix), BATCH_ROWS).await?;
        rows.iter()
            .map(|row| {
                let sequence = keys::parse_removal(&row.key).ok_or_else(malformed)?;
                Ok((sequence, read(decode_removal(&row.value))?))
            })
            .collect()
    }

    /// Uploads to be aborted at a target, at most `limit`.
    pub(crate) async fn aborts(
        &self,
        target: TargetNumber,
        limit: usize,
    ) -> Result<Vec<(UploadNumber, AbortRecord)>, StoreError> {
        let range = KeyRange::of_prefix(&keys::of_target(Family::Abort, target));
        let (rows, _) = self.scan(range, limit).await?;
        rows.iter()
            .map(|row| {
                let number = keys::parse_abort(&row.key).ok_or_else(malformed)?;
                Ok((number, read(AbortRecord::decode(&row.value))?))
            })
            .collect()
    }
}
