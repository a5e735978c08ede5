use types::{Checksum, ETag};

use super::cipher::TAG_BYTES;
use super::codec::{Reader, Writer};
use super::stream_key::{Message, StreamKey};
use super::{Damaged, layout};

const PLAIN_BYTES: usize = 152;
const VERSION: u8 = 1;
/// The longest entity tag that a footer holds, in bytes.
pub(crate) const FOOTER_ETAG_MAX_BYTES: usize = 64;
/// Bytes of a footer as it is stored.
pub const FOOTER_BYTES: usize = PLAIN_BYTES + TAG_BYTES + FOOTER_MAGIC.len();
/// The last bytes of an object in one piece.
pub(crate) const FOOTER_MAGIC: [u8; 8] = *b"\x89SluWhl\x01";

/// What an object in one piece is: sealed behind its last segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Footer {
    pub(crate) etag: ETag,
    pub(crate) checksum: Option<Checksum>,
    pub(crate) size_bytes: u64,
}

impl Footer {
    pub(crate) fn seal(&self, key: &StreamKey) -> [u8; FOOTER_BYTES] {
        let mut writer = Writer::default();
        writer.u8(VERSION).u64(self.size_bytes).etag(&self.etag).checksum(self.checksum.as_ref());
        let fields = writer.finish();
        let mut plain = [0; PLAIN_BYTES];
        plain[..fields.len()].copy_from_slice(&fields);
        let mut bytes = [0; FOOTER_BYTES];
        let (sealed, magic) = bytes.split_at_mut(PLAIN_BYTES + TAG_BYTES);
        key.seal(Message::Footer, layout::segments(self.size_bytes), &plain, sealed);
        magic.copy_from_slice(&FOOTER_MAGIC);
        bytes
    }

    /// Opens the footer of a stream of `size_bytes`.
    pub(crate) fn open(bytes: &[u8], key: &StreamKey, size_bytes: u64) -> Result<Self, Damaged> {
        let sealed = bytes.strip_suffix(&FOOTER_MAGIC).ok_or(Damaged)?;
        if sealed.len() != PLAIN_BYTES + TAG_BYTES {
            return Err(Damaged);
        }
        let mut plain = [0; PLAIN_BYTES];
        key.open(Message::Footer, layout::segments(size_bytes), sealed, &mut plain)?;
        let mut reader = Reader(&plain);
        if reader.u8()? != VERSION || reader.u64()? != size_bytes {
            return Err(Damaged);
        }
        let footer = Self { etag: reader.etag()?, checksum: reader.checksum()?, size_bytes };
        if reader.0.iter().any(|byte| *byte != 0) {
            return Err(Damaged);
        }
        Ok(footer)
    }
}
