use std::collections::HashMap;

use meta::{Check, Commit, Record, ScanItem, ScanRequest};
use store::StoreError;

use super::report::CollectReport;
use super::to_dos::{OPERATION, Progress};
use crate::change::Effects;
use crate::error::{During, contradiction};
use crate::ids::{DataId, UploadNumber};
use crate::keys::{self, Family, KeyRange};
use crate::native::Native;
use crate::publish::leaves_work;
use crate::record::{PAGE_PARTS, PartPage, Place, ToDo, UploadRecord};

/// How many uploads of a removed bucket are ended in one commit.
const UPLOADS_AT_ONCE: usize = 256;

impl Native {
    /// Does one piece of work, but for blobs, which are removed together.
    pub(super) async fn work_off(
        &self,
        to_do: &ToDo,
        report: &mut CollectReport,
    ) -> Result<Progress, StoreError> {
        match *to_do {
            ToDo::Blob(_) => Ok(Progress::Waits),
            ToDo::Table(table) => self.drop_table(table, report).await,
            ToDo::Upload(parts) => self.drop_upload(parts, report).await,
            ToDo::Bucket(handle) => self.end_uploads(handle).await,
            ToDo::Completed { bucket_handle, upload, .. } => self.forget(bucket_handle, upload).await,
        }
    }

    /// Drops a part table that nothing refers to, a page at a time. The lease is looked at after the references, which is
    /// what makes it safe; see [`crate::lease::Leases`].
    async fn drop_table(&self, table: DataId, report: &mut CollectReport) -> Result<Progress, StoreError> {
        let references = KeyRange::of_prefix(&keys::by_id(Family::TableReference, table.to_bytes()));
        if !self.is_empty(&references, OPERATION).await? {
            return Ok(Progress::Done);
        }
        if self.leases.is_wanted_back(table) {
            return Ok(Progress::Waits);
        }
        loop {
            let pages = KeyRange::of_prefix(&keys::by_id(Family::PartPage, table.to_bytes()));
            let Some(record) = self.scan_some(&pages, 1).await?.pop() else { return Ok(Progress::Done) };
            let page = PartPage::decode(&record.value).during(OPERATION)?;
            let mut effects = Effects::default();
            for part in &page.parts {
                effects.release_place(part.place, table, part.number);
            }
            effects.delete(record.key.clone());
            let mut commit = Commit::default();
            commit.check(Check::Equals(record.key, record.revision));
            effects.finish(&mut commit);
            if self.commit_work(commit).await? {
                report.parts_collected += page.parts.len() as u64;
            }
        }
    }

    /// Drops the part records of an ended upload, and those parts that its table, if it has one, does not hold. Where the
    /// table is dropped already, its parts are given up a second time, which changes nothing.
    async fn drop_upload(&self, parts: DataId, report: &mut CollectReport) -> Result<Progress, StoreError> {
        let held = self.parts_held(parts).await?;
        loop {
            let (found, _) = self.scan_parts(parts, 0, PAGE_PARTS, OPERATION).await?;
            if found.is_empty() {
                return Ok(Progress::Done);
            }
            let mut effects = Effects::default();
            for (number, part) in &found {
                if held.get(number) != Some(&part.place) {
                    effects.release_place(part.place, parts, *number);
                    report.parts_collected += 1;
                }
                effects.delete(keys::numbered(Family::Part, parts, *number));
            }
            let mut commit = Commit::default();
            effects.finish(&mut commit);
            self.commit_work(commit).await?;
        }
    }

    /// The parts that a table holds, by number; at most 10,000.
    async fn parts_held(&self, table: DataId) -> Result<HashMap<u32, Place>, StoreError> {
        let mut held = HashMap::new();
        let mut pages = KeyRange::of_prefix(&keys::by_id(Family::PartPage, table.to_bytes()));
        while let Some(record) = self.scan_some(&pages, 1).await?.pop() {
            let page = PartPage::decode(&record.value).during(OPERATION)?;
            held.extend(page.parts.into_iter().map(|part| (part.number, part.place)));
            pages = pages.behind(&record.key);
        }
        Ok(held)
    }

    /// Ends the uploads of a removed bucket. No new ones come: each checks the bucket's record.
    async fn end_uploads(&self, bucket_handle: u64) -> Result<Progress, StoreError> {
        let uploads = KeyRange::of_prefix(&keys::in_bucket(Family::Upload, bucket_handle).freeze());
        loop {
            let found = self.scan_some(&uploads, UPLOADS_AT_ONCE).await?;
            if found.is_empty() {
                return Ok(Progress::Done);
            }
            let mut commit = Commit::default();
            for record in found {
                let upload = UploadRecord::decode(&record.value).during(OPERATION)?;
                commit.check(Check::Equals(record.key.clone(), record.revision));
                commit.delete(record.key).put(ToDo::Upload(upload.parts).key(), ToDo::value());
            }
            self.commit_work(commit).await?;
        }
    }

    /// Forgets a completed upload.
    async fn forget(&self, bucket_handle: u64, upload: UploadNumber) -> Result<Progress, StoreError> {
        let mut commit = Commit::default();
        commit.delete(keys::completed(bucket_handle, upload));
        self.commit_work(commit).await?;
        Ok(Progress::Done)
    }

    /// Commits as it is: who waits for room waits for this.
    pub(super) async fn commit_work(&self, commit: Commit) -> Result<bool, StoreError> {
        let leaves_work = leaves_work(&commit);
        let is_done = self.settled(self.meta.commit(commit).await, OPERATION)?;
        self.room_given.add(u64::from(is_done));
        self.discards.wake_if(is_done && leaves_work);
        Ok(is_done)
    }

    async fn scan_some(&self, range: &KeyRange, limit: usize) -> Result<Vec<Record>, StoreError> {
        let request = ScanRequest { start: range.start.clone(), end: range.end.clone(), limit, fold: None };
        let page = self.meta.scan(request).await.during(OPERATION)?;
        let record = |item| match item {
            ScanItem::Record(record) => Ok(record),
            ScanItem::Prefix(_) => Err(contradiction(OPERATION)),
        };
        page.items.into_iter().map(record).collect()
    }
}
