//! One suite per port, run on every implementation.
//!
//! Knows: what the ports promise, told in cases that panic where a promise is broken.
//! Does not know: any implementation.

pub mod blob;
pub mod meta;
pub mod store;
