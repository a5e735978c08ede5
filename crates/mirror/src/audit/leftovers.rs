use std::sync::Arc;
use std::time::Duration;

use store::{StoreError, StoreErrorKind};
use tokio::time::timeout;
use types::{BucketName, ObjectKey, VersionId};

use super::bucket_at;
use super::held::{HeldVersion, Holdings};
use crate::core::Core;
use crate::journal::{BucketRecord, CopyState, KeyState, Stray};
use crate::locks::LockName;
use crate::write::Holds;

const OPERATION: &str = "look for what a target had before it joined";
/// How long writes to a key wait for a look at it.
const LOOK_MAX: Duration = Duration::from_secs(5);

impl Core {
    /// Whether a target holds keys or versions in a bucket of which the journal knows nothing there.
    ///
    /// # Errors
    /// Failures of the journal, or of the target's listing.
    pub(crate) async fn look_for_leftovers(
        self: &Arc<Self>,
        place: usize,
        (name, record): (&BucketName, &BucketRecord),
    ) -> Result<Holds, StoreError> {
        let Some(at) = bucket_at(self, place, name, record).await? else { return Ok(Holds::More) };
        let mut holdings = Holdings::new(place, at.clone(), None);
        while let Some(key) = holdings.peek(self).await?.cloned() {
            let held = holdings.take(self, &key).await?;
            if self.is_all_known(place, (record, &key), &held).await? {
                continue;
            }
            // A write to it may just have been made durable: it is looked at again while nobody writes to it.
            let _alone = self.locks.alone(LockName::Key(name.clone(), key.clone())).await;
            let looking = timeout(LOOK_MAX, Holdings::of_key(self, (place, at.clone()), &key));
            let held =
                looking.await.map_err(|_| StoreError::new(StoreErrorKind::Unavailable, OPERATION))??;
            if !self.is_all_known(place, (record, &key), &held).await? {
                return Ok(Holds::More);
            }
        }
        Ok(Holds::What)
    }

    /// Whether the journal knows of all that a target holds of a key, newest first: that it has it, or that it owes its removal.
    async fn is_all_known(
        &self,
        place: usize,
        (record, key): (&BucketRecord, &ObjectKey),
        held: &[HeldVersion],
    ) -> Result<bool, StoreError> {
        let number = self.targets[place].number;
        let state = self.journal.key(record.handle, key).await?.unwrap_or_else(KeyState::unrecorded);
        let older = self.journal.all_noncurrent(record.handle, key).await?;
        let removals = self.journal.removals(number, record.handle, key).await?;
        let copies = || {
            state.version().into_iter().chain(&older).filter_map(|version| match version.copy_at(number) {
                Some(CopyState::Held(held) | CopyState::OwesTags(held)) => Some(held),
                Some(CopyState::Owed) | None => None,
            })
        };
        let is_copy =
            |id: &VersionId| copies().any(|copy| copy.version_id.as_ref().unwrap_or(&VersionId::Null) == id);
        let debt = state.debts.iter().find(|debt| debt.target == number);
        // Repair removes what nobody knows on top of the first version that is known.
        let mut is_swept = debt.is_some_and(|debt| debt.stray != Stray::No);
        Ok(held.iter().all(|held| match &held.version_id {
            // Without versions, what it owes takes the place of what it has.
            None => copies().next().is_some() || debt.is_some(),
            Some(id) if is_copy(id) => {
                is_swept = false;
                true
            }
            Some(id) => is_swept || removals.iter().any(|(_, removed)| removed == id),
        }))
    }
}
