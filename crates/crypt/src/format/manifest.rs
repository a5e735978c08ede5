use bytes::Bytes;
use types::{ByteRange, Checksum, ETag};

use super::cipher::TAG_BYTES;
use super::codec::{Reader, Writer};
use super::envelope::Id;
use super::header::{HEADER_BYTES, Header, Role};
use super::stream_key::Message;
use super::{Damaged, Envelope, SEALED_SEGMENT_BYTES, SEGMENT_BYTES, Secret, layout};

const VERSION: u8 = 1;
/// The last bytes of an object with a part table.
pub(crate) const MANIFEST_MAGIC: [u8; 8] = *b"\x89SluPrt\x01";
/// Bytes behind the segments of a manifest: how long it is, how large the object, and the magic.
pub(crate) const MANIFEST_TAIL_BYTES: usize = 8 + 8 + MANIFEST_MAGIC.len();
/// The longest manifest, in plain bytes: ten thousand parts with the longest checksums take a ninth of it.
pub(crate) const MANIFEST_MAX_BYTES: u64 = 16 * 1024 * 1024;

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
        let whole: Option<u64> =
            manifest.parts.iter().try_fold(0_u64, |sum, part| sum.checked_add(part.plain_bytes));
        if whole.is_none() || whole != manifest.size_bytes() || manifest.streams_bytes().is_none() {
            return Err(Damaged);
        }
        Ok(manifest)
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
    pub(crate) fn open(bytes: &[u8], header: &Header, data_key: &Secret) -> Result<Self, Damaged> {
        let tail = ManifestTail::decode(bytes)?;
        if tail.stored_bytes() != bytes.len() as u64 || header.role != Role::Manifest {
            return Err(Damaged);
        }
        let key = header.key(data_key);
        let sealed = &bytes[HEADER_BYTES..bytes.len() - MANIFEST_TAIL_BYTES];
        let count = layout::segments(tail.payload_bytes);
        let mut payload = vec![0; tail.payload_bytes as usize];
        for (index, sealed) in (0..).zip(sealed.chunks(SEALED_SEGMENT_BYTES)) {
            let start = index as usize * SEGMENT_BYTES;
            let end = payload.len().min(start + SEGMENT_BYTES);
            let out = payload.get_mut(start..end).ok_or(Damaged)?;
            key.open(message(index, count), index, sealed, out)?;
        }
        let manifest = Self::decode(&payload)?;
        if manifest.size_bytes() != Some(tail.size_bytes) {
            return Err(Damaged);
        }
        Ok(manifest)
    }
}

fn message(index: u64, count: u64) -> Message {
    if index + 1 == count { Message::Last } else { Message::Segment }
}
