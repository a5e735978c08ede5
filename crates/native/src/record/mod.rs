//! What stands under the keys: typed records and their bytes. `docs/format/records.md` shows the layouts.

mod bucket;
mod common;
mod object;
mod summary;
mod to_do;
mod upload;

pub(crate) use ::record::Malformed;
pub(crate) use bucket::{decode_bucket, encode_bucket};
pub(crate) use object::{Data, KeyState, MarkerRecord, ObjectRecord, Place, TableRef, VersionRecord};
pub(crate) use summary::summarize;
pub(crate) use to_do::ToDo;
pub(crate) use upload::{
    CompletedRecord, PAGE_PARTS, PageStart, PartEntry, PartPage, PartRecord, UploadRecord, UploadState,
};

/// The first byte of every value. Frozen: these bytes are on disk; a changed layout gets a new one.
mod v1 {
    pub(super) const OBJECT: u8 = 0x01;
    pub(super) const MARKER: u8 = 0x02;
    pub(super) const BUCKET: u8 = 0x03;
    pub(super) const KEY_STATE: u8 = 0x04;
    pub(super) const UPLOAD: u8 = 0x05;
    pub(super) const PART: u8 = 0x06;
    pub(super) const PART_PAGE: u8 = 0x07;
    pub(super) const COMPLETED: u8 = 0x08;
    pub(super) const TO_DO: u8 = 0x09;
}

#[cfg(test)]
mod golden;
