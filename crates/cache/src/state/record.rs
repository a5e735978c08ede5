//! Records of what is known, as they stand on disk: `docs/format/cache.md`.

mod codec;
#[cfg(test)]
mod golden;
mod v1;

use bytes::Bytes;
use store::Bucket;
use types::Timestamp;

use super::ObjectState;

/// The largest record, in bytes; what is larger is known in memory only.
pub(crate) const RECORD_MAX_BYTES: usize = 64 * 1024;

/// What is known about the current object of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ObjectRecord(pub(crate) ObjectState);

impl ObjectRecord {
    /// As bytes; `None` where they would be too many.
    pub(crate) fn encode(&self) -> Option<Bytes> {
        Some(v1::encode_object(&self.0)).filter(|bytes| bytes.len() <= RECORD_MAX_BYTES)
    }

    /// From bytes; `None` where they are of another release or damaged, which is as good as no record.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        v1::decode_object(bytes).ok().map(Self)
    }
}

/// A bucket's record as the store told it last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BucketRecord {
    pub(crate) bucket: Bucket,
    pub(crate) seen_at: Timestamp,
}

impl BucketRecord {
    /// As bytes; `None` where they would be too many.
    pub(crate) fn encode(&self) -> Option<Bytes> {
        Some(v1::encode_bucket(self)).filter(|bytes| bytes.len() <= RECORD_MAX_BYTES)
    }

    /// From bytes; `None` where they are of another release or damaged.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        v1::decode_bucket(bytes).ok()
    }
}
