use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};

use blob::{BlobId, ScanScope};
use futures_util::StreamExt;
use store::StoreError;
use tokio::sync::Mutex;

use super::report::CollectReport;
use crate::error::During;
use crate::keys::{self, Family, KeyRange};
use crate::native::Native;

const OPERATION: &str = "sweep orphans";
/// How many blobs are looked at before those without references are removed: as many as a directory of blobs holds, for a
/// scan reads whole directories.
pub(crate) const BATCH: usize = 4096;

/// Whether the blobs of earlier processes have been looked through.
#[derive(Default)]
pub(crate) struct Sweep {
    is_done: AtomicBool,
    /// One at a time.
    turn: Mutex<()>,
}

impl Native {
    /// Removes the blobs that an earlier process wrote and never referred to. Nothing can begin to refer to one now: only
    /// the process that wrote a blob does so first, and a copy refers to what is referred to already.
    pub(super) async fn sweep(&self, report: &mut CollectReport) -> Result<(), StoreError> {
        if self.sweep.is_done.load(Ordering::Acquire) {
            return Ok(());
        }
        let _turn = self.sweep.turn.lock().await;
        if self.sweep.is_done.load(Ordering::Acquire) {
            return Ok(());
        }
        let mut after = None;
        loop {
            let blobs = self.blobs.scan(ScanScope::Unswept, after, BATCH).await.during(OPERATION)?;
            let Some(last) = blobs.last() else { break };
            after = Some(last.id);
            let mut orphans = Vec::new();
            for blob in blobs {
                if self.is_unreferenced(blob.id, OPERATION).await? {
                    orphans.push(blob.id);
                }
            }
            let mut removals = pin!(self.remove_blobs(orphans));
            while let Some((_, removed)) = removals.next().await {
                removed?;
                report.orphans_removed += 1;
            }
        }
        self.blobs.settle().await.during(OPERATION)?;
        self.sweep.is_done.store(true, Ordering::Release);
        Ok(())
    }

    /// Whether nothing refers to a blob.
    pub(crate) async fn is_unreferenced(
        &self,
        blob: BlobId,
        operation: &'static str,
    ) -> Result<bool, StoreError> {
        let references = KeyRange::of_prefix(keys::by_id(Family::BlobReference, blob.to_bytes()));
        self.is_empty(&references, operation).await
    }
}
