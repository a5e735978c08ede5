use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use blob::BlobId;
use futures_util::StreamExt;
use futures_util::stream;
use store::StoreError;

use super::report::CollectReport;
use crate::NativeStore;
use crate::native::Native;

/// How long the collector waits after it was woken, so that one round serves many writes and their syncs are shared.
const GATHER: Duration = Duration::from_millis(100);
/// How often it looks without being woken: for work whose time has come, and for what failed.
const PERIOD: Duration = Duration::from_secs(60);
/// How many blobs are removed at once, so that they share a directory's sync.
const REMOVALS_AT_ONCE: usize = 32;

impl NativeStore {
    /// Does all background work that can be done now: removes orphans of an earlier process, blobs written in vain, and what
    /// commits have left to be removed. Any number of rounds may run at once, and each may be dropped at any point.
    ///
    /// # Errors
    /// The first failure of an engine; what was not done is done by the next round.
    pub async fn collect_once(&self) -> Result<CollectReport, StoreError> {
        let mut report = CollectReport::default();
        let done = self.0.collect(&mut report).await;
        self.0.count(&report);
        done.map(|()| report)
    }

    /// Does the background work, whenever there is some, until `shutdown` completes. A round that fails is counted and
    /// tried again later.
    pub async fn run_collector(&self, shutdown: impl Future<Output = ()>) {
        let mut shutdown = pin!(shutdown);
        loop {
            let round = async {
                if self.collect_once().await.is_err() {
                    self.0.stats.collect_failures.add(1);
                }
                let _ = tokio::time::timeout(PERIOD, self.0.discards.woken()).await;
                tokio::time::sleep(GATHER).await;
            };
            tokio::select! {
                () = &mut shutdown => return,
                () = round => {}
            }
        }
    }
}

impl Native {
    async fn collect(&self, report: &mut CollectReport) -> Result<(), StoreError> {
        let discarded = self.remove_discarded(report).await;
        let to_dos = self.do_to_dos(report).await;
        let swept = self.sweep(report).await;
        discarded.and(to_dos).and(swept)
    }

    fn count(&self, report: &CollectReport) {
        let stats = &self.stats;
        stats.orphans_removed.add(report.orphans_removed);
        stats.abandoned_removed.add(report.abandoned_removed);
        stats.blobs_collected.add(report.blobs_collected);
        stats.parts_collected.add(report.parts_collected);
        stats.to_dos_done.add(report.to_dos_done);
    }

    async fn remove_discarded(&self, report: &mut CollectReport) -> Result<(), StoreError> {
        let discarded = self.discards.take();
        let outcomes = self.remove_blobs(discarded).await;
        let mut failed = None;
        for (blob, outcome) in outcomes {
            match outcome {
                Ok(()) => report.abandoned_removed += 1,
                Err(error) => {
                    self.discards.put_back(blob);
                    failed = Some(error);
                }
            }
        }
        failed.map_or(Ok(()), Err)
    }

    /// Removes blobs, some at a time, each with its own outcome.
    pub(super) async fn remove_blobs(&self, blobs: Vec<BlobId>) -> Vec<(BlobId, Result<(), StoreError>)> {
        let remove = |blob| async move {
            let removed = self.blobs.remove(blob).await;
            (blob, removed.map_err(|error| crate::error::from_blob(error, "remove blob")))
        };
        stream::iter(blobs).map(remove).buffer_unordered(REMOVALS_AT_ONCE).collect().await
    }
}
