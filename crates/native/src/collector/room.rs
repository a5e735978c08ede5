use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use blob::MakeRoom;
use tokio::time::timeout;

use super::run::Round;
use crate::native::Native;

/// How often one write may ask for room: others may take what is made, and it must end.
const ROUNDS_MAX: u32 = 64;
/// How often a round that takes long is looked at: room that it has made so far may do.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How many looks in a row may find that nothing was removed, as on a device that does not answer.
const LOOKS_MAX: u32 = 15;

/// What one write hopes for when it finds no room: what was given up, and waits for the collector, is removed at once.
pub(crate) struct Room<'a> {
    native: &'a Native,
    rounds_left: AtomicU32,
}

impl<'a> Room<'a> {
    /// For one write.
    pub(crate) fn new(native: &'a Native) -> Self {
        Self { native, rounds_left: AtomicU32::new(ROUNDS_MAX) }
    }
}

#[async_trait]
impl MakeRoom for Room<'_> {
    async fn make_room(&self) -> bool {
        let rounds_left = self.rounds_left.load(Ordering::Relaxed);
        if rounds_left == 0 {
            return false;
        }
        // Where nothing was left to remove, another has perhaps removed it since the write failed: it is tried a last time.
        let rounds_left = if self.native.give_room().await { rounds_left - 1 } else { 0 };
        self.rounds_left.store(rounds_left, Ordering::Relaxed);
        true
    }
}

impl Native {
    /// Removes what is given up; whether anything was removed meanwhile, by whomever.
    async fn give_room(&self) -> bool {
        let before = self.room_given.get();
        let has_given = || self.room_given.get() != before;
        let mut round = pin!(self.round_for_room());
        for _ in 0..LOOKS_MAX {
            let is_over = timeout(LOOK_EVERY, &mut round).await.is_ok();
            if is_over || has_given() {
                break;
            }
        }
        has_given()
    }

    /// A failure is as good as nothing removed: the write then says that there is no room, which is what its caller can act
    /// on; the collector counts the failure in its own next round.
    async fn round_for_room(&self) {
        let mut round = Round::new(&self.stats);
        let before = self.room_given.get();
        let _ = self.remove_given_up(&mut round.report).await;
        if self.room_given.get() == before {
            let _ = self.sweep(&mut round.report).await;
        }
    }
}
