use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use meta::Commit;
use store::{
    Bucket, DeleteOptions, DeleteOutcome, DeleteTarget, Missing, StoreError, StoreErrorKind, Versioning,
    WriteCondition,
};
use types::{Context, ObjectKey, VersionId};

use super::ask::refusal;
use super::turn::{decide, owe};
use super::{Draft, Fan, Replies, Reply, Turn, Wanted, to_its_end};
use crate::core::Core;
use crate::journal::{CopyState, Current, KeyState, Plan, Version};

const OPERATION: &str = "delete object";
/// Keys whose outcomes are made durable in one commit: each takes at most a dozen writes with three targets.
const COMMIT_KEYS: usize = 200;

/// What a delete comes to.
enum Step {
    /// Nothing changes.
    Nothing(DeleteOutcome),
    /// The key's object goes, in a bucket without versions.
    Remove { version_id: Option<VersionId> },
    /// A version goes for good.
    RemoveVersion { version: Box<Version>, id: VersionId },
    /// A delete marker is put.
    Marker(Draft),
}

/// One key of a round: its turn, what is done, and what the targets say.
struct Item {
    index: usize,
    turn: Turn,
    step: Step,
    replies: Replies<DeleteOutcome>,
}

type Outcome = Result<DeleteOutcome, StoreError>;

impl Core {
    /// Deletes objects and versions. Keys that are named several times take turns, so that each sees what the one before
    /// it left.
    pub(crate) async fn delete_many(
        self: &Arc<Self>,
        cx: &Context,
        bucket: &Bucket,
        targets: Vec<DeleteTarget>,
    ) -> Result<Vec<Outcome>, StoreError> {
        let (core, cx, bucket) = (self.clone(), cx.clone(), bucket.clone());
        to_its_end(OPERATION, |wanted| async move {
            let mut outcomes: Vec<Option<Outcome>> = targets.iter().map(|_| None).collect();
            let mut left: Vec<(usize, DeleteTarget)> = targets.into_iter().enumerate().collect();
            while !left.is_empty() {
                let mut seen = HashSet::new();
                let (round, later): (Vec<_>, Vec<_>) =
                    left.into_iter().partition(|(_, target)| seen.insert(target.key.clone()));
                core.delete_round(&cx, &bucket, (round, &wanted), &mut outcomes).await?;
                left = later;
            }
            Ok(outcomes.into_iter().flatten().collect())
        })
        .await
    }

    /// Deletes one object or version.
    pub(crate) async fn delete(
        self: &Arc<Self>,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: DeleteOptions,
    ) -> Result<DeleteOutcome, StoreError> {
        let target = DeleteTarget { key: key.clone(), options };
        let outcome = self.delete_many(cx, bucket, vec![target]).await?.pop();
        outcome.unwrap_or_else(|| Err(StoreError::new(StoreErrorKind::Internal, OPERATION)))
    }

    /// Deletes what stands under keys that differ: one intent and one outcome for all, one call for each target.
    async fn delete_round(
        self: &Arc<Self>,
        cx: &Context,
        bucket: &Bucket,
        (mut round, wanted): (Vec<(usize, DeleteTarget)>, &Wanted),
        outcomes: &mut [Option<Outcome>],
    ) -> Result<(), StoreError> {
        round.sort_by(|(_, one), (_, other)| one.key.cmp(&other.key));
        let keys: Vec<ObjectKey> = round.iter().map(|(_, target)| target.key.clone()).collect();
        let turns = self.turns(bucket, &keys, OPERATION).await?;
        let Some(first) = turns.first() else { return Ok(()) };
        // Asked once: a target that is due for a probe is told so to one caller.
        let writable = self.writable(&first.record);
        if writable.len() < self.needed() {
            return Err(self.unmet(OPERATION));
        }
        let mut items = Vec::with_capacity(round.len());
        for ((index, target), mut turn) in round.into_iter().zip(turns) {
            match turn.plan_delete(&target.options).await {
                Ok(Step::Nothing(outcome)) => outcomes[index] = Some(Ok(outcome)),
                Ok(step) => items.push(Item { index, turn, step, replies: Vec::new() }),
                Err(error) => outcomes[index] = Some(Err(error)),
            }
        }
        if items.is_empty() {
            return Ok(());
        }
        self.delete_at_targets(&mut items, &writable, wanted).await?;
        self.conclude_deletes(cx, items, outcomes).await
    }

    async fn delete_at_targets(
        self: &Arc<Self>,
        items: &mut [Item],
        writable: &[usize],
        wanted: &Wanted,
    ) -> Result<(), StoreError> {
        let Some(first) = items.first() else { return Ok(()) };
        let bucket = first.turn.bucket.clone();
        for item in items.iter_mut() {
            if matches!(item.step, Step::Marker(_) | Step::Remove { .. }) {
                item.turn.bring_up_enough(writable).await;
            }
        }
        let mut calls: BTreeMap<usize, Vec<(usize, DeleteTarget)>> = BTreeMap::new();
        let mut commit = Commit::default();
        for (number, item) in items.iter().enumerate() {
            let mut reached = Vec::new();
            for place in writable {
                if let Some(options) = item.at(*place) {
                    let target = DeleteTarget { key: item.turn.key.clone(), options };
                    calls.entry(*place).or_default().push((number, target));
                    reached.push(*place);
                }
            }
            item.turn.place().begin(&mut commit, &item.turn.intent(item.plan(), &reached));
        }
        wanted.still(OPERATION)?;
        self.journal.commit(commit).await?;
        let mut fan = Fan::new(self.clone());
        let mut asked: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (place, call) in calls {
            let (numbers, targets): (Vec<usize>, Vec<DeleteTarget>) = call.into_iter().unzip();
            asked.insert(place, numbers);
            let call = self.call(place, &bucket, move |store, bucket| async move {
                store.delete_many(&Context::background(), &bucket, targets).await
            });
            fan.start(place, call);
        }
        let keys = |place: usize| -> Vec<ObjectKey> {
            let numbers = asked.get(&place).map_or(&[][..], |numbers| numbers);
            numbers.iter().map(|number| items[*number].turn.key.clone()).collect()
        };
        fan.let_go(|place| self.running(place, &bucket, &keys(place)));
        for (place, reply) in fan.collect(self.needed()).await {
            hand_out(items, place, asked.remove(&place).unwrap_or_default(), reply);
        }
        Ok(())
    }

    async fn conclude_deletes(
        &self,
        cx: &Context,
        mut items: Vec<Item>,
        outcomes: &mut [Option<Outcome>],
    ) -> Result<(), StoreError> {
        while !items.is_empty() {
            let rest = items.split_off(items.len().min(COMMIT_KEYS));
            let (mut commit, mut afters) = (Commit::default(), Vec::new());
            for item in &mut items {
                // What cannot be concluded now is settled by the next turn at the key.
                let concluded = item.conclude(cx, &mut commit).await;
                afters.push(concluded.unwrap_or_else(|error| (None, Err(error))));
            }
            let changes = items.iter().zip(&afters).filter_map(|(item, (after, _))| {
                after.clone().map(|after| (item.turn.state.clone(), after, item.turn.place()))
            });
            let applied = self.journal.apply(commit, changes.collect()).await;
            for (item, (after, outcome)) in items.into_iter().zip(afters) {
                if applied.is_err() || after.is_none() {
                    self.leave_unsettled(item.turn.record.handle, &item.turn.key);
                }
                outcomes[item.index] = Some(match &applied {
                    Ok(()) => outcome,
                    Err(error) => Err(StoreError::new(same(&error.kind), OPERATION)),
                });
            }
            items = rest;
        }
        self.wake();
        Ok(())
    }
}

/// A journal's error told once for every key that it concerns.
fn same(kind: &StoreErrorKind) -> StoreErrorKind {
    match kind {
        StoreErrorKind::Full(what) => StoreErrorKind::Full(what),
        StoreErrorKind::Internal => StoreErrorKind::Internal,
        _ => StoreErrorKind::Unavailable,
    }
}

/// Gives each item what a target says of it. That the object is not there is as good as removed.
fn hand_out(items: &mut [Item], place: usize, numbers: Vec<usize>, reply: Reply<Vec<Outcome>>) {
    let mut each: Vec<Reply<DeleteOutcome>> = match reply {
        Reply::Done(outcomes) => outcomes.into_iter().map(of_outcome).collect(),
        Reply::Refused(error) => numbers.iter().map(|_| Reply::Refused(again(&error))).collect(),
        Reply::Unknown(error) => numbers.iter().map(|_| Reply::Unknown(again(&error))).collect(),
    };
    each.reverse();
    for number in numbers {
        let missing = || Reply::Unknown(StoreError::new(StoreErrorKind::Internal, OPERATION));
        let reply = each.pop().unwrap_or_else(missing);
        items[number].replies.push((place, reply));
    }
}

fn again(error: &StoreError) -> StoreError {
    let kind = match &error.kind {
        StoreErrorKind::Denied => StoreErrorKind::Denied,
        StoreErrorKind::Unsupported(why) => StoreErrorKind::Unsupported(why),
        kind => same(kind),
    };
    StoreError::new(kind, OPERATION)
}

fn of_outcome(outcome: Outcome) -> Reply<DeleteOutcome> {
    match outcome {
        Ok(outcome) => Reply::Done(outcome),
        Err(error) => match error.kind {
            StoreErrorKind::Missing(Missing::Key | Missing::Version) => Reply::Done(DeleteOutcome::default()),
            _ if super::changed_nothing(&error.kind) => Reply::Refused(error),
            _ => Reply::Unknown(error),
        },
    }
}

impl Item {
    fn plan(&self) -> Plan {
        match &self.step {
            Step::Nothing(_) | Step::Remove { .. } => {
                Plan::Remove { sequence: self.turn.state.version().map(|version| version.sequence) }
            }
            Step::RemoveVersion { version, .. } => Plan::Remove { sequence: Some(version.sequence) },
            Step::Marker(draft) => Plan::Marker { sequence: draft.sequence, random: draft.random },
        }
    }

    /// What a target is asked to do; `None` where it has nothing to do.
    fn at(&self, place: usize) -> Option<DeleteOptions> {
        let plain = DeleteOptions::default();
        match &self.step {
            Step::Nothing(_) => None,
            Step::Remove { .. } | Step::Marker(_) => self.turn.takes_in_order(place).then_some(plain),
            Step::RemoveVersion { version, .. } => {
                match version.copy_at(self.turn.core.targets[place].number)? {
                    CopyState::Owed => None,
                    CopyState::Held(held) | CopyState::OwesTags(held) => {
                        let version_id = held.address(self.turn.record.versioning);
                        Some(DeleteOptions { version_id, ..plain })
                    }
                }
            }
        }
    }

    /// The state after, where it is known, and what to answer.
    async fn conclude(
        &mut self,
        cx: &Context,
        commit: &mut Commit,
    ) -> Result<(Option<KeyState>, Outcome), StoreError> {
        let is_done = self.replies.iter().any(|(_, reply)| reply.done().is_some());
        let is_unknown = self.replies.iter().any(|(_, reply)| matches!(reply, Reply::Unknown(_)));
        let has_nobody = self.replies.is_empty() && matches!(self.step, Step::RemoveVersion { .. });
        let keeps = match self.step {
            Step::Marker(_) => !is_done,
            _ => !is_done && !is_unknown && !has_nobody,
        };
        if keeps {
            let after = self.turn.after_nothing(commit, &self.replies);
            let replies = std::mem::take(&mut self.replies);
            return Ok((after, Err(refusal(&self.turn.core, replies, OPERATION))));
        }
        let (after, outcome) = match &self.step {
            Step::Marker(draft) => self.turn.after_marker(commit, *draft, &self.replies),
            Step::RemoveVersion { version, id } => {
                let after = self.turn.after_removal(commit, version, &self.replies).await?;
                let delete_marker = version.facts().is_none();
                (after, DeleteOutcome { version_id: Some(id.clone()), delete_marker })
            }
            Step::Remove { version_id } => {
                let debts = self.turn.debts_after(&self.replies);
                self.turn.place().settle(commit);
                let after = KeyState { current: Current::Absent, null: self.turn.state.null, debts };
                (after, DeleteOutcome { version_id: version_id.clone(), delete_marker: false })
            }
            Step::Nothing(outcome) => (self.turn.state.clone(), outcome.clone()),
        };
        let told = match &self.step {
            // Whoever does not have the version has nothing to do.
            Step::RemoveVersion { .. } => self.tell_removal(cx, &after),
            _ => self.turn.tell(cx, &self.replies, OPERATION),
        };
        Ok((Some(after), told.map(|()| outcome)))
    }

    fn tell_removal(&self, cx: &Context, after: &KeyState) -> Result<(), StoreError> {
        let core = &self.turn.core;
        let has = |place: usize| !after.owes(core.targets[place].number);
        core.note(cx, has);
        let done = (0..core.targets.len()).filter(|place| has(*place)).count();
        if done >= core.needed() { Ok(()) } else { Err(core.unmet(OPERATION)) }
    }
}

impl Turn {
    /// What a delete comes to.
    async fn plan_delete(&mut self, options: &DeleteOptions) -> Result<Step, StoreError> {
        let is_off = self.record.versioning == Versioning::Off;
        match &options.version_id {
            None if is_off => {
                self.require(&options.condition).await?;
                let is_absent = match self.state.current {
                    Current::Absent => true,
                    Current::Unrecorded => self.record.coverage == crate::journal::Coverage::Whole,
                    Current::Version(_) => false,
                };
                if is_absent {
                    return Ok(Step::Nothing(DeleteOutcome::default()));
                }
                Ok(Step::Remove { version_id: None })
            }
            None => {
                self.current().await?;
                self.require(&options.condition).await?;
                Ok(Step::Marker(self.draft()))
            }
            Some(id) => self.plan_version_delete(id, &options.condition).await,
        }
    }

    async fn plan_version_delete(
        &mut self,
        id: &VersionId,
        condition: &WriteCondition,
    ) -> Result<Step, StoreError> {
        let Some(version) = self.find_version(id).await? else {
            let outcome = DeleteOutcome { version_id: Some(id.clone()), delete_marker: false };
            return match condition {
                WriteCondition::Always | WriteCondition::IfAbsent => Ok(Step::Nothing(outcome)),
                _ => Err(StoreError::missing(Missing::Version, OPERATION)),
            };
        };
        decide(condition, version.facts(), Missing::Version)?;
        if self.record.versioning == Versioning::Off {
            return Ok(Step::Remove { version_id: Some(id.clone()) });
        }
        Ok(Step::RemoveVersion { version: Box::new(version), id: id.clone() })
    }

    /// A version of the key by its id as clients know it.
    pub(crate) async fn find_version(&mut self, id: &VersionId) -> Result<Option<Version>, StoreError> {
        if let Current::Version(version) = self.current().await?
            && version.id() == *id
        {
            return Ok(Some(version.clone()));
        }
        self.core.journal.version(self.record.handle, (&self.key, &self.state), id).await
    }

    /// The state after a version has gone for good.
    pub(crate) async fn after_removal(
        &self,
        commit: &mut Commit,
        removed: &Version,
        replies: &Replies<DeleteOutcome>,
    ) -> Result<KeyState, StoreError> {
        let mut after = self.state.clone();
        for copy in &removed.copies {
            let (CopyState::Held(held) | CopyState::OwesTags(held)) = &copy.state else { continue };
            let is_done = self.core.place_of(copy.target).is_some_and(|place| {
                replies.iter().any(|(replied, reply)| *replied == place && reply.done().is_some())
            });
            if !is_done {
                let id = held.version_id.clone().unwrap_or(VersionId::Null);
                self.place().put_removal(commit, copy.target, removed.sequence, &id);
                owe(&mut after.debts, copy.target, self.core.now());
            }
        }
        let is_current = match &after.current {
            Current::Version(current) => current.sequence == removed.sequence,
            Current::Unrecorded | Current::Absent => true,
        };
        if is_current {
            let next = self.core.journal.noncurrent_of(self.record.handle, &self.key, None, 1).await?;
            after.current = match next.into_iter().next() {
                None => Current::Absent,
                Some(next) => {
                    self.place().drop_noncurrent(commit, next.sequence);
                    after.null = after.null.filter(|null| *null != next.sequence);
                    Current::Version(next)
                }
            };
        } else {
            self.place().drop_noncurrent(commit, removed.sequence);
            after.null = after.null.filter(|null| *null != removed.sequence);
        }
        self.place().settle(commit);
        Ok(after)
    }

    /// Has targets that owe earlier writes of the key do them first, where too few could take the next one in order.
    async fn bring_up_enough(&mut self, writable: &[usize]) {
        for place in writable {
            let able = writable.iter().filter(|place| self.takes_in_order(**place)).count();
            if able >= self.core.needed() {
                return;
            }
            if !self.takes_in_order(*place) {
                // A target that cannot goes on owing; the policy decides.
                let _ = self.bring_up(*place).await;
            }
        }
    }
}
