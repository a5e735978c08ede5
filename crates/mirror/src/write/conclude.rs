use meta::Commit;
use store::{DeleteOutcome, PutOutcome, StoreError, Versioning};
use types::{Context, StorageClass, Timestamp};

use super::ask::{certain_refusal, refusal};
use super::turn::owe;
use super::{Replies, Reply, Turn};
use crate::journal::{
    CopyState, Coverage, Current, Facts, Held, Intent, KeyState, Member, Origin, Plan, Sequence, Stray,
    UploadNumber, Version, What,
};

/// A version that is about to be written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Draft {
    pub(crate) sequence: Sequence,
    pub(crate) random: Option<u64>,
    pub(crate) modified_at: Timestamp,
}

/// What is kept of a new object beside what the targets answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kept {
    pub(crate) storage_class: StorageClass,
    pub(crate) origin: Origin,
    pub(crate) refusals: Refusals,
}

/// What it means that a target says it does not do such a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusals {
    /// It will never have the object: the write fails.
    Final,
    /// It can have the object another way: it owes it.
    Passing,
}

impl Draft {
    /// The version, nowhere yet.
    fn version(self, what: What) -> Version {
        let Self { sequence, random, modified_at } = self;
        Version { sequence, random, modified_at, what, copies: Vec::new() }
    }
}

impl Turn {
    /// The key's next version.
    pub(crate) fn draft(&self) -> Draft {
        Draft { sequence: self.next_sequence(), random: self.next_random(), modified_at: self.core.now() }
    }

    /// Makes the intent durable, if the write is still wanted: from here on it comes to its end, and a crash is followed up.
    pub(crate) async fn begin(&self, plan: Plan, targets: &[usize]) -> Result<(), StoreError> {
        self.wanted.still("begin a write")?;
        let mut commit = Commit::default();
        self.place().begin(&mut commit, &self.intent(plan, targets));
        self.core.journal.commit(commit).await
    }

    pub(crate) fn intent(&self, plan: Plan, targets: &[usize]) -> Intent {
        let targets = targets.iter().map(|place| self.core.targets[*place].number).collect();
        Intent { bucket: self.bucket.clone(), targets, plan }
    }

    /// Makes durable what became of a new object: what is shown of it, which targets have it and which owe it.
    ///
    /// # Errors
    /// `Unavailable` where too few targets have it; it is rolled forward where one has. Where none has, why.
    pub(crate) async fn conclude_object(
        &mut self,
        cx: &Context,
        draft: Draft,
        (replies, kept): (Replies<PutOutcome>, Kept),
        commit: Commit,
    ) -> Result<PutOutcome, StoreError> {
        let Some(first) = replies.iter().find_map(|(_, reply)| reply.done()).cloned() else {
            return Err(self.nothing_done(replies, "write an object").await);
        };
        if let Some(refused) = certain_refusal(&replies).filter(|_| kept.refusals == Refusals::Final) {
            if commit.writes.is_empty() && self.can_be_as_before(&replies) {
                self.undo(&replies).await?;
            } else {
                self.forward(draft, (&first, &replies, kept), commit).await?;
            }
            return Err(refused);
        }
        let version = self.forward(draft, (&first, &replies, kept), commit).await?;
        self.tell(cx, &replies, "write an object")?;
        Ok(PutOutcome {
            etag: first.etag,
            version_id: version.shown_id(self.record.versioning),
            checksum: first.checksum,
            size_bytes: first.size_bytes,
            modified_at: draft.modified_at,
        })
    }

    /// Makes a new object that a target has the key's current version.
    async fn forward(
        &mut self,
        draft: Draft,
        (first, replies, kept): (&PutOutcome, &Replies<PutOutcome>, Kept),
        mut commit: Commit,
    ) -> Result<Version, StoreError> {
        let facts = Facts {
            etag: first.etag.clone(),
            size_bytes: first.size_bytes,
            checksum: first.checksum,
            storage_class: kept.storage_class,
            origin: kept.origin,
        };
        let version = self.with_copies(draft.version(What::Object(facts)), replies, |outcome| Held {
            version_id: outcome.version_id.clone(),
            etag: (outcome.etag != first.etag).then(|| outcome.etag.clone()),
        });
        let after = self.push(&mut commit, version.clone(), self.debts_after(replies));
        self.place().settle(&mut commit);
        self.apply(commit, after).await?;
        Ok(version)
    }

    /// Whether what stood under the key can be had again: nothing, or what a target that changed nothing still has.
    fn can_be_as_before(&self, replies: &Replies<PutOutcome>) -> bool {
        match &self.state.current {
            Current::Absent => true,
            Current::Unrecorded => self.record.coverage == Coverage::Whole,
            Current::Version(version) => (self.core.targets.iter().enumerate()).any(|(place, target)| {
                let is_reached = replies
                    .iter()
                    .any(|(replied, reply)| *replied == place && !matches!(reply, Reply::Refused(_)));
                version.held_at(target.number).is_some() && !is_reached
            }),
        }
    }

    /// A new object is not to be: the targets that have it, or may have, owe what was there before, and get it now where they
    /// can.
    async fn undo(&mut self, replies: &Replies<PutOutcome>) -> Result<(), StoreError> {
        let (mut commit, mut after) = (Commit::default(), self.state.clone());
        let reached: Vec<usize> = replies
            .iter()
            .filter(|(_, reply)| !matches!(reply, Reply::Refused(_)))
            .map(|(place, _)| *place)
            .collect();
        for place in &reached {
            let number = self.core.targets[*place].number;
            owe(&mut after.debts, number, self.core.now());
            after.debts.iter_mut().filter(|debt| debt.target == number).for_each(|debt| {
                debt.stray = Stray::Maybe;
            });
            self.unhold(&mut after, *place);
        }
        self.place().settle(&mut commit);
        self.apply(commit, after).await?;
        for place in reached {
            // One that cannot now goes on owing it.
            let _ = self.bring_up(place).await;
        }
        Ok(())
    }

    /// The state after a new delete marker that at least one target has, and what to answer.
    pub(crate) fn after_marker(
        &self,
        commit: &mut Commit,
        draft: Draft,
        replies: &Replies<DeleteOutcome>,
    ) -> (KeyState, DeleteOutcome) {
        let version = self.with_copies(draft.version(What::Marker), replies, |outcome| Held {
            version_id: outcome.version_id.clone(),
            etag: None,
        });
        let version_id = version.shown_id(self.record.versioning);
        let after = self.push(commit, version, self.debts_after(replies));
        self.place().settle(commit);
        (after, DeleteOutcome { version_id, delete_marker: true })
    }

    /// Says which targets have the write.
    ///
    /// # Errors
    /// `Unavailable` where those are too few for the policy.
    pub(crate) fn tell<T>(
        &self,
        cx: &Context,
        replies: &Replies<T>,
        operation: &'static str,
    ) -> Result<(), StoreError> {
        let done = self.core.note_replies(cx, replies);
        if done >= self.core.needed() { Ok(()) } else { Err(self.core.unmet(operation)) }
    }

    /// The state after a write that no target says it did: where one certainly did not, the key stays as it was, and those of
    /// which nobody knows are to be brought back to it. `None` where what became of it must be found out later.
    pub(crate) fn after_nothing<T>(&self, commit: &mut Commit, replies: &Replies<T>) -> Option<KeyState> {
        let unknown: Vec<usize> = replies
            .iter()
            .filter(|(_, reply)| matches!(reply, Reply::Unknown(_)))
            .map(|(place, _)| *place)
            .collect();
        let is_witness = |place: usize| {
            let number = self.core.targets[place].number;
            !unknown.contains(&place)
                && !self.state.owes(number)
                && self.record.member(number) == Some(Member::Full)
        };
        if !unknown.is_empty() && !(0..self.core.targets.len()).any(is_witness) {
            return None;
        }
        let mut after = self.state.clone();
        for place in unknown {
            let number = self.core.targets[place].number;
            owe(&mut after.debts, number, self.core.now());
            after.debts.iter_mut().filter(|debt| debt.target == number).for_each(|debt| {
                debt.stray = Stray::Maybe;
            });
            self.unhold(&mut after, place);
        }
        self.place().settle(commit);
        Some(after)
    }

    /// No target says that it did the write. Returns the error to tell.
    pub(crate) async fn nothing_done<T>(
        &mut self,
        replies: Replies<T>,
        operation: &'static str,
    ) -> StoreError {
        let mut commit = Commit::default();
        let after = self.after_nothing(&mut commit, &replies);
        let error = refusal(&self.core, replies, operation);
        match after {
            None => self.core.leave_unsettled(self.record.handle, &self.key),
            Some(after) => {
                if let Err(failed) = self.apply(commit, after).await {
                    return failed;
                }
            }
        }
        error
    }

    /// Where versions are off, a target that may have taken another object does not count as having the one before.
    fn unhold(&self, after: &mut KeyState, place: usize) {
        if self.record.versioning == Versioning::Off
            && let Current::Version(version) = &mut after.current
        {
            version.set_copy(self.core.targets[place].number, CopyState::Owed);
        }
    }
}

/// The plan of a new object.
pub(crate) fn object_plan(draft: Draft, upload: Option<UploadNumber>, origin: Origin) -> Plan {
    Plan::Object { sequence: draft.sequence, random: draft.random, upload, origin }
}
