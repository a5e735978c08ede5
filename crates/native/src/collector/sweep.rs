use std::collections::BTreeSet;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};

use blob::{BlobId, BlobInfo, ScanScope};
use futures_util::StreamExt;
use meta::ScanRequest;
use store::StoreError;
use tokio::sync::Mutex;

use super::report::CollectReport;
use crate::error::{During, contradiction};
use crate::keys::{self, Family, KeyRange};
use crate::native::Native;

const OPERATION: &str = "sweep orphans";
/// How many blobs are looked at before those without references are removed: as many as a directory of blobs holds, for a
/// scan reads whole directories.
pub(crate) const BATCH: usize = 4096;
/// How many references to blobs are read at a time.
const REFERENCES_AT_ONCE: usize = 1024;

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
            let orphans = self.unreferenced_of(blobs).await?;
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

    /// Those blobs, given in order of id, that nothing refers to. Their references are read in order too, a page at a time:
    /// beside a look for each blob it costs next to nothing. A page ends where it may: of a blob that is referred to, one
    /// reference at least is there at every moment, in the page or behind it.
    async fn unreferenced_of(&self, blobs: Vec<BlobInfo>) -> Result<Vec<BlobId>, StoreError> {
        let prefix = |blob: BlobId| keys::by_id(Family::BlobReference, blob.to_bytes());
        let (Some(first), Some(last)) = (blobs.first(), blobs.last()) else { return Ok(Vec::new()) };
        let (mut start, end) = (prefix(first.id), keys::behind_prefix(&prefix(last.id)));
        let mut unreferenced: BTreeSet<BlobId> = blobs.into_iter().map(|blob| blob.id).collect();
        loop {
            let request = ScanRequest { start, end: end.clone(), limit: REFERENCES_AT_ONCE, fold: None };
            let page = self.meta.scan(request).await.during(OPERATION)?;
            let mut last = None;
            for item in &page.items {
                let blob = keys::parse_blob_reference(item.key()).ok_or_else(|| contradiction(OPERATION))?;
                unreferenced.remove(&blob);
                last = Some(blob);
            }
            match last {
                // However many more refer to the same blob.
                Some(last) if page.more => start = keys::behind_prefix(&prefix(last)),
                _ => return Ok(unreferenced.into_iter().collect()),
            }
        }
    }

    /// Whether nothing refers to a blob.
    pub(crate) async fn is_unreferenced(
        &self,
        blob: BlobId,
        operation: &'static str,
    ) -> Result<bool, StoreError> {
        let references = KeyRange::of_prefix(&keys::by_id(Family::BlobReference, blob.to_bytes()));
        self.is_empty(&references, operation).await
    }
}
