//! What an object store promises: the ports, what a store can do, and how layers stack on it.
//!
//! Knows: buckets, objects, versions, uploads and listings as a store sees them.
//! Does not know: S3's wire, HTTP, disks, any one store.

mod bucket;
mod capabilities;
mod error;
mod layer;
mod list;
mod multipart;
mod object;

use std::sync::Arc;

pub use bucket::{Bucket, BucketPage, BucketStore, BucketUpdate, ListBuckets, Versioning};
pub use capabilities::{Capabilities, Support};
pub use error::{Missing, PartProblem, StoreError, StoreErrorKind, Throttled};
pub use layer::{Layer, LayerClash, Slot, check_order, stack};
pub use list::{
    ListEntry, ListObjects, ListPage, ListUploads, ListVersions, ObjectSummary, Position, UploadEntry,
    UploadPage, UploadSummary, VersionEntry, VersionPage, VersionState, VersionSummary,
};
pub use multipart::{
    CompleteOptions, CompletedPart, CopyPartOptions, CreateUploadOptions, ListParts, MultipartStore,
    PartOptions, PartOutcome, PartSummary, PartsPage, UploadChecksum, UploadId, UploadInfo, UploadRef,
};
pub use object::{
    Content, CopyOptions, CopySource, DeleteOptions, DeleteOutcome, DeleteTarget, Directive, Identity,
    ObjectIdentity, ObjectInfo, ObjectParts, ObjectStore, OpenOptions, Opened, PartSpan, PutOptions,
    PutOutcome, WriteCondition,
};

pub use types::{ExpectedChecksum, ExpectedDigests};

/// A whole store: buckets, objects and uploads.
pub trait Store: BucketStore + ObjectStore + MultipartStore {}

impl<T: BucketStore + ObjectStore + MultipartStore> Store for T {}

/// A store that is shared between requests.
pub type SharedStore = Arc<dyn Store>;
