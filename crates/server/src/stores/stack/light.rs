use std::sync::Arc;

use gateway::Reading;
use layers::{
    Bandwidth, BandwidthStats, Fault, FaultStats, Limit, LimitStats, OptionError, Quota, Retry, RetryStats,
};
use types::Counter;

use super::Stack;
use crate::failure::Failure;
use crate::stores::readings::{counter, durations};

/// Makes a layer of its options, which the settings have been held to already.
pub(super) fn made<T>(setting: &str, made: Result<T, OptionError>) -> Result<T, Failure> {
    made.map_err(|error| Failure::configuration(format!("{setting}.{}: {}", error.option, error.problem)))
}

impl Stack {
    pub(super) fn push_limit(&mut self, limit: Limit) {
        let stats = limit.stats().clone();
        self.push(limit);
        self.readings.push(Box::new(move || of_limit(&stats)));
    }

    pub(super) fn push_bandwidth(&mut self, bandwidth: Bandwidth) {
        let stats = bandwidth.stats().clone();
        self.push(bandwidth);
        self.readings.push(Box::new(move || of_bandwidth(&stats)));
    }

    pub(super) fn push_quota(&mut self, quota: Quota) {
        let counted = quota.clone();
        self.push(quota);
        self.readings.push(Box::new(move || of_quota(&counted)));
    }

    pub(super) fn push_retry(&mut self, retry: Retry) {
        let stats = retry.stats().clone();
        self.push(retry);
        self.readings.push(Box::new(move || of_retry(&stats)));
    }

    pub(super) fn push_fault(&mut self, fault: Fault) {
        let stats: Arc<FaultStats> = fault.stats().clone();
        self.push(fault);
        self.readings.push(Box::new(move || of_fault(&stats)));
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
    vec![counter("sluice_quota_refused", "Writes that would have passed a quota", &quota.stats().refused)]
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
