use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use meta::Commit;
use store::{
    Bucket, Missing, ObjectInfo, OpenOptions, StoreError, StoreErrorKind, Versioning, WriteCondition,
};
use types::{BucketName, Context, ObjectKey, Timestamp};

use super::ask::ANSWER_MAX;
use super::{Replies, Reply, Wanted};
use crate::core::{Core, PATIENCE};
use crate::journal::{
    BucketRecord, CopyAt, CopyState, Coverage, Current, Debt, Facts, Held, KeyPlace, KeyState, Member,
    Sequence, Stray, Version, What,
};
use crate::locks::{self, LockName};
use crate::target::TargetNumber;

/// Somebody's turn at a key: its state, and the lock that keeps everybody else from changing it.
pub(crate) struct Turn {
    pub(crate) core: Arc<Core>,
    pub(crate) bucket: BucketName,
    pub(crate) record: BucketRecord,
    pub(crate) key: ObjectKey,
    /// As the journal has it.
    pub(crate) state: KeyState,
    /// What stands there, also where the journal does not say.
    found: Option<Current>,
    /// Targets that are known to have nothing there.
    pub(super) empty_at: BTreeSet<usize>,
    pub(super) wanted: Wanted,
    _key: locks::Held,
    bucket_lock: Option<Arc<locks::Held>>,
}

/// Holds a condition to what stands under a key.
pub(crate) fn decide(
    condition: &WriteCondition,
    found: Option<&Facts>,
    missing: Missing,
) -> Result<(), StoreError> {
    const OPERATION: &str = "decide a condition";
    match (condition, found) {
        (WriteCondition::Always, _)
        | (WriteCondition::IfAbsent, None)
        | (WriteCondition::IfPresent, Some(_)) => Ok(()),
        (WriteCondition::IfPresent | WriteCondition::IfMatch(_), None) => {
            Err(StoreError::missing(missing, OPERATION))
        }
        (WriteCondition::IfMatch(etag), Some(facts)) if *etag == facts.etag => Ok(()),
        (WriteCondition::IfAbsent | WriteCondition::IfMatch(_), Some(_)) => {
            Err(StoreError::new(StoreErrorKind::ConditionFailed, OPERATION))
        }
    }
}

impl Core {
    /// Waits for the turn at a key. What an earlier write left open there is settled first.
    pub(crate) async fn turn(
        self: &Arc<Self>,
        bucket: &Bucket,
        key: &ObjectKey,
        operation: &'static str,
    ) -> Result<Turn, StoreError> {
        let shared = Arc::new(self.locks.shared(LockName::Bucket(bucket.name.clone())).await);
        let record = self.record(bucket, operation).await?;
        let mut turn = self.turn_in(&bucket.name, record, key, Some(shared)).await?;
        turn.settle_open().await?;
        Ok(turn)
    }

    /// As [`Core::turn`], with nobody else in the bucket.
    ///
    /// # Errors
    /// `Unavailable` where others do not leave it for a while: it is not worth keeping the next ones out.
    pub(crate) async fn turn_alone(
        self: &Arc<Self>,
        bucket: &Bucket,
        key: &ObjectKey,
        operation: &'static str,
    ) -> Result<Turn, StoreError> {
        let waiting = self.locks.alone(LockName::Bucket(bucket.name.clone()));
        let alone = tokio::time::timeout(PATIENCE, waiting).await;
        let alone = alone.map_err(|_| StoreError::new(StoreErrorKind::Unavailable, operation))?;
        let record = self.record(bucket, operation).await?;
        let mut turn = self.turn_in(&bucket.name, record, key, Some(Arc::new(alone))).await?;
        turn.settle_open().await?;
        Ok(turn)
    }

    /// Waits for the turns at several keys, which are in ascending order.
    pub(crate) async fn turns(
        self: &Arc<Self>,
        bucket: &Bucket,
        keys: &[ObjectKey],
        operation: &'static str,
    ) -> Result<Vec<Turn>, StoreError> {
        let shared = Arc::new(self.locks.shared(LockName::Bucket(bucket.name.clone())).await);
        let record = self.record(bucket, operation).await?;
        let mut turns = Vec::with_capacity(keys.len());
        for key in keys {
            let mut turn = self.turn_in(&bucket.name, record.clone(), key, Some(shared.clone())).await?;
            turn.settle_open().await?;
            turns.push(turn);
        }
        Ok(turns)
    }

    /// Waits for the turn at a key of a bucket whose record is at hand, and does nothing about what was left open.
    pub(crate) async fn turn_in(
        self: &Arc<Self>,
        bucket: &BucketName,
        record: BucketRecord,
        key: &ObjectKey,
        shared: Option<Arc<locks::Held>>,
    ) -> Result<Turn, StoreError> {
        let lock = self.locks.alone(LockName::Key(bucket.clone(), key.clone())).await;
        let state = self.journal.key(record.handle, key).await?.unwrap_or_else(KeyState::unrecorded);
        Ok(Turn {
            core: self.clone(),
            bucket: bucket.clone(),
            record,
            key: key.clone(),
            state,
            found: None,
            empty_at: BTreeSet::new(),
            wanted: Wanted::always(),
            _key: lock,
            bucket_lock: shared,
        })
    }
}

impl Turn {
    /// Whether nobody else is in the bucket.
    pub(crate) fn is_alone(&self) -> bool {
        self.bucket_lock.as_ref().is_some_and(|lock| lock.is_alone())
    }

    pub(crate) fn place(&self) -> KeyPlace<'_> {
        KeyPlace { bucket: &self.bucket, handle: self.record.handle, key: &self.key }
    }

    /// The turn is of a request that may be given up.
    pub(crate) fn wanted(mut self, wanted: &Wanted) -> Self {
        self.wanted = wanted.clone();
        self
    }

    /// Reads the state again.
    pub(crate) async fn reload(&mut self) -> Result<(), StoreError> {
        let state = self.core.journal.key(self.record.handle, &self.key).await?;
        self.state = state.unwrap_or_else(KeyState::unrecorded);
        self.found = None;
        self.empty_at.clear();
        Ok(())
    }

    /// What stands under the key. Where the journal does not say, the targets are asked.
    pub(crate) async fn current(&mut self) -> Result<&Current, StoreError> {
        self.current_within(ANSWER_MAX).await
    }

    /// As [`Turn::current`], of targets that answer within a time.
    pub(super) async fn current_within(&mut self, limit: Duration) -> Result<&Current, StoreError> {
        if self.found.is_none() {
            let found = match (&self.state.current, self.record.coverage) {
                (Current::Unrecorded, Coverage::Whole) => Current::Absent,
                (Current::Unrecorded, Coverage::Partial) => self.look(limit).await?,
                (known, _) => known.clone(),
            };
            self.found = Some(found);
        }
        Ok(self.found.as_ref().unwrap_or(&Current::Absent))
    }

    /// What the targets that owe nothing of the key have there: as the first of them says; the others that say otherwise do
    /// not have it.
    async fn look(&mut self, limit: Duration) -> Result<Current, StoreError> {
        let mut found: Option<(ObjectInfo, Vec<CopyAt>)> = None;
        let mut answered = false;
        let turn = &*self;
        let asked = turn.tellers().map(|place| async move { (place, turn.head_within(place, limit).await) });
        for (place, answer) in join_all(asked).await {
            let number = self.core.targets[place].number;
            match answer {
                Ok(info) => {
                    let held = Held { version_id: info.version_id.clone(), etag: None };
                    let copy = |held| CopyAt { target: number, state: CopyState::Held(held) };
                    match &mut found {
                        None => found = Some((info, vec![copy(held)])),
                        Some((first, copies)) if first.size_bytes == info.size_bytes => {
                            let etag = (first.etag != info.etag).then_some(info.etag);
                            copies.push(copy(Held { etag, ..held }));
                        }
                        Some(_) => {}
                    }
                    answered = true;
                }
                // A bucket that is not there tells nothing of its keys.
                Err(error) if matches!(error.kind, StoreErrorKind::Missing(Missing::Key)) => {
                    self.empty_at.insert(place);
                    answered = true;
                }
                Err(_) => {}
            }
        }
        // Also where none of them is a full member now: what they have is not known to be nothing.
        if !answered {
            return Err(StoreError::new(StoreErrorKind::Unavailable, "ask the targets for an object"));
        }
        Ok(match found {
            None => Current::Absent,
            Some((info, copies)) => Current::Version(Version {
                sequence: Sequence(info.modified_at.as_nanos()),
                random: None,
                modified_at: info.modified_at,
                what: What::Object(facts_of(&info)),
                copies,
            }),
        })
    }

    /// What was found under the key in this turn.
    pub(super) fn found(&self) -> Option<&Current> {
        self.found.as_ref()
    }

    /// The targets whose word holds for a key that the journal does not know.
    pub(super) fn tellers(&self) -> impl Iterator<Item = usize> {
        (0..self.core.targets.len()).filter(|place| {
            let number = self.core.targets[*place].number;
            self.record.member(number) == Some(Member::Full) && !self.state.owes(number)
        })
    }

    /// Looks at what a target has under the key, for a time.
    pub(super) async fn head_within(&self, place: usize, limit: Duration) -> Result<ObjectInfo, StoreError> {
        let (core, key) = (&self.core, &self.key);
        let looking = async {
            let bucket = core.target_bucket(place, &self.bucket).await?;
            let store = &core.targets[place].store;
            store.head(&Context::background(), &bucket, key, OpenOptions::default()).await
        };
        core.ask_within(place, limit, looking).await
    }

    /// Holds a condition to the object that stands under the key.
    pub(crate) async fn require(&mut self, condition: &WriteCondition) -> Result<(), StoreError> {
        if *condition == WriteCondition::Always {
            return Ok(());
        }
        let current = self.current().await?;
        let facts = match current {
            Current::Version(version) => version.facts(),
            Current::Absent | Current::Unrecorded => None,
        };
        decide(condition, facts, Missing::Key)
    }

    /// The sequence of the key's next write.
    pub(crate) fn next_sequence(&self) -> Sequence {
        let known = self.state.version().or(match &self.found {
            Some(Current::Version(version)) => Some(version),
            _ => None,
        });
        let behind = known.map_or(0, |version| version.sequence.0.saturating_add(1));
        Sequence(self.core.now().as_nanos().max(behind))
    }

    /// The random part of the next version's id, where the bucket keeps versions.
    pub(crate) fn next_random(&self) -> Option<u64> {
        (self.record.versioning == Versioning::Enabled).then(|| self.core.random.next_u64())
    }

    /// Whether a target takes a new version of the key now. One that owes an earlier write takes it only after that: so its
    /// versions come in order, and so it is known what it had before. But what nobody has can never be brought to it, and where
    /// versions are off the next write replaces that and whatever the target has.
    pub(crate) fn takes_in_order(&self, place: usize) -> bool {
        (!self.state.owes(self.core.targets[place].number) || self.is_lost())
            && !self.core.is_running(place, &self.bucket, &self.key)
    }

    /// Whether no target of the mirror has the key's object, which the bucket keeps no versions of.
    pub(super) fn is_lost(&self) -> bool {
        let has = |version: &Version, target: TargetNumber| {
            matches!(version.copy_at(target), Some(CopyState::Held(_) | CopyState::OwesTags(_)))
        };
        self.record.versioning == Versioning::Off
            && self
                .state
                .version()
                .is_some_and(|version| !self.core.targets.iter().any(|target| has(version, target.number)))
    }

    /// The version with its copies as the replies tell them; targets that did not take part owe it.
    pub(crate) fn with_copies<T>(
        &self,
        mut version: Version,
        replies: &Replies<T>,
        held: impl Fn(&T) -> Held,
    ) -> Version {
        version.copies = (self.core.targets.iter().enumerate())
            .map(|(place, target)| {
                let reply = replies.iter().find(|(replied, _)| *replied == place);
                let state = match reply.and_then(|(_, reply)| reply.done()) {
                    Some(done) => CopyState::Held(held(done)),
                    None => CopyState::Owed,
                };
                CopyAt { target: target.number, state }
            })
            .collect();
        version.copies.sort_by_key(|copy| copy.target);
        version
    }

    /// The debts of the key after a write: those that stay, and those of targets that have not done it.
    pub(crate) fn debts_after<T>(&self, replies: &Replies<T>) -> Vec<Debt> {
        let now = self.core.now();
        let keeps_versions = self.record.versioning != Versioning::Off;
        let mut debts = Vec::new();
        for (place, target) in self.core.targets.iter().enumerate() {
            let known = self.state.debts.iter().find(|debt| debt.target == target.number);
            let reply = replies.iter().find(|(replied, _)| *replied == place).map(|(_, reply)| reply);
            let stray = match reply {
                Some(Reply::Done(_)) if !keeps_versions || known.is_none() => continue,
                Some(Reply::Unknown(_)) => Stray::Maybe,
                _ => known.map_or(self.stray(), |debt| debt.stray),
            };
            let since = known.map_or(now, |debt| debt.since);
            debts.push(Debt { target: target.number, since, stray });
        }
        // Targets that the mirror no longer has keep what they owe, in case they come back.
        let gone = self.state.debts.iter().filter(|debt| self.core.place_of(debt.target).is_none());
        debts.extend(gone);
        debts.sort_by_key(|debt| debt.target);
        debts
    }

    /// What a target that comes to owe something may hold. Where versions are off that is whatever stood there before: once they
    /// are on, it would be a version of which the journal knows nothing.
    fn stray(&self) -> Stray {
        if self.record.versioning == Versioning::Off { Stray::Maybe } else { Stray::No }
    }

    /// The state after a new version, with the rows of the versions that it pushes down or replaces.
    pub(crate) fn push(&self, commit: &mut Commit, version: Version, mut debts: Vec<Debt>) -> KeyState {
        let current = match self.found.as_ref().unwrap_or(&self.state.current) {
            Current::Version(version) => Some(version),
            Current::Unrecorded | Current::Absent => None,
        };
        if let (Current::Unrecorded, Some(current)) = (&self.state.current, current)
            && self.record.versioning != Versioning::Off
        {
            for target in &self.core.targets {
                if current.copy_at(target.number).is_none() {
                    owe(&mut debts, target.number, self.core.now());
                }
            }
        }
        let mut null = self.state.null;
        match (self.record.versioning, current) {
            (Versioning::Off, _) | (_, None) => {}
            (Versioning::Suspended, Some(current)) if current.random.is_none() => {
                self.drop_replaced(commit, current, &mut debts);
            }
            (_, Some(current)) => {
                if current.random.is_none() {
                    null = Some(current.sequence);
                }
                self.place().put_noncurrent(commit, current);
            }
        }
        if version.random.is_none()
            && self.record.versioning != Versioning::Off
            && current.is_none_or(|current| current.random.is_some())
            && let Some(sequence) = null.take()
        {
            self.place().drop_noncurrent(commit, sequence);
        }
        KeyState { current: Current::Version(version), null, debts }
    }

    /// A null version is replaced by the next one. Where a target keeps it under an id of its own, it would stay there.
    pub(crate) fn drop_replaced(&self, commit: &mut Commit, replaced: &Version, debts: &mut Vec<Debt>) {
        for copy in &replaced.copies {
            let (CopyState::Held(held) | CopyState::OwesTags(held)) = &copy.state else { continue };
            if let Some(id @ types::VersionId::Id(_)) = &held.version_id {
                self.place().put_removal(commit, copy.target, replaced.sequence, id);
                owe(debts, copy.target, self.core.now());
            }
        }
    }

    /// Makes a change of the key durable, with everything that the commit holds already.
    pub(crate) async fn apply(&mut self, commit: Commit, mut after: KeyState) -> Result<(), StoreError> {
        let stray = self.stray();
        after.debts.iter_mut().filter(|debt| debt.stray == Stray::No).for_each(|debt| debt.stray = stray);
        let before = self.state.clone();
        let applied = self.core.journal.apply(commit, vec![(before, after.clone(), self.place())]).await;
        if let Err(error) = applied {
            // An intent may be left: what became of it is found out by the next turn at the key.
            self.core.leave_unsettled(self.record.handle, &self.key);
            return Err(error);
        }
        if !after.debts.is_empty() {
            self.core.wake();
        }
        self.state = after;
        self.found = None;
        Ok(())
    }
}

/// Adds a debt where there is none.
pub(crate) fn owe(debts: &mut Vec<Debt>, target: TargetNumber, since: Timestamp) {
    if !debts.iter().any(|debt| debt.target == target) {
        debts.push(Debt { target, since, stray: Stray::No });
        debts.sort_by_key(|debt| debt.target);
    }
}

/// What is shown of an object as a target answers it.
pub(crate) fn facts_of(info: &ObjectInfo) -> Facts {
    Facts {
        etag: info.etag.clone(),
        size_bytes: info.size_bytes,
        checksum: info.checksum,
        storage_class: info.metadata.storage_class,
        origin: crate::journal::Origin::Supplied,
    }
}
