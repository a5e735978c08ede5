//! Older versions that come late to a target of a bucket whose versions are suspended. The target must keep versions while it
//! takes one, so nothing else may be written to its bucket meanwhile: what is written there then would get an id of its own.

use std::sync::Arc;
use std::time::Duration;

use meta::Commit;
use store::{BucketUpdate, StoreError, StoreErrorKind, Versioning};
use tokio::time::timeout;
use types::{BucketName, Context};

use super::chore::{Chore, KeyName};
use crate::core::Core;
use crate::journal::buckets::{write_bucket, write_bucket_debt};
use crate::journal::{BucketDebt, BucketRecord, Member, Version};
use crate::write::Turn;

const OPERATION: &str = "bring an older version to a target";
/// How long nobody else writes in a bucket for a target that takes an older version. What takes longer goes on beside the others.
const ALONE_MAX: Duration = Duration::from_secs(5);

/// Whether a version comes late to a bucket: it has an id, and the bucket gives none any more.
fn is_late(record: &BucketRecord, version: &Version) -> bool {
    record.versioning == Versioning::Suspended && version.random.is_some()
}

/// How a chore's turn is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Company {
    /// Beside turns at other keys of the bucket.
    Shared,
    /// With nobody else in the bucket.
    Alone,
}

impl Company {
    /// What a chore asks for.
    pub(super) fn of(record: &BucketRecord, chore: &Chore) -> Self {
        match chore {
            Chore::Put(version) | Chore::Mark(version) if is_late(record, version) => Self::Alone,
            _ => Self::Shared,
        }
    }
}

impl Core {
    /// Waits for the turn at a key, alone in the bucket where that is asked for.
    pub(super) async fn turn_in_company(
        self: &Arc<Self>,
        company: Company,
        (record, name): (&BucketRecord, &KeyName),
    ) -> Result<Turn, StoreError> {
        let bucket = record.to_bucket(&name.bucket);
        match company {
            Company::Shared => self.turn(&bucket, &name.key, OPERATION).await,
            Company::Alone => self.turn_alone(&bucket, &name.key, OPERATION).await,
        }
    }

    /// Says of a member, whose bucket's lock is held alone, whether its bucket is as the record says. Until it is again, a
    /// crash leaves it owing that.
    async fn owe_mode(&self, place: usize, name: &BucketName, owing: Owing) -> Result<(), StoreError> {
        let number = self.targets[place].number;
        let missing = || StoreError::new(StoreErrorKind::Unavailable, OPERATION);
        let mut record = self.journal.bucket(name).await?.ok_or_else(missing)?;
        let member = match (owing, record.member(number)) {
            (Owing::Begins, Some(Member::Full)) => Member::Owes,
            (Owing::Begins, Some(Member::Filling)) => Member::New,
            (Owing::Ends, Some(Member::Owes)) => Member::Full,
            (Owing::Ends, Some(Member::New)) => Member::Filling,
            _ => return Err(missing()),
        };
        record.set_member(number, member);
        let debt = BucketDebt { since: self.now(), removed: Vec::new() };
        let mut commit = Commit::default();
        write_bucket(&mut commit, name, Some(&record));
        write_bucket_debt(&mut commit, number, name, Some(&debt).filter(|_| owing == Owing::Begins));
        self.journal.commit(commit).await
    }
}

/// Whether a target comes to owe a change of its bucket, or has made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Owing {
    Begins,
    Ends,
}

impl Turn {
    /// Does a thing at a target whose bucket must keep versions for it. While it goes on it is said to be running there.
    ///
    /// # Errors
    /// `Unavailable` where somebody else may be writing in the bucket, or where it takes long: repair does it later.
    pub(super) async fn in_mode_of<T: Send + 'static>(
        &self,
        place: usize,
        version: &Version,
        doing: impl Future<Output = Result<T, StoreError>> + Send + 'static,
    ) -> Result<T, StoreError> {
        if !is_late(&self.record, version) {
            return doing.await;
        }
        let unavailable = || StoreError::new(StoreErrorKind::Unavailable, OPERATION);
        if !self.is_alone() || self.core.is_running_in(place, &self.bucket) {
            return Err(unavailable());
        }
        self.core.owe_mode(place, &self.bucket, Owing::Begins).await?;
        self.set_versioning_at(place, Versioning::Enabled).await?;
        let Ok(ended) = timeout(ALONE_MAX, tokio::spawn(doing)).await else {
            // It may still come to be made: until it has ended, the bucket stays as it is, and the target owes the change.
            self.core.health.failed(place);
            return Err(unavailable());
        };
        let done =
            ended.map_err(|error| StoreError::with_source(StoreErrorKind::Internal, OPERATION, error))?;
        if self.core.is_running_in(place, &self.bucket) {
            return Err(unavailable());
        }
        self.set_versioning_at(place, Versioning::Suspended).await?;
        self.core.owe_mode(place, &self.bucket, Owing::Ends).await?;
        done
    }

    async fn set_versioning_at(&self, place: usize, versioning: Versioning) -> Result<(), StoreError> {
        let setting = self.core.call(place, &self.bucket, move |store, bucket| async move {
            let update = BucketUpdate::Versioning(versioning);
            store.update_bucket(&Context::background(), &bucket, update).await
        });
        let bucket = self.core.ask(place, setting).await?;
        self.core.keep_target_bucket(place, bucket);
        Ok(())
    }
}
