use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use store::UploadId;
use tokio::sync::OwnedMutexGuard;

/// Lets completions and the abort of one upload come one after the other.
#[derive(Default)]
pub(super) struct Turns(Mutex<HashMap<UploadId, Arc<tokio::sync::Mutex<()>>>>);

/// The turn of one call.
pub(super) struct Turn<'a> {
    turns: &'a Turns,
    id: UploadId,
    guard: Option<OwnedMutexGuard<()>>,
}

impl Turns {
    /// Waits for a turn.
    pub(super) async fn take(&self, id: &UploadId) -> Turn<'_> {
        let lock = self.0.lock().entry(id.clone()).or_default().clone();
        let mut turn = Turn { turns: self, id: id.clone(), guard: None };
        turn.guard = Some(lock.lock_owned().await);
        turn
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.guard.take();
        let mut locks = self.turns.0.lock();
        // Counted under the map's own lock, where new waiters come from: one is the map's.
        if locks.get(&self.id).is_some_and(|lock| Arc::strong_count(lock) == 1) {
            locks.remove(&self.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_lock_goes_with_its_last_turn() {
        let turns = Arc::new(Turns::default());
        let id = UploadId::from_text("u");
        let first = turns.take(&id).await;
        let waiting = {
            let (turns, id) = (turns.clone(), id.clone());
            tokio::spawn(async move { drop(turns.take(&id).await) })
        };
        tokio::task::yield_now().await;
        assert_eq!(turns.0.lock().len(), 1);
        drop(first);
        waiting.await.unwrap();
        assert_eq!(turns.0.lock().len(), 0);
    }
}
