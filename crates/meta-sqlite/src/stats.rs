use types::{Counter, DurationHistogram};

/// What the engine has done since it was opened.
#[derive(Debug, Default)]
pub struct SqliteStats {
    /// Commits that took effect.
    pub commits: Counter,
    /// Commits refused because a check did not hold.
    pub conflicts: Counter,
    /// Commits that failed for any other reason.
    pub failures: Counter,
    /// Transactions that carried commits; commits divided by batches is the mean size of a group.
    pub batches: Counter,
    /// Bytes of keys and values written.
    pub written_bytes: Counter,
    /// From a commit's arrival to its answer.
    pub commit_duration: DurationHistogram,
    /// Ending one transaction: appending to the log and synchronising it.
    pub sync_duration: DurationHistogram,
    /// Moving the log into the database.
    pub checkpoint_duration: DurationHistogram,
    /// Checkpoints, beside the writer and between two batches.
    pub checkpoints: Counter,
    /// Snapshots ended because they kept the log from being emptied.
    pub expired_snapshots: Counter,
    /// Point reads, of one key or several.
    pub get_duration: DurationHistogram,
    /// Pages of scans.
    pub scan_duration: DurationHistogram,
    /// Records that did not match their checksum when they were read.
    pub corrupt_records: Counter,
}
