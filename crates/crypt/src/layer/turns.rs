use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use store::UploadId;
use tokio::sync::OwnedMutexGuard;

/// Completions of one upload come one after the other, so that none takes the manifest of another away.
#[derive(Default)]
pub(super) struct Turns(Mutex<HashMap<UploadId, Arc<tokio::sync::Mutex<()>>>>);

impl Turns {
    pub(super) async fn of(&self, upload: &UploadId) -> OwnedMutexGuard<()> {
        let turn = {
            let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            // Those that nobody holds or waits for are known to the map alone.
            turns.retain(|_, turn| Arc::strong_count(turn) > 1);
            turns.entry(upload.clone()).or_default().clone()
        };
        turn.lock_owned().await
    }
}
