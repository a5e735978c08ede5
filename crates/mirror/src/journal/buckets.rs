use meta::Commit;
use store::StoreError;
use types::BucketName;

use super::keys::{self, Family, KeyRange};
use super::rows::{malformed, read};
use super::{BucketDebt, BucketRecord, Journal};
use crate::target::TargetNumber;

impl Journal {
    /// A bucket's record.
    pub(crate) async fn bucket(&self, name: &BucketName) -> Result<Option<BucketRecord>, StoreError> {
        match self.row(&keys::named(Family::Bucket, name.as_str().as_bytes())).await? {
            Some(row) => Ok(Some(read(BucketRecord::decode(&row.value))?)),
            None => Ok(None),
        }
    }

    /// Records of buckets whose names begin with `prefix` and lie behind `after`, in order, at most `limit`, and whether
    /// there are more.
    pub(crate) async fn buckets(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<(BucketName, BucketRecord)>, bool), StoreError> {
        let row = |name: &str| keys::named(Family::Bucket, name.as_bytes());
        let mut range = KeyRange::of_prefix(&row(prefix));
        if let Some(after) = after {
            range = range.starting(keys::behind_key(&row(after)));
        }
        // At least one is read, to know whether there are more.
        let (mut rows, more) = self.scan(range, limit.max(1)).await?;
        let more = more || rows.len() > limit;
        rows.truncate(limit);
        let decode = |row: &meta::Record| -> Result<_, StoreError> {
            let name = std::str::from_utf8(&row.key[1..]).map_err(|_| malformed())?;
            let name = BucketName::new(name).map_err(|_| malformed())?;
            Ok((name, read(BucketRecord::decode(&row.value))?))
        };
        Ok((rows.iter().map(decode).collect::<Result<_, _>>()?, more))
    }

    /// What a target owes of a bucket.
    pub(crate) async fn bucket_debt(
        &self,
        target: TargetNumber,
        name: &BucketName,
    ) -> Result<Option<BucketDebt>, StoreError> {
        match self.row(&keys::bucket_debt(target, name)).await? {
            Some(row) => Ok(Some(read(BucketDebt::decode(&row.value))?)),
            None => Ok(None),
        }
    }

    /// Buckets that a target owes, at most `limit`, behind `after`.
    pub(crate) async fn bucket_debts(
        &self,
        target: TargetNumber,
        after: Option<&BucketName>,
        limit: usize,
    ) -> Result<Vec<(BucketName, BucketDebt)>, StoreError> {
        let mut range = KeyRange::of_prefix(&keys::of_target(Family::BucketDebt, target));
        if let Some(after) = after {
            range = range.starting(keys::behind_key(&keys::bucket_debt(target, after)));
        }
        let (rows, _) = self.scan(range, limit).await?;
        let decode = |row: &meta::Record| -> Result<_, StoreError> {
            let name = keys::parse_bucket_debt(&row.key).ok_or_else(malformed)?;
            Ok((name, read(BucketDebt::decode(&row.value))?))
        };
        rows.iter().map(decode).collect()
    }
}

/// Puts or removes a bucket's record.
pub(crate) fn write_bucket(commit: &mut Commit, name: &BucketName, record: Option<&BucketRecord>) {
    let row = keys::named(Family::Bucket, name.as_str().as_bytes());
    match record {
        Some(record) => commit.put(row, record.encode()),
        None => commit.delete(row),
    };
}

/// Puts or removes what a target owes of a bucket.
pub(crate) fn write_bucket_debt(
    commit: &mut Commit,
    target: TargetNumber,
    name: &BucketName,
    debt: Option<&BucketDebt>,
) {
    let row = keys::bucket_debt(target, name);
    match debt {
        Some(debt) => commit.put(row, debt.encode()),
        None => commit.delete(row),
    };
}
