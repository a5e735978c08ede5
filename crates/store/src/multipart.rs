use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use types::{
    Body, ByteRange, Checksum, ChecksumAlgorithm, ChecksumKind, Context, ETag, ExpectedDigests, ObjectKey,
    ObjectMetadata, Timestamp,
};

use crate::{Bucket, CopySource, ListUploads, PutOutcome, StoreError, UploadPage, WriteCondition};

/// An upload's id: opaque text that the store issued.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UploadId(Arc<str>);

impl UploadId {
    /// Takes an id as text.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        Self(text.into())
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UploadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Names one upload.
#[derive(Debug, Clone, Copy)]
pub struct UploadRef<'a> {
    /// The bucket.
    pub bucket: &'a Bucket,
    /// The key that the object will have.
    pub key: &'a ObjectKey,
    /// The upload.
    pub id: &'a UploadId,
}

/// The checksum that an upload was begun with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UploadChecksum {
    /// The algorithm of all parts.
    pub algorithm: ChecksumAlgorithm,
    /// What the whole object's checksum covers.
    pub kind: ChecksumKind,
}

/// How to begin an upload.
#[derive(Debug, Clone, Default)]
pub struct CreateUploadOptions {
    /// What the client says about the object.
    pub metadata: ObjectMetadata,
    /// The checksum named. Where none is, the store computes CRC64NVME of each part and of the whole.
    pub checksum: Option<UploadChecksum>,
}

/// An upload as it was begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadInfo {
    /// When it was begun.
    pub initiated_at: Timestamp,
    /// What the client said about the object.
    pub metadata: ObjectMetadata,
    /// The checksum named.
    pub checksum: Option<UploadChecksum>,
}

/// How to upload a part.
#[derive(Debug, Clone, Copy, Default)]
pub struct PartOptions {
    /// What the bytes must turn out to be.
    pub expected: ExpectedDigests,
}

/// How to copy a part.
#[derive(Debug, Clone, Copy, Default)]
pub struct CopyPartOptions {
    /// The range of the source; all of it where none is named.
    pub range: Option<ByteRange>,
}

/// What an uploaded or copied part is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartOutcome {
    /// Its entity tag.
    pub etag: ETag,
    /// Its checksum; the upload's algorithm, CRC64NVME where none was named.
    pub checksum: Option<Checksum>,
    /// When it was written.
    pub modified_at: Timestamp,
}

/// One part of an unfinished upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartSummary {
    /// Its number.
    pub number: u32,
    /// Its size.
    pub size_bytes: u64,
    /// What it is.
    pub outcome: PartOutcome,
}

/// Which parts to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListParts {
    /// Only numbers above this one.
    pub after: u32,
    /// The most parts in the page.
    pub limit: usize,
}

/// A page of parts, in order of number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartsPage {
    /// The upload.
    pub upload: UploadInfo,
    /// The parts.
    pub parts: Vec<PartSummary>,
    /// Whether there are more behind the last.
    pub more: bool,
}

/// One part as the client lists it on completing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompletedPart {
    /// Its number.
    pub number: u32,
    /// The tag that the client got for it.
    pub etag: ETag,
    /// The checksum, where the client repeats it.
    pub checksum: Option<Checksum>,
}

/// How to complete an upload.
#[derive(Debug, Clone, Default)]
pub struct CompleteOptions {
    /// What must hold of the object replaced.
    pub condition: WriteCondition,
    /// The checksum of the whole that the client expects.
    pub checksum: Option<Checksum>,
    /// The kind that the client names; another than the upload's is `Part(ChecksumKind)`.
    pub checksum_kind: Option<ChecksumKind>,
    /// The size that the client expects; another one is `Part(ObjectSize)`.
    pub object_size_bytes: Option<u64>,
    /// The largest object that may come of it; a larger sum of the parts is `Part(TooLarge)`.
    pub max_size_bytes: Option<u64>,
}

/// Uploads in parts.
///
/// Parts of one upload never mix with another's. Part numbers run from 1 to 10,000, checked by the caller.
#[async_trait]
pub trait MultipartStore: Send + Sync + 'static {
    /// Begins an upload.
    ///
    /// # Errors
    /// `Missing(Bucket)`.
    async fn create_upload(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: CreateUploadOptions,
    ) -> Result<UploadId, StoreError>;

    /// Stores a part, replacing one of the same number.
    ///
    /// # Errors
    /// `Missing(Upload)`; `Part(ChecksumAlgorithm)` where the part's checksum is not of the upload's algorithm;
    /// `DigestMismatch`; `Body`; `Full`.
    ///
    /// # Cancel safety
    /// A dropped call takes effect wholly or not at all.
    async fn put_part(
        &self,
        cx: &Context,
        upload: UploadRef<'_>,
        number: u32,
        body: Body,
        options: PartOptions,
    ) -> Result<PartOutcome, StoreError>;

    /// Stores a range of an object as a part.
    ///
    /// # Errors
    /// `Missing(Upload)`; as [`crate::ObjectStore::open`] for the source; `Conflict` where the source is no longer the one
    /// named.
    async fn copy_part(
        &self,
        cx: &Context,
        source: &CopySource,
        upload: UploadRef<'_>,
        number: u32,
        options: CopyPartOptions,
    ) -> Result<PartOutcome, StoreError>;

    /// Makes the object of the parts listed, in their order, and ends the upload; parts not listed are dropped. Repeating
    /// a completion with the same parts gives the same outcome while the object is still the current one.
    ///
    /// # Errors
    /// `Missing(Upload)`; `Part` with what is wrong; `ConditionFailed`, `Missing(Key)`, `Conflict` by the condition;
    /// `DigestMismatch`. The upload stays open after each of these.
    async fn complete_upload(
        &self,
        cx: &Context,
        upload: UploadRef<'_>,
        parts: Vec<CompletedPart>,
        options: CompleteOptions,
    ) -> Result<PutOutcome, StoreError>;

    /// Ends an upload and drops its parts.
    ///
    /// # Errors
    /// `Missing(Upload)`.
    async fn abort_upload(&self, cx: &Context, upload: UploadRef<'_>) -> Result<(), StoreError>;

    /// One page of unfinished uploads.
    ///
    /// # Errors
    /// Failures of the store.
    async fn list_uploads(
        &self,
        cx: &Context,
        bucket: &Bucket,
        options: ListUploads,
    ) -> Result<UploadPage, StoreError>;

    /// One page of an upload's parts, with the upload; a limit of 0 asks for the upload alone.
    ///
    /// # Errors
    /// `Missing(Upload)`.
    async fn list_parts(
        &self,
        cx: &Context,
        upload: UploadRef<'_>,
        page: ListParts,
    ) -> Result<PartsPage, StoreError>;
}
