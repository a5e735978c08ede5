use std::sync::Arc;

use meta::Commit;
use store::{StoreError, StoreErrorKind};
use types::BucketName;

use crate::core::Core;
use crate::journal::buckets::{write_bucket, write_bucket_debt};
use crate::journal::write_cursor;
use crate::journal::{BucketRecord, Coverage, Member, OwedKey};
use crate::locks::LockName;
use crate::repair::KeyName;
use crate::target::TargetNumber;
use crate::write::{Holds, leftovers_name};

const OPERATION: &str = "forget what a target owes that was taken out of the mirror";
/// Rows that are read at once.
const PAGE: usize = 500;

impl Core {
    /// Forgets what targets owe that are not of the mirror any more. One that comes back under its name is filled anew, and
    /// what it still has is found there.
    ///
    /// # Errors
    /// Failures of the journal.
    pub(crate) async fn retire(self: &Arc<Self>) -> Result<(), StoreError> {
        for number in self.journal.numbers().await? {
            if self.place_of(number).is_none() {
                self.retire_from_buckets(number).await?;
                self.retire_from_keys(number).await?;
                self.journal.forget_chores(number).await?;
            }
        }
        Ok(())
    }

    async fn retire_from_buckets(&self, number: TargetNumber) -> Result<(), StoreError> {
        let debts = self.journal.bucket_debts(number, None, usize::MAX).await?;
        // That a bucket was removed is kept: a target that comes back with it does not bring it back.
        for (name, _) in debts.into_iter().filter(|(_, debt)| debt.removed.is_empty()) {
            let mut commit = Commit::default();
            write_bucket_debt(&mut commit, number, &name, None);
            self.journal.commit(commit).await?;
        }
        let mut after: Option<BucketName> = None;
        loop {
            let (page, more) = self.journal.buckets("", after.as_ref().map(BucketName::as_str), PAGE).await?;
            for (name, record) in page.iter().filter(|(_, record)| record.member(number).is_some()) {
                self.change_record(name, record.handle, |record| {
                    record.members.retain(|(member, _)| *member != number);
                })
                .await?;
            }
            match page.into_iter().next_back() {
                Some((name, _)) if more => after = Some(name),
                _ => return Ok(()),
            }
        }
    }

    async fn retire_from_keys(self: &Arc<Self>, number: TargetNumber) -> Result<(), StoreError> {
        loop {
            let page = self.journal.owed(number, None, PAGE).await?;
            if page.is_empty() {
                return Ok(());
            }
            for owed in page {
                self.retire_from_key(number, owed).await?;
            }
        }
    }

    async fn retire_from_key(
        self: &Arc<Self>,
        number: TargetNumber,
        owed: OwedKey,
    ) -> Result<(), StoreError> {
        let name = KeyName { bucket: owed.bucket, handle: owed.handle, key: owed.key };
        let record = self.journal.bucket(&name.bucket).await?;
        let Some(record) = record.filter(|record| record.handle == name.handle) else {
            return self.drop_key_debt(number, &name).await;
        };
        let mut turn = match self.turn(&record.to_bucket(&name.bucket), &name.key, OPERATION).await {
            // The bucket was removed meanwhile.
            Err(error) if matches!(error.kind, StoreErrorKind::Missing(_)) => {
                return self.drop_key_debt(number, &name).await;
            }
            turn => turn?,
        };
        let mut after = turn.state.clone();
        after.debts.retain(|debt| debt.target != number);
        turn.apply(Commit::default(), after).await
    }

    /// A target has all of a bucket, if it still is the one whose walk left this mark. Every key has passed through the journal
    /// by then, so that it knows them all.
    pub(super) async fn finish_fill(
        &self,
        name: &BucketName,
        (cursor_name, marked): (&[u8], &[u8]),
        (handle, place, holds): (u64, usize, Holds),
    ) -> Result<(), StoreError> {
        let number = self.targets[place].number;
        let _alone = self.locks.alone(LockName::Bucket(name.clone())).await;
        let record = self.journal.bucket(name).await?;
        let is_filling =
            |record: &BucketRecord| record.handle == handle && record.member(number) == Some(Member::Filling);
        let Some(mut record) = record.filter(is_filling) else { return Ok(()) };
        if self.journal.cursor(cursor_name).await?.as_deref() != Some(marked) {
            return Ok(());
        }
        record.set_member(number, Member::Full);
        record.coverage = Coverage::Whole;
        let mut commit = Commit::default();
        write_bucket(&mut commit, name, Some(&record));
        write_cursor(&mut commit, cursor_name, None);
        let mark = (holds == Holds::More).then(|| handle.to_le_bytes());
        write_cursor(&mut commit, &leftovers_name(number, name), mark.as_ref().map(|mark| &mark[..]));
        self.journal.commit(commit).await?;
        self.leftovers.forget(number, handle);
        Ok(())
    }

    /// Changes the record of a bucket that is still the one of this handle.
    async fn change_record(
        &self,
        name: &BucketName,
        handle: u64,
        change: impl FnOnce(&mut BucketRecord),
    ) -> Result<(), StoreError> {
        let _alone = self.locks.alone(LockName::Bucket(name.clone())).await;
        let Some(mut record) = self.journal.bucket(name).await?.filter(|record| record.handle == handle)
        else {
            return Ok(());
        };
        change(&mut record);
        let mut commit = Commit::default();
        write_bucket(&mut commit, name, Some(&record));
        self.journal.commit(commit).await
    }
}
