//! The snapshot file of a store in memory: everything that it holds at one moment, written atomically.
//!
//! The bytes are described in `docs/format/memory-snapshot.md`.

mod error;
mod format;
mod load;
mod save;
#[cfg(test)]
mod tests;

pub(crate) use error::SnapshotError;
pub(crate) use load::load;
pub(crate) use save::save;
