use bytes::Bytes;
use store::{PutOutcome, UploadChecksum};
use types::{Checksum, ETag, Timestamp, VersionId};

use crate::format::{
    Damaged, ENVELOPE_BYTES, Envelope, Id, PartRow, Reader, StreamRow, Writer, code_of, kind_of,
};

const V1: u8 = 1;

/// What an object is that this layer has sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SealedEntry {
    pub(crate) envelope: Envelope,
    pub(crate) etag: ETag,
    pub(crate) checksum: Option<Checksum>,
    pub(crate) size_bytes: u64,
    pub(crate) stored_bytes: u64,
    pub(crate) part_count: Option<u32>,
}

/// What is known of a stored object.
#[allow(clippy::large_enum_variant, reason = "most are of the large kind")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Entry {
    /// This layer has not sealed it.
    Foreign {
        /// Its size.
        stored_bytes: u64,
    },
    /// This layer has sealed it.
    Sealed(SealedEntry),
}

impl Entry {
    pub(crate) fn stored_bytes(&self) -> u64 {
        match self {
            Self::Foreign { stored_bytes } => *stored_bytes,
            Self::Sealed(entry) => entry.stored_bytes,
        }
    }

    pub(crate) fn encode(&self) -> Bytes {
        let mut writer = Writer::default();
        match self {
            Self::Foreign { stored_bytes } => {
                writer.u8(V1).u8(0).u64(*stored_bytes);
            }
            Self::Sealed(entry) => {
                writer.u8(V1).u8(1).u64(entry.stored_bytes).u64(entry.size_bytes);
                writer.raw(&entry.envelope.encode()).etag(&entry.etag).checksum(entry.checksum.as_ref());
                writer.u32(entry.part_count.unwrap_or(0));
            }
        }
        writer.finish()
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Damaged> {
        let mut reader = Reader(bytes);
        let entry = match (reader.u8()?, reader.u8()?) {
            (V1, 0) => Self::Foreign { stored_bytes: reader.u64()? },
            (V1, 1) => Self::Sealed(SealedEntry {
                stored_bytes: reader.u64()?,
                size_bytes: reader.u64()?,
                envelope: Envelope::decode(reader.raw(ENVELOPE_BYTES)?)?,
                etag: reader.etag()?,
                checksum: reader.checksum()?,
                part_count: Some(reader.u32()?).filter(|count| *count > 0),
            }),
            _ => return Err(Damaged),
        };
        reader.end()?;
        Ok(entry)
    }
}

/// How an upload was completed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Completed {
    /// A digest of the parts that were listed.
    pub(crate) listed: [u8; 32],
    /// The stored object's entity tag.
    pub(crate) stored_etag: ETag,
    pub(crate) outcome: PutOutcome,
}

/// How far an upload is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum UploadState {
    /// Parts come.
    Open,
    /// A completion has stored the manifest as this part, with this stored entity tag, which is of what
    /// this is the digest.
    Completing { contents: [u8; 32], number: u32, stored_etag: ETag },
    /// It is an object.
    Completed(Completed),
}

/// An upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UploadRecord {
    pub(crate) key: String,
    pub(crate) envelope: Envelope,
    pub(crate) checksum: Option<UploadChecksum>,
    pub(crate) state: UploadState,
}

impl UploadRecord {
    pub(crate) fn encode(&self) -> Bytes {
        let mut writer = Writer::default();
        writer.u8(V1).bytes(self.key.as_bytes()).raw(&self.envelope.encode());
        writer.u8(self.checksum.map_or(0, |named| code_of(named.algorithm, named.kind)));
        match &self.state {
            UploadState::Open => {
                writer.u8(0);
            }
            UploadState::Completing { contents, number, stored_etag } => {
                writer.u8(1).raw(contents).u32(*number).etag(stored_etag);
            }
            UploadState::Completed(completed) => {
                writer.u8(2).raw(&completed.listed).etag(&completed.stored_etag);
                let PutOutcome { etag, version_id, checksum, size_bytes, modified_at } = &completed.outcome;
                writer.etag(etag).u8(u8::from(version_id.is_some()));
                writer.bytes(version_id.as_ref().map_or("", VersionId::as_str).as_bytes());
                writer.checksum(checksum.as_ref()).u64(*size_bytes).u64(modified_at.as_nanos());
            }
        }
        writer.finish()
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Damaged> {
        let mut reader = Reader(bytes);
        if reader.u8()? != V1 {
            return Err(Damaged);
        }
        let key = reader.text()?.to_owned();
        let envelope = Envelope::decode(reader.raw(ENVELOPE_BYTES)?)?;
        let checksum = match reader.u8()? {
            0 => None,
            code => {
                let (algorithm, kind) = kind_of(code)?;
                Some(UploadChecksum { algorithm, kind })
            }
        };
        let state = match reader.u8()? {
            0 => UploadState::Open,
            1 => UploadState::Completing {
                contents: reader.array()?,
                number: reader.u32()?,
                stored_etag: reader.etag()?,
            },
            2 => UploadState::Completed(Completed {
                listed: reader.array()?,
                stored_etag: reader.etag()?,
                outcome: outcome(&mut reader)?,
            }),
            _ => return Err(Damaged),
        };
        reader.end()?;
        Ok(Self { key, envelope, checksum, state })
    }
}

fn outcome(reader: &mut Reader<'_>) -> Result<PutOutcome, Damaged> {
    let (etag, has_version) = (reader.etag()?, reader.u8()?);
    let version_id = VersionId::from_text(reader.text()?);
    Ok(PutOutcome {
        etag,
        version_id: (has_version != 0).then_some(version_id),
        checksum: reader.checksum()?,
        size_bytes: reader.u64()?,
        modified_at: Timestamp::from_nanos(reader.u64()?),
    })
}

/// A part of an unfinished upload, as it was stored once; a later one of its number replaces it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PartRecord {
    /// The stored part's entity tag.
    pub(crate) stored_etag: ETag,
    pub(crate) stream: Id,
    pub(crate) plain_bytes: u64,
    pub(crate) padding_bytes: u32,
    pub(crate) md5: [u8; 16],
    pub(crate) checksum: Checksum,
    pub(crate) modified_at: Timestamp,
}

impl PartRecord {
    pub(crate) fn etag(&self) -> ETag {
        ETag::from_md5(self.md5)
    }

    /// Its rows in the manifest of the object that it becomes a part of.
    pub(crate) fn rows(&self, number: u32) -> (StreamRow, PartRow) {
        let Self { stream, plain_bytes, padding_bytes, checksum, .. } = *self;
        let row = StreamRow { stream, part: number, plain_bytes, padding_bytes };
        (row, PartRow { number, plain_bytes, checksum: Some(checksum) })
    }

    pub(crate) fn encode(&self) -> Bytes {
        let mut writer = Writer::default();
        writer.u8(V1).etag(&self.stored_etag).raw(&self.stream).u64(self.plain_bytes).u32(self.padding_bytes);
        writer.raw(&self.md5).checksum(Some(&self.checksum)).u64(self.modified_at.as_nanos());
        writer.finish()
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Damaged> {
        let mut reader = Reader(bytes);
        if reader.u8()? != V1 {
            return Err(Damaged);
        }
        let record = Self {
            stored_etag: reader.etag()?,
            stream: reader.array()?,
            plain_bytes: reader.u64()?,
            padding_bytes: reader.u32()?,
            md5: reader.array()?,
            checksum: reader.checksum()?.ok_or(Damaged)?,
            modified_at: Timestamp::from_nanos(reader.u64()?),
        };
        reader.end()?;
        Ok(record)
    }
}

impl assembly::UploadedPart for PartRecord {
    fn size_bytes(&self) -> u64 {
        self.plain_bytes
    }

    fn has_etag(&self, etag: &ETag) -> bool {
        etag.md5() == Some(self.md5)
    }

    fn checksum(&self) -> Option<Checksum> {
        Some(self.checksum)
    }
}
