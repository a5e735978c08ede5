use meta::{Check, Commit};
use store::{StoreError, StoreErrorKind, UploadRef};

use crate::native::Native;
use crate::publish::ATTEMPTS_MAX;
use crate::record::ToDo;

const OPERATION: &str = "abort upload";

impl Native {
    /// Ends an upload. Its parts are left to the collector, however many they are.
    pub(crate) async fn abort_upload(&self, upload: UploadRef<'_>) -> Result<(), StoreError> {
        for attempt in 0..ATTEMPTS_MAX {
            let found = self.find_upload(upload, OPERATION).await?;
            let _turn = self.contention.turn(attempt, &found.row).await;
            let mut commit = Commit::default();
            commit.check(Check::Equals(found.row.clone(), found.revision));
            commit.delete(found.row).put(ToDo::Upload(found.record.parts).key(), ToDo::value());
            if self.commit_change(commit, OPERATION).await? {
                return Ok(());
            }
        }
        Err(StoreError::new(StoreErrorKind::Conflict, OPERATION))
    }
}
