//! Objects, one operation per file.

mod content;
mod copy;
mod delete;
mod digest;
mod list;
mod list_versions;
mod look;
mod markers;
mod open;
mod parts;
mod put;
mod set_tags;

pub(crate) use content::pinned;
pub(crate) use digest::{ChecksumOnly, block_id, digests_of};
pub(crate) use look::KnownObject;
pub(crate) use markers::Markers;
pub(crate) use put::{outcome, tags_header};
