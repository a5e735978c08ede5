//! Operations on objects, one file each.

mod copy;
mod delete;
mod delete_many;
mod list;
mod list_versions;
mod open;
mod parts;
mod put;
mod set_tags;

pub(crate) use copy::digest;
pub(crate) use list::{Window, page_limit};
