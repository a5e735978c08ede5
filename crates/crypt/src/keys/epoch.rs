use bytes::Bytes;
use types::{BucketName, ChecksumAlgorithm};

use super::keyring::KEY_ID_MAX_BYTES;
use crate::format::{Damaged, Id, Reader, Writer};

const MAGIC: [u8; 8] = *b"\x89SluEpo\x01";
/// The largest object that holds an epoch key, in bytes.
pub(crate) const EPOCH_MAX_BYTES: usize = 8 * 1024;

/// An epoch key as it is stored: wrapped by a key of the keyring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EpochRecord {
    pub(crate) id: Id,
    /// The key that wraps it.
    pub(crate) key_id: String,
    pub(crate) wrapped: Vec<u8>,
}

impl EpochRecord {
    pub(crate) fn encode(&self) -> Bytes {
        let mut writer = Writer::default();
        writer.raw(&MAGIC).raw(&self.id).bytes(self.key_id.as_bytes()).bytes(&self.wrapped);
        let fields = writer.finish();
        let mut whole = Writer::default();
        whole.raw(&fields).raw(&crc(&fields));
        whole.finish()
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Damaged> {
        let (fields, sum) = bytes.split_at_checked(bytes.len().saturating_sub(4)).ok_or(Damaged)?;
        let mut reader = Reader(fields);
        if reader.array()? != MAGIC || sum != crc(fields) {
            return Err(Damaged);
        }
        let (id, key_id) = (reader.array()?, reader.text()?.to_owned());
        let wrapped = reader.bytes()?.to_vec();
        reader.end()?;
        if key_id.len() > KEY_ID_MAX_BYTES {
            return Err(Damaged);
        }
        Ok(Self { id, key_id, wrapped })
    }
}

fn crc(bytes: &[u8]) -> [u8; 4] {
    let checksum = hash::Hasher::checksum(ChecksumAlgorithm::Crc32c, bytes);
    checksum.value.as_bytes().try_into().expect("a CRC32C has four bytes")
}

/// What a wrapped epoch key is bound to.
pub(crate) fn context(bucket: &BucketName, id: &Id) -> Bytes {
    let mut writer = Writer::default();
    writer.raw(b"sluice crypt v1 epoch").raw(id).bytes(bucket.as_str().as_bytes());
    writer.finish()
}
