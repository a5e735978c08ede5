use std::cmp::Reverse;
use std::sync::Arc;

use gateway::{Reading, ReadingValue};
use layers::{
    Bandwidth, BandwidthStats, Fault, FaultStats, Limit, LimitStats, OptionError, Quota, Retry, RetryStats,
    Usage,
};
use types::Counter;

use super::Stack;
use crate::failure::Failure;
use crate::stores::readings::{counter, durations};

/// Buckets of one quota that the metrics show, the fullest first.
const QUOTA_BUCKETS_SHOWN: usize = 1000;

/// Makes a layer of its options, which the settings have been held to already.
pub(super) fn made<T>(setting: &str, made: Result<T, OptionError>) -> Result<T, Failure> {
    made.map_err(|error| Failure::configuration(format!("{setting}.{}: {}", error.option, error.problem)))
}

impl Stack {
    pub(super) fn push_limit(&mut self, limit: Limit) {
        let stats = limit.stats().clone();
        self.push_counting(limit, move || of_limit(&stats));
    }

    pub(super) fn push_bandwidth(&mut self, bandwidth: Bandwidth) {
        let stats = bandwidth.stats().clone();
        self.push_counting(bandwidth, move || of_bandwidth(&stats));
    }

    pub(super) fn push_quota(&mut self, quota: Quota) {
        let counted = quota.clone();
        self.push_counting(quota, move || of_quota(&counted));
    }

    pub(super) fn push_retry(&mut self, retry: Retry) {
        let stats = retry.stats().clone();
        self.push_counting(retry, move || of_retry(&stats));
    }

    pub(super) fn push_fault(&mut self, fault: Fault) {
        let stats: Arc<FaultStats> = fault.stats().clone();
        self.push_counting(fault, move || of_fault(&stats));
    }
}

fn of_limit(stats: &LimitStats) -> Vec<Reading> {
    vec![
        counter("sluice_limit_refused", "Calls whose turn did not come in time", &stats.refused),
        durations("sluice_limit_wait_seconds", "How long calls waited for their turn", &stats.waits),
    ]
}

fn of_bandwidth(stats: &BandwidthStats) -> Vec<Reading> {
    let bytes = |way: &str, count: &Counter| {
        counter("sluice_bandwidth_bytes", "Bytes that passed at the pace of a bandwidth layer", count)
            .label("way", way)
    };
    vec![
        bytes("read", &stats.read_bytes),
        bytes("write", &stats.written_bytes),
        counter("sluice_bandwidth_turns", "Turns of at most 64 KiB that bodies took", &stats.turns),
    ]
}

fn of_quota(quota: &Quota) -> Vec<Reading> {
    let gauge = |name, help, value: u64| Reading::new(name, help, ReadingValue::Gauge(value as f64));
    let limits = quota.options();
    let mut all = vec![counter(
        "sluice_quota_refused",
        "Writes that would have passed a quota",
        &quota.stats().refused,
    )];
    all.extend(limits.bytes.map(|limit| gauge("sluice_quota_limit_bytes", "What a bucket may hold", limit)));
    all.extend(
        limits
            .objects
            .map(|limit| gauge("sluice_quota_limit_objects", "Objects that a bucket may hold", limit)),
    );
    let mut used = quota.usage();
    used.sort_by_key(|(_, usage)| (Reverse(usage.bytes), Reverse(usage.objects)));
    for (name, Usage { bytes, objects }) in used.into_iter().take(QUOTA_BUCKETS_SHOWN) {
        let figures = [
            gauge("sluice_quota_used_bytes", "What a bucket holds, writes under way included", bytes),
            gauge("sluice_quota_used_objects", "Objects and versions that a bucket holds", objects),
        ];
        all.extend(figures.map(|reading| reading.label("inner_bucket", name.as_str())));
    }
    all
}

fn of_retry(stats: &RetryStats) -> Vec<Reading> {
    vec![
        counter("sluice_retry_timed_out", "Calls that took longer than they may", &stats.timed_out),
        counter("sluice_retry_retried", "Calls that were repeated", &stats.retried),
        counter("sluice_retry_resumed", "Reads that went on after they had broken off", &stats.resumed),
    ]
}

fn of_fault(stats: &FaultStats) -> Vec<Reading> {
    let injected = |kind: &str, count: &Counter| {
        counter("sluice_faults_injected", "Faults that a fault layer has made", count).label("kind", kind)
    };
    vec![
        injected("error", &stats.errors),
        injected("lost", &stats.lost),
        injected("cut", &stats.cuts),
        injected("stall", &stats.stalls),
    ]
}
