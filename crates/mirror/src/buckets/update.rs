use std::sync::Arc;

use store::{Bucket, BucketUpdate, StoreError, StoreErrorKind, Versioning};
use types::{BucketName, Context};

use super::alike::Care;
use crate::core::Core;
use crate::journal::{BucketRecord, Member};
use crate::locks::LockName;
use crate::write::{Replies, Reply, certain_refusal, refusal, to_its_end};

const OPERATION: &str = "update bucket";

impl Core {
    /// Changes a bucket's record at all targets. Where one of them that the policy needs refuses it for good, the change is
    /// taken back, as far as that can be done.
    pub(crate) async fn update_bucket(
        self: &Arc<Self>,
        cx: &Context,
        bucket: &Bucket,
        update: BucketUpdate,
    ) -> Result<Bucket, StoreError> {
        if let BucketUpdate::Versioning(versioning) = &update {
            self.may_version(bucket, *versioning)?;
        }
        let (core, cx, bucket) = (self.clone(), cx.clone(), bucket.clone());
        to_its_end(OPERATION, |wanted| async move {
            let _alone = core.locks.alone(LockName::Bucket(bucket.name.clone())).await;
            let earlier = core.record(&bucket, OPERATION).await?;
            let mut record = core.owed_by_all(&earlier);
            match update {
                BucketUpdate::Versioning(versioning) => record.versioning = versioning,
                BucketUpdate::Tags(tags) => record.tags = tags,
            }
            let is_first = earlier.versioning == Versioning::Off && record.versioning != Versioning::Off;
            let care = if is_first { Care::OneFirst } else { Care::None };
            wanted.still(OPERATION)?;
            core.owe_bucket(&bucket.name, &record).await?;
            let replies = core.make_at_targets(&bucket.name, &record, care).await;
            let done = replies.iter().filter(|(_, reply)| reply.done().is_some()).count();
            if core.is_refused(&replies, done) && (care == Care::None || changed_nowhere(&replies)) {
                let earlier = BucketRecord { revision: record.revision, ..earlier };
                core.take_change_back(&bucket.name, &earlier).await?;
                return Err(certain_refusal(&replies).unwrap_or_else(|| refusal(&core, replies, OPERATION)));
            }
            let record = core.conclude_bucket(&bucket.name, record, &replies).await?;
            core.tell_bucket(&cx, &replies, OPERATION)?;
            Ok(record.to_bucket(&bucket.name))
        })
        .await
    }

    /// The next revision of a record, which every target owes.
    fn owed_by_all(&self, record: &BucketRecord) -> BucketRecord {
        let mut record = BucketRecord { revision: record.revision + 1, ..record.clone() };
        for target in &self.targets {
            let member = match record.member(target.number) {
                Some(Member::Full | Member::Owes) => Member::Owes,
                Some(Member::Filling | Member::New) | None => Member::New,
            };
            record.set_member(target.number, member);
        }
        record
    }

    /// A bucket is to be as it was before a change: targets that cannot be brought to that now owe it.
    async fn take_change_back(
        self: &Arc<Self>,
        name: &BucketName,
        earlier: &BucketRecord,
    ) -> Result<(), StoreError> {
        let record = self.owed_by_all(earlier);
        self.owe_bucket(name, &record).await?;
        let replies = self.make_at_targets(name, &record, Care::None).await;
        self.conclude_bucket(name, record, &replies).await?;
        self.wake();
        Ok(())
    }

    /// Whether all targets keep versions; and versioning is never switched off again.
    fn may_version(&self, bucket: &Bucket, versioning: Versioning) -> Result<(), StoreError> {
        let refuse = |why| Err(StoreError::new(StoreErrorKind::Unsupported(why), OPERATION));
        if versioning == Versioning::Off {
            return refuse("versioning is suspended, never removed");
        }
        match self.capabilities(bucket).versioning {
            store::Support::No(why) => refuse(why),
            store::Support::Yes | store::Support::Supplied(_) => Ok(()),
        }
    }
}

/// Whether no target can have changed anything.
fn changed_nowhere(replies: &Replies<()>) -> bool {
    replies.iter().all(|(_, reply)| matches!(reply, Reply::Refused(_)))
}
