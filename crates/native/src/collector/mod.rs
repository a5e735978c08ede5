//! Removes what nothing refers to any more.

mod discards;
mod report;

pub(crate) use discards::Discards;
pub use report::CollectReport;
