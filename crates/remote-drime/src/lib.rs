//! A Drime cloud drive as a store.
//!
//! Knows: the drive's API, its files and folders, and what S3 asks of them.
//! Does not know: other providers, S3's wire, the environment.

mod api;
mod folders;
mod names;
