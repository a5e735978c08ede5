use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use store::{StoreError, StoreErrorKind};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use super::book::{Book, Phase};
use super::count::{Below, Counted};
use super::group::{Limits, Upload, Usage};

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
pub(super) struct Visit(Arc<Account>);

impl Drop for Visit {
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
        matches!(book.phase, Phase::Known).then_some(book.used)
    }

    /// Lets a write begin, once the bucket has been counted.
    ///
    /// # Errors
    /// Why the bucket could not be counted; `Unavailable` where it takes long.
    pub(super) async fn enter(self: &Arc<Self>, below: &Below) -> Result<Visit, StoreError> {
        let until = Instant::now() + COUNT_WAIT;
        let mut has_waited = false;
        loop {
            let counted = self.counted.notified();
            {
                let mut book = self.book.lock();
                match &book.phase {
                    Phase::Known => {
                        book.under_way += 1;
                        return Ok(Visit(self.clone()));
                    }
                    Phase::Failed(why) if has_waited => return Err(uncountable(why)),
                    Phase::Unknown | Phase::Failed(_) => {
                        book.phase = Phase::Counting;
                        tokio::spawn(self.clone().count(below.clone()));
                    }
                    Phase::Counting => {}
                }
            }
            has_waited = true;
            if timeout_at(until, counted).await.is_err() {
                let why = "the bucket is still being counted";
                return Err(StoreError::with_source(StoreErrorKind::Unavailable, OPERATION, why));
            }
        }
    }

    /// Goes on without its caller, so that impatient ones do not begin it again and again.
    async fn count(self: Arc<Self>, below: Below) {
        let ending = Counting(self);
        let counted = below.count().await;
        let mut book = ending.0.book.lock();
        let is_told = std::mem::replace(&mut book.failure_is_told, counted.is_err());
        match counted {
            Ok(Counted { used, uploads }) => {
                (book.used, book.uploads) = (used, uploads);
                (book.phase, book.is_doubtful) = (Phase::Known, false);
                book.counted_at = Some(Instant::now());
            }
            Err(error) => {
                if !is_told {
                    let (bucket, cause) =
                        (&below.bucket.name, error.source.as_ref().map(ToString::to_string));
                    tracing::warn!(%bucket, %error, cause, "the bucket cannot be counted for its quota");
                }
                book.phase = Phase::Failed(Arc::new(error));
            }
        }
    }

    /// Whether a bucket that seems full is worth counting again; the next write then does.
    pub(super) fn doubt(&self) -> bool {
        let mut book = self.book.lock();
        let is_old = book.counted_at.is_none_or(|at| at.elapsed() >= COUNT_AGAIN);
        let is_known = matches!(book.phase, Phase::Known);
        let is_worth_it = book.is_doubtful && is_old && book.under_way == 0 && is_known;
        if is_worth_it {
            book.phase = Phase::Unknown;
        }
        is_worth_it
    }

    /// Knows of an upload that was begun, unless a part of it was here first.
    pub(super) fn begin_upload(&self, upload: Upload) {
        self.book.lock().uploads.entry(upload).or_insert(0);
    }

    /// Whether it knows of an upload.
    pub(super) fn knows_upload(&self, upload: &Upload) -> bool {
        self.book.lock().uploads.contains_key(upload)
    }

    /// Knows of an upload that was begun unheard, and of the bytes of its parts, unless it has heard of it meanwhile.
    pub(super) fn hear_of_upload(&self, upload: Upload, bytes: u64) {
        let mut book = self.book.lock();
        if let Entry::Vacant(unheard) = book.uploads.entry(upload) {
            unheard.insert(bytes);
            book.used = book.used.plus(Usage { bytes, objects: 0 });
        }
    }

    /// Forgets an upload that has ended; its parts' bytes, which are still counted, where it was known.
    pub(super) fn end_upload(&self, upload: &Upload) -> Option<u64> {
        self.book.lock().uploads.remove(upload)
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
        if matches!(book.phase, Phase::Counting) {
            let broke_off =
                StoreError::with_source(StoreErrorKind::Internal, OPERATION, "the count broke off");
            book.phase = Phase::Failed(Arc::new(broke_off));
        }
        drop(book);
        self.0.counted.notify_waiters();
    }
}

/// What a write is told whose bucket cannot be counted: what no repetition changes by its kind, all else as passing.
fn uncountable(why: &Arc<StoreError>) -> StoreError {
    let kind = match why.kind {
        StoreErrorKind::Missing(missing) => StoreErrorKind::Missing(missing),
        StoreErrorKind::Denied => StoreErrorKind::Denied,
        StoreErrorKind::Forbidden(reason) => StoreErrorKind::Forbidden(reason),
        StoreErrorKind::Unsupported(reason) => StoreErrorKind::Unsupported(reason),
        _ => StoreErrorKind::Unavailable,
    };
    StoreError::with_source(kind, "count the bucket for its quota", why.clone())
}
