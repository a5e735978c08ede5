use std::sync::Arc;

use store::{
    Bucket, Capabilities, Missing, ObjectInfo, SharedStore, StoreError, StoreErrorKind, Support, Versioning,
};
use types::{Context, ObjectKey, ObjectMetadata};

use super::epochs::Epochs;
use super::gate::Gates;
use super::options::{CryptOptions, Names};
use super::reserved::Reserved;
use super::turns::Turns;
use crate::error::{During, RESERVED, RESERVED_METADATA};
use crate::format::{BoundName, Envelope, Secret};
use crate::names::NameCipher;
use crate::state::{Index, Keeps, Stored, Uploads};
use crate::stats::CryptStats;

/// The most bytes of user metadata, names and values. Source: "Working with object metadata" in the Amazon S3 user guide.
const METADATA_MAX_BYTES: usize = 2048;

/// A store whose objects are sealed.
pub(super) struct Core {
    pub(super) inner: SharedStore,
    pub(super) options: CryptOptions,
    pub(super) stats: Arc<CryptStats>,
    pub(super) index: Index,
    pub(super) uploads: Uploads,
    pub(super) epochs: Epochs,
    pub(super) gates: Gates,
    pub(super) reserved: Reserved,
    pub(super) turns: Turns,
}

/// Where an object is: its key as callers see it, and as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) plain: ObjectKey,
    pub(super) stored: ObjectKey,
}

impl Core {
    pub(super) fn new(inner: SharedStore, options: CryptOptions, stats: Arc<CryptStats>) -> Self {
        let reserved = Reserved::new(options.level);
        Self {
            index: Index::new(options.index.clone(), stats.clone()),
            uploads: Uploads::new(options.index.clone()),
            epochs: Epochs::new(inner.clone(), &options, (reserved.clone(), stats.clone())),
            gates: Gates::default(),
            turns: Turns::default(),
            inner,
            options,
            stats,
            reserved,
        }
    }

    /// What encrypts names in a bucket; `None` where they stay as they are.
    pub(super) async fn names(
        &self,
        cx: &Context,
        bucket: &Bucket,
    ) -> Result<Option<NameCipher>, StoreError> {
        match self.options.names {
            Names::Plain => Ok(None),
            Names::Encrypted => {
                let secret = self.epochs.names(cx, bucket, &self.gates.of(&bucket.name)).await?;
                Ok(Some(NameCipher::new(&secret)))
            }
        }
    }

    /// Where a key's object is, for a write.
    ///
    /// # Errors
    /// `Forbidden` for keys of the layer's own; `Unsupported` where the encrypted name is too long.
    pub(super) async fn place(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        operation: &'static str,
    ) -> Result<Place, StoreError> {
        let stored = match self.names(cx, bucket).await? {
            Some(names) => names.encrypt(key, operation)?,
            None => key.clone(),
        };
        if self.reserved.refuses(stored.as_str()) {
            return Err(StoreError::new(StoreErrorKind::Forbidden(RESERVED), operation));
        }
        Ok(Place { plain: key.clone(), stored })
    }

    /// Where a key's object is, for a read: keys of the layer's own are not there.
    pub(super) async fn place_to_read(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        operation: &'static str,
    ) -> Result<Place, StoreError> {
        self.place(cx, bucket, key, operation).await.map_err(|error| match error.kind {
            StoreErrorKind::Forbidden(RESERVED) | StoreErrorKind::Unsupported(_) => {
                StoreError::missing(Missing::Key, operation)
            }
            _ => error,
        })
    }

    /// The data key of an object.
    pub(super) async fn data_key(
        &self,
        cx: &Context,
        (bucket, place): (&Bucket, &Place),
        envelope: &Envelope,
        operation: &'static str,
    ) -> Result<Secret, StoreError> {
        let epoch_key = self.epochs.secret(cx, bucket, &envelope.epoch).await?;
        let name = BoundName { bucket: &bucket.name, key: &place.plain };
        envelope.unwrap(name, &epoch_key).during(operation)
    }

    /// The envelope that an object's metadata bear. Where there is one it counts, and nothing else does.
    pub(super) fn envelope_of(
        &self,
        info: &ObjectInfo,
        operation: &'static str,
    ) -> Result<Option<Envelope>, StoreError> {
        let own =
            info.metadata.user.iter().find(|(name, _)| name.eq_ignore_ascii_case(&self.reserved.metadata));
        own.map(|(_, text)| Envelope::from_text(text).during(operation)).transpose()
    }

    /// Metadata as callers see them.
    pub(super) fn stripped(&self, mut metadata: ObjectMetadata) -> ObjectMetadata {
        metadata.user.retain(|(name, _)| !name.eq_ignore_ascii_case(&self.reserved.metadata));
        metadata
    }

    /// Metadata as a caller sends them may not have the layer's own name.
    pub(super) fn hold_metadata(
        &self,
        metadata: &ObjectMetadata,
        operation: &'static str,
    ) -> Result<(), StoreError> {
        if metadata.user.iter().any(|(name, _)| name.eq_ignore_ascii_case(&self.reserved.metadata)) {
            return Err(StoreError::new(StoreErrorKind::Forbidden(RESERVED_METADATA), operation));
        }
        Ok(())
    }

    /// Adds the envelope to metadata that the store keeps itself; `None` where they have no room for it, or are not kept
    /// with the object.
    pub(super) fn with_envelope(
        &self,
        bucket: &Bucket,
        metadata: &ObjectMetadata,
        envelope: &Envelope,
    ) -> Option<ObjectMetadata> {
        if self.inner.capabilities(bucket).metadata != Support::Yes {
            return None;
        }
        let own = (self.reserved.metadata.clone(), envelope.to_text());
        let size = |(name, value): &(String, String)| name.len() + value.len();
        let bytes: usize = metadata.user.iter().map(size).sum();
        (bytes + size(&own) <= METADATA_MAX_BYTES).then(|| {
            let mut metadata = metadata.clone();
            metadata.user.push(own);
            metadata
        })
    }

    pub(super) fn capabilities(&self, bucket: &Bucket) -> Capabilities {
        let inner = self.inner.capabilities(bucket);
        let copy = match (inner.copy, inner.metadata) {
            (Support::Yes, Support::Yes) => Support::Yes,
            _ => Support::Supplied("the bytes pass through Sluice, which opens them and seals them again"),
        };
        let conditional_copy = match (inner.conditional_copy, inner.conditional_put) {
            (Support::No(why), _) | (_, Support::No(why)) => Support::No(why),
            (_, put) => put,
        };
        let (mut ordered_listing, mut any_key) = (inner.ordered_listing, inner.any_key);
        if self.options.names == Names::Encrypted {
            ordered_listing = Support::No(
                "keys are encrypted: a listing goes folder by folder, in the order of their encrypted names",
            );
            any_key = Support::No(
                "keys are encrypted: a folder's or file's name becomes a third longer, and 22 bytes",
            );
        }
        Capabilities {
            conditional_copy,
            ordered_listing,
            any_key,
            copy,
            checksums: Support::Yes,
            supplied_identity: Support::Yes,
            part_listing: Support::Yes,
            repeated_completion: Support::Yes,
            ..inner
        }
    }
}

/// Names a stored object in the index.
pub(super) fn stored<'a>(bucket: &Bucket, place: &'a Place, etag: &'a types::ETag) -> Stored<'a> {
    Stored { handle: bucket.handle, key: &place.stored, etag }
}

/// Whether a write into the bucket replaces what was there.
pub(super) fn keeps(bucket: &Bucket) -> Keeps {
    if bucket.versioning == Versioning::Off { Keeps::One } else { Keeps::Versions }
}
