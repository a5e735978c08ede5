use std::hash::{BuildHasher, RandomState};

use tokio::sync::{Mutex, MutexGuard};

/// How often a write is tried freely before it waits its turn.
const FREE_ATTEMPTS: usize = 3;
/// Turns: writers of different keys rarely share one.
const STRIPES: usize = 64;

/// Lets writers of one key take turns once they keep getting in each other's way, so that each of them comes through. The
/// commit alone decides who wins; this only orders the tries.
pub(crate) struct Contention {
    stripes: [Mutex<()>; STRIPES],
    hasher: RandomState,
}

impl Default for Contention {
    fn default() -> Self {
        Self { stripes: std::array::from_fn(|_| Mutex::new(())), hasher: RandomState::new() }
    }
}

impl Contention {
    /// Waits for a turn where `attempt`, counted from 0, is past the free ones.
    pub(crate) async fn turn(&self, attempt: usize, row: &[u8]) -> Option<MutexGuard<'_, ()>> {
        if attempt < FREE_ATTEMPTS {
            return None;
        }
        let stripe = self.hasher.hash_one(row) as usize % STRIPES;
        Some(self.stripes[stripe].lock().await)
    }
}
