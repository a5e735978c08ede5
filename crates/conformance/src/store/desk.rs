#![allow(clippy::unwrap_used, reason = "a case that cannot go on has failed")]

use bytes::Bytes;
use store::{
    Bucket, BucketUpdate, Capabilities, CompleteOptions, CompletedPart, CopyOptions, CopySource,
    CreateUploadOptions, DeleteOptions, DeleteOutcome, Directive, ListObjects, ListPage, ListVersions,
    ObjectInfo, OpenOptions, PartOptions, PartOutcome, PutOptions, PutOutcome, SharedStore, StoreError,
    StoreErrorKind, Support, UploadId, UploadRef, VersionPage, Versioning, WriteCondition,
};
use types::{
    Body, BucketName, ByteRange, CanonicalId, Context, ObjectKey, Owner, StorageClass, TagSet, VersionId,
};

use crate::store::StoreWorld;

/// The most bytes that a case reads at once.
const READ_MAX_BYTES: usize = 64 << 20;
/// A store with a bucket, and short words for what cases do with it.
pub(super) struct Desk {
    pub(super) store: SharedStore,
    pub(super) bucket: Bucket,
    pub(super) cx: Context,
    pub(super) part_min_bytes: usize,
}

pub(super) fn key(text: &str) -> ObjectKey {
    ObjectKey::new(text).expect("cases use legal keys")
}

pub(super) fn bucket_name(text: &str) -> BucketName {
    BucketName::new(text).expect("cases use legal names")
}

pub(super) fn owner(name: &str) -> Owner {
    Owner { id: CanonicalId::from_text(&format!("{name:0>64}")), display_name: name.into() }
}

pub(super) fn body(bytes: impl Into<Bytes>) -> Body {
    Body::from_bytes(bytes.into())
}

pub(super) fn on(condition: WriteCondition) -> PutOptions {
    PutOptions { condition, ..PutOptions::default() }
}

pub(super) fn of_version(version_id: &VersionId) -> OpenOptions {
    OpenOptions { version_id: Some(version_id.clone()), ..OpenOptions::default() }
}

/// A copy that keeps everything.
pub(super) fn as_it_is() -> CopyOptions {
    CopyOptions {
        metadata: Directive::Copy,
        storage_class: None,
        tags: Directive::Copy,
        checksum: None,
        condition: WriteCondition::Always,
    }
}

/// The error of a call that must fail.
pub(super) fn refusal<T>(result: Result<T, StoreError>) -> StoreErrorKind {
    match result {
        Ok(_) => panic!("the call succeeded and should not have"),
        Err(error) => error.kind,
    }
}

/// Holds an error to a pattern.
macro_rules! assert_refused {
    ($result:expr, $pattern:pat $(if $guard:expr)?) => {
        match $crate::store::desk::refusal($result) {
            $pattern $(if $guard)? => {}
            other => panic!("refused with {other:?}, not {}", stringify!($pattern)),
        }
    };
}
pub(super) use assert_refused;

impl Desk {
    /// Opens the world's store and makes a bucket in it.
    pub(super) async fn new(world: &dyn StoreWorld) -> Self {
        let (store, cx) = (world.open().await, Context::background());
        let name = bucket_name("bucket-a");
        let bucket = store.create_bucket(&cx, &name, &owner("alice"), &TagSet::default()).await.unwrap();
        Self { store, bucket, cx, part_min_bytes: world.part_min_bytes() as usize }
    }

    /// Whether the store does what is picked of its capabilities.
    pub(super) fn can(&self, pick: impl FnOnce(Capabilities) -> Support) -> bool {
        pick(self.store.capabilities(&self.bucket)).is_yes()
    }

    /// A storage class that is not the one taken anyway, where the store keeps such labels.
    pub(super) fn class(&self, class: StorageClass) -> StorageClass {
        if self.can(|store| store.storage_classes) { class } else { StorageClass::default() }
    }

    /// Whether the store keeps versions; where it does not, it must say so when asked to.
    pub(super) async fn keeps_versions(world: &dyn StoreWorld) -> Option<Self> {
        let desk = Self::new(world).await;
        if desk.store.capabilities(&desk.bucket).versioning.is_yes() {
            let mut desk = desk;
            desk.set_versioning(Versioning::Enabled).await;
            return Some(desk);
        }
        let update = BucketUpdate::Versioning(Versioning::Enabled);
        assert_refused!(
            desk.store.update_bucket(&desk.cx, &desk.bucket, update).await,
            StoreErrorKind::Unsupported(_)
        );
        None
    }

    pub(super) async fn set_versioning(&mut self, versioning: Versioning) {
        let update = BucketUpdate::Versioning(versioning);
        self.bucket = self.store.update_bucket(&self.cx, &self.bucket, update).await.unwrap();
    }

    pub(super) async fn another_bucket(&self, name: &str) -> Bucket {
        let (name, owner) = (bucket_name(name), owner("alice"));
        self.store.create_bucket(&self.cx, &name, &owner, &TagSet::default()).await.unwrap()
    }

    pub(super) async fn put(&self, name: &str, bytes: impl Into<Bytes>) -> PutOutcome {
        self.try_put(name, bytes, PutOptions::default()).await.unwrap()
    }

    pub(super) async fn try_put(
        &self,
        name: &str,
        bytes: impl Into<Bytes>,
        options: PutOptions,
    ) -> Result<PutOutcome, StoreError> {
        self.store.put(&self.cx, &self.bucket, &key(name), body(bytes), options).await
    }

    pub(super) async fn read(&self, name: &str) -> Bytes {
        self.open(name, OpenOptions::default()).await.unwrap().1
    }

    pub(super) async fn read_version(&self, name: &str, version: &VersionId) -> Bytes {
        self.open(name, of_version(version)).await.unwrap().1
    }

    /// Opens an object and reads all of it.
    pub(super) async fn open(
        &self,
        name: &str,
        options: OpenOptions,
    ) -> Result<(ObjectInfo, Bytes), StoreError> {
        let opened = self.store.open(&self.cx, &self.bucket, &key(name), options).await?;
        let body = opened.content.read(ByteRange::whole(opened.info.size_bytes)).await?;
        assert!(body.length_bytes().is_none_or(|length| length == opened.info.size_bytes));
        let bytes = body.collect(READ_MAX_BYTES).await.unwrap();
        assert_eq!(bytes.len() as u64, opened.info.size_bytes);
        Ok((opened.info, bytes))
    }

    pub(super) async fn read_range(&self, name: &str, range: ByteRange) -> Bytes {
        let opened =
            self.store.open(&self.cx, &self.bucket, &key(name), OpenOptions::default()).await.unwrap();
        opened.content.read(range).await.unwrap().collect(READ_MAX_BYTES).await.unwrap()
    }

    pub(super) async fn head(&self, name: &str) -> Result<ObjectInfo, StoreError> {
        self.store.head(&self.cx, &self.bucket, &key(name), OpenOptions::default()).await
    }

    pub(super) async fn delete(&self, name: &str) -> DeleteOutcome {
        self.try_delete(name, DeleteOptions::default()).await.unwrap()
    }

    pub(super) async fn delete_version(&self, name: &str, version: &VersionId) -> DeleteOutcome {
        let version_id = Some(version.clone());
        self.try_delete(name, DeleteOptions { version_id, ..DeleteOptions::default() }).await.unwrap()
    }

    pub(super) async fn try_delete(
        &self,
        name: &str,
        options: DeleteOptions,
    ) -> Result<DeleteOutcome, StoreError> {
        self.store.delete(&self.cx, &self.bucket, &key(name), options).await
    }

    pub(super) async fn list(&self, options: ListObjects) -> ListPage {
        self.store.list(&self.cx, &self.bucket, options).await.unwrap()
    }

    pub(super) async fn list_versions(&self, options: ListVersions) -> VersionPage {
        self.store.list_versions(&self.cx, &self.bucket, options).await.unwrap()
    }

    /// The object as a source of copies, as it is now.
    pub(super) async fn source(&self, name: &str) -> CopySource {
        let etag = self.head(name).await.unwrap().etag;
        CopySource { bucket: self.bucket.clone().into(), key: key(name), version_id: None, etag }
    }

    pub(super) async fn copy(
        &self,
        from: &CopySource,
        to: &str,
        options: CopyOptions,
    ) -> Result<PutOutcome, StoreError> {
        self.store.copy(&self.cx, from, &self.bucket, &key(to), options).await
    }

    pub(super) async fn begin(&self, name: &str, options: CreateUploadOptions) -> Upload<'_> {
        let key = key(name);
        let id = self.store.create_upload(&self.cx, &self.bucket, &key, options).await.unwrap();
        Upload { desk: self, key, id }
    }
}

/// An unfinished upload.
pub(super) struct Upload<'a> {
    pub(super) desk: &'a Desk,
    pub(super) key: ObjectKey,
    pub(super) id: UploadId,
}

impl Upload<'_> {
    pub(super) fn reference(&self) -> UploadRef<'_> {
        UploadRef { bucket: &self.desk.bucket, key: &self.key, id: &self.id }
    }

    pub(super) async fn try_put(
        &self,
        number: u32,
        bytes: impl Into<Bytes>,
        options: PartOptions,
    ) -> Result<PartOutcome, StoreError> {
        self.desk.store.put_part(&self.desk.cx, self.reference(), number, body(bytes), options).await
    }

    /// Stores a part and lists it as a client that repeats its checksum.
    pub(super) async fn put(&self, number: u32, bytes: impl Into<Bytes>) -> CompletedPart {
        let outcome = self.try_put(number, bytes, PartOptions::default()).await.unwrap();
        CompletedPart { number, etag: outcome.etag, checksum: outcome.checksum }
    }

    pub(super) async fn try_complete(
        &self,
        parts: &[CompletedPart],
        options: CompleteOptions,
    ) -> Result<PutOutcome, StoreError> {
        let store = &self.desk.store;
        store.complete_upload(&self.desk.cx, self.reference(), parts.to_vec(), options).await
    }

    pub(super) async fn complete(&self, parts: &[CompletedPart]) -> PutOutcome {
        self.try_complete(parts, CompleteOptions::default()).await.unwrap()
    }

    pub(super) async fn abort(&self) -> Result<(), StoreError> {
        self.desk.store.abort_upload(&self.desk.cx, self.reference()).await
    }
}
