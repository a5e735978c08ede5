use std::sync::Arc;

use async_trait::async_trait;
use types::{
    Body, ByteRange, Checksum, ChecksumAlgorithm, Context, ETag, ExpectedDigests, ObjectKey, ObjectMetadata,
    RangeSpec, TagSet, Timestamp, VersionId,
};

use crate::{Bucket, Capabilities, ListObjects, ListPage, ListVersions, StoreError, VersionPage};

/// A condition on the object that a write replaces or removes; decided atomically with the write.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum WriteCondition {
    /// None.
    #[default]
    Always,
    /// `If-None-Match: *`: there is no current object (a delete marker counts as none).
    IfAbsent,
    /// `If-Match: *`: there is a current object.
    IfPresent,
    /// `If-Match: ETAG`: the current object has this tag.
    IfMatch(ETag),
}

/// An object's S3 identity, as somebody above the store has already computed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectIdentity {
    /// The entity tag.
    pub etag: ETag,
    /// The checksum, if there is one.
    pub checksum: Option<Checksum>,
    /// Part sizes in order, where the object was uploaded in parts.
    pub part_sizes: Vec<u64>,
}

/// Where an object's identity comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// The store computes it from the bytes and verifies what is expected.
    Compute(ExpectedDigests),
    /// A layer above has hashed the plain bytes: the store hashes nothing but its own block checksums.
    Supplied(ObjectIdentity),
}

impl Default for Identity {
    fn default() -> Self {
        Self::Compute(ExpectedDigests::default())
    }
}

/// How to put an object.
#[derive(Debug, Clone, Default)]
pub struct PutOptions {
    /// What the client says about it.
    pub metadata: ObjectMetadata,
    /// Where its identity comes from.
    pub identity: Identity,
    /// What must hold of the object replaced.
    pub condition: WriteCondition,
}

/// What a put, copy or completed upload made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PutOutcome {
    /// The entity tag.
    pub etag: ETag,
    /// The version, where the bucket has or had versioning.
    pub version_id: Option<VersionId>,
    /// The checksum kept.
    pub checksum: Option<Checksum>,
    /// The size.
    pub size_bytes: u64,
    /// When it was made.
    pub modified_at: Timestamp,
}

/// An object as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectInfo {
    /// The entity tag.
    pub etag: ETag,
    /// The size.
    pub size_bytes: u64,
    /// When it was last written.
    pub modified_at: Timestamp,
    /// The version, where the bucket has or had versioning.
    pub version_id: Option<VersionId>,
    /// What the client said about it.
    pub metadata: ObjectMetadata,
    /// The checksum kept.
    pub checksum: Option<Checksum>,
    /// How many parts it was uploaded in, if it was.
    pub part_count: Option<u32>,
    /// The part that was asked for, if one was.
    pub part: Option<PartSpan>,
}

/// One part of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartSpan {
    /// Its number, from 1.
    pub number: u32,
    /// Where in the object it lies.
    pub range: ByteRange,
    /// Its own checksum, where kept.
    pub checksum: Option<Checksum>,
}

/// A page of an object's parts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ObjectParts {
    /// The parts, in order of number.
    pub parts: Vec<PartSpan>,
    /// Whether there are more.
    pub more: bool,
}

/// How to look at or open an object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OpenOptions {
    /// Which version; the current one where none is named.
    pub version_id: Option<VersionId>,
    /// A part to find, from 1. A number that the object does not have is `Part(NoSuchPart)`; number 1 of an object put
    /// in one piece is the whole object.
    pub part_number: Option<u32>,
    /// The range that will be read, so that a far store can ask for it at once. Only a hint.
    pub range_hint: Option<RangeSpec>,
}

/// An open object: what it is, and its bytes on demand.
pub struct Opened {
    /// What it is.
    pub info: ObjectInfo,
    /// Its bytes.
    pub content: Box<dyn Content>,
}

/// The bytes of one immutable version of an object.
#[async_trait]
pub trait Content: Send + Sync {
    /// The bytes of `range`, which must lie inside the object. Always of the version that was opened, whatever has become of
    /// the key since. Errors of later frames come through the body.
    ///
    /// # Errors
    /// Failures of the store before the first byte.
    async fn read(&self, range: ByteRange) -> Result<Body, StoreError>;
}

/// How to delete an object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeleteOptions {
    /// A version to remove for good. Without one the object is removed where versions are off, and a delete marker is put
    /// where they are not.
    pub version_id: Option<VersionId>,
    /// What must hold of the current object; of the named version where one is named.
    pub condition: WriteCondition,
}

/// What a delete did. Deleting what is not there succeeds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeleteOutcome {
    /// The version removed, or that of the delete marker made.
    pub version_id: Option<VersionId>,
    /// Whether that version is a delete marker.
    pub delete_marker: bool,
}

/// One of many objects to delete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteTarget {
    /// The key.
    pub key: ObjectKey,
    /// How.
    pub options: DeleteOptions,
}

/// What is copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopySource {
    /// The bucket, which may be another one.
    pub bucket: Arc<Bucket>,
    /// The key.
    pub key: ObjectKey,
    /// The version; the current one where none is named.
    pub version_id: Option<VersionId>,
    /// The tag that the caller saw and decided on; another one is a `Conflict`.
    pub etag: ETag,
}

/// Whether a copy keeps what the source has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Directive<T> {
    /// Keep the source's.
    Copy,
    /// Take this instead.
    Replace(T),
}

/// How to copy an object.
#[derive(Debug, Clone)]
pub struct CopyOptions {
    /// Headers, user metadata and storage class (the tags in it are not looked at).
    pub metadata: Directive<ObjectMetadata>,
    /// The storage class, where the request names one beside a metadata directive of `Copy`.
    pub storage_class: Option<types::StorageClass>,
    /// The tags.
    pub tags: Directive<TagSet>,
    /// The checksum that the copy must have; the source's is kept where none is named.
    pub checksum: Option<ChecksumAlgorithm>,
    /// What must hold of the object replaced.
    pub condition: WriteCondition,
}

/// Objects: the one port that every store and every layer implements.
///
/// Every method is required, so that a wrapper that forgets one does not compile. Bodies are streams in both directions;
/// no method holds a whole object in memory.
#[async_trait]
pub trait ObjectStore: Send + Sync + 'static {
    /// What this store can do in `bucket`, honestly.
    fn capabilities(&self, bucket: &Bucket) -> Capabilities;

    /// Stores an object. Durable and visible, listings included, when it returns; before that nothing of it is visible.
    ///
    /// # Errors
    /// `ConditionFailed` and `Missing(Key)` by the condition, `Conflict` when a race decided it; `DigestMismatch`; `Body`;
    /// `Full`.
    ///
    /// # Cancel safety
    /// A dropped put takes effect wholly or not at all.
    async fn put(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        body: Body,
        options: PutOptions,
    ) -> Result<PutOutcome, StoreError>;

    /// Finds an object and opens its bytes.
    ///
    /// # Errors
    /// `Missing(Key)`, `Missing(Version)`; `DeleteMarker` where the version named, or the current one, is a delete marker.
    async fn open(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: OpenOptions,
    ) -> Result<Opened, StoreError>;

    /// Finds an object.
    ///
    /// # Errors
    /// As [`ObjectStore::open`].
    async fn head(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: OpenOptions,
    ) -> Result<ObjectInfo, StoreError>;

    /// The parts of an object with numbers above `after`, at most `limit`.
    ///
    /// # Errors
    /// As [`ObjectStore::open`].
    async fn parts(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: OpenOptions,
        page: crate::ListParts,
    ) -> Result<ObjectParts, StoreError>;

    /// Deletes an object or a version.
    ///
    /// # Errors
    /// As the condition decides; `Conflict`.
    async fn delete(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: DeleteOptions,
    ) -> Result<DeleteOutcome, StoreError>;

    /// Deletes at most 1,000 objects or versions, each with its own outcome, in the order asked.
    ///
    /// # Errors
    /// Failures that concern the whole call.
    async fn delete_many(
        &self,
        cx: &Context,
        bucket: &Bucket,
        targets: Vec<DeleteTarget>,
    ) -> Result<Vec<Result<DeleteOutcome, StoreError>>, StoreError>;

    /// Copies an object inside the store, without moving bytes where the store can.
    ///
    /// # Errors
    /// As [`ObjectStore::open`] for the source and [`ObjectStore::put`] for the target; `Conflict` where the source is no
    /// longer the one named.
    async fn copy(
        &self,
        cx: &Context,
        source: &CopySource,
        bucket: &Bucket,
        key: &ObjectKey,
        options: CopyOptions,
    ) -> Result<PutOutcome, StoreError>;

    /// Replaces an object's tags; an empty set removes them. The rest of the object, its times included, stays.
    /// Returns the version changed.
    ///
    /// # Errors
    /// As [`ObjectStore::open`].
    async fn set_tags(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        version_id: Option<VersionId>,
        tags: TagSet,
    ) -> Result<Option<VersionId>, StoreError>;

    /// One page of current objects and common prefixes.
    ///
    /// # Errors
    /// Failures of the store.
    async fn list(&self, cx: &Context, bucket: &Bucket, options: ListObjects)
    -> Result<ListPage, StoreError>;

    /// One page of versions, delete markers and common prefixes.
    ///
    /// # Errors
    /// Failures of the store.
    async fn list_versions(
        &self,
        cx: &Context,
        bucket: &Bucket,
        options: ListVersions,
    ) -> Result<VersionPage, StoreError>;
}
