use crate::drive::Drive;

/// What a store has done, for metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stats {
    /// Folders listed.
    pub folders_listed: u64,
    /// Times that a listing at hand would do.
    pub listings_reused: u64,
    /// Times that a listing under way was waited for instead of asking again.
    pub listings_joined: u64,
    /// Folders that turned out to be gone or another one's.
    pub folders_stale: u64,
    /// Calls that had to wait for the account's limit.
    pub calls_waited: u64,
    /// Calls that the service refused for its limit all the same.
    pub calls_refused: u64,
    /// Older files of a name that were removed at sight.
    pub healed: u64,
    /// Files that were found after the answer of their upload was lost.
    pub adopted: u64,
    /// Folders of ours that were removed when they became empty.
    pub folders_removed: u64,
}

impl Stats {
    pub(crate) fn of(drive: &Drive) -> Self {
        let (folders, limiter) = (drive.folders.stats(), drive.api.limiter().stats());
        Self {
            folders_listed: folders.fetched.get(),
            listings_reused: folders.hits.get(),
            listings_joined: folders.joined.get(),
            folders_stale: folders.stale.get(),
            calls_waited: limiter.waits.get(),
            calls_refused: limiter.refusals.get(),
            healed: drive.stats.healed.get(),
            adopted: drive.stats.adopted.get(),
            folders_removed: drive.stats.folders_removed.get(),
        }
    }
}
