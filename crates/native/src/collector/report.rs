/// What one round of the collector has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CollectReport {
    /// Blobs of an earlier process that nothing referred to, removed.
    pub orphans_removed: u64,
    /// Blobs whose write did not become visible, removed.
    pub abandoned_removed: u64,
    /// Blobs removed because their last reference went.
    pub blobs_collected: u64,
    /// Parts of ended uploads and removed tables that were dropped.
    pub parts_collected: u64,
    /// Records of work finished.
    pub to_dos_done: u64,
    /// Records of work that cannot go on yet: somebody reads what is to be removed.
    pub to_dos_waiting: u64,
}
