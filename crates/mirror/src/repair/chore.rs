use std::collections::HashSet;

use meta::Commit;
use store::{
    DeleteOptions, ListVersions, Missing, OpenOptions, Position, StoreError, StoreErrorKind, VersionEntry,
    Versioning,
};
use types::{Context, ObjectKey, VersionId};

use super::key::Prepared;
use super::mode::Company;
use crate::journal::{CopyState, Current, Debt, Held, KeyState, Member, Sequence, Stray, Version, What};
use crate::target::TargetNumber;
use crate::write::Turn;

const OPERATION: &str = "repair a target";

/// Versions of a key that a target was seen to owe, the oldest last: so that they are not looked for anew for each of them.
#[derive(Debug, Default)]
pub(crate) struct Ahead(Vec<Sequence>);

/// The next thing that a target has to do at a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Chore {
    /// Nothing is left.
    Nothing,
    /// To remove the key's object.
    Delete,
    /// To remove a version.
    Remove(Sequence, VersionId),
    /// To remove versions that nobody knows.
    Sweep,
    /// To get an object.
    Put(Box<Version>),
    /// To get a delete marker.
    Mark(Box<Version>),
    /// To get the tags of a version that it has.
    Tag(Box<Version>, Held),
}

impl Turn {
    /// Has a target do all that it owes of the key, while the turn lasts.
    ///
    /// # Errors
    /// That of the target, or of the one that has what it lacks; what was done until then stays done.
    pub(crate) async fn bring_up(&mut self, place: usize) -> Result<(), StoreError> {
        let mut ahead = Ahead::default();
        loop {
            match self.next_chore(place, &mut ahead).await? {
                Chore::Nothing => return self.clear_debt(place).await,
                chore => self.do_chore(place, chore, None).await?,
            }
        }
    }

    fn number(&self, place: usize) -> TargetNumber {
        self.core.targets[place].number
    }

    /// What a target has to do next, oldest first.
    ///
    /// # Errors
    /// `Unavailable` while it does not have the bucket, or while a call on the key is under way there.
    pub(crate) async fn next_chore(&mut self, place: usize, ahead: &mut Ahead) -> Result<Chore, StoreError> {
        let (number, handle) = (self.number(place), self.record.handle);
        let has_bucket = matches!(self.record.member(number), Some(Member::Full | Member::Filling));
        if !has_bucket || self.core.is_running(place, &self.bucket, &self.key) {
            return Err(StoreError::new(StoreErrorKind::Unavailable, OPERATION));
        }
        if !self.state.owes(number) {
            return Ok(Chore::Nothing);
        }
        if self.record.versioning == Versioning::Off {
            return self.next_plain_chore(number).await;
        }
        let mut removals = self.core.journal.removals(number, handle, &self.key).await?;
        if let Some((sequence, id)) = removals.pop() {
            return Ok(Chore::Remove(sequence, id));
        }
        let is_stray = |debt: &Debt| debt.target == number && debt.stray != Stray::No;
        if self.state.debts.iter().any(is_stray) {
            return Ok(Chore::Sweep);
        }
        if let Some(chore) = self.next_ahead(number, ahead).await? {
            return Ok(chore);
        }
        let current = match self.current().await? {
            Current::Version(version) => Some(version.clone()),
            Current::Absent | Current::Unrecorded => None,
        };
        let older = self.core.journal.all_noncurrent(handle, &self.key).await?;
        let versions = current.into_iter().chain(older);
        let owed = versions.filter(|version| !matches!(version.copy_at(number), Some(CopyState::Held(_))));
        ahead.0 = owed.map(|version| version.sequence).collect();
        Ok(self.next_ahead(number, ahead).await?.unwrap_or(Chore::Nothing))
    }

    /// What the oldest of the versions ahead asks of a target; one that asks nothing any more is passed over.
    async fn next_ahead(
        &mut self,
        number: TargetNumber,
        ahead: &mut Ahead,
    ) -> Result<Option<Chore>, StoreError> {
        while let Some(sequence) = ahead.0.last() {
            let version = self.version_of(Some(*sequence)).await?;
            let chore = version.and_then(|version| chore_of(version, number));
            if chore.is_some() {
                return Ok(chore);
            }
            ahead.0.pop();
        }
        Ok(None)
    }

    async fn next_plain_chore(&mut self, number: TargetNumber) -> Result<Chore, StoreError> {
        Ok(match self.current().await? {
            Current::Absent | Current::Unrecorded => Chore::Delete,
            Current::Version(version) => match version.copy_at(number) {
                Some(CopyState::Held(_)) => Chore::Nothing,
                Some(CopyState::OwesTags(held)) => Chore::Tag(Box::new(version.clone()), held.clone()),
                Some(CopyState::Owed) | None => Chore::Put(Box::new(version.clone())),
            },
        })
    }

    /// Has a target do one thing and makes durable that it did.
    ///
    /// # Errors
    /// That of the target, or of the one that has what it lacks. `Unavailable` where the thing asks for a turn alone and this
    /// one is not.
    pub(crate) async fn do_chore(
        &mut self,
        place: usize,
        chore: Chore,
        prepared: Option<Prepared>,
    ) -> Result<(), StoreError> {
        if Company::of(&self.record, &chore) == Company::Alone && !self.is_alone() {
            return Err(StoreError::new(StoreErrorKind::Unavailable, OPERATION));
        }
        let makes_version = matches!(chore, Chore::Put(_) | Chore::Mark(_));
        if makes_version && self.record.versioning != Versioning::Off {
            // A version that is made now and not known because of a crash is found and removed.
            let after = self.with_stray(place, Stray::Maybe);
            self.apply(Commit::default(), after).await?;
        }
        let (mut commit, mut after) = (Commit::default(), self.with_stray(place, Stray::No));
        match chore {
            Chore::Nothing => {}
            Chore::Delete => {
                self.delete_at(place, None).await?;
                after.debts.retain(|debt| debt.target != self.number(place));
            }
            Chore::Remove(sequence, id) => {
                after = self.state.clone();
                self.delete_at(place, Some(id)).await?;
                self.place().drop_removal(&mut commit, self.number(place), sequence);
            }
            Chore::Sweep => {
                self.sweep(place).await?;
            }
            Chore::Put(version) => {
                let copy = self.put_at(place, &version, prepared).await?;
                self.note_copy(&mut commit, &mut after, *version, (place, copy));
            }
            Chore::Mark(version) => {
                let held = self.mark_at(place, &version).await?;
                self.note_copy(&mut commit, &mut after, *version, (place, CopyState::Held(held)));
            }
            Chore::Tag(version, held) => {
                let copy = match self.tag_at(place, &version, &held).await? {
                    Tagged::Done => CopyState::Held(held),
                    // It has lost the object: it owes all of it.
                    Tagged::Gone => CopyState::Owed,
                };
                self.note_copy(&mut commit, &mut after, *version, (place, copy));
            }
        }
        self.apply(commit, after).await
    }

    /// The state with another word on whether a target may hold a version that nobody knows.
    fn with_stray(&self, place: usize, stray: Stray) -> KeyState {
        let (mut state, number) = (self.state.clone(), self.number(place));
        state.debts.iter_mut().filter(|debt| debt.target == number).for_each(|debt| debt.stray = stray);
        state
    }

    /// The target owes nothing any more.
    async fn clear_debt(&mut self, place: usize) -> Result<(), StoreError> {
        let number = self.number(place);
        if !self.state.owes(number) {
            return Ok(());
        }
        let mut after = self.state.clone();
        after.debts.retain(|debt| debt.target != number);
        self.core.stats.targets[place].repaired.add(1);
        self.apply(Commit::default(), after).await
    }

    /// Notes what a target has of a version.
    fn note_copy(
        &self,
        commit: &mut Commit,
        after: &mut KeyState,
        mut version: Version,
        (place, copy): (usize, CopyState),
    ) {
        let is_noncurrent = match &after.current {
            Current::Version(current) => current.sequence != version.sequence,
            Current::Absent => true,
            Current::Unrecorded => false,
        };
        version.set_copy(self.number(place), copy);
        if is_noncurrent {
            self.place().put_noncurrent(commit, &version);
        } else {
            after.current = Current::Version(version);
        }
    }

    /// Removes an object or a version at a target, where it is there.
    pub(crate) async fn delete_at(
        &self,
        place: usize,
        version_id: Option<VersionId>,
    ) -> Result<(), StoreError> {
        let (bucket, key) = (self.bucket.clone(), self.key.clone());
        let deleting = self.core.call(place, &bucket, move |store, bucket| async move {
            let options = DeleteOptions { version_id, ..DeleteOptions::default() };
            store.delete(&Context::background(), &bucket, &key, options).await.map(|_| ())
        });
        match self.core.ask(place, deleting).await {
            Err(error) if is_gone(&error.kind) => Ok(()),
            answer => answer,
        }
    }

    async fn mark_at(&self, place: usize, version: &Version) -> Result<Held, StoreError> {
        let (core, key, bucket) = (self.core.clone(), self.key.clone(), self.bucket.clone());
        let marking = async move {
            let _running = core.running(place, &bucket, std::slice::from_ref(&key));
            let marking = core.call(place, &bucket, move |store, bucket| async move {
                store.delete(&Context::background(), &bucket, &key, DeleteOptions::default()).await
            });
            core.ask(place, marking).await
        };
        let marked = self.in_mode_of(place, version, marking).await?;
        Ok(Held { version_id: marked.version_id, etag: None })
    }

    async fn tag_at(&self, place: usize, version: &Version, held: &Held) -> Result<Tagged, StoreError> {
        let mut failed = StoreError::new(StoreErrorKind::Unavailable, OPERATION);
        for source in self.core.health.order(self.core.read) {
            let Some(theirs) = version.held_at(self.number(source)) else { continue };
            let options =
                OpenOptions { version_id: theirs.address(self.record.versioning), ..OpenOptions::default() };
            match self.core.head(source, &self.bucket, &self.key, options).await {
                Ok(info) => {
                    let (key, address) = (self.key.clone(), held.address(self.record.versioning));
                    let tagging = self.core.call(place, &self.bucket, move |store, bucket| async move {
                        let tags = info.metadata.tags;
                        store.set_tags(&Context::background(), &bucket, &key, address, tags).await
                    });
                    return match self.core.ask(place, tagging).await {
                        Ok(_) => Ok(Tagged::Done),
                        Err(error) if is_gone(&error.kind) => Ok(Tagged::Gone),
                        Err(error) => Err(error),
                    };
                }
                Err(error) => failed = error,
            }
        }
        Err(failed)
    }

    /// Removes the versions of the key at a target that nobody knows and that are newer than those that are known: they come
    /// of writes whose end nobody saw.
    async fn sweep(&self, place: usize) -> Result<(), StoreError> {
        let known = self.known_at(place).await?;
        let mut unknown = Vec::new();
        let mut after: Option<VersionId> = None;
        'pages: loop {
            let bucket = self.core.target_bucket(place, &self.bucket).await?;
            let options = ListVersions {
                prefix: self.key.as_str().to_owned(),
                after: after.is_some().then(|| Position::Key(self.key.as_str().to_owned())),
                after_version: after.clone(),
                limit: PAGE_VERSIONS,
                delimiter: None,
            };
            let cx = Context::background();
            let listing = self.core.targets[place].store.list_versions(&cx, &bucket, options);
            let page = self.core.ask(place, listing).await?;
            for entry in &page.entries {
                let VersionEntry::Version(version) = entry else { continue };
                if version.key != self.key {
                    break 'pages;
                }
                if known.contains(&version.version_id) {
                    break 'pages;
                }
                unknown.push(version.version_id.clone());
                after = Some(version.version_id.clone());
            }
            if !page.more || page.entries.is_empty() {
                break;
            }
        }
        if self.is_untold() {
            return Ok(());
        }
        for id in unknown {
            self.delete_at(place, Some(id)).await?;
        }
        Ok(())
    }

    /// The target's own ids of the versions that the journal knows there.
    async fn known_at(&self, place: usize) -> Result<HashSet<VersionId>, StoreError> {
        let mut versions = self.core.journal.all_noncurrent(self.record.handle, &self.key).await?;
        versions.extend(self.state.version().cloned());
        let id = |version: &Version| match version.copy_at(self.number(place)) {
            Some(CopyState::Held(held) | CopyState::OwesTags(held)) => {
                Some(held.version_id.clone().unwrap_or(VersionId::Null))
            }
            Some(CopyState::Owed) | None => None,
        };
        Ok(versions.iter().filter_map(id).collect())
    }
}

/// What became of tags at a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tagged {
    Done,
    /// The target does not have the object.
    Gone,
}

/// What a version asks of a target.
fn chore_of(version: Version, number: TargetNumber) -> Option<Chore> {
    match version.copy_at(number) {
        Some(CopyState::Held(_)) => None,
        Some(CopyState::OwesTags(held)) => Some(Chore::Tag(Box::new(version.clone()), held.clone())),
        Some(CopyState::Owed) | None => Some(match version.what {
            What::Marker => Chore::Mark(Box::new(version)),
            What::Object(_) => Chore::Put(Box::new(version)),
        }),
    }
}

/// Versions that one page of a sweep lists.
const PAGE_VERSIONS: usize = 1_000;

/// Whether what was to be removed is not there.
pub(crate) fn is_gone(kind: &StoreErrorKind) -> bool {
    matches!(kind, StoreErrorKind::Missing(Missing::Key | Missing::Version | Missing::Upload))
}

/// A key by its bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeyName {
    pub(crate) bucket: types::BucketName,
    pub(crate) handle: u64,
    pub(crate) key: ObjectKey,
}
