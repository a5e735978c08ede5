//! A store under the layer, the store beneath it, and short words for what tests do with them.

use std::sync::Arc;

use bytes::Bytes;
use store::{
    Bucket, CompleteOptions, CompletedPart, CopyOptions, CopySource, CreateUploadOptions, Directive,
    Identity, ListEntry, ListObjects, ObjectIdentity, ObjectInfo, ObjectSummary, OpenOptions, PutOptions,
    PutOutcome, SharedStore, StoreError, UploadRef, WriteCondition,
};
use types::{Body, BucketName, ByteRange, CanonicalId, Context, ObjectKey, Owner, TagSet};

use super::{Counting, Layered};

pub(crate) struct Desk {
    pub(crate) world: Layered,
    pub(crate) store: SharedStore,
    pub(crate) inner: SharedStore,
    pub(crate) bucket: Bucket,
    pub(crate) cx: Context,
}

pub(crate) fn key(text: &str) -> ObjectKey {
    ObjectKey::new(text).unwrap()
}

pub(crate) fn pattern(seed: u64, size: usize) -> Bytes {
    (0..size as u64)
        .map(|n| (n.wrapping_mul(31).wrapping_add(seed * 7919) % 251) as u8)
        .collect::<Vec<_>>()
        .into()
}

pub(crate) fn as_it_is() -> CopyOptions {
    CopyOptions {
        metadata: Directive::Copy,
        storage_class: None,
        tags: Directive::Copy,
        checksum: None,
        condition: WriteCondition::Always,
    }
}

pub(crate) async fn read(
    store: &SharedStore,
    cx: &Context,
    bucket: &Bucket,
    name: &str,
) -> Result<(ObjectInfo, Bytes), StoreError> {
    let opened = store.open(cx, bucket, &key(name), OpenOptions::default()).await?;
    let body = opened.content.read(ByteRange::whole(opened.info.size_bytes)).await?;
    let bytes = body.collect(64 << 20).await;
    let bytes = bytes.map_err(|error| StoreError::new(store::StoreErrorKind::Body(error), "read"))?;
    Ok((opened.info, bytes))
}

impl Desk {
    /// Draws other numbers than worlds of other seeds do.
    pub(crate) async fn seeded(mut world: Layered, seed: u64) -> Self {
        world.random = Counting::new(1 + 1_000_000 * seed);
        Self::new(world).await
    }

    pub(crate) async fn new(world: Layered) -> Self {
        let (store, inner, cx) = (world.store(), world.inner(), Context::background());
        let owner = Owner { id: CanonicalId::from_text(&"a".repeat(64)), display_name: "alice".into() };
        let name = BucketName::new("bucket").unwrap();
        let bucket = store.create_bucket(&cx, &name, &owner, &TagSet::default()).await.unwrap();
        Self { world, store, inner, bucket, cx }
    }

    /// The same stores as another process finds them, that has lost all that is not in the store.
    pub(crate) fn without_state(self) -> Self {
        let Self { mut world, bucket, cx, .. } = self;
        world.indices = world.setups.iter().map(|_| meta::MemoryMeta::default()).collect();
        let (store, inner) = (world.store(), world.inner());
        Self { world, store, inner, bucket, cx }
    }

    pub(crate) async fn put(&self, name: &str, bytes: impl Into<Bytes>) -> PutOutcome {
        let body = Body::from_bytes(bytes.into());
        self.store.put(&self.cx, &self.bucket, &key(name), body, PutOptions::default()).await.unwrap()
    }

    pub(crate) async fn read(&self, name: &str) -> Result<(ObjectInfo, Bytes), StoreError> {
        read(&self.store, &self.cx, &self.bucket, name).await
    }

    pub(crate) async fn head(&self, name: &str) -> Result<ObjectInfo, StoreError> {
        self.store.head(&self.cx, &self.bucket, &key(name), OpenOptions::default()).await
    }

    /// The object as the store beneath has it.
    pub(crate) async fn raw(&self, name: &str) -> (ObjectInfo, Bytes) {
        read(&self.inner, &self.cx, &self.bucket, name).await.unwrap()
    }

    /// What a store does that does not keep to its promise: other bytes under the tag and metadata of before.
    pub(crate) async fn forge(&self, name: &str, info: &ObjectInfo, bytes: impl Into<Bytes>) {
        let identity = ObjectIdentity { etag: info.etag.clone(), checksum: None, part_sizes: Vec::new() };
        let options = PutOptions {
            metadata: info.metadata.clone(),
            identity: Identity::Supplied(identity),
            condition: WriteCondition::Always,
        };
        let body = Body::from_bytes(bytes.into());
        self.inner.put(&self.cx, &self.bucket, &key(name), body, options).await.unwrap();
    }

    pub(crate) async fn list(&self) -> Vec<ObjectSummary> {
        let options = ListObjects { limit: 1000, ..ListObjects::default() };
        let page = self.store.list(&self.cx, &self.bucket, options).await.unwrap();
        let object = |entry| match entry {
            ListEntry::Object(object) => object,
            ListEntry::Prefix(prefix) => panic!("nothing was to be folded: {prefix}"),
        };
        page.entries.into_iter().map(object).collect()
    }

    pub(crate) async fn copy(
        &self,
        from: &str,
        to: &str,
        options: CopyOptions,
    ) -> Result<PutOutcome, StoreError> {
        let etag = self.head(from).await?.etag;
        let source =
            CopySource { bucket: Arc::new(self.bucket.clone()), key: key(from), version_id: None, etag };
        self.store.copy(&self.cx, &source, &self.bucket, &key(to), options).await
    }

    /// Uploads an object in parts.
    pub(crate) async fn upload(&self, name: &str, bodies: &[Bytes]) -> PutOutcome {
        let key = key(name);
        let options = CreateUploadOptions::default();
        let id = self.store.create_upload(&self.cx, &self.bucket, &key, options).await.unwrap();
        let upload = UploadRef { bucket: &self.bucket, key: &key, id: &id };
        let mut parts = Vec::new();
        for (number, body) in (1..).zip(bodies) {
            let body = Body::from_bytes(body.clone());
            let part = self.store.put_part(&self.cx, upload, number, body, Default::default()).await.unwrap();
            parts.push(CompletedPart { number, etag: part.etag, checksum: part.checksum });
        }
        self.store.complete_upload(&self.cx, upload, parts, CompleteOptions::default()).await.unwrap()
    }

    /// The keys of the layer's own, as the store beneath has them.
    pub(crate) async fn own_keys(&self) -> Vec<String> {
        let options = ListObjects { prefix: ".sluice/".into(), limit: 1000, ..ListObjects::default() };
        let page = self.inner.list(&self.cx, &self.bucket, options).await.unwrap();
        let name = |entry| match entry {
            ListEntry::Object(object) => object.key.as_str().to_owned(),
            ListEntry::Prefix(prefix) => prefix,
        };
        page.entries.into_iter().map(name).collect()
    }
}

/// Holds an error to a pattern.
#[allow(unused_macros, reason = "each test takes what it needs")]
macro_rules! assert_refused {
    ($result:expr, $pattern:pat $(if $guard:expr)?) => {
        match $result {
            Err(error) => match error.kind {
                $pattern $(if $guard)? => {}
                other => panic!("refused with {other:?}, not {}", stringify!($pattern)),
            },
            Ok(_) => panic!("the call succeeded and should not have"),
        }
    };
}
#[allow(unused_imports, reason = "each test takes what it needs")]
pub(crate) use assert_refused;
