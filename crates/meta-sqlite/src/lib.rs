//! The metadata engine on SQLite: one database file, group commit, verified records.
//!
//! Knows: SQLite, its write-ahead log, what a record's bytes look like in a row.
//! Does not know: what a record means, blobs, HTTP.

mod checkpoint;
mod commit;
mod connect;
mod error;
mod lock;
mod log_index;
mod mover;
mod options;
mod pace;
mod page;
mod pool;
mod queue;
mod reader;
mod row;
mod schema;
mod scrub;
mod settle;
mod snapshot;
mod stats;
mod store;
#[cfg(test)]
mod testing;
mod view;
mod writer;

pub use options::{Durability, SqliteOptions};
pub use scrub::ScrubPage;
pub use stats::SqliteStats;
pub use store::SqliteMeta;
