//! What each operation means, asked of a service over the native store in memory, with a clock and a source of chance that
//! repeat.
#![allow(unreachable_pub, reason = "nothing is outside of a test binary")]

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
