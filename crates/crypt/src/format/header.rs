use types::ChecksumAlgorithm;

use super::codec::{Reader, Writer};
use super::envelope::{ENVELOPE_BYTES, Id};
use super::{Damaged, Envelope, SEGMENT_BYTES, Secret, Shape, StreamKey};

/// Bytes of a stream's header.
pub const HEADER_BYTES: usize = 8 + ENVELOPE_BYTES + 16 + 4 + 4 + 4 + 4;
/// The first bytes of a sealed stream: no text begins so, and no common file.
pub(crate) const MAGIC: [u8; 8] = *b"\x89SluCry\x01";

/// What a stream holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Bytes of the object.
    Data,
    /// The part table of the object.
    Manifest,
}

impl Role {
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Data => 0,
            Self::Manifest => 1,
        }
    }
}

/// The clear beginning of a stream. All of it but the envelope is bound to every segment by the segments' key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) envelope: Envelope,
    /// The stream's own random number; that of the object where the object is one stream.
    pub(crate) stream: Id,
    /// The part whose bytes these are; 0 where the object is one piece, and of a manifest.
    pub(crate) part: u32,
    pub(crate) role: Role,
}

/// What stands at the beginning of an object.
#[derive(Debug)]
pub(crate) enum Beginning {
    /// A stream of ours.
    Ours(Header),
    /// Something else.
    Foreign,
}

impl Header {
    pub(crate) fn encode(&self) -> [u8; HEADER_BYTES] {
        let mut writer = Writer::default();
        writer.raw(&MAGIC).raw(&self.envelope.encode()).raw(&self.stream).u32(self.part);
        writer.u32(SEGMENT_BYTES as u32).raw(&[self.role.code(), 0, 0, 0]);
        let mut bytes = [0; HEADER_BYTES];
        let clear = writer.finish();
        bytes[..clear.len()].copy_from_slice(&clear);
        bytes[clear.len()..].copy_from_slice(&crc(&clear));
        bytes
    }

    /// Reads the beginning of an object or stream.
    ///
    /// # Errors
    /// [`Damaged`] where it begins as a stream does and is none.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Beginning, Damaged> {
        if !bytes.starts_with(&MAGIC) {
            return Ok(Beginning::Foreign);
        }
        let bytes = bytes.get(..HEADER_BYTES).ok_or(Damaged)?;
        let (clear, sum) = bytes.split_at(HEADER_BYTES - 4);
        let mut reader = Reader(&clear[MAGIC.len()..]);
        let envelope = Envelope::decode(reader.raw(ENVELOPE_BYTES)?)?;
        let (stream, part, segment_bytes) = (reader.array()?, reader.u32()?, reader.u32()?);
        let role = match reader.array()? {
            [0, 0, 0, 0] => Role::Data,
            [1, 0, 0, 0] => Role::Manifest,
            _ => return Err(Damaged),
        };
        if sum != crc(clear) || segment_bytes as usize != SEGMENT_BYTES {
            return Err(Damaged);
        }
        Ok(Beginning::Ours(Self { envelope, stream, part, role }))
    }

    /// The key of the stream's segments.
    pub(crate) fn key(&self, data_key: &Secret) -> StreamKey {
        let shape = u8::from(self.envelope.shape == Shape::Parts);
        let codes = [self.envelope.algorithm.code(), shape, self.role.code(), 0];
        let object = &self.envelope.object;
        StreamKey::new(self.envelope.algorithm, data_key, codes, (object, &self.stream, self.part))
    }
}

/// Tells chance damage of a header; who means it is told by what the header's fields are bound to.
fn crc(bytes: &[u8]) -> [u8; 4] {
    let checksum = hash::Hasher::checksum(ChecksumAlgorithm::Crc32c, bytes);
    checksum.value.as_bytes().try_into().expect("a CRC32C has four bytes")
}
