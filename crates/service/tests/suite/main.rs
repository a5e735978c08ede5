//! What each operation means, asked of a service over the native store in memory, with a clock and a source of chance that
//! repeat.
#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    reason = "a test binary has no outside, and a failed unwrap is a failed test"
)]

#[macro_use]
mod world;

mod acl_and_settings;
mod admission;
mod attributes;
mod buckets;
mod capabilities;
mod conditional_writes;
mod copy;
mod delete;
mod listing;
mod multipart;
mod put;
mod races;
mod read;
mod read_conditions;
mod scripted;
mod tagging;
mod versioning;
