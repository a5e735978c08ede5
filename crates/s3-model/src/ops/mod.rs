//! One file per operation or small family: what it takes and what it gives.
//!
//! The bucket and key that a request names stand in its route, not in its input. Outputs hold a name only where the
//! answer shows it.

mod acl;
mod attributes;
mod bucket;
mod copy_object;
mod delete_object;
mod get_object;
mod list_objects;
mod list_parts;
mod list_uploads;
mod list_versions;
mod multipart;
mod post_object;
mod put_object;
mod settings;
mod tagging;

pub use acl::{AclOutput, PutAclInput, PutObjectAclInput};
pub use attributes::{
    AttributePart, AttributeParts, GetObjectAttributesInput, GetObjectAttributesOutput, ObjectAttribute,
};
pub use bucket::{
    BucketLocationOutput, BucketVersioningOutput, CreateBucketInput, CreateBucketOutput, HeadBucketOutput,
    ListBucketsInput, ListBucketsOutput, ListedBucket, PutBucketVersioningInput, VersioningStatus,
};
pub use copy_object::{CopyObjectInput, CopyObjectOutput, Directive};
pub use delete_object::{
    DeleteEntry, DeleteObjectInput, DeleteObjectOutput, DeleteObjectsInput, DeleteObjectsOutput,
    DeleteResult, Verbosity,
};
pub use get_object::{
    ChecksumMode, GetObjectInput, GetObjectOutput, HeadObjectOutput, ObjectHead, ResponseOverrides,
};
pub use list_objects::{
    Continuation, EncodingType, ListObjectsInput, ListObjectsOutput, ListObjectsV2Input, ListObjectsV2Output,
    ListedEntry, ListedObject,
};
pub use list_parts::{ListPartsInput, ListPartsOutput, ListedPart};
pub use list_uploads::{
    ListMultipartUploadsInput, ListMultipartUploadsOutput, ListedUpload, UploadListEntry,
};
pub use list_versions::{ListObjectVersionsInput, ListObjectVersionsOutput, ListedVersion, VersionListEntry};
pub use multipart::{
    AbortMultipartUploadInput, CompleteMultipartUploadInput, CompleteMultipartUploadOutput, CompletedPart,
    CreateMultipartUploadInput, CreateMultipartUploadOutput, UploadPartCopyInput, UploadPartCopyOutput,
    UploadPartInput, UploadPartOutput,
};
pub use post_object::{PostObjectInput, PostObjectOutput, PostSuccess};
pub use put_object::{PutObjectInput, PutObjectOutput};
pub use settings::{BucketSettingOutput, PutBucketSettingInput};
pub use tagging::{
    BucketTaggingOutput, ObjectTaggingInput, ObjectTaggingOutput, ObjectTaggingSetOutput,
    PutBucketTaggingInput, PutObjectTaggingInput,
};
