//! A running server, put together from the configuration.

mod assembly;
mod below;
mod buckets;
mod jobs;
mod keyring;
mod meaning;
mod signals;
mod snapshots;

pub(crate) use assembly::Server;
pub(crate) use signals::StopSignals;
