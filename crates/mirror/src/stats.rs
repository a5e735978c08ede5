use std::sync::Arc;

use types::{Counter, TargetOutcome};

/// What a mirror has done since it was opened.
#[derive(Debug)]
pub struct Stats {
    /// For each target, in their order.
    pub targets: Vec<TargetStats>,
    /// Writes whose targets did not suffice for the policy.
    pub unmet: Counter,
    /// Intents of an earlier process, or of writes whose end nobody saw, that were settled.
    pub settled: Counter,
    /// Bodies that went on at another target because one failed.
    pub read_switches: Counter,
    /// Keys that back-fills brought to targets or found there.
    pub filled: Counter,
}

/// What became of writes at one target.
#[derive(Debug)]
pub struct TargetStats {
    /// The target's name.
    pub name: Arc<str>,
    /// Writes that it has.
    pub done: Counter,
    /// Writes that it owed when they were answered.
    pub owed: Counter,
    /// Bodies that it was cut off from because it lagged.
    pub cut_off: Counter,
    /// Keys that were brought to what the others have.
    pub repaired: Counter,
    /// Tries of that which failed.
    pub repair_failures: Counter,
    /// Bytes that repair copied to it.
    pub repaired_bytes: Counter,
}

impl Stats {
    pub(crate) fn new(names: impl Iterator<Item = Arc<str>>) -> Self {
        let targets = names.map(|name| TargetStats {
            name,
            done: Counter::default(),
            owed: Counter::default(),
            cut_off: Counter::default(),
            repaired: Counter::default(),
            repair_failures: Counter::default(),
            repaired_bytes: Counter::default(),
        });
        Self {
            targets: targets.collect(),
            unmet: Counter::default(),
            settled: Counter::default(),
            read_switches: Counter::default(),
            filled: Counter::default(),
        }
    }
}

impl TargetStats {
    /// Counts what became of one write.
    pub(crate) fn count(&self, outcome: TargetOutcome) {
        match outcome {
            TargetOutcome::Done => self.done.add(1),
            TargetOutcome::Owed => self.owed.add(1),
        }
    }
}
