use std::borrow::Cow;
use std::collections::BTreeMap;

use bytes::Bytes;
use meta::{COMMIT_MAX_BYTES, COMMIT_MAX_WRITES, Commit, Record};
use store::{Bucket, DeleteOutcome, DeleteTarget, StoreError, StoreErrorKind};
use types::ObjectKey;

use super::delete::OPERATION;
use crate::change::{KeyChange, VersionName};
use crate::error::During;
use crate::find::version_name;
use crate::keys;
use crate::native::Native;
use crate::publish::bucket_check;

/// How often a batch is tried as a whole before its keys are deleted one by one.
const BATCH_ATTEMPTS_MAX: usize = 2;

type Outcome = Result<DeleteOutcome, StoreError>;

/// The targets of one key, by their places in the request.
type ByKey<'a> = BTreeMap<&'a ObjectKey, Vec<usize>>;

impl Native {
    /// Deletes in one commit, which is decided again once where another change came first; a batch too large for one
    /// commit takes as few as it needs. Targets of one key follow each other as the request has them.
    pub(crate) async fn delete_many(
        &self,
        bucket: &Bucket,
        targets: &[DeleteTarget],
    ) -> Result<Vec<Outcome>, StoreError> {
        let mut outcomes: Vec<Option<Outcome>> = targets.iter().map(|_| None).collect();
        let mut open: ByKey<'_> = BTreeMap::new();
        for (place, target) in targets.iter().enumerate() {
            open.entry(&target.key).or_default().push(place);
        }
        let mut bucket = Cow::Borrowed(bucket);
        for _ in 0..BATCH_ATTEMPTS_MAX {
            let current = bucket.clone();
            let rows = match self.read_rows(&current, targets, &open).await {
                // One damaged record is no reason to keep the others.
                Err(error) if matches!(error.kind, StoreErrorKind::Corrupt) => break,
                rows => rows?,
            };
            self.delete_batch(&current, targets, rows, (&mut open, &mut outcomes)).await?;
            if open.is_empty() {
                break;
            }
            self.renew_bucket(&mut bucket, OPERATION).await?;
        }
        for place in open.into_values().flatten() {
            let target = &targets[place];
            outcomes[place] = Some(self.delete(&bucket, &target.key, target.options.clone()).await);
        }
        Ok(outcomes
            .into_iter()
            .map(|outcome| outcome.unwrap_or_else(|| Ok(DeleteOutcome::default())))
            .collect())
    }

    /// Deletes what is still open; keys whose commit lost a race stay open.
    async fn delete_batch<'a>(
        &self,
        bucket: &Bucket,
        targets: &'a [DeleteTarget],
        rows: Vec<Option<Record>>,
        (open, outcomes): (&mut ByKey<'a>, &mut [Option<Outcome>]),
    ) -> Result<(), StoreError> {
        let mut rows = rows.into_iter();
        let mut batch = Batch::new(bucket);
        for (key, places) in std::mem::take(open) {
            let versions: Vec<u64> = named(targets, &places).collect();
            let of_key = rows.by_ref().take(2 + versions.len()).collect();
            let decided = self.decide(bucket, key, (&versions, of_key), targets, &places).await;
            let Ok((one, decided)) = decided else {
                // Something of the key cannot be read: it is deleted on its own, and fails on its own.
                open.insert(key, places);
                continue;
            };
            if !batch.fits(&one) {
                let full = std::mem::replace(&mut batch, Batch::new(bucket));
                self.commit_batch(full, targets, open, outcomes).await?;
            }
            batch.add(one, decided);
        }
        self.commit_batch(batch, targets, open, outcomes).await
    }

    /// Decides the targets of one key; what the key's rows become, and the outcomes if the commit takes place.
    async fn decide(
        &self,
        bucket: &Bucket,
        key: &ObjectKey,
        (versions, rows): (&[u64], Vec<Option<Record>>),
        targets: &[DeleteTarget],
        places: &[usize],
    ) -> Result<(Commit, Vec<(usize, Outcome)>), StoreError> {
        let mut change = change_of(bucket, key, versions, rows)?;
        let mut decided = Vec::with_capacity(places.len());
        for place in places {
            let outcome = self.delete_in(&*self.meta, &mut change, &targets[*place].options).await;
            match outcome {
                Err(error) if !is_decision(&error) => return Err(error),
                outcome => decided.push((*place, outcome)),
            }
        }
        let mut commit = Commit::default();
        change.finish(&mut commit);
        Ok((commit, decided))
    }

    async fn commit_batch<'a>(
        &self,
        batch: Batch,
        targets: &'a [DeleteTarget],
        open: &mut ByKey<'a>,
        outcomes: &mut [Option<Outcome>],
    ) -> Result<(), StoreError> {
        let committed = self.commit_change(batch.commit, OPERATION).await?;
        for (place, outcome) in batch.decided {
            if committed {
                outcomes[place] = Some(outcome);
            } else {
                open.entry(&targets[place].key).or_default().push(place);
            }
        }
        Ok(())
    }

    /// Reads, as of one moment, for each open key its current row and state, and the version rows that are named by id.
    async fn read_rows(
        &self,
        bucket: &Bucket,
        targets: &[DeleteTarget],
        open: &ByKey<'_>,
    ) -> Result<Vec<Option<Record>>, StoreError> {
        let mut rows: Vec<Bytes> = Vec::with_capacity(2 * open.len());
        for (key, places) in open {
            rows.extend(KeyChange::rows(bucket, key));
            let version = |sequence| keys::version(bucket, key.as_str(), sequence);
            rows.extend(named(targets, places).map(version));
        }
        self.meta.get_many(&rows).await.during(OPERATION)
    }
}

/// Whether an error is a condition's, which leaves the key's change as it was.
fn is_decision(error: &StoreError) -> bool {
    matches!(error.kind, StoreErrorKind::ConditionFailed | StoreErrorKind::Missing(_))
}

/// A change over what [`Native::read_rows`] read of a key.
fn change_of<'a>(
    bucket: &'a Bucket,
    key: &'a ObjectKey,
    versions: &[u64],
    rows: Vec<Option<Record>>,
) -> Result<KeyChange<'a>, StoreError> {
    let mut rows = rows.into_iter();
    let mut change = KeyChange::from_rows(bucket, key, rows.next().flatten(), rows.next().flatten())?;
    for (version, row) in versions.iter().zip(rows) {
        change.seed_version(*version, row)?;
    }
    Ok(change)
}

/// The sequences of the versions that targets name by an issued id.
fn named<'a>(targets: &'a [DeleteTarget], places: &'a [usize]) -> impl Iterator<Item = u64> + 'a {
    places.iter().filter_map(|place| match version_name(targets[*place].options.version_id.as_ref()?)? {
        VersionName::Issued(version) => Some(version.sequence),
        VersionName::Null => None,
    })
}

/// Deletes of several keys that share a commit.
struct Batch {
    commit: Commit,
    size_bytes: usize,
    decided: Vec<(usize, Outcome)>,
}

impl Batch {
    fn new(bucket: &Bucket) -> Self {
        let mut commit = Commit::default();
        commit.check(bucket_check(bucket));
        Self { commit, size_bytes: 0, decided: Vec::new() }
    }

    fn fits(&self, one: &Commit) -> bool {
        self.commit.writes.len() + one.writes.len() <= COMMIT_MAX_WRITES
            && self.size_bytes + one.size_bytes() <= COMMIT_MAX_BYTES
    }

    fn add(&mut self, one: Commit, decided: Vec<(usize, Outcome)>) {
        self.size_bytes += one.size_bytes();
        self.commit.checks.extend(one.checks);
        self.commit.writes.extend(one.writes);
        self.decided.extend(decided);
    }
}
