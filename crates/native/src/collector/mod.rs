//! Removes what nothing refers to any more, in steps that a crash may interrupt anywhere.

mod discards;
mod report;
mod room;
mod run;
mod sweep;
mod to_dos;
mod work;

pub(crate) use discards::Discards;
pub use report::CollectReport;
pub(crate) use room::Room;
pub(crate) use sweep::{BATCH as BLOBS_AT_ONCE, Sweep};
