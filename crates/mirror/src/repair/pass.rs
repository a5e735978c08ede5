use std::sync::Arc;

use meta::Commit;
use store::{StoreError, UploadRef};
use types::{BucketName, Context, ObjectKey};

use super::chore::KeyName;
use super::round::Round;
use super::{RepairEvent, RepairReport};
use crate::core::{Core, Mirror};
use crate::journal::uploads::write_abort;
use crate::journal::{AbortRecord, UploadNumber};

/// Debts that are read at once.
const PAGE_DEBTS: usize = 256;
/// Keys that fail after which a pass gives a target up for now; the next one goes on behind them.
const FAILURES_MAX: u64 = 256;
/// Keys between two words about how far it is.
const PROGRESS_KEYS: u64 = 64;

type Tell<'a> = &'a mut (dyn FnMut(RepairEvent) + Send);

impl Mirror {
    /// Works off now what the targets owe, telling how far it is. What fails stays owed.
    ///
    /// # Errors
    /// Failures of the journal.
    pub async fn repair(
        &self,
        tell: &mut (dyn FnMut(RepairEvent) + Send),
    ) -> Result<RepairReport, StoreError> {
        let core = &self.0;
        let unsettled = core.settle_all().await? as u64;
        core.enroll().await?;
        let mut report = RepairReport { unsettled, ..RepairReport::default() };
        for place in 0..core.targets.len() {
            let one = core.repair_target(place, tell).await?;
            report.repaired += one.repaired;
            report.failed += one.failed;
            report.bytes += one.bytes;
        }
        Ok(report)
    }

    /// Settles what an earlier process left open. Returns how many writes are left whose end no target tells yet.
    ///
    /// # Errors
    /// Failures of the journal.
    pub async fn recover(&self) -> Result<usize, StoreError> {
        self.0.settle_all().await
    }
}

impl Core {
    /// Works off what one target owes, in order: buckets, uploads to be aborted, keys.
    ///
    /// # Errors
    /// Failures of the journal.
    pub(crate) async fn repair_target(
        self: &Arc<Self>,
        place: usize,
        tell: Tell<'_>,
    ) -> Result<RepairReport, StoreError> {
        let mut report = RepairReport::default();
        self.repair_buckets(place, tell, &mut report).await?;
        self.repair_aborts(place, &mut report).await?;
        self.repair_keys(place, tell, &mut report).await?;
        Ok(report)
    }

    async fn repair_buckets(
        self: &Arc<Self>,
        place: usize,
        tell: Tell<'_>,
        report: &mut RepairReport,
    ) -> Result<(), StoreError> {
        let number = self.targets[place].number;
        let mut after: Option<BucketName> = None;
        loop {
            let page = self.journal.bucket_debts(number, after.as_ref(), PAGE_DEBTS).await?;
            for (name, _) in &page {
                match self.repair_bucket(place, name).await {
                    Ok(()) => report.repaired += 1,
                    Err(error) => {
                        self.count_failure(place, (name, ""), &error, (tell, report));
                        if self.health.is_out(place) {
                            return Ok(());
                        }
                    }
                }
            }
            let is_last = page.len() < PAGE_DEBTS;
            after = page.into_iter().next_back().map(|(name, _)| name);
            if is_last {
                return Ok(());
            }
        }
    }

    async fn repair_aborts(
        self: &Arc<Self>,
        place: usize,
        report: &mut RepairReport,
    ) -> Result<(), StoreError> {
        let number = self.targets[place].number;
        loop {
            let page = self.journal.aborts(number, PAGE_DEBTS).await?;
            let mut failed = 0;
            for (upload, record) in &page {
                if self.abort_at(place, *upload, record).await.is_ok() {
                    report.repaired += 1;
                    continue;
                }
                failed += 1;
                if self.health.is_out(place) {
                    break;
                }
            }
            report.failed += failed;
            if page.len() < PAGE_DEBTS || failed > 0 {
                return Ok(());
            }
        }
    }

    /// Has a target abort an upload of its own, and forgets that it was to.
    pub(crate) async fn abort_at(
        self: &Arc<Self>,
        place: usize,
        upload: UploadNumber,
        record: &AbortRecord,
    ) -> Result<(), StoreError> {
        let (key, id) = (ObjectKey::new(&record.key), record.upload_id.clone());
        if let Ok(key) = key {
            let aborting = self.call(place, &record.bucket, move |store, bucket| async move {
                let upload = UploadRef { bucket: &bucket, key: &key, id: &id };
                store.abort_upload(&Context::background(), upload).await
            });
            match self.ask(place, aborting).await {
                Err(error) if !matches!(error.kind, store::StoreErrorKind::Missing(_)) => return Err(error),
                _ => {}
            }
        }
        let mut commit = Commit::default();
        write_abort(&mut commit, self.targets[place].number, upload, None);
        self.journal.commit(commit).await
    }

    async fn repair_keys(
        self: &Arc<Self>,
        place: usize,
        tell: Tell<'_>,
        report: &mut RepairReport,
    ) -> Result<(), StoreError> {
        let (number, stats) = (self.targets[place].number, self.stats.clone());
        let (bytes_before, mut done) = (stats.targets[place].repaired_bytes.get(), 0);
        let progress = |done: u64| RepairEvent::Progress {
            target: self.targets[place].name.clone(),
            done,
            total: done + self.journal.counts().of(number),
            bytes: stats.targets[place].repaired_bytes.get() - bytes_before,
        };
        let mut round = Round::behind(self.passes.stopped_at(place));
        let mut failed = 0;
        'round: loop {
            let page = self.journal.owed(number, round.after.as_ref(), PAGE_DEBTS).await?;
            let is_last = page.len() < PAGE_DEBTS;
            for owed in page {
                if round.is_done_at(&owed) {
                    break 'round;
                }
                let name =
                    KeyName { bucket: owed.bucket.clone(), handle: owed.handle, key: owed.key.clone() };
                match self.work_off(place, &name).await {
                    Ok(()) => {
                        report.repaired += 1;
                        done += 1;
                    }
                    Err(error) => {
                        failed += 1;
                        self.count_failure(place, (&owed.bucket, owed.key.as_str()), &error, (tell, report));
                        if failed >= FAILURES_MAX || self.health.is_out(place) {
                            self.passes.stop_at(place, owed);
                            break 'round;
                        }
                    }
                }
                round.after = Some(owed);
                if done > 0 && done % PROGRESS_KEYS == 0 {
                    tell(progress(done));
                }
            }
            if is_last && !round.begin_anew() {
                break;
            }
        }
        report.bytes += stats.targets[place].repaired_bytes.get() - bytes_before;
        tell(progress(done));
        Ok(())
    }

    fn count_failure(
        &self,
        place: usize,
        (bucket, key): (&BucketName, &str),
        error: &StoreError,
        (tell, report): (&mut (dyn FnMut(RepairEvent) + Send), &mut RepairReport),
    ) {
        report.failed += 1;
        self.stats.targets[place].repair_failures.add(1);
        tell(RepairEvent::Failed {
            target: self.targets[place].name.clone(),
            bucket: bucket.to_string(),
            key: key.to_owned(),
            error: error.to_string(),
        });
    }
}
