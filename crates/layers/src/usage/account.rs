use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use store::{Missing, StoreError, StoreErrorKind, UploadId};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use super::book::{Book, Phase};
use super::count::{Below, Counted};
use super::group::{Limits, Usage};

/// How long a write waits while its bucket is counted.
const COUNT_WAIT: Duration = Duration::from_secs(10);
/// How long a count is believed at least, once something cannot be told without another one.
const COUNT_AGAIN: Duration = Duration::from_secs(60);

const OPERATION: &str = "keep to the quota";

/// What one bucket holds.
#[derive(Debug)]
pub(crate) struct Account {
    pub(super) limits: Limits,
    pub(super) book: Mutex<Book>,
    counted: Notify,
}

/// A write that the account knows of; no count begins while it lives.
pub(super) struct Entry(Arc<Account>);

impl Drop for Entry {
    fn drop(&mut self) {
        self.0.book.lock().under_way -= 1;
    }
}

impl Account {
    pub(crate) fn unknown(limits: Limits) -> Arc<Self> {
        Arc::new(Self { limits, book: Mutex::default(), counted: Notify::new() })
    }

    /// What the bucket holds, with what writes under way may still bring; `None` until it has been counted.
    pub(crate) fn used(&self) -> Option<Usage> {
        let book = self.book.lock();
        (book.phase == Phase::Known).then_some(book.used)
    }

    /// Lets a write begin, once the bucket has been counted.
    ///
    /// # Errors
    /// `Unavailable` where that takes long or fails; `Missing(Bucket)`.
    pub(super) async fn enter(self: &Arc<Self>, below: &Below) -> Result<Entry, StoreError> {
        let until = Instant::now() + COUNT_WAIT;
        let mut has_waited = false;
        loop {
            let counted = self.counted.notified();
            {
                let mut book = self.book.lock();
                match book.phase {
                    Phase::Known => {
                        book.under_way += 1;
                        return Ok(Entry(self.clone()));
                    }
                    Phase::Failed { is_missing: true } if has_waited => {
                        return Err(StoreError::missing(Missing::Bucket, OPERATION));
                    }
                    Phase::Failed { .. } if has_waited => {
                        return Err(uncounted("the bucket could not be counted"));
                    }
                    Phase::Unknown | Phase::Failed { .. } => {
                        book.phase = Phase::Counting;
                        tokio::spawn(self.clone().count(below.clone()));
                    }
                    Phase::Counting => {}
                }
            }
            has_waited = true;
            if timeout_at(until, counted).await.is_err() {
                return Err(uncounted("the bucket is still being counted"));
            }
        }
    }

    /// Goes on without its caller, so that impatient ones do not begin it again and again.
    async fn count(self: Arc<Self>, below: Below) {
        let ending = Counting(self);
        let counted = below.count().await;
        let mut book = ending.0.book.lock();
        match counted {
            Ok(Counted { used, uploads }) => {
                (book.used, book.uploads) = (used, uploads);
                (book.phase, book.is_doubtful) = (Phase::Known, false);
                book.counted_at = Some(Instant::now());
            }
            Err(error) => {
                let is_missing = matches!(error.kind, StoreErrorKind::Missing(Missing::Bucket));
                book.phase = Phase::Failed { is_missing };
            }
        }
    }

    /// Whether a bucket that seems full is worth counting again; the next write then does.
    pub(super) fn doubt(&self) -> bool {
        let mut book = self.book.lock();
        let is_old = book.counted_at.is_none_or(|at| at.elapsed() >= COUNT_AGAIN);
        let is_worth_it = book.is_doubtful && is_old && book.under_way == 0 && book.phase == Phase::Known;
        if is_worth_it {
            book.phase = Phase::Unknown;
        }
        is_worth_it
    }

    /// Knows of an upload that was begun.
    pub(super) fn begin_upload(&self, id: &UploadId) {
        self.book.lock().uploads.insert(id.clone(), 0);
    }

    /// Forgets an upload that has ended; its parts' bytes, which are still counted, where it was known.
    pub(super) fn end_upload(&self, id: &UploadId) -> Option<u64> {
        self.book.lock().uploads.remove(id)
    }

    /// Gives bytes back that nothing holds any more.
    pub(super) fn give_back(&self, bytes: u64) {
        let mut book = self.book.lock();
        book.used = book.used.less(Usage { bytes, objects: 0 });
    }

    /// Says that something cannot be told without another count.
    pub(super) fn doubtful(&self) {
        self.book.lock().is_doubtful = true;
    }
}

/// Ends a count, however it ended.
struct Counting(Arc<Account>);

impl Drop for Counting {
    fn drop(&mut self) {
        let mut book = self.0.book.lock();
        if book.phase == Phase::Counting {
            book.phase = Phase::Failed { is_missing: false };
        }
        drop(book);
        self.0.counted.notify_waiters();
    }
}

fn uncounted(why: &'static str) -> StoreError {
    StoreError::with_source(StoreErrorKind::Unavailable, OPERATION, why)
}
