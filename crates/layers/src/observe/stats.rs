use std::sync::Arc;
use std::time::Instant;

use store::StoreError;
use types::{Counter, DurationHistogram};

use crate::StoreOperation;
use crate::wrap::is_refusal;

/// What has become of the calls of one operation.
#[derive(Debug, Default)]
pub struct OperationStats {
    /// Done.
    pub done: Counter,
    /// Refused: the store works, and the request cannot be served.
    pub refused: Counter,
    /// Failed: the store does not work.
    pub failed: Counter,
    /// Given up by the caller.
    pub dropped: Counter,
    /// How long each call took, however it ended.
    pub durations: DurationHistogram,
}

/// What an [`crate::Observe`] layer has seen.
#[derive(Debug, Default)]
pub struct ObserveStats {
    operations: [OperationStats; StoreOperation::ALL.len()],
    /// Bytes that came in with objects and parts.
    pub bytes_written: Counter,
    /// Bytes that went out.
    pub bytes_read: Counter,
    /// Bodies that failed on their way out.
    pub reads_broken: Counter,
}

impl ObserveStats {
    /// What has become of an operation's calls.
    #[must_use]
    pub fn of(&self, operation: StoreOperation) -> &OperationStats {
        &self.operations[operation as usize]
    }

    /// Watches a call to its end.
    pub(super) async fn watch<T>(
        self: &Arc<Self>,
        operation: StoreOperation,
        call: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let mut watch = Watch { stats: self, operation, begun: Instant::now(), ended: None };
        let outcome = call.await;
        watch.ended = Some(outcome.as_ref().map(drop).map_err(is_refusal));
        outcome
    }
}

/// Counts a call when it is dropped, ended or not.
struct Watch<'a> {
    stats: &'a ObserveStats,
    operation: StoreOperation,
    begun: Instant,
    /// An error says whether it is a refusal.
    ended: Option<Result<(), bool>>,
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        let stats = self.stats.of(self.operation);
        stats.durations.observe(self.begun.elapsed());
        let counter = match self.ended {
            Some(Ok(())) => &stats.done,
            Some(Err(true)) => &stats.refused,
            Some(Err(false)) => &stats.failed,
            None => &stats.dropped,
        };
        counter.add(1);
    }
}
