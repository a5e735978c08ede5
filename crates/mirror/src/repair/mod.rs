//! Repair: what a target owes is worked off, and what a crash left open is settled.

mod bucket;
mod chore;
mod events;
mod key;
mod mode;
mod pass;
mod round;
mod run;
mod settle;

pub(crate) use chore::KeyName;
pub use events::{RepairEvent, RepairReport};
pub(crate) use round::Passes;
