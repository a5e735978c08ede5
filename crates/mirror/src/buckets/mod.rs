//! Buckets: made, found, changed and removed at all targets, under the bucket's lock.
//!
//! A change is written to the journal first, with every target owing it, and each target that does it owes it no more: so a
//! crash at any step leaves debts and no difference.

mod alike;
mod create;
mod find;
mod remove;
mod update;
