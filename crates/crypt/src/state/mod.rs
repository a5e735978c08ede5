//! What the layer remembers beside the store: nothing that an object needs.

mod index;
mod keys;
mod record;
#[cfg(test)]
mod tests;
mod uploads;

pub(crate) use index::{Index, Keeps, Stored};
pub(crate) use record::{Completed, Entry, PartRecord, SealedEntry, UploadRecord, UploadState};
pub(crate) use uploads::{FoundPart, FoundUpload, Uploads};
