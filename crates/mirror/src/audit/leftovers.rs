use std::sync::Arc;

use store::StoreError;
use types::BucketName;

use super::bucket_at;
use super::held::{HeldVersion, Holdings};
use crate::core::Core;
use crate::journal::{BucketRecord, CopyState, KeyState};
use crate::write::Holds;

/// How often a key is looked at: a write to it may just have been made durable.
const LOOKS: usize = 2;

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
            let mut held = holdings.take(self, &key).await?;
            for look in 1..=LOOKS {
                let state = self.journal.key(record.handle, &key).await?;
                let older = self.journal.all_noncurrent(record.handle, &key).await?;
                if is_all_known(self, place, (state, older), &held) {
                    break;
                }
                if look == LOOKS {
                    return Ok(Holds::More);
                }
                self.wait(name, &key).await;
                held = Holdings::of_key(self, (place, at.clone()), &key).await?;
            }
        }
        Ok(Holds::What)
    }
}

fn is_all_known(
    core: &Core,
    place: usize,
    (state, older): (Option<KeyState>, Vec<crate::journal::Version>),
    held: &[HeldVersion],
) -> bool {
    let number = core.targets[place].number;
    let current = state.as_ref().and_then(KeyState::version);
    let copies = || {
        current.into_iter().chain(&older).filter_map(|version| match version.copy_at(number) {
            Some(CopyState::Held(held) | CopyState::OwesTags(held)) => Some(held),
            Some(CopyState::Owed) | None => None,
        })
    };
    held.iter().all(|held| match &held.version_id {
        // Without versions, what it owes takes the place of what it has.
        None => copies().next().is_some() || state.as_ref().is_some_and(|state| state.owes(number)),
        Some(id) => copies().any(|copy| copy.version_id.as_ref().unwrap_or(&types::VersionId::Null) == id),
    })
}
