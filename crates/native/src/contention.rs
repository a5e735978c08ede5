use tokio::sync::{Mutex, MutexGuard};

/// How often a write is tried freely before it waits its turn.
const FREE_ATTEMPTS: usize = 3;
/// Turns: writers of different keys rarely share one.
const STRIPES: usize = 64;

/// Lets writers of one key take turns once they keep getting in each other's way, so that each of them comes through. The
/// commit alone decides who wins; this only orders the tries.
pub(crate) struct Contention {
    stripes: [Mutex<()>; STRIPES],
}

impl Default for Contention {
    fn default() -> Self {
        Self { stripes: std::array::from_fn(|_| Mutex::new(())) }
    }
}

impl Contention {
    /// Waits for a turn where `attempt`, counted from 0, is past the free ones. Nobody may wait for a second turn while
    /// holding one: two rows may share it.
    pub(crate) async fn turn(&self, attempt: usize, row: &[u8]) -> Option<MutexGuard<'_, ()>> {
        if attempt < FREE_ATTEMPTS {
            return None;
        }
        Some(self.stripes[stripe(row)].lock().await)
    }
}

/// FNV-1a, so that a simulated world repeats.
fn stripe(row: &[u8]) -> usize {
    let mix = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    row.iter().fold(0xcbf2_9ce4_8422_2325, mix) as usize % STRIPES
}
