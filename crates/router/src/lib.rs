//! A store made of stores: each bucket lives in the one that the configuration names.
//!
//! Knows: which bucket is at home where, and how to copy from one store to another.
//! Does not know: what any of the stores is.

mod buckets;
mod copy;
mod multipart;
mod objects;
mod router;

pub use router::Router;
