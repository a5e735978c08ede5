use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use blob::BlobId;
use futures_util::stream;
use futures_util::{Stream, StreamExt};
use store::StoreError;

use super::report::CollectReport;
use crate::native::Native;
use crate::{NativeStore, Stats};

/// How long the collector waits after it was woken, so that one round serves many writes and their syncs are shared.
const GATHER: Duration = Duration::from_millis(100);
/// How often it looks without being woken: for work whose time has come, and for what failed.
const PERIOD: Duration = Duration::from_secs(60);
/// How many blobs are removed at once, so that they share a directory's sync.
const REMOVALS_AT_ONCE: usize = 32;

impl NativeStore {
    /// Does all background work that can be done now: removes orphans of an earlier process, blobs written in vain, and what
    /// commits have left to be removed. Rounds that run at once wait for each other, and each may be dropped at any point.
    ///
    /// # Errors
    /// The first failure of an engine; what was not done is done by the next round.
    pub async fn collect_once(&self) -> Result<CollectReport, StoreError> {
        let mut round = Round::new(&self.0.stats);
        self.0.collect(&mut round.report).await.map(|()| round.report)
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

/// What a round has done; it counts, though the round be dropped.
pub(super) struct Round<'a> {
    pub(super) report: CollectReport,
    stats: &'a Stats,
}

impl<'a> Round<'a> {
    pub(super) fn new(stats: &'a Stats) -> Self {
        Self { report: CollectReport::default(), stats }
    }
}

impl Drop for Round<'_> {
    fn drop(&mut self) {
        let (stats, report) = (self.stats, &self.report);
        stats.orphans_removed.add(report.orphans_removed);
        stats.abandoned_removed.add(report.abandoned_removed);
        stats.blobs_collected.add(report.blobs_collected);
        stats.parts_collected.add(report.parts_collected);
        stats.to_dos_done.add(report.to_dos_done);
    }
}

impl Native {
    async fn collect(&self, report: &mut CollectReport) -> Result<(), StoreError> {
        let given_up = self.remove_given_up(report).await;
        let swept = self.sweep(report).await;
        given_up.and(swept)
    }

    /// Removes what this process or a commit has given up. One at a time: who waited for another finds removed what was given
    /// up before the wait.
    pub(super) async fn remove_given_up(&self, report: &mut CollectReport) -> Result<(), StoreError> {
        let _turn = self.removing.lock().await;
        let discarded = self.remove_discarded(report).await;
        let to_dos = self.do_to_dos(report).await;
        discarded.and(to_dos)
    }

    async fn remove_discarded(&self, report: &mut CollectReport) -> Result<(), StoreError> {
        let mut discarded = self.discards.take();
        let mut failed = None;
        let mut removals = pin!(self.remove_blobs(discarded.blobs()));
        while let Some((blob, outcome)) = removals.next().await {
            match outcome {
                Ok(()) => {
                    discarded.settle(blob);
                    report.abandoned_removed += 1;
                }
                Err(error) => failed = Some(error),
            }
        }
        failed.map_or(Ok(()), Err)
    }

    /// Removes blobs, some at a time, each with its own outcome.
    pub(super) fn remove_blobs(
        &self,
        blobs: Vec<BlobId>,
    ) -> impl Stream<Item = (BlobId, Result<(), StoreError>)> {
        let remove = move |blob| async move {
            let removed = self.blobs.remove(blob).await;
            if removed.is_ok() {
                self.room_given.add(1);
            }
            (blob, removed.map_err(|error| crate::error::from_blob(error, "remove blob")))
        };
        stream::iter(blobs).map(remove).buffer_unordered(REMOVALS_AT_ONCE)
    }
}
