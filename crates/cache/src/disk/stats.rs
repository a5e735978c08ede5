use std::sync::Arc;

use types::Counter;

/// In which state a directory of blocks is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Condition {
    /// It serves and fills.
    Open,
    /// It serves; fills are refused for want of room on the device, or of open files.
    Full,
    /// It serves; fills are refused because the device refuses writes.
    ReadOnly,
    /// Neither: the device fails. All passes by until a probe succeeds.
    Failing,
}

impl Condition {
    /// The condition in the words of logs and metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Full => "full",
            Self::ReadOnly => "read_only",
            Self::Failing => "failing",
        }
    }
}

/// What one user of the blocks got of them.
#[derive(Debug, Default)]
pub struct CallerStats {
    /// Blocks asked for and there.
    pub hits: Counter,
    /// Blocks asked for and not there.
    pub misses: Counter,
    /// Bytes handed out of blocks.
    pub bytes_read: Counter,
}

/// What has been counted since the directory was opened.
#[derive(Debug, Default)]
pub struct DiskCounters {
    /// Blocks that were completed.
    pub fills: Counter,
    /// Bytes written into blocks.
    pub bytes_filled: Counter,
    /// Fills for which there was no room or no working device.
    pub refused_fills: Counter,
    /// Blocks that gave way to others, or to the file system's low water.
    pub evictions: Counter,
    /// Bytes of blocks that gave way.
    pub bytes_evicted: Counter,
    /// Blocks that were dropped because their bytes were not what was written.
    pub bad_blocks: Counter,
    /// Reads that were answered from memory without a thread.
    pub reads_inline: Counter,
    /// Reads that waited for the device.
    pub reads_blocking: Counter,
    /// Calls to the device that failed.
    pub device_failures: Counter,
    /// Times that a directory which had failed was found well again.
    pub recoveries: Counter,
    /// Rewrites of the index.
    pub compactions: Counter,
}

/// What a directory of blocks holds and has done.
#[derive(Debug, Clone)]
pub struct DiskStats {
    /// Blocks that can be read.
    pub entries: u64,
    /// Their bytes, as asked for by their fillers.
    pub bytes: u64,
    /// What all files may take at most and are reserved to take now, in bytes.
    pub used_bytes: u64,
    /// The ceiling, in bytes.
    pub ceiling_bytes: u64,
    /// The memory that the index takes, in bytes.
    pub index_memory_bytes: u64,
    /// In which state the directory is.
    pub condition: Condition,
    /// What has been counted.
    pub counters: Arc<DiskCounters>,
    /// What each caller got, by its name.
    pub callers: Vec<(Arc<str>, Arc<CallerStats>)>,
}
