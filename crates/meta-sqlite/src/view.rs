use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;
use meta::{MetaError, MetaErrorKind, MetaRead, Record, ScanPage, ScanRequest};
use types::DurationHistogram;

use crate::SqliteStats;
use crate::pace::Pace;
use crate::reader::Reader;

/// Point reads that take longer than this wait for the device.
const SLOW_GET: Duration = Duration::from_micros(100);
/// Pages that take longer than this wait for the device.
const SLOW_SCAN: Duration = Duration::from_millis(2);

/// Where a view finds a connection.
pub(crate) trait Source: Send + Sync + 'static {
    /// Runs one read.
    fn read<T>(&self, read: impl FnOnce(&Reader) -> Result<T, MetaError>) -> Result<T, MetaError>;
}

/// Counts and paces all reads of one store.
#[derive(Clone)]
pub(crate) struct Reading {
    pub(crate) stats: Arc<SqliteStats>,
    gets: Arc<Pace>,
    scans: Arc<Pace>,
}

impl Reading {
    pub(crate) fn new(stats: Arc<SqliteStats>) -> Self {
        Self { stats, gets: Arc::new(Pace::new(SLOW_GET)), scans: Arc::new(Pace::new(SLOW_SCAN)) }
    }

    fn count<T>(&self, begun: Instant, durations: &DurationHistogram, outcome: &Result<T, MetaError>) {
        durations.observe(begun.elapsed());
        if outcome.as_ref().is_err_and(|error| error.kind == MetaErrorKind::Corrupt) {
            self.stats.corrupt_records.add(1);
        }
    }
}

/// Reads through the connections of a source.
pub(crate) struct View<S> {
    pub(crate) source: Arc<S>,
    pub(crate) reading: Reading,
}

#[async_trait]
impl<S: Source> MetaRead for View<S> {
    async fn get(&self, key: &[u8]) -> Result<Option<Record>, MetaError> {
        let (begun, pace) = (Instant::now(), &self.reading.gets);
        let outcome = if pace.is_slow() {
            let (source, key) = (self.source.clone(), Bytes::copy_from_slice(key));
            pace.aside(move || source.read(|reader| reader.get(&key))).await
        } else {
            pace.here(|| self.source.read(|reader| reader.get(key)))
        };
        self.reading.count(begun, &self.reading.stats.get_duration, &outcome);
        outcome
    }

    async fn get_many(&self, keys: &[Bytes]) -> Result<Vec<Option<Record>>, MetaError> {
        let (begun, pace) = (Instant::now(), &self.reading.gets);
        let outcome = if pace.is_slow() {
            let (source, keys) = (self.source.clone(), keys.to_vec());
            pace.aside(move || source.read(|reader| reader.get_many(&keys))).await
        } else {
            pace.here(|| self.source.read(|reader| reader.get_many(keys)))
        };
        self.reading.count(begun, &self.reading.stats.get_duration, &outcome);
        outcome
    }

    async fn scan(&self, request: ScanRequest) -> Result<ScanPage, MetaError> {
        let (begun, pace) = (Instant::now(), &self.reading.scans);
        let outcome = if pace.is_slow() {
            let source = self.source.clone();
            pace.aside(move || source.read(|reader| reader.scan(&request))).await
        } else {
            pace.here(|| self.source.read(|reader| reader.scan(&request)))
        };
        self.reading.count(begun, &self.reading.stats.scan_duration, &outcome);
        outcome
    }
}
