use std::sync::Arc;

use meta::Commit;
use store::{Bucket, BucketUpdate, Missing, StoreError, StoreErrorKind, Versioning};
use types::{BucketName, Context};

use super::chore::KeyName;
use crate::backfill::cursor_name;
use crate::core::Core;
use crate::journal::buckets::{write_bucket, write_bucket_debt};
use crate::journal::{BucketDebt, BucketRecord, CopyState, Current, Member, Stray, Version, write_cursor};
use crate::locks::LockName;
use crate::target::TargetNumber;
use crate::write::Turn;

const OPERATION: &str = "repair a bucket";
/// Keys of a removed bucket that are looked at in one go.
const PAGE_KEYS: usize = 500;

impl Core {
    /// Brings a target's bucket to what the journal says: removes what is left of removed ones, makes it, sets its versioning
    /// and tags.
    pub(crate) async fn repair_bucket(
        self: &Arc<Self>,
        place: usize,
        name: &BucketName,
    ) -> Result<(), StoreError> {
        let number = self.targets[place].number;
        let _alone = self.locks.alone(LockName::Bucket(name.clone())).await;
        let Some(debt) = self.journal.bucket_debt(number, name).await? else { return Ok(()) };
        let Some(_removing) = self.removing(place, name) else {
            return Err(StoreError::new(StoreErrorKind::Unavailable, OPERATION));
        };
        // What is being written there was begun in the mode that the bucket has.
        if self.is_running_in(place, name) {
            return Err(StoreError::new(StoreErrorKind::Unavailable, OPERATION));
        }
        self.forget_target_bucket(place, name);
        if !debt.removed.is_empty() {
            self.remove_left(place, name, &debt).await?;
        }
        let (mut commit, record) = (Commit::default(), self.journal.bucket(name).await?);
        if let Some(mut record) = record {
            self.make_alike(place, name, &record).await?;
            let member = match record.member(number) {
                None | Some(Member::New | Member::Filling) => Member::Filling,
                Some(Member::Owes | Member::Full) => Member::Full,
            };
            record.set_member(number, member);
            write_bucket(&mut commit, name, Some(&record));
        }
        write_bucket_debt(&mut commit, number, name, None);
        self.journal.commit(commit).await
    }

    /// Removes at a target what it still holds of removed buckets: the keys that it owes there, and the bucket.
    pub(crate) async fn remove_left(
        self: &Arc<Self>,
        place: usize,
        name: &BucketName,
        debt: &BucketDebt,
    ) -> Result<(), StoreError> {
        let (cx, store, number) =
            (Context::background(), &self.targets[place].store, self.targets[place].number);
        let bucket = match self.ask(place, store.bucket(&cx, name)).await {
            Ok(bucket) => Some(bucket),
            Err(error) if matches!(error.kind, StoreErrorKind::Missing(Missing::Bucket)) => None,
            Err(error) => return Err(error),
        };
        for handle in &debt.removed {
            loop {
                let (owed, more) =
                    self.journal.owed_in_bucket(number, *handle, ("", None), PAGE_KEYS).await?;
                for owed in owed {
                    if let Some(bucket) = &bucket {
                        self.remove_all_of(place, bucket, &owed.key).await?;
                    }
                    let (handle, key) = (owed.handle, owed.key);
                    self.drop_key_debt(number, &KeyName { bucket: name.clone(), handle, key }).await?;
                }
                if !more {
                    break;
                }
            }
        }
        if let Some(bucket) = bucket {
            match self.ask(place, store.delete_bucket(&cx, &bucket)).await {
                Ok(()) => {}
                Err(error) if matches!(error.kind, StoreErrorKind::Missing(Missing::Bucket)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Removes a key with all its versions at a target.
    async fn remove_all_of(
        &self,
        place: usize,
        bucket: &Bucket,
        key: &types::ObjectKey,
    ) -> Result<(), StoreError> {
        use store::{DeleteOptions, ListVersions, VersionEntry};
        let (cx, store) = (Context::background(), &self.targets[place].store);
        if bucket.versioning == Versioning::Off {
            let deleted = self.ask(place, store.delete(&cx, bucket, key, DeleteOptions::default())).await;
            return match deleted {
                Err(error) if !super::chore::is_gone(&error.kind) => Err(error),
                _ => Ok(()),
            };
        }
        loop {
            let prefix = key.as_str().to_owned();
            let options = ListVersions { prefix, limit: PAGE_KEYS, ..ListVersions::default() };
            let page = self.ask(place, store.list_versions(&cx, bucket, options)).await?;
            let ids: Vec<_> = page
                .entries
                .iter()
                .filter_map(|entry| match entry {
                    VersionEntry::Version(version) if version.key == *key => Some(version.version_id.clone()),
                    _ => None,
                })
                .collect();
            if ids.is_empty() {
                return Ok(());
            }
            for id in ids {
                let options = DeleteOptions { version_id: Some(id), ..DeleteOptions::default() };
                self.ask(place, store.delete(&cx, bucket, key, options)).await?;
            }
        }
    }

    /// Makes a target's bucket as the record says.
    pub(crate) async fn make_alike(
        &self,
        place: usize,
        name: &BucketName,
        record: &BucketRecord,
    ) -> Result<(), StoreError> {
        let (cx, store) = (Context::background(), &self.targets[place].store);
        let mut bucket = match self.ask(place, store.bucket(&cx, name)).await {
            Ok(bucket) => bucket,
            Err(error) if matches!(error.kind, StoreErrorKind::Missing(Missing::Bucket)) => {
                let made = store.create_bucket(&cx, name, &record.owner, &record.tags);
                self.ask(place, made).await?
            }
            Err(error) => return Err(error),
        };
        if bucket.versioning != record.versioning {
            if bucket.versioning == Versioning::Off && record.versioning == Versioning::Suspended {
                let update = BucketUpdate::Versioning(Versioning::Enabled);
                bucket = self.ask(place, store.update_bucket(&cx, &bucket, update)).await?;
            }
            let update = BucketUpdate::Versioning(record.versioning);
            bucket = self.ask(place, store.update_bucket(&cx, &bucket, update)).await?;
        }
        if bucket.tags != record.tags && store.capabilities(&bucket).bucket_tags.is_yes() {
            let update = BucketUpdate::Tags(record.tags.clone());
            bucket = self.ask(place, store.update_bucket(&cx, &bucket, update)).await?;
        }
        self.keep_target_bucket(place, bucket);
        Ok(())
    }

    /// A target no longer owes a key of a bucket that is no more.
    pub(crate) async fn drop_key_debt(&self, number: TargetNumber, name: &KeyName) -> Result<(), StoreError> {
        let known = self.journal.key(name.handle, &name.key).await?;
        let before = known.unwrap_or_else(crate::journal::KeyState::unrecorded);
        let mut after = before.clone();
        after.current = Current::Absent;
        after.debts.retain(|debt| debt.target != number);
        let place = crate::journal::KeyPlace { bucket: &name.bucket, handle: name.handle, key: &name.key };
        self.journal.apply(Commit::default(), vec![(before, after, place)]).await
    }

    /// A target answers that it does not have a bucket that it should have: it owes it.
    pub(crate) async fn bucket_lost(&self, place: usize, name: &BucketName) -> Result<(), StoreError> {
        let _alone = self.locks.alone(LockName::Bucket(name.clone())).await;
        self.forget_target_bucket(place, name);
        let Some(mut record) = self.journal.bucket(name).await? else { return Ok(()) };
        let number = self.targets[place].number;
        let there = self.ask(place, self.targets[place].store.bucket(&Context::background(), name)).await;
        let is_lost =
            matches!(&there, Err(error) if matches!(error.kind, StoreErrorKind::Missing(Missing::Bucket)));
        if !is_lost {
            return Ok(());
        }
        // What was in it is gone with it, so all of it is filled in again, from the first key.
        record.set_member(number, Member::New);
        let mut commit = Commit::default();
        write_cursor(&mut commit, &cursor_name(number, name), None);
        write_bucket(&mut commit, name, Some(&record));
        let debt = BucketDebt { since: self.now(), removed: Vec::new() };
        write_bucket_debt(&mut commit, number, name, Some(&debt));
        self.journal.commit(commit).await
    }

    /// A target owes a key that it may lack: repair looks what of it.
    pub(crate) async fn add_debt(self: &Arc<Self>, place: usize, name: &KeyName) -> Result<(), StoreError> {
        let Some(mut turn) = self.turn_by_name(name).await? else { return Ok(()) };
        let mut after = turn.state.clone();
        crate::write::owe(&mut after.debts, self.targets[place].number, self.now());
        if after == turn.state { Ok(()) } else { turn.apply(Commit::default(), after).await }
    }

    /// A target's copy of a version was found wrong or gone: it owes it again. `seen` is the version as the journal had it before
    /// the target was asked: nothing is owed where that has changed since, because what was found may be older than the change.
    pub(crate) async fn owe_again(
        self: &Arc<Self>,
        place: usize,
        name: &KeyName,
        seen: &Version,
    ) -> Result<(), StoreError> {
        let Some(mut turn) = self.turn_by_name(name).await? else { return Ok(()) };
        let number = self.targets[place].number;
        let known = self.journal.version(name.handle, (&name.key, &turn.state), &seen.id()).await?;
        let is_as_seen = |known: &Version| {
            known.sequence == seen.sequence && known.copy_at(number) == seen.copy_at(number)
        };
        let Some(mut version) = known.filter(is_as_seen) else { return Ok(()) };
        let (mut after, mut commit) = (turn.state.clone(), Commit::default());
        crate::write::owe(&mut after.debts, number, self.now());
        // What is there may look right. Where there are versions it is removed before the version comes anew.
        match version.held_at(number).map(|held| held.address(turn.record.versioning)) {
            Some(Some(theirs)) => turn.place().put_removal(&mut commit, number, version.sequence, &theirs),
            Some(None) => {
                let debts = after.debts.iter_mut().filter(|debt| debt.target == number);
                debts.for_each(|debt| debt.stray = Stray::Wrong);
            }
            None => {}
        }
        version.set_copy(number, CopyState::Owed);
        if turn.state.version().is_some_and(|current| current.sequence == version.sequence) {
            after.current = Current::Version(version);
        } else {
            turn.place().put_noncurrent(&mut commit, &version);
        }
        turn.apply(commit, after).await
    }

    async fn turn_by_name(self: &Arc<Self>, name: &KeyName) -> Result<Option<Turn>, StoreError> {
        let record = self.journal.bucket(&name.bucket).await?;
        match record.filter(|record| record.handle == name.handle) {
            Some(record) => self.turn(&record.to_bucket(&name.bucket), &name.key, OPERATION).await.map(Some),
            None => Ok(None),
        }
    }

    /// Has every target that a bucket has never seen owe it.
    pub(crate) async fn enroll(&self) -> Result<(), StoreError> {
        let mut after: Option<BucketName> = None;
        loop {
            let after_name = after.as_ref().map(BucketName::as_str);
            let (page, more) = self.journal.buckets("", after_name, PAGE_KEYS).await?;
            for (name, record) in &page {
                if self.targets.iter().any(|target| record.member(target.number).is_none()) {
                    self.enroll_in(name).await?;
                }
            }
            match page.into_iter().next_back() {
                Some((last, _)) if more => after = Some(last),
                _ => return Ok(()),
            }
        }
    }

    async fn enroll_in(&self, name: &BucketName) -> Result<(), StoreError> {
        let _alone = self.locks.alone(LockName::Bucket(name.clone())).await;
        let Some(mut record) = self.journal.bucket(name).await? else { return Ok(()) };
        let (mut commit, since) = (Commit::default(), self.now());
        for target in &self.targets {
            if record.member(target.number).is_none() {
                record.set_member(target.number, Member::New);
                let removed = self.removed_before(target.number, name).await?;
                let debt = BucketDebt { since, removed };
                write_bucket_debt(&mut commit, target.number, name, Some(&debt));
            }
        }
        write_bucket(&mut commit, name, Some(&record));
        self.journal.commit(commit).await
    }
}
