use std::sync::atomic::{AtomicBool, Ordering};

use blob::{BlobId, ScanScope};
use store::StoreError;

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
pub(crate) struct Sweep(AtomicBool);

impl Native {
    /// Removes the blobs that an earlier process wrote and never referred to. Nothing can begin to refer to one now: only
    /// the process that wrote a blob does so first, and a copy refers to what is referred to already.
    pub(super) async fn sweep(&self, report: &mut CollectReport) -> Result<(), StoreError> {
        if self.sweep.0.load(Ordering::Acquire) {
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
            for (_, removed) in self.remove_blobs(orphans).await {
                removed?;
                report.orphans_removed += 1;
            }
        }
        self.blobs.settle().await.during(OPERATION)?;
        self.sweep.0.store(true, Ordering::Release);
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
