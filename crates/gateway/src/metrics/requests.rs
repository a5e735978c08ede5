use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use s3_model::Operation;
use types::{BodyError, BodyErrorKind, Counter, DurationHistogram};

use super::{Reading, ReadingValue};
use crate::exchange::{Account, Outcome};

/// The statuses counted one by one; all others are counted as one.
const STATUSES: [u16; 18] =
    [200, 204, 206, 303, 304, 400, 401, 403, 404, 405, 409, 411, 412, 416, 500, 501, 503, 507];
/// Statuses, others, and answers that the client did not wait for.
const COLUMNS: usize = STATUSES.len() + 2;

/// A number that goes up and down.
#[derive(Default)]
pub(crate) struct Gauge(AtomicI64);

impl Gauge {
    pub(crate) fn add(&self, amount: i64) {
        self.0.fetch_add(amount, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// What the S3 listener counts of its requests: without locks, one row per operation and one for requests that fit none.
pub(crate) struct Metrics {
    rows: Box<[Row]>,
    pub(crate) in_flight: Gauge,
    corrupt_reads: Counter,
    pub(crate) digest_mismatches: Counter,
    received_bytes: Counter,
    sent_bytes: Counter,
}

#[derive(Default)]
struct Row {
    counts: [AtomicU64; COLUMNS],
    durations: DurationHistogram,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        Self {
            rows: (0..=Operation::table().len()).map(|_| Row::default()).collect(),
            in_flight: Gauge::default(),
            corrupt_reads: Counter::default(),
            digest_mismatches: Counter::default(),
            received_bytes: Counter::default(),
            sent_bytes: Counter::default(),
        }
    }

    /// Counts bytes of an object that could not be read.
    pub(crate) fn read_failed(&self, error: &BodyError) {
        if error.kind == BodyErrorKind::Corrupt {
            self.corrupt_reads.add(1);
        }
    }

    /// Counts a request whose account closes.
    pub(crate) fn closed(&self, account: &Account, elapsed: Duration) {
        let place = account.operation.map_or(self.rows.len() - 1, |operation| operation as usize);
        let row = &self.rows[place];
        row.counts[column(account.status, account.outcome)].fetch_add(1, Ordering::Relaxed);
        row.durations.observe(elapsed);
        self.received_bytes.add(account.received());
        self.sent_bytes.add(account.sent_bytes);
        self.in_flight.add(-1);
    }

    pub(crate) fn readings(&self) -> Vec<Reading> {
        let counter =
            |name, help, counter: &Counter| Reading::new(name, help, ReadingValue::Counter(counter.get()));
        let mut readings = vec![
            counter("sluice_received_bytes", "Bytes of request bodies", &self.received_bytes),
            counter("sluice_sent_bytes", "Bytes of answers' bodies", &self.sent_bytes),
            counter("sluice_corrupt_reads", "Reads that met a wrong byte in storage", &self.corrupt_reads),
            counter(
                "sluice_digest_mismatches",
                "Uploads refused because their bytes were not those declared",
                &self.digest_mismatches,
            ),
            Reading::new(
                "sluice_requests_in_flight",
                "Requests begun and not yet answered to the end",
                ReadingValue::Gauge(self.in_flight.get() as f64),
            ),
        ];
        for (place, row) in self.rows.iter().enumerate() {
            let name = Operation::table().get(place).map_or("none", |row| row.name);
            row.read(name, &mut readings);
        }
        readings
    }
}

impl Row {
    fn read(&self, operation: &'static str, readings: &mut Vec<Reading>) {
        let before = readings.len();
        for (column, count) in self.counts.iter().enumerate() {
            let count = count.load(Ordering::Relaxed);
            if count > 0 {
                let reading =
                    Reading::new("sluice_requests", "Requests answered", ReadingValue::Counter(count));
                readings.push(reading.label("operation", operation).label("status", column_name(column)));
            }
        }
        if readings.len() > before {
            let value = ReadingValue::Histogram(self.durations.snapshot());
            let help = "From a request's head to the last byte of its answer";
            readings.push(
                Reading::new("sluice_request_duration_seconds", help, value).label("operation", operation),
            );
        }
    }
}

fn column(status: u16, outcome: Outcome) -> usize {
    if status == 0 || outcome == Outcome::Abandoned {
        return COLUMNS - 1;
    }
    STATUSES.iter().position(|known| *known == status).unwrap_or(COLUMNS - 2)
}

fn column_name(column: usize) -> String {
    match STATUSES.get(column) {
        Some(status) => status.to_string(),
        None if column == COLUMNS - 1 => "abandoned".to_owned(),
        None => "other".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_a_column_of_its_own_or_the_common_one() {
        assert_eq!(column_name(column(200, Outcome::Complete)), "200");
        assert_eq!(column_name(column(507, Outcome::Complete)), "507");
        assert_eq!(column_name(column(418, Outcome::Complete)), "other");
        assert_eq!(column_name(column(0, Outcome::Complete)), "abandoned");
        assert_eq!(column_name(column(200, Outcome::Abandoned)), "abandoned");
    }
}
