use s3_model::{Input, Method, Operation, PathClass, Status};

/// Whether an input is one of the operation that was admitted: what was allowed is what runs, even should the stages that
/// read the request disagree.
pub(crate) fn fits(operation: Operation, input: &Input) -> bool {
    let named = match input {
        Input::GetBucketSetting(_) => return is_setting(operation, Method::Get),
        Input::PutBucketSetting(_) => return is_setting(operation, Method::Put),
        Input::DeleteBucketSetting(_) => return is_setting(operation, Method::Delete),
        Input::ObjectLock(_) => return operation.row().path == PathClass::Object && is_answered(operation),
        Input::ListBuckets(_) => Operation::ListBuckets,
        Input::CreateBucket(_) => Operation::CreateBucket,
        Input::HeadBucket => Operation::HeadBucket,
        Input::DeleteBucket => Operation::DeleteBucket,
        Input::GetBucketLocation => Operation::GetBucketLocation,
        Input::GetBucketVersioning => Operation::GetBucketVersioning,
        Input::PutBucketVersioning(_) => Operation::PutBucketVersioning,
        Input::GetBucketTagging => Operation::GetBucketTagging,
        Input::PutBucketTagging(_) => Operation::PutBucketTagging,
        Input::DeleteBucketTagging => Operation::DeleteBucketTagging,
        Input::GetBucketAcl => Operation::GetBucketAcl,
        Input::PutBucketAcl(_) => Operation::PutBucketAcl,
        Input::PutObject(_) => Operation::PutObject,
        Input::PostObject(_) => Operation::PostObject,
        Input::GetObject(_) => Operation::GetObject,
        Input::HeadObject(_) => Operation::HeadObject,
        Input::DeleteObject(_) => Operation::DeleteObject,
        Input::DeleteObjects(_) => Operation::DeleteObjects,
        Input::CopyObject(_) => Operation::CopyObject,
        Input::GetObjectAttributes(_) => Operation::GetObjectAttributes,
        Input::GetObjectTagging(_) => Operation::GetObjectTagging,
        Input::PutObjectTagging(_) => Operation::PutObjectTagging,
        Input::DeleteObjectTagging(_) => Operation::DeleteObjectTagging,
        Input::GetObjectAcl(_) => Operation::GetObjectAcl,
        Input::PutObjectAcl(_) => Operation::PutObjectAcl,
        Input::ListObjects(_) => Operation::ListObjects,
        Input::ListObjectsV2(_) => Operation::ListObjectsV2,
        Input::ListObjectVersions(_) => Operation::ListObjectVersions,
        Input::ListMultipartUploads(_) => Operation::ListMultipartUploads,
        Input::ListParts(_) => Operation::ListParts,
        Input::CreateMultipartUpload(_) => Operation::CreateMultipartUpload,
        Input::UploadPart(_) => Operation::UploadPart,
        Input::UploadPartCopy(_) => Operation::UploadPartCopy,
        Input::CompleteMultipartUpload(_) => Operation::CompleteMultipartUpload,
        Input::AbortMultipartUpload(_) => Operation::AbortMultipartUpload,
        Input::CorsPreflight => Operation::CorsPreflight,
    };
    named == operation
}

fn is_setting(operation: Operation, method: Method) -> bool {
    let row = operation.row();
    row.path == PathClass::Bucket && row.method == method && is_answered(operation)
}

fn is_answered(operation: Operation) -> bool {
    matches!(operation.status(), Status::Answered | Status::SameAs(_))
}
