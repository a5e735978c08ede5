//! Buckets: made, found, changed and removed at all targets, under the bucket's lock.
//!
//! A change is written to the journal first, with every target owing it, and each target that does it owes it no more: so a
//! crash at any step leaves debts and no difference.

use std::sync::Arc;

use meta::Commit;
use store::{Bucket, BucketUpdate, ListObjects, Missing, StoreError, StoreErrorKind, Versioning};
use types::{BucketName, Context, Owner, TagSet};

use crate::core::Core;
use crate::journal::buckets::{write_bucket, write_bucket_debt};
use crate::journal::uploads::{write_abort, write_upload};
use crate::journal::{AbortRecord, BucketDebt, BucketRecord, Coverage, Member};
use crate::locks::LockName;
use crate::write::{Fan, Replies, Reply, refusal, to_its_end};

/// Uploads of a removed bucket that are forgotten in one commit.
const PAGE_UPLOADS: usize = 500;

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
    async fn find_or_adopt(&self, name: &BucketName) -> Result<Option<BucketRecord>, StoreError> {
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
        mut members: Vec<(crate::target::TargetNumber, Member)>,
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
        number: crate::target::TargetNumber,
        name: &BucketName,
    ) -> Result<Vec<u64>, StoreError> {
        let debt = self.journal.bucket_debt(number, name).await?;
        Ok(debt.map_or_else(Vec::new, |debt| debt.removed))
    }

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
            let replies = core.make_at_targets(&name, &record).await;
            if let Some(refused) = certain_refusal(&replies) {
                core.take_back(&name, &record, &replies).await?;
                return Err(refused);
            }
            if !replies.iter().any(|(_, reply)| !matches!(reply, Reply::Refused(_))) {
                core.take_back(&name, &record, &replies).await?;
                return Err(refusal(&core, replies, OPERATION));
            }
            core.conclude_bucket(&cx, &name, (record, replies), OPERATION).await
        })
        .await
    }

    /// Writes a bucket's new record, and that every target owes it.
    async fn owe_bucket(&self, name: &BucketName, record: &BucketRecord) -> Result<(), StoreError> {
        let (mut commit, since) = (Commit::default(), self.now());
        write_bucket(&mut commit, name, Some(record));
        for target in &self.targets {
            let removed = self.removed_before(target.number, name).await?;
            write_bucket_debt(&mut commit, target.number, name, Some(&BucketDebt { since, removed }));
        }
        self.journal.commit(commit).await
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

    /// Has every target that is in bring its bucket to the record. One that still has to remove an older bucket of the name
    /// is left to repair.
    async fn make_at_targets(self: &Arc<Self>, name: &BucketName, record: &BucketRecord) -> Replies<()> {
        let mut fan = Fan::new(self.clone());
        for (place, target) in self.targets.iter().enumerate() {
            let removed = self.removed_before(target.number, name).await;
            if removed.is_ok_and(|removed| removed.is_empty()) {
                self.forget_target_bucket(place, name);
                let (core, name, record) = (self.clone(), name.clone(), record.clone());
                fan.start(place, Box::pin(async move { core.make_alike(place, &name, &record).await }));
            }
        }
        fan.let_go(|place| self.running(place, name, &[]));
        fan.collect(self.needed()).await
    }

    /// Makes durable which targets have a bucket as the record says.
    async fn conclude_bucket(
        self: &Arc<Self>,
        cx: &Context,
        name: &BucketName,
        (mut record, replies): (BucketRecord, Replies<()>),
        operation: &'static str,
    ) -> Result<Bucket, StoreError> {
        let mut commit = Commit::default();
        for (place, reply) in &replies {
            if reply.done().is_none() {
                continue;
            }
            let number = self.targets[*place].number;
            let member = match record.member(number) {
                Some(Member::New | Member::Filling) | None => Member::Filling,
                Some(Member::Owes | Member::Full) => Member::Full,
            };
            record.set_member(number, member);
            write_bucket_debt(&mut commit, number, name, None);
        }
        write_bucket(&mut commit, name, Some(&record));
        self.journal.commit(commit).await?;
        self.tell_bucket(cx, &replies, operation)?;
        Ok(record.to_bucket(name))
    }

    fn tell_bucket(
        &self,
        cx: &Context,
        replies: &Replies<()>,
        operation: &'static str,
    ) -> Result<(), StoreError> {
        let has =
            |place: usize| replies.iter().any(|(replied, reply)| *replied == place && reply.done().is_some());
        self.note(cx, has);
        let done = (0..self.targets.len()).filter(|place| has(*place)).count();
        if done < self.targets.len() {
            self.wake();
        }
        if done >= self.needed() { Ok(()) } else { Err(self.unmet(operation)) }
    }

    /// Changes a bucket's record at all targets.
    pub(crate) async fn update_bucket(
        self: &Arc<Self>,
        cx: &Context,
        bucket: &Bucket,
        update: BucketUpdate,
    ) -> Result<Bucket, StoreError> {
        const OPERATION: &str = "update bucket";
        if let BucketUpdate::Versioning(versioning) = &update {
            self.may_version(bucket, *versioning)?;
        }
        let (core, cx, bucket) = (self.clone(), cx.clone(), bucket.clone());
        to_its_end(OPERATION, |wanted| async move {
            let _alone = core.locks.alone(LockName::Bucket(bucket.name.clone())).await;
            let mut record = core.record(&bucket, OPERATION).await?;
            record.revision += 1;
            match update {
                BucketUpdate::Versioning(versioning) => record.versioning = versioning,
                BucketUpdate::Tags(tags) => record.tags = tags,
            }
            for target in &core.targets {
                let member = match record.member(target.number) {
                    Some(Member::Full | Member::Owes) => Member::Owes,
                    Some(Member::Filling | Member::New) | None => Member::New,
                };
                record.set_member(target.number, member);
            }
            wanted.still(OPERATION)?;
            core.owe_bucket(&bucket.name, &record).await?;
            let replies = core.make_at_targets(&bucket.name, &record).await;
            core.conclude_bucket(&cx, &bucket.name, (record, replies), OPERATION).await
        })
        .await
    }

    /// Whether all targets keep versions; and versioning is never switched off again.
    fn may_version(&self, bucket: &Bucket, versioning: Versioning) -> Result<(), StoreError> {
        const OPERATION: &str = "update bucket";
        let refuse = |why| Err(StoreError::new(StoreErrorKind::Unsupported(why), OPERATION));
        if versioning == Versioning::Off {
            return refuse("versioning is suspended, never removed");
        }
        match self.capabilities(bucket).versioning {
            store::Support::No(why) => refuse(why),
            store::Support::Yes | store::Support::Supplied(_) => Ok(()),
        }
    }

    /// Removes an empty bucket at all targets.
    pub(crate) async fn delete_bucket(
        self: &Arc<Self>,
        cx: &Context,
        bucket: &Bucket,
    ) -> Result<(), StoreError> {
        const OPERATION: &str = "delete bucket";
        let (core, cx, bucket) = (self.clone(), cx.clone(), bucket.clone());
        to_its_end(OPERATION, |wanted| async move {
            let _alone = core.locks.alone(LockName::Bucket(bucket.name.clone())).await;
            let record = core.record(&bucket, OPERATION).await?;
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
            return Err(StoreError::new(StoreErrorKind::Unavailable, "delete bucket"));
        };
        let number = self.targets[place].number;
        match self.journal.bucket_debt(number, name).await? {
            Some(debt) => self.remove_left(place, name, &debt).await,
            None => Ok(()),
        }
    }

    /// Whether nothing is in a bucket: by the journal, and where that does not know every key, by the targets too.
    async fn require_empty(&self, bucket: &Bucket, record: &BucketRecord) -> Result<(), StoreError> {
        const OPERATION: &str = "delete bucket";
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

/// What a target that will never have the bucket says: no outage, so it is the answer.
fn certain_refusal(replies: &Replies<()>) -> Option<StoreError> {
    replies.iter().find_map(|(_, reply)| match reply {
        Reply::Refused(error) => match error.kind {
            StoreErrorKind::Unsupported(why) => {
                Some(StoreError::new(StoreErrorKind::Unsupported(why), error.operation))
            }
            StoreErrorKind::Forbidden(why) => {
                Some(StoreError::new(StoreErrorKind::Forbidden(why), error.operation))
            }
            _ => None,
        },
        Reply::Done(()) | Reply::Unknown(_) => None,
    })
}
