use std::collections::HashSet;
use std::pin::pin;

use blob::BlobId;
use bytes::Bytes;
use futures_util::StreamExt;
use meta::{Check, Commit, ScanItem, ScanRequest};
use store::StoreError;

use super::report::CollectReport;
use crate::error::During;
use crate::keys::KeyRange;
use crate::native::Native;
use crate::record::ToDo;

pub(super) const OPERATION: &str = "collect";
/// How many records of work are taken up at a time.
const BATCH: usize = 256;

/// A record of work as it was read. It is removed only if it was not written again meanwhile: whoever did that has given up
/// another reference since the work was looked at.
pub(super) struct Noted {
    pub(super) row: Bytes,
    pub(super) revision: u64,
    pub(super) to_do: ToDo,
}

/// How far a piece of work came.
pub(super) enum Progress {
    /// It is finished.
    Done,
    /// It cannot go on before somebody else has finished.
    Waits,
}

/// How a pass over the work went. What fails is left for a later round and holds nothing else up.
#[derive(Default)]
struct Pass {
    waiting: u64,
    /// The first failure.
    failed: Option<StoreError>,
}

impl Pass {
    fn note(&mut self, error: StoreError) {
        self.failed.get_or_insert(error);
    }

    /// Reads records of work: those about blobs, which are removed together, and the others.
    fn read(&mut self, items: Vec<ScanItem>) -> (Vec<(BlobId, Noted)>, Vec<Noted>) {
        let (mut blobs, mut others) = (Vec::new(), Vec::new());
        for item in items {
            let ScanItem::Record(record) = item else { continue };
            let to_do = match ToDo::decode(&record.key, &record.value).during(OPERATION) {
                Ok(to_do) => to_do,
                Err(error) => {
                    self.note(error);
                    continue;
                }
            };
            let noted = Noted { row: record.key, revision: record.revision, to_do };
            match to_do {
                ToDo::Blob(blob) => blobs.push((blob, noted)),
                _ => others.push(noted),
            }
        }
        (blobs, others)
    }
}

impl Native {
    /// Works through the records of work until nothing is left but what waits or fails. Work may leave further work.
    ///
    /// # Errors
    /// The first failure.
    pub(super) async fn do_to_dos(&self, report: &mut CollectReport) -> Result<(), StoreError> {
        loop {
            let (done_before, mut pass) = (report.to_dos_done, Pass::default());
            for range in ToDo::ranges(self.now()) {
                self.do_range(range, &mut pass, report).await?;
            }
            report.to_dos_waiting = pass.waiting;
            if report.to_dos_done == done_before {
                return pass.failed.map_or(Ok(()), Err);
            }
        }
    }

    async fn do_range(
        &self,
        mut range: KeyRange,
        pass: &mut Pass,
        report: &mut CollectReport,
    ) -> Result<(), StoreError> {
        loop {
            let (start, end) = (range.start.clone(), range.end.clone());
            let request = ScanRequest { start, end, limit: BATCH, fold: None };
            let page = self.meta.scan(request).await.during(OPERATION)?;
            let Some(last) = page.items.last().map(|item| item.key().clone()) else { return Ok(()) };
            let (blobs, others) = pass.read(page.items);
            let mut done = self.collect_blobs(blobs, pass, report).await?;
            for noted in others {
                match self.work_off(&noted.to_do, report).await {
                    Ok(Progress::Done) => done.push(noted),
                    Ok(Progress::Waits) => pass.waiting += 1,
                    Err(error) => pass.note(error),
                }
            }
            self.finish(done, report).await?;
            if !page.more {
                return Ok(());
            }
            range = range.behind(&last);
        }
    }

    /// Removes the blobs that nothing refers to; the work is done for those that something refers to as well.
    async fn collect_blobs(
        &self,
        noted: Vec<(BlobId, Noted)>,
        pass: &mut Pass,
        report: &mut CollectReport,
    ) -> Result<Vec<Noted>, StoreError> {
        let mut unreferenced = Vec::new();
        for (blob, _) in &noted {
            if self.is_unreferenced(*blob, OPERATION).await? {
                unreferenced.push(*blob);
            }
        }
        let mut kept = HashSet::new();
        let mut removals = pin!(self.remove_blobs(unreferenced));
        while let Some((blob, removed)) = removals.next().await {
            match removed {
                Ok(()) => report.blobs_collected += 1,
                Err(error) => {
                    kept.insert(blob);
                    pass.note(error);
                }
            }
        }
        Ok(noted.into_iter().filter(|(blob, _)| !kept.contains(blob)).map(|(_, noted)| noted).collect())
    }

    /// Removes records of finished work.
    async fn finish(&self, done: Vec<Noted>, report: &mut CollectReport) -> Result<(), StoreError> {
        if done.is_empty() || self.commit_finished(&done).await? {
            report.to_dos_done += done.len() as u64;
            return Ok(());
        }
        for one in &done {
            if self.commit_finished(std::slice::from_ref(one)).await? {
                report.to_dos_done += 1;
            }
        }
        Ok(())
    }

    async fn commit_finished(&self, done: &[Noted]) -> Result<bool, StoreError> {
        let mut commit = Commit::default();
        for noted in done {
            commit.check(Check::Equals(noted.row.clone(), noted.revision)).delete(noted.row.clone());
        }
        self.commit_work(commit).await
    }
}
