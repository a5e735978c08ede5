use crate::{
    AclOutput, BucketLocationOutput, BucketSettingOutput, BucketTaggingOutput, BucketVersioningOutput,
    CompleteMultipartUploadOutput, CopyObjectOutput, CreateBucketOutput, CreateMultipartUploadOutput,
    DeleteObjectOutput, DeleteObjectsOutput, GetObjectAttributesOutput, GetObjectOutput, HeadBucketOutput,
    HeadObjectOutput, ListBucketsOutput, ListMultipartUploadsOutput, ListObjectVersionsOutput,
    ListObjectsOutput, ListObjectsV2Output, ListPartsOutput, ObjectTaggingOutput, ObjectTaggingSetOutput,
    PostObjectOutput, PutObjectOutput, UploadPartCopyOutput, UploadPartOutput,
};

/// What each implemented operation gives back when it succeeds.
#[derive(Debug)]
#[allow(missing_docs, reason = "each variant is the operation that its name says")]
pub enum Output {
    ListBuckets(ListBucketsOutput),
    CreateBucket(CreateBucketOutput),
    HeadBucket(HeadBucketOutput),
    DeleteBucket,
    GetBucketLocation(BucketLocationOutput),
    GetBucketVersioning(BucketVersioningOutput),
    PutBucketVersioning,
    GetBucketTagging(BucketTaggingOutput),
    PutBucketTagging,
    DeleteBucketTagging,
    GetBucketAcl(AclOutput),
    PutBucketAcl,
    /// Reading a setting that cannot be made yet.
    GetBucketSetting(BucketSettingOutput),
    /// Writing the value that it has.
    PutBucketSetting,
    /// Deleting it.
    DeleteBucketSetting,
    PutObject(PutObjectOutput),
    PostObject(Box<PostObjectOutput>),
    GetObject(Box<GetObjectOutput>),
    HeadObject(Box<HeadObjectOutput>),
    DeleteObject(DeleteObjectOutput),
    DeleteObjects(DeleteObjectsOutput),
    CopyObject(Box<CopyObjectOutput>),
    GetObjectAttributes(Box<GetObjectAttributesOutput>),
    GetObjectTagging(ObjectTaggingOutput),
    PutObjectTagging(ObjectTaggingSetOutput),
    DeleteObjectTagging(ObjectTaggingSetOutput),
    GetObjectAcl(AclOutput),
    PutObjectAcl,
    ListObjects(Box<ListObjectsOutput>),
    ListObjectsV2(Box<ListObjectsV2Output>),
    ListObjectVersions(Box<ListObjectVersionsOutput>),
    ListMultipartUploads(Box<ListMultipartUploadsOutput>),
    ListParts(Box<ListPartsOutput>),
    CreateMultipartUpload(CreateMultipartUploadOutput),
    UploadPart(UploadPartOutput),
    UploadPartCopy(UploadPartCopyOutput),
    CompleteMultipartUpload(CompleteMultipartUploadOutput),
    AbortMultipartUpload,
}
