use std::sync::Arc;

use meta::Commit;
use store::{Bucket, ListObjects, StoreError, StoreErrorKind};
use types::{BucketName, Context};

use crate::backfill::cursor_name;
use crate::core::Core;
use crate::journal::buckets::{write_bucket, write_bucket_debt};
use crate::journal::uploads::{write_abort, write_finished, write_upload};
use crate::journal::{AbortRecord, BucketDebt, BucketRecord, Coverage, FinishedRecord, Member, write_cursor};
use crate::locks::LockName;
use crate::write::{Fan, leftovers_name, to_its_end};

const OPERATION: &str = "delete bucket";
/// Uploads of a removed bucket that are forgotten in one commit.
const PAGE_UPLOADS: usize = 500;

impl Core {
    /// Removes an empty bucket at all targets.
    pub(crate) async fn delete_bucket(
        self: &Arc<Self>,
        cx: &Context,
        bucket: &Bucket,
    ) -> Result<(), StoreError> {
        let (core, cx, bucket) = (self.clone(), cx.clone(), bucket.clone());
        to_its_end(OPERATION, |wanted| async move {
            core.settle_in(&bucket).await?;
            let _alone = core.locks.alone(LockName::Bucket(bucket.name.clone())).await;
            let record = core.record(&bucket, OPERATION).await?;
            core.require_settled(&bucket)?;
            core.require_empty(&bucket, &record).await?;
            wanted.still(OPERATION)?;
            core.forget_uploads(&bucket).await?;
            let (mut commit, since) = (Commit::default(), core.now());
            write_bucket(&mut commit, &bucket.name, None);
            for target in &core.targets {
                let mut removed = core.removed_before(target.number, &bucket.name).await?;
                removed.push(bucket.handle);
                let debt = BucketDebt { since, removed };
                write_bucket_debt(&mut commit, target.number, &bucket.name, Some(&debt));
            }
            // One that is not of the mirror now may still have the bucket, and bring it when it comes back.
            for number in core.journal.numbers().await? {
                write_cursor(&mut commit, &cursor_name(number, &bucket.name), None);
                write_cursor(&mut commit, &leftovers_name(number, &bucket.name), None);
                if core.place_of(number).is_none() {
                    let debt = BucketDebt { since, removed: vec![bucket.handle] };
                    write_bucket_debt(&mut commit, number, &bucket.name, Some(&debt));
                }
            }
            core.journal.commit(commit).await?;
            let mut fan = Fan::new(core.clone());
            for (place, _) in core.targets.iter().enumerate() {
                let (core, name) = (core.clone(), bucket.name.clone());
                core.forget_target_bucket(place, &name);
                let removing = core.clone();
                fan.start(place, Box::pin(async move { removing.remove_bucket_at(place, &name).await }));
            }
            fan.let_go(|place| core.running(place, &bucket.name, &[]));
            let replies = fan.collect(core.needed()).await;
            let mut commit = Commit::default();
            for (place, _) in replies.iter().filter(|(_, reply)| reply.done().is_some()) {
                write_bucket_debt(&mut commit, core.targets[*place].number, &bucket.name, None);
            }
            core.journal.commit(commit).await?;
            core.tell_bucket(&cx, &replies, OPERATION)
        })
        .await
    }

    /// Removes at a target what is left of a bucket. The caller takes the debt away. It may go on after nobody waits for it and
    /// the lock is given back: the target's next bucket of the name is made only after that.
    async fn remove_bucket_at(self: &Arc<Self>, place: usize, name: &BucketName) -> Result<(), StoreError> {
        let Some(_removing) = self.removing(place, name) else {
            return Err(StoreError::new(StoreErrorKind::Unavailable, OPERATION));
        };
        let number = self.targets[place].number;
        match self.journal.bucket_debt(number, name).await? {
            Some(debt) => self.remove_left(place, name, &debt).await,
            None => Ok(()),
        }
    }

    /// Settles what was begun in a bucket and left open.
    async fn settle_in(self: &Arc<Self>, bucket: &Bucket) -> Result<(), StoreError> {
        for (_, key) in self.all_unsettled().into_iter().filter(|(handle, _)| *handle == bucket.handle) {
            self.settle_key(&bucket.name, bucket.handle, &key).await?;
        }
        Ok(())
    }

    /// What a write came to whose end nobody saw must be known: a target that did it would keep the bucket for it.
    fn require_settled(&self, bucket: &Bucket) -> Result<(), StoreError> {
        if self.all_unsettled().iter().any(|(handle, _)| *handle == bucket.handle) {
            self.wake();
            return Err(StoreError::new(StoreErrorKind::Unavailable, OPERATION));
        }
        Ok(())
    }

    /// Whether nothing is in a bucket: by the journal, and where that does not know every key, by the targets too.
    async fn require_empty(&self, bucket: &Bucket, record: &BucketRecord) -> Result<(), StoreError> {
        let holds = || Err(StoreError::new(StoreErrorKind::BucketNotEmpty, OPERATION));
        if self.journal.holds_any(record.handle).await? {
            return holds();
        }
        if record.coverage == Coverage::Whole {
            return Ok(());
        }
        for (place, target) in self.targets.iter().enumerate() {
            if record.member(target.number) != Some(Member::Full) {
                continue;
            }
            let theirs = self.target_bucket(place, &bucket.name).await?;
            let (cx, store) = (Context::background(), &target.store);
            let options = ListObjects { limit: 1, ..ListObjects::default() };
            let page = self.ask(place, store.list(&cx, &theirs, options)).await?;
            let owed = self.journal.owed_in_bucket(target.number, record.handle, ("", None), 1).await?.0;
            if !page.entries.is_empty() && owed.is_empty() {
                return holds();
            }
            if !page.entries.is_empty() {
                // What it lists may be what it owes to remove: repair comes first.
                return Err(StoreError::new(StoreErrorKind::Unavailable, OPERATION));
            }
        }
        Ok(())
    }

    /// Unfinished uploads of a removed bucket end; the targets abort them with their buckets.
    async fn forget_uploads(&self, bucket: &Bucket) -> Result<(), StoreError> {
        loop {
            let uploads = self.journal.uploads_in(bucket.handle, PAGE_UPLOADS).await?;
            let mut commit = Commit::default();
            for (key, number, record) in &uploads {
                write_upload(&mut commit, (bucket.handle, key), *number, None);
                write_finished(&mut commit, *number, &FinishedRecord::aborted(bucket.handle, self.now()));
                for (target, upload_id) in &record.targets {
                    let abort = AbortRecord {
                        bucket: bucket.name.clone(),
                        key: key.as_str().to_owned(),
                        upload_id: upload_id.clone(),
                    };
                    write_abort(&mut commit, *target, *number, Some(&abort));
                }
            }
            self.journal.commit(commit).await?;
            for (_, number, _) in &uploads {
                self.journal.drop_parts(*number).await?;
            }
            if uploads.len() < PAGE_UPLOADS {
                return Ok(());
            }
        }
    }
}
