/// What a returned commit means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// The commit is on stable storage: the log is synchronised before any commit of the batch returns.
    #[default]
    Strict,
    /// The commit survives the end of the process, and a power cut may take the last commits back, always from the end:
    /// the log is synchronised at checkpoints only.
    Relaxed,
}

/// How to open a [`crate::SqliteMeta`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqliteOptions {
    /// What a returned commit means.
    pub durability: Durability,
    /// Bytes of pages that all connections together keep in memory.
    pub cache_bytes: usize,
    /// Bytes of write-ahead log, at least 64 KiB, after which they are moved into the database. The log stays below
    /// [`SqliteOptions::LOG_CEILING_FACTOR`] times this, whatever readers do, but for the batch at hand.
    pub log_bytes: u64,
}

impl SqliteOptions {
    /// How often [`SqliteOptions::log_bytes`] fits into the log before snapshots are ended to empty it.
    pub const LOG_CEILING_FACTOR: u64 = 8;
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self { durability: Durability::Strict, cache_bytes: 24 * 1024 * 1024, log_bytes: 16 * 1024 * 1024 }
    }
}
