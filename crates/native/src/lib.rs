//! The native store: buckets, objects, versions, listings, uploads and copies over a metadata engine and a blob store.
//!
//! Knows: what S3 means by each of them, how they are written as records, what may be removed and when.
//! Does not know: which engine or device is underneath, HTTP, S3's codes, who may do what.

mod buckets;
mod change;
mod collector;
mod content;
mod contention;
mod error;
mod find;
mod ids;
mod keys;
mod lease;
mod multipart;
mod native;
mod object;
mod options;
mod parts;
mod pending;
mod publish;
mod receive;
mod record;
mod scrub;
mod stats;
mod store_impl;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use collector::CollectReport;
pub use native::NativeStore;
pub use options::{INLINE_MAX_BYTES, NativeOptions, PART_MIN_BYTES};
pub use scrub::{Damage, DamageKind, InvalidScrubCursor, Scrub, ScrubCursor, ScrubDepth, ScrubStep};
pub use stats::Stats;
