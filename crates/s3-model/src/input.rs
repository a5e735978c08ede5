use crate::{
    AbortMultipartUploadInput, BucketSetting, CompleteMultipartUploadInput, CopyObjectInput,
    CreateBucketInput, CreateMultipartUploadInput, DeleteObjectInput, DeleteObjectsInput,
    GetObjectAttributesInput, GetObjectInput, ListBucketsInput, ListMultipartUploadsInput,
    ListObjectVersionsInput, ListObjectsInput, ListObjectsV2Input, ListPartsInput, ObjectLockSetting,
    ObjectTaggingInput, PostObjectInput, PutAclInput, PutBucketSettingInput, PutBucketTaggingInput,
    PutBucketVersioningInput, PutObjectAclInput, PutObjectInput, PutObjectTaggingInput, UploadPartCopyInput,
    UploadPartInput,
};

/// A request, decoded: what each implemented operation takes beside the names in its route and its body.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "each variant is the operation that its name says")]
pub enum Input {
    ListBuckets(ListBucketsInput),
    CreateBucket(CreateBucketInput),
    HeadBucket,
    DeleteBucket,
    GetBucketLocation,
    GetBucketVersioning,
    PutBucketVersioning(PutBucketVersioningInput),
    GetBucketTagging,
    PutBucketTagging(PutBucketTaggingInput),
    DeleteBucketTagging,
    GetBucketAcl,
    PutBucketAcl(PutAclInput),
    /// Reads one of the settings that cannot be made yet.
    GetBucketSetting(BucketSetting),
    /// Writes one of them.
    PutBucketSetting(PutBucketSettingInput),
    /// Deletes one of them.
    DeleteBucketSetting(BucketSetting),
    PutObject(Box<PutObjectInput>),
    PostObject(Box<PostObjectInput>),
    GetObject(Box<GetObjectInput>),
    HeadObject(Box<GetObjectInput>),
    DeleteObject(DeleteObjectInput),
    DeleteObjects(DeleteObjectsInput),
    CopyObject(Box<CopyObjectInput>),
    GetObjectAttributes(GetObjectAttributesInput),
    GetObjectTagging(ObjectTaggingInput),
    PutObjectTagging(PutObjectTaggingInput),
    DeleteObjectTagging(ObjectTaggingInput),
    /// GetObjectAcl; the version named must exist.
    GetObjectAcl(ObjectTaggingInput),
    PutObjectAcl(PutObjectAclInput),
    /// Reads or writes an object's retention or legal hold: S3 refuses both on a bucket without object lock.
    ObjectLock(ObjectLockSetting),
    ListObjects(ListObjectsInput),
    ListObjectsV2(ListObjectsV2Input),
    ListObjectVersions(ListObjectVersionsInput),
    ListMultipartUploads(ListMultipartUploadsInput),
    ListParts(ListPartsInput),
    CreateMultipartUpload(Box<CreateMultipartUploadInput>),
    UploadPart(UploadPartInput),
    UploadPartCopy(UploadPartCopyInput),
    CompleteMultipartUpload(CompleteMultipartUploadInput),
    AbortMultipartUpload(AbortMultipartUploadInput),
    /// A CORS preflight; without a rule it is refused.
    CorsPreflight,
}
