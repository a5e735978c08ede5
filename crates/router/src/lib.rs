//! A store made of stores: each bucket lives in the one that the configuration names, there perhaps under another name and
//! below a prefix.
//!
//! Knows: which bucket is at home where, under which name and prefix, how to copy from one store to another.
//! Does not know: what any of the stores is.

mod buckets;
mod copy;
mod home;
mod homes_page;
mod multipart;
mod objects;
mod router;

pub use home::Home;
pub use router::Router;
