//! The cases, each of which panics where its promise is broken.

pub mod checks;
pub mod concurrency;
pub mod fold;
pub mod limits;
pub mod model;
pub mod records;
pub mod snapshots;
