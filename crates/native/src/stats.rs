use types::Counter;

/// What a native store has done since it was opened; read by the metrics page.
#[derive(Debug, Default)]
pub struct Stats {
    /// Commits that were decided again because another came first.
    pub commit_conflicts: Counter,
    /// Objects and parts stored beside their records.
    pub inline_writes: Counter,
    /// Objects and parts stored as blobs.
    pub blob_writes: Counter,
    /// Objects that were read again because they were replaced while being opened.
    pub reopened: Counter,
    /// Blobs of an earlier process that nothing referred to, removed.
    pub orphans_removed: Counter,
    /// Blobs whose write did not become visible, removed.
    pub abandoned_removed: Counter,
    /// Blobs removed because their last reference went.
    pub blobs_collected: Counter,
    /// Parts of ended uploads and removed tables that were dropped.
    pub parts_collected: Counter,
    /// Records of work finished by the collector.
    pub to_dos_done: Counter,
    /// Rounds of the collector that failed and were left for later.
    pub collect_failures: Counter,
}
