//! A running server, put together from the configuration.

mod assembly;
mod buckets;
mod jobs;
mod keyring;
mod signals;
mod snapshots;
mod stores;

pub(crate) use assembly::Server;
pub(crate) use signals::StopSignals;
