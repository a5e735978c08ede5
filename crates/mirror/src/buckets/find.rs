use meta::Commit;
use store::{Bucket, Missing, StoreError, StoreErrorKind, Versioning};
use types::{BucketName, Context};

use crate::core::Core;
use crate::journal::buckets::{write_bucket, write_bucket_debt};
use crate::journal::{BucketDebt, BucketRecord, Coverage, Member};
use crate::locks::LockName;
use crate::target::TargetNumber;

impl Core {
    /// A bucket's record. One that the journal does not know and a target has was there before the mirror, and is taken over.
    pub(crate) async fn bucket_record(&self, _: &Context, name: &BucketName) -> Result<Bucket, StoreError> {
        if let Some(record) = self.journal.bucket(name).await? {
            return Ok(record.to_bucket(name));
        }
        let _alone = self.locks.alone(LockName::Bucket(name.clone())).await;
        match self.find_or_adopt(name).await? {
            Some(record) => Ok(record.to_bucket(name)),
            None => Err(StoreError::missing(Missing::Bucket, "find a bucket")),
        }
    }

    /// The record, or that of a bucket that was there before the mirror, taken over. The bucket's lock is held.
    pub(super) async fn find_or_adopt(&self, name: &BucketName) -> Result<Option<BucketRecord>, StoreError> {
        if let Some(record) = self.journal.bucket(name).await? {
            return Ok(Some(record));
        }
        let (mut found, mut members) = (None::<Bucket>, Vec::new());
        for (place, target) in self.targets.iter().enumerate() {
            if self.journal.bucket_debt(target.number, name).await?.is_some() {
                // What it has is what is left of a removed one.
                members.push((target.number, Member::New));
                continue;
            }
            match self.ask(place, target.store.bucket(&Context::background(), name)).await {
                Ok(bucket) => {
                    members.push((target.number, if found.is_none() { Member::Full } else { Member::New }));
                    found = found.or(Some(bucket));
                }
                // The first that has it is the one whose objects count: whoever does not say may be that one.
                Err(error)
                    if found.is_none() && !matches!(error.kind, StoreErrorKind::Missing(Missing::Bucket)) =>
                {
                    return Err(error);
                }
                Err(_) => members.push((target.number, Member::New)),
            }
        }
        match found {
            None => Ok(None),
            Some(bucket) => self.adopt(bucket, members).await.map(Some),
        }
    }

    async fn adopt(
        &self,
        bucket: Bucket,
        mut members: Vec<(TargetNumber, Member)>,
    ) -> Result<BucketRecord, StoreError> {
        if bucket.versioning != Versioning::Off {
            let kind = StoreErrorKind::Unsupported("a bucket with versions must be made through the mirror");
            return Err(StoreError::new(kind, "take over a bucket"));
        }
        members.sort_by_key(|(number, _)| *number);
        let record = BucketRecord {
            handle: self.random.next_u64(),
            revision: 1,
            owner: bucket.owner,
            created_at: bucket.created_at,
            tags: bucket.tags,
            versioning: bucket.versioning,
            coverage: Coverage::Partial,
            members,
        };
        let (mut commit, since) = (Commit::default(), self.now());
        write_bucket(&mut commit, &bucket.name, Some(&record));
        for (number, _) in record.members.iter().filter(|(_, member)| *member == Member::New) {
            let removed = self.removed_before(*number, &bucket.name).await?;
            write_bucket_debt(&mut commit, *number, &bucket.name, Some(&BucketDebt { since, removed }));
        }
        self.journal.commit(commit).await?;
        self.wake();
        Ok(record)
    }

    /// Which removed buckets of the name a target may still hold.
    pub(crate) async fn removed_before(
        &self,
        number: TargetNumber,
        name: &BucketName,
    ) -> Result<Vec<u64>, StoreError> {
        let debt = self.journal.bucket_debt(number, name).await?;
        Ok(debt.map_or_else(Vec::new, |debt| debt.removed))
    }
}
