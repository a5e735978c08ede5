use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use types::{Clock, Random, SystemClock};

/// The largest object or part that stands beside its record by default, in bytes: up to here one grouped sync of the
/// metadata costs less than a file of its own.
pub const INLINE_MAX_BYTES: usize = 64 * 1024;
/// The smallest part but the last. Source: "Amazon S3 multipart upload limits".
pub const PART_MIN_BYTES: u64 = 5 * 1024 * 1024;
/// How long a completed upload is remembered, so that a client that lost the answer can ask again.
const COMPLETED_KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// What a native store is given.
#[derive(Clone)]
pub struct NativeOptions {
    /// The largest object or part that stands beside its record, in bytes.
    pub inline_max_bytes: usize,
    /// The smallest part but the last, in bytes.
    pub part_min_bytes: u64,
    /// How long a completed upload is remembered.
    pub completed_kept: Duration,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Chance, for ids.
    pub random: Arc<dyn Random>,
}

impl NativeOptions {
    /// The defaults, with the operating system's clock and this source of chance.
    #[must_use]
    pub fn new(random: Arc<dyn Random>) -> Self {
        Self {
            inline_max_bytes: INLINE_MAX_BYTES,
            part_min_bytes: PART_MIN_BYTES,
            completed_kept: COMPLETED_KEPT,
            clock: Arc::new(SystemClock),
            random,
        }
    }
}

impl fmt::Debug for NativeOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NativeOptions")
            .field("inline_max_bytes", &self.inline_max_bytes)
            .field("part_min_bytes", &self.part_min_bytes)
            .field("completed_kept", &self.completed_kept)
            .finish_non_exhaustive()
    }
}
