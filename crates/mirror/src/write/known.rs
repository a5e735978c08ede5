//! What targets have at a key before a new object reaches them. It begins only at targets of which that is known, so that what
//! is found there after a crash is told from what was there before.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::future::join_all;
use meta::Commit;
use store::{Missing, StoreError, StoreErrorKind, Versioning};
use types::BucketName;

use super::Turn;
use super::turn::owe;
use crate::core::{Core, PATIENCE};
use crate::journal::{Coverage, Current, Member, Stray, Version};
use crate::target::TargetNumber;

/// What begins the names under which the journal keeps which targets hold more than it knows.
pub(crate) const LEFTOVERS: &[u8] = b"more/";
/// Buckets at targets of which it is kept whether they hold more; past it all are asked for again.
const KEPT_MAX: usize = 10_000;

/// Which targets hold, in a bucket of this handle, keys or versions of which the journal knows nothing: of before they joined.
#[derive(Debug, Default)]
pub(crate) struct Leftovers(Mutex<HashMap<(TargetNumber, u64), Holds>>);

/// What a target holds of a bucket that it has all of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holds {
    /// What the journal says.
    What,
    /// That, and more.
    More,
}

impl Leftovers {
    fn known(&self) -> MutexGuard<'_, HashMap<(TargetNumber, u64), Holds>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// It is to be asked for again.
    pub(crate) fn forget(&self, number: TargetNumber, handle: u64) {
        self.known().remove(&(number, handle));
    }
}

/// Under which name the journal keeps that a target holds more of a bucket than is known, with the bucket's handle.
pub(crate) fn leftovers_name(number: TargetNumber, bucket: &BucketName) -> Vec<u8> {
    [LEFTOVERS, &number.0.to_be_bytes(), bucket.as_str().as_bytes()].concat()
}

impl Core {
    async fn holds(
        &self,
        number: TargetNumber,
        (name, handle): (&BucketName, u64),
    ) -> Result<Holds, StoreError> {
        if let Some(holds) = self.leftovers.known().get(&(number, handle)) {
            return Ok(*holds);
        }
        let kept = self.journal.cursor(&leftovers_name(number, name)).await?;
        let is_marked = kept.is_some_and(|kept| kept == handle.to_le_bytes());
        let holds = if is_marked { Holds::More } else { Holds::What };
        let mut known = self.leftovers.known();
        if known.len() >= KEPT_MAX {
            known.clear();
        }
        known.insert((number, handle), holds);
        Ok(holds)
    }
}

impl Turn {
    /// Whether a target takes a new object of the key now: in order, and where it is known what it has. One that is in order
    /// though it owes, owes what nobody has: that is replaced, whatever is there instead.
    pub(crate) fn takes_object(&self, place: usize) -> bool {
        self.takes_in_order(place)
            && (self.state.owes(self.core.targets[place].number)
                || self.is_known(place) && !self.lacks_history(place))
    }

    /// Whether it is known what a target that owes nothing has under the key: what the journal says stands there, or nothing.
    fn is_known(&self, place: usize) -> bool {
        self.has_current(place) || self.empty_at.contains(&place)
    }

    fn has_current(&self, place: usize) -> bool {
        self.state.version().is_some_and(|version| version.held_at(self.core.targets[place].number).is_some())
    }

    /// Whether a target has to get what stands under the key before the next version, so that its versions come in order: it
    /// lacks that, and one that has it is in. An object that is replaced need not come first.
    fn lacks_history(&self, place: usize) -> bool {
        let is_in = |source: &usize| !self.core.health.is_out(*source);
        self.record.versioning != Versioning::Off
            && self.state.version().is_some()
            && !self.has_current(place)
            && (0..self.core.targets.len()).filter(is_in).any(|source| self.has_current(source))
    }

    /// Whether the journal does not say what stands under the key.
    pub(crate) fn is_untold(&self) -> bool {
        self.state.current == Current::Unrecorded && self.record.coverage == Coverage::Partial
    }

    /// Finds out what targets have of which the journal does not tell it. What the full members have of a key that it does not
    /// know becomes known to it.
    ///
    /// # Errors
    /// Failures of the journal. A target that does not answer stays unknown.
    pub(crate) async fn find_out(&mut self, places: &[usize]) -> Result<(), StoreError> {
        if self.is_untold() && self.tellers().any(|place| !self.core.health.is_out(place)) {
            // Nobody's silence is worth more than the patience; a target that the policy needs is asked again.
            let _unanswered = self.current_within(PATIENCE).await;
            self.record_current().await?;
        }
        let mut unknown = Vec::new();
        for place in places {
            let is_owing = self.state.owes(self.core.targets[*place].number);
            if is_owing || self.is_known(*place) || !self.takes_in_order(*place) {
                continue;
            }
            if self.is_member_without_more(*place).await? {
                self.empty_at.insert(*place);
            } else {
                unknown.push(*place);
            }
        }
        let answers = join_all(unknown.iter().map(|place| self.has_nothing(*place))).await;
        let empty = unknown.into_iter().zip(answers).filter(|(_, is_empty)| *is_empty);
        self.empty_at.extend(empty.map(|(place, _)| place));
        Ok(())
    }

    /// Makes durable what was found under a key that the journal does not know.
    async fn record_current(&mut self) -> Result<(), StoreError> {
        match self.found() {
            Some(Current::Version(version)) if self.is_untold() => self.record_found(version.clone()).await,
            _ => Ok(()),
        }
    }

    /// Makes durable what the full members have of a key that was there before the mirror; those that have something else, or
    /// did not answer, owe it.
    async fn record_found(&mut self, version: Version) -> Result<(), StoreError> {
        let mut after = self.state.clone();
        for target in &self.core.targets {
            if version.copy_at(target.number).is_none()
                && self.record.member(target.number) == Some(Member::Full)
            {
                owe(&mut after.debts, target.number, self.core.now());
            }
        }
        after.current = Current::Version(version);
        self.apply(Commit::default(), after).await
    }

    /// Whether the journal's word that a key is not there holds for a target: it has all of the bucket, and no more.
    async fn is_member_without_more(&self, place: usize) -> Result<bool, StoreError> {
        let number = self.core.targets[place].number;
        if self.is_untold()
            || self.state.version().is_some()
            || self.record.member(number) != Some(Member::Full)
        {
            return Ok(false);
        }
        Ok(self.core.holds(number, (&self.bucket, self.record.handle)).await? == Holds::What)
    }

    async fn has_nothing(&self, place: usize) -> bool {
        let there = self.head_within(place, PATIENCE).await;
        matches!(there, Err(error) if matches!(error.kind, StoreErrorKind::Missing(Missing::Key)))
    }

    /// Brings a target to where it can take a new object: has it do what it owes, and give up what nobody knows of.
    ///
    /// # Errors
    /// As [`Turn::bring_up`].
    pub(crate) async fn catch_up(&mut self, place: usize) -> Result<(), StoreError> {
        let number = self.core.targets[place].number;
        if self.core.is_running(place, &self.bucket, &self.key) {
            return Err(StoreError::new(StoreErrorKind::Unavailable, "bring a target up to a write"));
        }
        if self.is_untold() {
            // What nobody tells is not given up: a target that has it would owe it, and nobody would have it any more.
            self.current().await?;
            self.record_current().await?;
        }
        if !self.state.owes(number) && !self.takes_object(place) {
            if self.record.versioning == Versioning::Off && self.state.version().is_some() {
                // What is replaced need not come there first.
                self.delete_at(place, None).await?;
                self.empty_at.insert(place);
                return Ok(());
            }
            let mut after = self.state.clone();
            owe(&mut after.debts, number, self.core.now());
            after.debts.iter_mut().filter(|debt| debt.target == number).for_each(|debt| {
                debt.stray = Stray::Maybe;
            });
            self.apply(Commit::default(), after).await?;
        }
        self.bring_up(place).await?;
        self.empty_at.insert(place);
        Ok(())
    }
}
