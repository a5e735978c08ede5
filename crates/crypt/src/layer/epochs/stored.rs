use bytes::Bytes;
use store::{
    Bucket, ListEntry, ListObjects, Missing, OpenOptions, Position, PutOptions, PutOutcome, StoreError,
    StoreErrorKind, WriteCondition,
};
use types::{Body, ByteRange, Context, ETag, ObjectKey};

use super::{Epochs, OPERATION};
use crate::error::{During, corrupt, from_stored_body};
use crate::keys::{EPOCH_MAX_BYTES, EpochRecord};

/// Epoch keys asked for at once.
const PAGE: usize = 1000;

/// An object of the layer's own as it stands in the store, whatever it holds.
pub(in crate::layer) struct OwnObject {
    pub(in crate::layer) key: ObjectKey,
    etag: ETag,
    bytes: Bytes,
}

/// An epoch key as it stands in the store.
pub(in crate::layer) struct StoredEpoch {
    pub(in crate::layer) etag: ETag,
    pub(in crate::layer) record: EpochRecord,
}

impl OwnObject {
    fn epoch(self) -> Result<StoredEpoch, StoreError> {
        let record = EpochRecord::decode(&self.bytes).during(OPERATION)?;
        Ok(StoredEpoch { etag: self.etag, record })
    }
}

impl Epochs {
    /// The keys of all of the layer's own that the bucket has, below a prefix.
    pub(super) async fn list(
        &self,
        cx: &Context,
        bucket: &Bucket,
        prefix: String,
    ) -> Result<Vec<ObjectKey>, StoreError> {
        let mut keys: Vec<ObjectKey> = Vec::new();
        let mut after = None;
        loop {
            let options = ListObjects { prefix: prefix.clone(), delimiter: None, after, limit: PAGE };
            let page = self.inner.list(cx, bucket, options).await?;
            keys.extend(page.entries.into_iter().filter_map(|entry| match entry {
                ListEntry::Object(object) => Some(object.key),
                ListEntry::Prefix(_) => None,
            }));
            match keys.last() {
                Some(last) if page.more => after = Some(Position::Key(last.as_str().to_owned())),
                _ => return Ok(keys),
            }
        }
    }

    /// The keys of all that the layer has of its own in a bucket: its epoch keys, and that of encrypted names.
    pub(in crate::layer) async fn own_keys(
        &self,
        cx: &Context,
        bucket: &Bucket,
    ) -> Result<Vec<ObjectKey>, StoreError> {
        let (epochs, names) = (self.reserved.epochs(), self.reserved.names());
        let mut keys = self.list(cx, bucket, self.reserved.prefix.clone()).await?;
        keys.retain(|key| key.as_str().starts_with(&epochs) || key.as_str() == names);
        Ok(keys)
    }

    /// All objects of the layer's own in a bucket, that of encrypted names included.
    pub(in crate::layer) async fn all(
        &self,
        cx: &Context,
        bucket: &Bucket,
    ) -> Result<Vec<OwnObject>, StoreError> {
        let keys = self.own_keys(cx, bucket).await?;
        let mut stored = Vec::with_capacity(keys.len());
        for key in keys {
            match self.fetch(cx, bucket, &key).await {
                Err(error) if matches!(error.kind, StoreErrorKind::Missing(Missing::Key)) => {}
                fetched => stored.push(fetched?),
            }
        }
        Ok(stored)
    }

    pub(in crate::layer) async fn load(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
    ) -> Result<StoredEpoch, StoreError> {
        self.fetch(cx, bucket, key).await?.epoch()
    }

    async fn fetch(&self, cx: &Context, bucket: &Bucket, key: &ObjectKey) -> Result<OwnObject, StoreError> {
        let opened = match self.inner.open(cx, bucket, key, OpenOptions::default()).await {
            Err(error) if matches!(error.kind, StoreErrorKind::DeleteMarker { .. }) => {
                return Err(StoreError::missing(Missing::Key, OPERATION));
            }
            opened => opened?,
        };
        if opened.info.size_bytes > EPOCH_MAX_BYTES as u64 {
            return Err(corrupt(OPERATION));
        }
        let body = opened.content.read(ByteRange::whole(opened.info.size_bytes)).await?;
        let bytes =
            body.collect(EPOCH_MAX_BYTES).await.map_err(|error| from_stored_body(error, OPERATION))?;
        Ok(OwnObject { key: key.clone(), etag: opened.info.etag, bytes })
    }

    pub(in crate::layer) async fn store(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        record: &EpochRecord,
        condition: WriteCondition,
    ) -> Result<PutOutcome, StoreError> {
        let options = PutOptions { condition, ..PutOptions::default() };
        self.inner.put(cx, bucket, key, Body::from_bytes(record.encode()), options).await
    }

    /// Puts a key back as it was.
    pub(in crate::layer) async fn restore(
        &self,
        cx: &Context,
        bucket: &Bucket,
        stored: &OwnObject,
    ) -> Result<(), StoreError> {
        let body = Body::from_bytes(stored.bytes.clone());
        self.inner.put(cx, bucket, &stored.key, body, PutOptions::default()).await.map(drop)
    }
}

/// A key of the layer's own.
pub(super) fn own_key(text: &str) -> Result<ObjectKey, StoreError> {
    ObjectKey::new(text).map_err(|error| StoreError::with_source(StoreErrorKind::Internal, OPERATION, error))
}
