//! A store made of stores that hold the same: writes go to all, reads come from one that has them.
//!
//! Knows: targets, the journal of what each still owes, repair, the audit that compares them.
//! Does not know: any one store, HTTP, settings.

mod health;
mod read;

pub use health::{
    Attempt, BreakerState, FAILURES_TO_OPEN, Gate, Health, HealthOptions, PROBE_AFTER, PROBE_AFTER_MAX,
    ReadPolicy, SUCCESSES_TO_CLOSE, TargetHealth, Verdict,
};
