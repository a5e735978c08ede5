use std::sync::Arc;

use meta::Commit;
use store::{Bucket, StoreError, StoreErrorKind, Versioning};
use types::{BucketName, Context, Owner, TagSet};

use super::alike::Care;
use crate::core::Core;
use crate::journal::buckets::{write_bucket, write_bucket_debt};
use crate::journal::{BucketDebt, BucketRecord, Coverage, Member};
use crate::locks::LockName;
use crate::write::{Replies, Reply, certain_refusal, refusal, to_its_end};

impl Core {
    /// Makes a bucket at all targets.
    pub(crate) async fn create_bucket(
        self: &Arc<Self>,
        cx: &Context,
        name: &BucketName,
        (owner, tags): (&Owner, &TagSet),
    ) -> Result<Bucket, StoreError> {
        const OPERATION: &str = "create bucket";
        let (core, cx, name) = (self.clone(), cx.clone(), name.clone());
        let (owner, tags) = (owner.clone(), tags.clone());
        to_its_end(OPERATION, |wanted| async move {
            let _alone = core.locks.alone(LockName::Bucket(name.clone())).await;
            if core.find_or_adopt(&name).await?.is_some() {
                return Err(StoreError::new(StoreErrorKind::BucketExists, OPERATION));
            }
            let mut record = BucketRecord {
                handle: core.random.next_u64(),
                revision: 1,
                owner,
                created_at: core.now(),
                tags,
                versioning: Versioning::Off,
                coverage: Coverage::Whole,
                members: core.targets.iter().map(|target| (target.number, Member::Owes)).collect(),
            };
            record.members.sort_by_key(|(number, _)| *number);
            wanted.still(OPERATION)?;
            core.owe_bucket(&name, &record).await?;
            let replies = core.make_at_targets(&name, &record, Care::None).await;
            if let Some(refused) = certain_refusal(&replies) {
                core.take_back(&name, &record, &replies).await?;
                return Err(refused);
            }
            if !replies.iter().any(|(_, reply)| !matches!(reply, Reply::Refused(_))) {
                core.take_back(&name, &record, &replies).await?;
                return Err(refusal(&core, replies, OPERATION));
            }
            let record = core.conclude_bucket(&name, record, &replies).await?;
            core.tell_bucket(&cx, &replies, OPERATION)?;
            Ok(record.to_bucket(&name))
        })
        .await
    }

    /// The bucket is not to be: targets that may have made it owe its removal.
    async fn take_back(
        self: &Arc<Self>,
        name: &BucketName,
        record: &BucketRecord,
        replies: &Replies<()>,
    ) -> Result<(), StoreError> {
        let mut commit = Commit::default();
        write_bucket(&mut commit, name, None);
        for (place, target) in self.targets.iter().enumerate() {
            let mut removed = self.removed_before(target.number, name).await?;
            let may_have = replies
                .iter()
                .any(|(replied, reply)| *replied == place && !matches!(reply, Reply::Refused(_)));
            if may_have {
                removed.push(record.handle);
            }
            let debt = BucketDebt { since: self.now(), removed };
            let left = Some(&debt).filter(|debt| !debt.removed.is_empty());
            write_bucket_debt(&mut commit, target.number, name, left);
        }
        self.journal.commit(commit).await?;
        for (place, target) in self.targets.iter().enumerate() {
            let Some(debt) = self.journal.bucket_debt(target.number, name).await? else { continue };
            if self.remove_left(place, name, &debt).await.is_ok() {
                let mut commit = Commit::default();
                write_bucket_debt(&mut commit, target.number, name, None);
                self.journal.commit(commit).await?;
            }
        }
        Ok(())
    }
}
