//! Requests into inputs: one file per operation or small family.

mod acl;
mod attributes;
mod bucket;
mod conditions;
mod copy_object;
mod delete_object;
mod digests;
mod get_object;
mod listing;
mod metadata;
mod multipart;
mod post_object;
mod put_object;
mod refused;
mod rfc2047;
mod settings;
mod tagging;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

use bytes::Bytes;
use http::request::Parts;
use s3_model::{ErrorCode, Input, ObjectLockSetting, Operation, Payload, S3Error};

pub use digests::body_digests;
pub use post_object::decode_post;
pub(crate) use rfc2047::encode as encode_rfc2047;

use crate::Routed;
use crate::fields::Fields;

/// What every decoder is handed.
struct Request<'a> {
    routed: &'a Routed,
    fields: Fields<'a>,
    document: &'a [u8],
}

/// Reads all that a request says beside its body's bytes.
///
/// `document` is the whole body of an operation whose payload is [`Payload::Document`], none for others. A form upload is
/// decoded from its fields instead: [`decode_post`].
///
/// # Errors
/// `NotImplemented` by name for an operation or header that is not; S3's own code for whatever is malformed.
pub fn decode(routed: &Routed, parts: &Parts, document: Option<Bytes>) -> Result<Input, S3Error> {
    let operation = routed.operation();
    if operation.status() == s3_model::Status::NotImplemented {
        return Err(not_implemented(operation));
    }
    let document = document.unwrap_or_default();
    if let Payload::Document(max_bytes) = operation.payload()
        && document.len() > max_bytes
    {
        return Err(ErrorCode::MaxMessageLengthExceeded.into());
    }
    let fields = Fields::new(&parts.headers, routed.query());
    refused::check(operation, fields)?;
    let request = Request { routed, fields, document: &document };
    if matches!(operation.row().path, s3_model::PathClass::Object) {
        object(&request)
    } else {
        bucket(&request)
    }
}

/// `NotImplemented` with the operation's name.
fn not_implemented(operation: Operation) -> S3Error {
    S3Error::with_message(ErrorCode::NotImplemented, format!("{operation} is not implemented"))
        .detail("Operation", operation.name())
}

fn object(request: &Request<'_>) -> Result<Input, S3Error> {
    let version_id = || request.routed.version_id().cloned();
    Ok(match request.routed.operation() {
        Operation::PutObject => Input::PutObject(Box::new(put_object::decode(request)?)),
        Operation::GetObject => Input::GetObject(Box::new(get_object::decode(request)?)),
        Operation::HeadObject => Input::HeadObject(Box::new(get_object::decode(request)?)),
        Operation::DeleteObject => Input::DeleteObject(delete_object::decode(request)?),
        Operation::CopyObject => Input::CopyObject(Box::new(copy_object::decode(request)?)),
        Operation::GetObjectAttributes => Input::GetObjectAttributes(attributes::decode(request)?),
        Operation::GetObjectTagging => Input::GetObjectTagging(tagging::object(request)),
        Operation::PutObjectTagging => Input::PutObjectTagging(tagging::put_object(request)?),
        Operation::DeleteObjectTagging => Input::DeleteObjectTagging(tagging::object(request)),
        Operation::GetObjectAcl => Input::GetObjectAcl(tagging::object(request)),
        Operation::PutObjectAcl => Input::PutObjectAcl(s3_model::PutObjectAclInput {
            version_id: version_id(),
            acl: acl::decode(request)?,
        }),
        Operation::GetObjectLegalHold | Operation::PutObjectLegalHold => {
            Input::ObjectLock(ObjectLockSetting::LegalHold)
        }
        Operation::GetObjectRetention | Operation::PutObjectRetention => {
            Input::ObjectLock(ObjectLockSetting::Retention)
        }
        Operation::CreateMultipartUpload => {
            Input::CreateMultipartUpload(Box::new(multipart::create(request)?))
        }
        Operation::UploadPart => Input::UploadPart(multipart::upload_part(request)?),
        Operation::UploadPartCopy => Input::UploadPartCopy(multipart::upload_part_copy(request)?),
        Operation::CompleteMultipartUpload => Input::CompleteMultipartUpload(multipart::complete(request)?),
        Operation::AbortMultipartUpload => Input::AbortMultipartUpload(multipart::abort(request)?),
        Operation::ListParts => Input::ListParts(listing::parts(request)?),
        other => return Err(not_implemented(other)),
    })
}

fn bucket(request: &Request<'_>) -> Result<Input, S3Error> {
    Ok(match request.routed.operation() {
        Operation::ListBuckets => Input::ListBuckets(listing::buckets(request)?),
        Operation::CreateBucket => Input::CreateBucket(bucket::create(request)?),
        Operation::HeadBucket => Input::HeadBucket,
        Operation::DeleteBucket => Input::DeleteBucket,
        Operation::GetBucketLocation => Input::GetBucketLocation,
        Operation::GetBucketVersioning => Input::GetBucketVersioning,
        Operation::PutBucketVersioning => Input::PutBucketVersioning(bucket::put_versioning(request)?),
        Operation::GetBucketTagging => Input::GetBucketTagging,
        Operation::PutBucketTagging => Input::PutBucketTagging(tagging::put_bucket(request)?),
        Operation::DeleteBucketTagging => Input::DeleteBucketTagging,
        Operation::GetBucketAcl => Input::GetBucketAcl,
        Operation::PutBucketAcl => Input::PutBucketAcl(acl::decode(request)?),
        Operation::DeleteObjects => Input::DeleteObjects(delete_object::decode_many(request)?),
        Operation::ListObjects => Input::ListObjects(listing::objects(request)?),
        Operation::ListObjectsV2 => Input::ListObjectsV2(listing::objects_v2(request)?),
        Operation::ListObjectVersions => Input::ListObjectVersions(listing::versions(request)?),
        Operation::ListMultipartUploads => Input::ListMultipartUploads(listing::uploads(request)?),
        Operation::CorsPreflight => Input::CorsPreflight,
        other => match settings::of(other) {
            Some((setting, s3_model::Method::Get)) => Input::GetBucketSetting(setting),
            Some((setting, s3_model::Method::Put)) => {
                Input::PutBucketSetting(settings::put(request, setting)?)
            }
            Some((setting, _)) => Input::DeleteBucketSetting(setting),
            None => return Err(not_implemented(other)),
        },
    })
}
