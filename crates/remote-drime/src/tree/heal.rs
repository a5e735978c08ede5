use std::sync::Arc;

use tokio::time::Instant;
use types::{Context, ObjectKey};

use super::Found;
use crate::api::{ApiError, EntryId, Fate, FolderId, Lane};
use crate::drive::Drive;
use crate::folders::Freshness;

impl Drive {
    /// Removes, in the background, the files that a newer one of their name has replaced.
    pub(super) fn heal_later(
        self: &Arc<Self>,
        lane: Lane,
        bucket: FolderId,
        key: ObjectKey,
        newest: EntryId,
    ) {
        let drive = self.clone();
        tokio::spawn(async move {
            if let Err(error) = drive.heal(lane, bucket, &key, newest).await {
                tracing::warn!(%error, %key, "an older file of the same name could not be removed");
            }
        });
    }

    /// The older ones go to the trash, not away: nothing here proves that no one else put them there.
    async fn heal(
        &self,
        lane: Lane,
        bucket: FolderId,
        key: &ObjectKey,
        newest: EntryId,
    ) -> Result<(), ApiError> {
        let cx = Context::background();
        // Whoever writes this key is about to remove the older ones.
        let _held = self.keys.hold((bucket, key.clone())).await;
        let now = Freshness::After(Instant::now());
        let found = self.look_by(&cx, lane, bucket, key.as_str(), now).await?;
        let Some(Found::File { entry, older }) = found else { return Ok(()) };
        if entry.id != newest {
            return Ok(());
        }
        for node in older {
            self.remove_entry(&cx, lane, &node.entry, Fate::Trash).await?;
            self.stats.healed.add(1);
        }
        Ok(())
    }
}
