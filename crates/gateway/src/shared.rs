use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use types::Clock;

use crate::log::AccessLog;
use crate::metrics::{ConnectionStats, Metrics, Reading, ReadingValue};
use crate::request_id::RequestIds;

/// What every request of the S3 listener reads or counts into.
pub(crate) struct Shared {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: RequestIds,
    pub(crate) metrics: Metrics,
    pub(crate) connections: Arc<ConnectionStats>,
    pub(crate) access_log: Option<AccessLog>,
    /// Whether the S3 listener takes no more connections.
    pub(crate) stopping: AtomicBool,
}

impl Shared {
    /// What is counted beside requests and connections.
    pub(crate) fn readings(&self) -> Vec<Reading> {
        let dropped = self.access_log.as_ref().map_or(0, |log| log.sink.dropped());
        vec![Reading::new(
            "sluice_log_lines_dropped",
            "Log lines given up because their target is too slow",
            ReadingValue::Counter(dropped),
        )]
    }
}
