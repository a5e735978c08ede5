use types::{CacheStatus, Counter, DurationHistogram};

/// What the layers of a cache have done since it was opened; read by the metrics page. Blocks on disk are counted apart:
/// [`DiskStats`](crate::DiskStats).
#[derive(Debug, Default)]
pub struct Stats {
    /// Answers from the cache alone.
    pub hits: Counter,
    /// Answers from the store, at least in part.
    pub misses: Counter,
    /// Answers from the cache after the store said that they still hold.
    pub revalidations: Counter,
    /// Answers from the cache while the store could not be reached.
    pub stale: Counter,
    /// Calls that passed the cache by.
    pub bypasses: Counter,
    /// Bytes handed out that came from blocks or from memory.
    pub bytes_served: Counter,
    /// Bytes that came from the store to be kept.
    pub bytes_fetched: Counter,
    /// Bytes that came from the store past the cache.
    pub bytes_passed: Counter,
    /// Requests for ranges of objects that were sent to the store.
    pub fetches: Counter,
    /// Of those, the ones that ended without all their bytes.
    pub fetches_failed: Counter,
    /// How long the first byte of each took.
    pub first_bytes: DurationHistogram,
    /// Reads that waited for an answer that somebody else had asked for.
    pub joined: Counter,
    /// Cached bytes that could not be read and were fetched again in the middle of a read.
    pub refetches: Counter,
    /// Whole objects whose bytes did not have their checksum: dropped.
    pub wrong_objects: Counter,
    /// Reads that went past the cache because its directory took nothing in.
    pub refused: Counter,
    /// Small objects served from memory.
    pub memory_hits: Counter,
    /// Records on disk that could not be removed before a write.
    pub records_not_removed: Counter,
}

impl Stats {
    /// The counter of answers of one kind.
    #[must_use]
    pub fn of(&self, status: CacheStatus) -> &Counter {
        match status {
            CacheStatus::Hit => &self.hits,
            CacheStatus::Miss => &self.misses,
            CacheStatus::Revalidated => &self.revalidations,
            CacheStatus::Stale => &self.stale,
            CacheStatus::Bypass => &self.bypasses,
        }
    }
}

/// How much a cache holds in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemoryUse {
    /// Keys that something is known about.
    pub known_keys: usize,
    /// About how many bytes that takes.
    pub known_bytes: u64,
    /// Small objects.
    pub objects: usize,
    /// Their bytes.
    pub object_bytes: u64,
    /// Pages of listings.
    pub pages: usize,
    /// Objects that are being fetched.
    pub fills: usize,
}
