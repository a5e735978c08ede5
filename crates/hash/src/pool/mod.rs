//! Streams that are hashed side by side: who sits where, and when whose bytes are hashed.

mod member;
mod run;
mod seats;
mod stream;
#[cfg(test)]
mod tests;

use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use crate::lanes::Level;
use seats::Seats;

pub(crate) use stream::StreamMd5;

/// What one stream holds back before it hashes, so that others find bytes to be hashed beside theirs.
const STREAM_HELD_BYTES: usize = 1024 * 1024;
/// The most frames that one stream holds back, however small they are.
const STREAM_HELD_FRAMES: usize = 64;
/// What all streams of a pool hold back together.
const POOL_HELD_BYTES: usize = 16 * 1024 * 1024;
/// The most of each stream that is hashed in one go: other tasks of the same thread wait meanwhile.
const RUN_MAX_BYTES: usize = 256 * 1024;
/// The least of each stream that is hashed in one go, where that much is held: less is not worth the locking.
const RUN_MIN_BYTES: usize = 64 * 1024;

/// The pool of this process. Beside whom a stream is hashed shows in nothing but time, so nobody has to choose.
static SHARED: LazyLock<Arc<Pool>> = LazyLock::new(|| Arc::new(Pool::new(Level::detect())));

/// Streams that are hashed side by side.
///
/// There is no thread of its own: a stream that has held back enough hashes a piece of its bytes, and as much of every
/// other stream's, as part of its own poll. A stream that is alone does not hold back.
pub(crate) struct Pool {
    level: Level,
    seats: Mutex<Seats>,
}

impl Pool {
    pub(crate) fn new(level: Level) -> Self {
        Self { level, seats: Mutex::default() }
    }

    fn seats(&self) -> MutexGuard<'_, Seats> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
