use blob::BlobId;
use bytes::Bytes;
use types::{Checksum, ETag, ObjectMetadata, Timestamp};

use super::upload::PageStart;
use super::{common, v1};
use crate::ids::{DataId, Version};
use ::record::{Malformed, Reader, Writer};

/// Where the bytes of an object in one piece, or of one part, are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// There are none.
    Empty,
    /// In a row of their own, beside the records.
    Inline(DataId),
    /// In a blob.
    Blob(BlobId),
}

/// An object's part table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TableRef {
    /// Its id, under which the pages stand.
    pub(crate) id: DataId,
    /// How many parts it has.
    pub(crate) part_count: u32,
    /// Where each page begins, so that a read finds its page without another.
    pub(crate) pages: Vec<PageStart>,
}

/// Where an object's bytes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Data {
    /// In one piece.
    Whole(Place),
    /// In parts.
    Table(TableRef),
}

/// An object: the value of a current row, or of a noncurrent version's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ObjectRecord {
    /// Which version it is.
    pub(crate) version: Version,
    /// When it was written.
    pub(crate) modified_at: Timestamp,
    /// The size.
    pub(crate) size_bytes: u64,
    /// The entity tag.
    pub(crate) etag: ETag,
    /// The checksum kept.
    pub(crate) checksum: Option<Checksum>,
    /// Under which id the object refers to its blob or table.
    pub(crate) owner: DataId,
    /// Where the bytes are.
    pub(crate) data: Data,
    /// What the client said about it.
    pub(crate) metadata: ObjectMetadata,
}

/// A delete marker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MarkerRecord {
    /// Which version it is.
    pub(crate) version: Version,
    /// When it was made.
    pub(crate) modified_at: Timestamp,
}

/// The value of a noncurrent version's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum VersionRecord {
    /// An object.
    Object(Box<ObjectRecord>),
    /// A delete marker.
    Marker(MarkerRecord),
}

/// What a key in a versioned bucket has beside its versions. A key without either has no such row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct KeyState {
    /// The delete marker that is the newest version; the key then has no current row.
    pub(crate) marker: Option<MarkerRecord>,
    /// Where the null version stands while it is not the current object.
    pub(crate) null_sequence: Option<u64>,
}

const PLACE_EMPTY: u8 = 0;
const PLACE_INLINE: u8 = 1;
const PLACE_BLOB: u8 = 2;
const TABLE: u8 = 3;

pub(super) fn put_place(writer: &mut Writer, place: Place) {
    match place {
        Place::Empty => writer.u8(PLACE_EMPTY),
        Place::Inline(id) => {
            writer.u8(PLACE_INLINE);
            writer.raw(&id.to_bytes());
        }
        Place::Blob(id) => {
            writer.u8(PLACE_BLOB);
            writer.raw(&id.to_bytes());
        }
    }
}

pub(super) fn place(reader: &mut Reader<'_>, code: u8) -> Result<Place, Malformed> {
    match code {
        PLACE_EMPTY => Ok(Place::Empty),
        PLACE_INLINE => common::data_id(reader).map(Place::Inline),
        PLACE_BLOB => Ok(Place::Blob(BlobId::from_bytes(reader.array()?))),
        _ => Err(Malformed),
    }
}

fn put_table(writer: &mut Writer, table: &TableRef) {
    writer.u8(TABLE);
    writer.raw(&table.id.to_bytes());
    writer.varint(u64::from(table.part_count));
    writer.varint(table.pages.len() as u64);
    for page in &table.pages {
        writer.varint(u64::from(page.first_number));
        writer.varint(page.offset);
    }
}

fn table(reader: &mut Reader<'_>) -> Result<TableRef, Malformed> {
    let (id, part_count, pages) = (common::data_id(reader)?, reader.varint32()?, reader.count()?);
    let page = |_| Ok(PageStart { first_number: reader.varint32()?, offset: reader.varint()? });
    Ok(TableRef { id, part_count, pages: (0..pages).map(page).collect::<Result<_, _>>()? })
}

impl ObjectRecord {
    /// The record's bytes. What listings show stands first.
    pub(crate) fn encode(&self) -> Bytes {
        let mut writer = Writer::new(v1::OBJECT, 256);
        common::put_version(&mut writer, self.version);
        writer.u64(self.modified_at.as_nanos());
        writer.varint(self.size_bytes);
        writer.etag(&self.etag);
        writer.class(self.metadata.storage_class);
        writer.checksum(self.checksum.as_ref());
        writer.raw(&self.owner.to_bytes());
        match &self.data {
            Data::Whole(place) => put_place(&mut writer, *place),
            Data::Table(table) => put_table(&mut writer, table),
        }
        writer.metadata(&self.metadata);
        writer.finish()
    }

    /// Reads [`ObjectRecord::encode`].
    pub(crate) fn decode(value: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::open(value, v1::OBJECT)?;
        let version = common::version(&mut reader)?;
        let modified_at = Timestamp::from_nanos(reader.u64()?);
        let size_bytes = reader.varint()?;
        let etag = reader.etag()?;
        let class = reader.class()?;
        let checksum = reader.checksum()?;
        let owner = common::data_id(&mut reader)?;
        let data = match reader.u8()? {
            TABLE => Data::Table(table(&mut reader)?),
            code => Data::Whole(place(&mut reader, code)?),
        };
        let metadata = reader.metadata(class)?;
        reader.finish()?;
        Ok(Self { version, modified_at, size_bytes, etag, checksum, owner, data, metadata })
    }
}

impl MarkerRecord {
    fn put(&self, writer: &mut Writer) {
        common::put_version(writer, self.version);
        writer.u64(self.modified_at.as_nanos());
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(Self { version: common::version(reader)?, modified_at: Timestamp::from_nanos(reader.u64()?) })
    }
}

impl VersionRecord {
    /// The record's bytes.
    pub(crate) fn encode(&self) -> Bytes {
        match self {
            Self::Object(object) => object.encode(),
            Self::Marker(marker) => {
                let mut writer = Writer::new(v1::MARKER, 32);
                marker.put(&mut writer);
                writer.finish()
            }
        }
    }

    /// Reads [`VersionRecord::encode`].
    pub(crate) fn decode(value: &[u8]) -> Result<Self, Malformed> {
        if value.first() == Some(&v1::OBJECT) {
            return ObjectRecord::decode(value).map(|object| Self::Object(Box::new(object)));
        }
        let mut reader = Reader::open(value, v1::MARKER)?;
        let marker = MarkerRecord::read(&mut reader)?;
        reader.finish()?;
        Ok(Self::Marker(marker))
    }

    /// Which version it is.
    pub(crate) fn version(&self) -> Version {
        match self {
            Self::Object(object) => object.version,
            Self::Marker(marker) => marker.version,
        }
    }
}

impl KeyState {
    const MARKER: u8 = 1;
    const NULL: u8 = 2;

    /// Whether no row is needed.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The record's bytes.
    pub(crate) fn encode(&self) -> Bytes {
        let mut writer = Writer::new(v1::KEY_STATE, 40);
        let marker = if self.marker.is_some() { Self::MARKER } else { 0 };
        let null = if self.null_sequence.is_some() { Self::NULL } else { 0 };
        writer.u8(marker | null);
        self.marker.iter().for_each(|marker| marker.put(&mut writer));
        self.null_sequence.iter().for_each(|sequence| writer.u64(*sequence));
        writer.finish()
    }

    /// Reads [`KeyState::encode`].
    pub(crate) fn decode(value: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::open(value, v1::KEY_STATE)?;
        let present = reader.u8()?;
        if present & !(Self::MARKER | Self::NULL) != 0 {
            return Err(Malformed);
        }
        let marker = if present & Self::MARKER == 0 { None } else { Some(MarkerRecord::read(&mut reader)?) };
        let null_sequence = if present & Self::NULL == 0 { None } else { Some(reader.u64()?) };
        reader.finish()?;
        Ok(Self { marker, null_sequence })
    }
}
