use bytes::Bytes;
use types::{ByteRange, Checksum, ETag};

use super::cipher::TAG_BYTES;
use super::codec::{Reader, Writer};
use super::envelope::Id;
use super::header::{HEADER_BYTES, Header, Role};
use super::stream_key::{Message, StreamKey};
use super::{Damaged, Envelope, SEGMENT_BYTES, Secret, layout};

const VERSION: u8 = 1;
/// The last bytes of an object with a part table.
pub(crate) const MANIFEST_MAGIC: [u8; 8] = *b"\x89SluPrt\x01";
/// Bytes behind the segments of a manifest: how long it is, how large the object, and the magic.
pub(crate) const MANIFEST_TAIL_BYTES: usize = 8 + 8 + MANIFEST_MAGIC.len();
/// The longest manifest, in plain bytes: ten thousand parts with the longest checksums take 1.2 million of them. The end of an
/// object says in the clear how long its manifest is, and whoever stores the object may have written that.
pub(crate) const MANIFEST_MAX_BYTES: u64 = 2 * 1024 * 1024;

/// One stream of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StreamRow {
    pub(crate) stream: Id,
    /// The part number that the stream's key is bound to.
    pub(crate) part: u32,
    pub(crate) plain_bytes: u64,
    /// Noise behind its last segment.
    pub(crate) padding_bytes: u32,
}

/// One part of an object, as callers see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PartRow {
    pub(crate) number: u32,
    pub(crate) plain_bytes: u64,
    pub(crate) checksum: Option<Checksum>,
}

/// What an object with a part table is: its streams in the order in which they stand, and its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Manifest {
    pub(crate) etag: ETag,
    pub(crate) checksum: Option<Checksum>,
    pub(crate) streams: Vec<StreamRow>,
    pub(crate) parts: Vec<PartRow>,
}

/// What the clear end of an object with a part table says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ManifestTail {
    /// The manifest's plain bytes.
    pub(crate) payload_bytes: u64,
    /// The object's plain bytes.
    pub(crate) size_bytes: u64,
}

impl ManifestTail {
    pub(crate) fn decode(end: &[u8]) -> Result<Self, Damaged> {
        let place = end.len().checked_sub(MANIFEST_TAIL_BYTES).ok_or(Damaged)?;
        let mut reader = Reader(&end[place..]);
        let tail = Self { payload_bytes: reader.u64()?, size_bytes: reader.u64()? };
        if reader.0 != MANIFEST_MAGIC || tail.payload_bytes > MANIFEST_MAX_BYTES {
            return Err(Damaged);
        }
        Ok(tail)
    }

    /// Bytes of the whole manifest as it is stored, this end included.
    pub(crate) fn stored_bytes(&self) -> u64 {
        sealed_manifest(self.payload_bytes)
    }
}

fn sealed_manifest(payload_bytes: u64) -> u64 {
    let tags = layout::segments(payload_bytes) * TAG_BYTES as u64;
    HEADER_BYTES as u64 + payload_bytes + tags + MANIFEST_TAIL_BYTES as u64
}

impl StreamRow {
    /// Bytes of the stream as it is stored; `None` past 64 bits.
    pub(crate) fn stored_bytes(&self) -> Option<u64> {
        layout::sealed_stream(self.plain_bytes)?.checked_add(u64::from(self.padding_bytes))
    }
}

impl Manifest {
    /// The object's plain bytes; `None` past 64 bits.
    pub(crate) fn size_bytes(&self) -> Option<u64> {
        self.streams.iter().try_fold(0_u64, |sum, row| sum.checked_add(row.plain_bytes))
    }

    /// Bytes of all streams as they are stored; `None` past 64 bits.
    pub(crate) fn streams_bytes(&self) -> Option<u64> {
        self.streams.iter().try_fold(0_u64, |sum, row| sum.checked_add(row.stored_bytes()?))
    }

    /// Where each part stands in the plain object.
    pub(crate) fn spans(&self) -> impl Iterator<Item = (PartRow, ByteRange)> {
        let mut start = 0;
        self.parts.iter().map(move |part| {
            let range = ByteRange { start, end: start + part.plain_bytes };
            start = range.end;
            (*part, range)
        })
    }

    pub(crate) fn encode(&self) -> Bytes {
        let mut writer = Writer::default();
        writer.u8(VERSION).etag(&self.etag).checksum(self.checksum.as_ref());
        writer.u32(self.streams.len() as u32);
        for row in &self.streams {
            writer.raw(&row.stream).u32(row.part).u64(row.plain_bytes).u32(row.padding_bytes);
        }
        writer.u32(self.parts.len() as u32);
        for part in &self.parts {
            writer.u32(part.number).u64(part.plain_bytes).checksum(part.checksum.as_ref());
        }
        writer.finish()
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Damaged> {
        let mut reader = Reader(bytes);
        if reader.u8()? != VERSION {
            return Err(Damaged);
        }
        let (etag, checksum) = (reader.etag()?, reader.checksum()?);
        let stream = |reader: &mut Reader<'_>| {
            let (stream, part) = (reader.array()?, reader.u32()?);
            let (plain_bytes, padding_bytes) = (reader.u64()?, reader.u32()?);
            Ok(StreamRow { stream, part, plain_bytes, padding_bytes })
        };
        let streams = (0..reader.u32()?).map(|_| stream(&mut reader)).collect::<Result<_, Damaged>>()?;
        let part = |reader: &mut Reader<'_>| {
            let (number, plain_bytes) = (reader.u32()?, reader.u64()?);
            Ok(PartRow { number, plain_bytes, checksum: reader.checksum()? })
        };
        let parts = (0..reader.u32()?).map(|_| part(&mut reader)).collect::<Result<_, Damaged>>()?;
        let manifest = Self { etag, checksum, streams, parts };
        reader.end()?;
        let of_parts =
            || manifest.parts.iter().try_fold(0_u64, |sum, part| sum.checked_add(part.plain_bytes));
        let size_bytes = manifest.size_bytes().ok_or(Damaged)?;
        // Without parts it is an entity tag that no footer has room for.
        let agrees = manifest.parts.is_empty() || of_parts() == Some(size_bytes);
        if agrees && manifest.streams_bytes().is_some() { Ok(manifest) } else { Err(Damaged) }
    }

    /// Bytes of the manifest as it is stored.
    pub(crate) fn stored_bytes(&self) -> u64 {
        sealed_manifest(self.encode().len() as u64)
    }

    /// The manifest as it is stored behind the streams.
    pub(crate) fn seal(&self, envelope: &Envelope, stream: Id, data_key: &Secret) -> Bytes {
        let header = Header { envelope: *envelope, stream, part: 0, role: Role::Manifest };
        let (payload, key) = (self.encode(), header.key(data_key));
        let count = layout::segments(payload.len() as u64);
        let mut bytes = header.encode().to_vec();
        for index in 0..count {
            let start = index as usize * SEGMENT_BYTES;
            let plain = &payload[start..payload.len().min(start + SEGMENT_BYTES)];
            let place = bytes.len();
            bytes.resize(place + plain.len() + TAG_BYTES, 0);
            key.seal(message(index, count), index, plain, &mut bytes[place..]);
        }
        let mut tail = Writer::default();
        tail.u64(payload.len() as u64).u64(self.size_bytes().unwrap_or_default()).raw(&MANIFEST_MAGIC);
        bytes.extend_from_slice(&tail.finish());
        bytes.into()
    }

    /// Opens a manifest, which is all of `bytes`, of the object that `envelope` is about.
    #[cfg(test)]
    pub(crate) fn open(bytes: &[u8], header: &Header, data_key: &Secret) -> Result<Self, Damaged> {
        let mut opening = OpeningManifest::new(ManifestTail::decode(bytes)?, header, data_key)?;
        opening.push(bytes.get(HEADER_BYTES..).ok_or(Damaged)?)?;
        opening.finish()
    }
}

/// A manifest that is opened segment by segment as it comes, so that of one that is none no more is read or kept than its
/// first segment.
pub(crate) struct OpeningManifest {
    tail: ManifestTail,
    key: StreamKey,
    /// Of the next segment, or of the end, as far as it has come.
    sealed: Vec<u8>,
    payload: Vec<u8>,
    index: u64,
}

impl OpeningManifest {
    pub(crate) fn new(tail: ManifestTail, header: &Header, data_key: &Secret) -> Result<Self, Damaged> {
        if header.role != Role::Manifest {
            return Err(Damaged);
        }
        Ok(Self { tail, key: header.key(data_key), sealed: Vec::new(), payload: Vec::new(), index: 0 })
    }

    /// Takes in what follows the header.
    pub(crate) fn push(&mut self, mut bytes: &[u8]) -> Result<(), Damaged> {
        while !bytes.is_empty() {
            let wanted = self.wanted_bytes();
            let count = bytes.len().min(wanted.saturating_sub(self.sealed.len()));
            if count == 0 {
                return Err(Damaged);
            }
            self.sealed.extend_from_slice(&bytes[..count]);
            bytes = &bytes[count..];
            if self.sealed.len() == wanted && self.index < self.count() {
                self.open_segment()?;
            }
        }
        Ok(())
    }

    /// The manifest, where all of it has come.
    pub(crate) fn finish(self) -> Result<Manifest, Damaged> {
        let has_all = self.index == self.count() && self.sealed.len() == MANIFEST_TAIL_BYTES;
        if !has_all || ManifestTail::decode(&self.sealed)? != self.tail {
            return Err(Damaged);
        }
        let manifest = Manifest::decode(&self.payload)?;
        if manifest.size_bytes() == Some(self.tail.size_bytes) { Ok(manifest) } else { Err(Damaged) }
    }

    fn count(&self) -> u64 {
        layout::segments(self.tail.payload_bytes)
    }

    /// Bytes of the next segment; of the end, where all segments have come.
    fn wanted_bytes(&self) -> usize {
        if self.index == self.count() {
            return MANIFEST_TAIL_BYTES;
        }
        let left = self.tail.payload_bytes as usize - self.payload.len();
        left.min(SEGMENT_BYTES) + TAG_BYTES
    }

    fn open_segment(&mut self) -> Result<(), Damaged> {
        let (start, plain_bytes) = (self.payload.len(), self.sealed.len() - TAG_BYTES);
        self.payload.resize(start + plain_bytes, 0);
        let message = message(self.index, self.count());
        self.key.open(message, self.index, &self.sealed, &mut self.payload[start..])?;
        self.sealed.clear();
        self.index += 1;
        Ok(())
    }
}

fn message(index: u64, count: u64) -> Message {
    if index + 1 == count { Message::Last } else { Message::Segment }
}
