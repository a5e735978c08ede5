//! The layer: each call in the words of the store beneath, and its answer in plain ones.

mod buckets;
mod conditions;
mod content;
mod copy;
mod core;
mod delete;
mod epochs;
mod gate;
mod list;
mod listing;
mod look;
mod multipart;
mod open;
mod options;
mod put;
mod reserved;
mod rewrap;
mod store_impl;
mod turns;

pub use options::{Crypt, CryptOptions, Foreign, Names, PART_MIN_BYTES};
pub use rewrap::{Closed, ClosedEpoch, RewrapEvent, RewrapReport};
