//! The stores of the configuration: opened, counted, closed.

mod local;
mod memory;
mod opened;
mod readings;

pub(crate) use opened::{Engine, OpenedStore, SnapshotPlan, Surroundings, open};
