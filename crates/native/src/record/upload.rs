use assembly::UploadedPart;
use bytes::Bytes;
use store::UploadChecksum;
use types::{Checksum, ETag, ObjectMetadata, Timestamp};

use super::object::{self, Place};
use super::{common, v1};
use crate::ids::DataId;
use ::record::{Malformed, Reader, Writer};

/// How many parts stand in one page of a part table.
pub(crate) const PAGE_PARTS: usize = 512;

/// Whether parts of an upload may change without saying so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UploadState {
    /// Yes.
    Open,
    /// A completion reads them: whoever changes a part puts the upload back to [`UploadState::Open`] in the same commit,
    /// so that the completion notices.
    Frozen,
}

/// An unfinished upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UploadRecord {
    /// The id of its parts, and of the part table that comes of them.
    pub(crate) parts: DataId,
    /// Whether a completion is reading the parts.
    pub(crate) state: UploadState,
    /// The checksum named.
    pub(crate) checksum: Option<UploadChecksum>,
    /// What the client said about the object.
    pub(crate) metadata: ObjectMetadata,
}

/// A part of an unfinished upload; its number is in the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PartRecord {
    /// When it was written.
    pub(crate) modified_at: Timestamp,
    /// The size.
    pub(crate) size_bytes: u64,
    /// The MD5 of its bytes.
    pub(crate) md5: [u8; 16],
    /// Its checksum.
    pub(crate) checksum: Option<Checksum>,
    /// Where the bytes are.
    pub(crate) place: Place,
}

/// One part of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PartEntry {
    /// Its number.
    pub(crate) number: u32,
    /// The size.
    pub(crate) size_bytes: u64,
    /// Where the bytes are.
    pub(crate) place: Place,
    /// Where in that place they begin.
    pub(crate) place_offset: u64,
    /// The MD5 of its bytes, where known.
    pub(crate) md5: Option<[u8; 16]>,
    /// Its checksum.
    pub(crate) checksum: Option<Checksum>,
}

/// Where a page of a part table begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PageStart {
    /// The number of its first part.
    pub(crate) first_number: u32,
    /// Where in the object that part begins.
    pub(crate) offset: u64,
}

/// A page of a part table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PartPage {
    /// Where in the object the page begins.
    pub(crate) offset: u64,
    /// At most [`PAGE_PARTS`] parts, in order.
    pub(crate) parts: Vec<PartEntry>,
}

/// A completed upload, kept so that repeating the completion gives the same answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CompletedRecord {
    /// The key of the object made.
    pub(crate) key: String,
    /// The owner id of the object made: it is still there while the current row has it.
    pub(crate) owner: DataId,
}

const OPEN: u8 = 0;
const FROZEN: u8 = 1;

impl UploadRecord {
    /// The record's bytes.
    pub(crate) fn encode(&self) -> Bytes {
        let mut writer = Writer::new(v1::UPLOAD, 160);
        writer.raw(&self.parts.to_bytes());
        writer.u8(match self.state {
            UploadState::Open => OPEN,
            UploadState::Frozen => FROZEN,
        });
        writer.checksum_kind(self.checksum.map(|named| (named.algorithm, named.kind)));
        writer.class(self.metadata.storage_class);
        writer.metadata(&self.metadata);
        writer.finish()
    }

    /// Reads [`UploadRecord::encode`].
    pub(crate) fn decode(value: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::open(value, v1::UPLOAD)?;
        let parts = common::data_id(&mut reader)?;
        let state = match reader.u8()? {
            OPEN => UploadState::Open,
            FROZEN => UploadState::Frozen,
            _ => return Err(Malformed),
        };
        let checksum = reader.checksum_kind()?;
        let checksum = checksum.map(|(algorithm, kind)| UploadChecksum { algorithm, kind });
        let class = reader.class()?;
        let metadata = reader.metadata(class)?;
        reader.finish()?;
        Ok(Self { parts, state, checksum, metadata })
    }
}

impl PartRecord {
    /// The record's bytes.
    pub(crate) fn encode(&self) -> Bytes {
        let mut writer = Writer::new(v1::PART, 96);
        writer.u64(self.modified_at.as_nanos());
        writer.varint(self.size_bytes);
        writer.raw(&self.md5);
        writer.checksum(self.checksum.as_ref());
        object::put_place(&mut writer, self.place);
        writer.finish()
    }

    /// Reads [`PartRecord::encode`].
    pub(crate) fn decode(value: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::open(value, v1::PART)?;
        let modified_at = Timestamp::from_nanos(reader.u64()?);
        let (size_bytes, md5) = (reader.varint()?, reader.array()?);
        let checksum = reader.checksum()?;
        let code = reader.u8()?;
        let place = object::place(&mut reader, code)?;
        reader.finish()?;
        Ok(Self { modified_at, size_bytes, md5, checksum, place })
    }

    /// The part's tag.
    pub(crate) fn etag(&self) -> ETag {
        ETag::from_md5(self.md5)
    }
}

impl UploadedPart for PartRecord {
    fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    fn has_etag(&self, etag: &ETag) -> bool {
        self.etag() == *etag
    }

    fn checksum(&self) -> Option<Checksum> {
        self.checksum
    }
}

impl PartPage {
    const MD5_KNOWN: u8 = 1;

    /// The page's bytes.
    pub(crate) fn encode(&self) -> Bytes {
        let mut writer = Writer::new(v1::PART_PAGE, 16 + 64 * self.parts.len());
        writer.varint(self.offset);
        writer.varint(self.parts.len() as u64);
        for part in &self.parts {
            writer.varint(u64::from(part.number));
            writer.varint(part.size_bytes);
            object::put_place(&mut writer, part.place);
            writer.varint(part.place_offset);
            writer.u8(if part.md5.is_some() { Self::MD5_KNOWN } else { 0 });
            part.md5.iter().for_each(|md5| writer.raw(md5));
            writer.checksum(part.checksum.as_ref());
        }
        writer.finish()
    }

    /// Reads [`PartPage::encode`].
    pub(crate) fn decode(value: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::open(value, v1::PART_PAGE)?;
        let (offset, count) = (reader.varint()?, reader.count()?);
        let mut parts = Vec::with_capacity(count);
        for _ in 0..count {
            let (number, size_bytes, code) = (reader.varint32()?, reader.varint()?, reader.u8()?);
            let place = object::place(&mut reader, code)?;
            let place_offset = reader.varint()?;
            let md5 = match reader.u8()? {
                0 => None,
                Self::MD5_KNOWN => Some(reader.array()?),
                _ => return Err(Malformed),
            };
            let checksum = reader.checksum()?;
            parts.push(PartEntry { number, size_bytes, place, place_offset, md5, checksum });
        }
        reader.finish()?;
        Ok(Self { offset, parts })
    }
}

impl CompletedRecord {
    /// The record's bytes.
    pub(crate) fn encode(&self) -> Bytes {
        let mut writer = Writer::new(v1::COMPLETED, 64);
        writer.text(&self.key);
        writer.raw(&self.owner.to_bytes());
        writer.finish()
    }

    /// Reads [`CompletedRecord::encode`].
    pub(crate) fn decode(value: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::open(value, v1::COMPLETED)?;
        let record = Self { key: reader.text()?.to_owned(), owner: common::data_id(&mut reader)? };
        reader.finish()?;
        Ok(record)
    }
}
