use meta::{Check, Commit};
use store::StoreError;
use types::BucketName;

use super::error::Sound;
use super::keys::{self, Family, KeyRange};
use super::rows::{RACES_MAX, contended};
use super::{BucketRecord, Ledger};

impl Ledger {
    /// What is known of a bucket; `None` where nothing was recorded: such a bucket belongs to root.
    ///
    /// # Errors
    /// Failures of the engine.
    pub async fn bucket_record(&self, name: &BucketName) -> Result<Option<BucketRecord>, StoreError> {
        let row = self.row(&keys::bucket(name)).await?;
        row.map(|row| BucketRecord::decode(&row.value)).transpose().sound()
    }

    /// As [`Ledger::bucket_record`] for many, in their order.
    ///
    /// # Errors
    /// Failures of the engine.
    pub async fn bucket_records(
        &self,
        names: &[BucketName],
    ) -> Result<Vec<Option<BucketRecord>>, StoreError> {
        let keys: Vec<_> = names.iter().map(keys::bucket).collect();
        let rows = self.rows(&keys).await?;
        rows.into_iter()
            .map(|row| row.map(|row| BucketRecord::decode(&row.value)).transpose().sound())
            .collect()
    }

    /// Records a bucket, replacing what was recorded.
    ///
    /// # Errors
    /// Failures of the engine.
    pub async fn put_bucket(&self, name: &BucketName, record: &BucketRecord) -> Result<(), StoreError> {
        let mut commit = Commit::default();
        commit.put(keys::bucket(name), record.encode());
        self.commit(commit).await
    }

    /// Changes a bucket's record, beginning with `unrecorded` where there is none; returns the new one. Atomic: `change`
    /// is called again where another change came first.
    ///
    /// # Errors
    /// `Conflict` after many such races; failures of the engine.
    pub async fn update_bucket(
        &self,
        name: &BucketName,
        unrecorded: BucketRecord,
        change: impl Fn(&mut BucketRecord) + Send + Sync,
    ) -> Result<BucketRecord, StoreError> {
        let key = keys::bucket(name);
        for _ in 0..RACES_MAX {
            let row = self.row(&key).await?;
            let mut commit = Commit::default();
            let mut record = match row {
                Some(row) => {
                    commit.check(Check::Equals(key.clone(), row.revision));
                    BucketRecord::decode(&row.value).sound()?
                }
                None => {
                    commit.check(Check::Absent(key.clone()));
                    unrecorded.clone()
                }
            };
            change(&mut record);
            commit.put(key.clone(), record.encode());
            if self.try_commit(commit).await? {
                return Ok(record);
            }
        }
        Err(contended())
    }

    /// Forgets a bucket with all identities, uploads and parts in it. Interrupted, it is to be repeated.
    ///
    /// # Errors
    /// Failures of the engine.
    pub async fn remove_bucket(&self, name: &BucketName) -> Result<(), StoreError> {
        self.remove_uploads_of(name).await?;
        for family in [Family::Identity, Family::Apart] {
            self.remove_rows(KeyRange::of_prefix(&keys::in_bucket(family, name))).await?;
        }
        let mut commit = Commit::default();
        commit.delete(keys::bucket(name));
        self.commit(commit).await
    }
}
