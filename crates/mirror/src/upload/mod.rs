//! Uploads in parts: each target has its own, the journal knows them by one id.

mod abort;
mod complete;
mod copy_part;
mod create;
mod find;
mod part;
