//! A Drime cloud drive as a store.
//!
//! Knows: the drive's API, its files and folders, and what S3 asks of them.
//! Does not know: other providers, S3's wire, the environment.

mod api;
mod buckets;
mod cancel;
mod capabilities;
mod copy;
mod delete;
mod drime_store;
mod drive;
mod folders;
mod identity;
mod large;
mod list;
mod locks;
mod lost;
mod multipart;
mod names;
mod open;
mod options;
mod parts_of;
mod place;
mod put;
mod stats;

mod sweep;
mod table;
mod tags;
mod tree;

pub use drime_store::DrimeStore;
pub use options::{Conditional, DrimeOptions, Root, Tuning};
pub use stats::Stats;
