//! The cases, by what they look at. Each takes a fresh world and panics where the promise that its name tells is broken.

#![allow(clippy::unwrap_used, reason = "a case that cannot go on has failed")]
#![allow(clippy::type_complexity, reason = "a table of cases says its columns once")]

pub mod bodies;
pub mod buckets;
pub mod conditions;
pub mod copied_parts;
pub mod copies;
pub mod deletes;
pub mod listing;
pub mod model;
pub mod multipart;
pub mod multipart_races;
pub mod objects;
pub mod tags;
pub mod upload_listing;
pub mod version_listing;
pub mod versions;
