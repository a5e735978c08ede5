//! Uploads in parts, one operation to a file.

mod abort;
mod complete;
mod copy_part;
mod create;
mod find;
mod list;
mod put_part;
mod store_impl;
