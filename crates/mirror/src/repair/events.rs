use std::sync::Arc;

/// What a repair tells while it goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RepairEvent {
    /// How far it is.
    Progress {
        /// The target.
        target: Arc<str>,
        /// Keys that were worked off.
        done: u64,
        /// Keys that it owed at first and those.
        total: u64,
        /// Bytes copied to it.
        bytes: u64,
    },
    /// A key could not be repaired; the others go on.
    Failed {
        /// The target.
        target: Arc<str>,
        /// The bucket.
        bucket: String,
        /// The key; empty for the bucket itself.
        key: String,
        /// Why.
        error: String,
    },
}

/// What a repair came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RepairReport {
    /// Keys and buckets that were brought to what the others have.
    pub repaired: u64,
    /// Those that could not be, and are tried again.
    pub failed: u64,
    /// Bytes copied.
    pub bytes: u64,
    /// Writes that an earlier process left open and that no target tells the end of yet.
    pub unsettled: u64,
}
