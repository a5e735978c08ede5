use bytes::{BufMut, Bytes, BytesMut};
use meta::{MetaErrorKind, ScanRequest};
use store::StoreError;

use super::run::{OPERATION, Scrub};
use crate::error::During;
use crate::keys::{self, KeyRange};

impl Scrub {
    /// Finds the key of the first record of a range, which cannot be read. An engine names no key with its error, but it
    /// tells whether the record lies before a given end; so the key is found byte by byte, each by halving.
    pub(super) async fn locate(&self, range: &KeyRange) -> Result<Bytes, StoreError> {
        let mut known = BytesMut::new();
        while known.len() < meta::ENCODED_KEY_MAX_BYTES {
            if self.fails_before(range, keys::behind_key(&known)).await? {
                break;
            }
            let (mut low, mut high) = (0u8, u8::MAX);
            while low < high {
                let middle = low + (high - low) / 2;
                let mut prefix = known.clone();
                prefix.put_u8(middle);
                if self.fails_before(range, keys::behind_prefix(&prefix)).await? {
                    high = middle;
                } else {
                    low = middle + 1;
                }
            }
            known.put_u8(low);
        }
        Ok(known.freeze())
    }

    /// Whether the damaged record lies before `end`.
    async fn fails_before(&self, range: &KeyRange, end: Bytes) -> Result<bool, StoreError> {
        let end = end.min(range.end.clone());
        if end <= range.start {
            return Ok(false);
        }
        let request = ScanRequest { start: range.start.clone(), end, limit: 1, fold: None };
        match self.native.meta.scan(request).await {
            Err(error) if error.kind == MetaErrorKind::Corrupt => Ok(true),
            read => read.map(|_| false).during(OPERATION),
        }
    }
}
