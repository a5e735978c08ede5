//! A store made of stores that hold the same: writes go to all, reads come from one that has them.
//!
//! Knows: targets, the journal of what each still owes, repair, the audit that compares them.
//! Does not know: any one store, HTTP, settings.

mod audit;
mod backfill;
mod buckets;
mod capabilities;
mod core;
mod health;
mod journal;
mod list;
mod locks;
mod policy;
mod read;
mod repair;
mod stats;
mod status;
mod store_impl;
mod target;
mod upload;
mod write;

pub use self::core::{Mirror, MirrorOptions, PATIENCE};
pub use audit::{
    Agreement, Depth, Finding, Remedy, Seen, SeenAt, Start, Verify, VerifyCounts, VerifyEvent, VerifyOptions,
};
pub use backfill::BackfillProgress;
pub use health::{
    Attempt, BreakerState, FAILURES_TO_OPEN, Gate, Health, HealthOptions, PROBE_AFTER, PROBE_AFTER_MAX,
    ReadPolicy, SUCCESSES_TO_CLOSE, TargetHealth, Verdict,
};
pub use policy::WritePolicy;
pub use repair::{RepairEvent, RepairReport};
pub use stats::{Stats, TargetStats};
pub use status::{MirrorStatus, STATUS_KEYS_MAX, TargetStatus};
pub use target::Target;
