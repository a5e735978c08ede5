use std::sync::Arc;

use meta::Commit;
use store::{StoreError, StoreErrorKind};
use types::{BucketName, Context};

use crate::core::Core;
use crate::journal::buckets::{write_bucket, write_bucket_debt};
use crate::journal::{BucketDebt, BucketRecord, Member};
use crate::write::{Fan, Replies, Reply, certain_refusal};

/// How a change of a bucket is brought to its targets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Care {
    /// To all at once: what one has taken can be taken back.
    None,
    /// To one of them first, and no further where that refuses it for good: what one has taken cannot be taken back.
    OneFirst,
}

impl Core {
    /// Writes a bucket's new record, and that every target owes it.
    pub(super) async fn owe_bucket(
        &self,
        name: &BucketName,
        record: &BucketRecord,
    ) -> Result<(), StoreError> {
        let (mut commit, since) = (Commit::default(), self.now());
        write_bucket(&mut commit, name, Some(record));
        for target in &self.targets {
            let removed = self.removed_before(target.number, name).await?;
            write_bucket_debt(&mut commit, target.number, name, Some(&BucketDebt { since, removed }));
        }
        self.journal.commit(commit).await
    }

    /// Has every target that is in bring its bucket to the record. One that still has to remove an older bucket of the name
    /// is left to repair. The one that may be asked first is the last in the list, which is likelier to be somebody else's.
    pub(super) async fn make_at_targets(
        self: &Arc<Self>,
        name: &BucketName,
        record: &BucketRecord,
        care: Care,
    ) -> Replies<()> {
        let mut places = Vec::new();
        for (place, target) in self.targets.iter().enumerate() {
            let removed = self.removed_before(target.number, name).await;
            if removed.is_ok_and(|removed| removed.is_empty()) {
                places.push(place);
            }
        }
        let mut fan = Fan::new(self.clone());
        if care == Care::OneFirst
            && let Some(first) = places.pop()
        {
            self.start_making(&mut fan, first, (name, record));
            if self.is_refused(fan.ended_early().await, self.targets.len() - 1) {
                places.clear();
            }
        }
        for place in places {
            self.start_making(&mut fan, place, (name, record));
        }
        fan.let_go(|place| self.running(place, name, &[]));
        fan.collect(self.needed()).await
    }

    fn start_making(
        self: &Arc<Self>,
        fan: &mut Fan<()>,
        place: usize,
        (name, record): (&BucketName, &BucketRecord),
    ) {
        self.forget_target_bucket(place, name);
        let (core, name, record) = (self.clone(), name.clone(), record.clone());
        fan.start(place, Box::pin(async move { core.make_alike(place, &name, &record).await }));
    }

    /// Whether a change of a bucket is not to be: a target will never take it, or has no permission where the policy needs it.
    /// `most` targets can have the change.
    pub(super) fn is_refused(&self, replies: &Replies<()>, most: usize) -> bool {
        let is_denied = |(_, reply): &(usize, Reply<()>)| matches!(reply, Reply::Refused(error) if matches!(error.kind, StoreErrorKind::Denied));
        certain_refusal(replies).is_some() || (most < self.needed() && replies.iter().any(is_denied))
    }

    /// Makes durable which targets have a bucket as the record says. Returns the record with that.
    pub(super) async fn conclude_bucket(
        &self,
        name: &BucketName,
        mut record: BucketRecord,
        replies: &Replies<()>,
    ) -> Result<BucketRecord, StoreError> {
        let mut commit = Commit::default();
        for (place, reply) in replies {
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
        Ok(record)
    }

    /// Says which targets have a change of a bucket.
    ///
    /// # Errors
    /// `Unavailable` where those are too few for the policy.
    pub(super) fn tell_bucket(
        &self,
        cx: &Context,
        replies: &Replies<()>,
        operation: &'static str,
    ) -> Result<(), StoreError> {
        let done = self.note_replies(cx, replies);
        if done < self.targets.len() {
            self.wake();
        }
        if done >= self.needed() { Ok(()) } else { Err(self.unmet(operation)) }
    }
}
