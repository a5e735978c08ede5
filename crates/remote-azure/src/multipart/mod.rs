//! Uploads in parts: parts are blobs of the staging container, their records stand in the ledger.

mod abort;
mod complete;
mod copy_part;
mod create;
mod list_parts;
mod put_part;
