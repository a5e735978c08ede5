//! The stores of the configuration: opened, counted, closed.

mod local;
mod memory;
mod opened;
mod readings;
mod remote;

pub(crate) use opened::{Engine, OpenedStore, SnapshotPlan, Surroundings, open};
