//! The Blob service's operations, one call each.

mod blob;
mod block;
mod call;
mod container;
mod failure;
mod listing;
mod range;
mod seen;
mod tags;
mod xml;

pub(crate) use blob::{Guard, PutBlob, Written};
pub(crate) use block::{BlockSource, CommitBlocks};
pub(crate) use call::{Api, Call, Place};
pub(crate) use failure::Failure;
pub(crate) use listing::{Entry, ListRequest};
pub(crate) use seen::Seen;

/// The version of the interface that requests are written in. Source: "Versioning for Azure Storage".
const API_VERSION: &str = "2023-11-03";
/// The largest document that is read: a page of 5,000 entries, each with its 8 KiB of metadata, names and properties.
const DOCUMENT_MAX_BYTES: usize = 64 * 1024 * 1024;
