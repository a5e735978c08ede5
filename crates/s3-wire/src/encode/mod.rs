//! Outputs into answers: one file per small family of operations.

mod bucket;
mod error;
mod headers;
mod listing;
mod multipart;
mod object;
mod post_object;
mod settings;
#[cfg(test)]
mod testing;
mod uploads;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use s3_model::Output;
use types::{BucketName, ObjectKey};

pub use error::{ErrorContext, encode_error};

use crate::{Reply, ReplyBody, Routed, Scheme};

/// Writes an answer. `routed` and `scheme` say how the client reached the server, for URLs in the answer.
#[must_use]
pub fn encode(output: Output, routed: &Routed, scheme: Scheme) -> Reply {
    match output {
        Output::ListBuckets(output) => bucket::list(&output),
        Output::CreateBucket(output) => bucket::created(&output),
        Output::HeadBucket(output) => bucket::head(&output),
        Output::GetBucketLocation(output) => bucket::location(&output),
        Output::GetBucketVersioning(output) => bucket::versioning(output),
        Output::GetBucketTagging(output) => bucket::tagging(&output.tags),
        Output::GetBucketAcl(output) | Output::GetObjectAcl(output) => bucket::acl(&output),
        Output::GetBucketSetting(output) => settings::encode(output),
        Output::PutBucketVersioning
        | Output::PutBucketAcl
        | Output::PutObjectAcl
        | Output::PutBucketSetting => empty(StatusCode::OK),
        Output::DeleteBucket
        | Output::PutBucketTagging
        | Output::DeleteBucketTagging
        | Output::DeleteBucketSetting
        | Output::AbortMultipartUpload => empty(StatusCode::NO_CONTENT),
        Output::PutObject(output) => object::put(&output),
        Output::PostObject(output) => post_object::encode(&output, routed, scheme),
        Output::GetObject(output) => object::get(*output),
        Output::HeadObject(output) => object::head(&output),
        Output::DeleteObject(output) => object::deleted(&output),
        Output::DeleteObjects(output) => object::deleted_many(&output),
        Output::CopyObject(output) => object::copied(&output),
        Output::GetObjectAttributes(output) => object::attributes(&output),
        Output::GetObjectTagging(output) => object::tagging(&output),
        Output::PutObjectTagging(output) => object::tagging_set(&output, StatusCode::OK),
        Output::DeleteObjectTagging(output) => object::tagging_set(&output, StatusCode::NO_CONTENT),
        Output::ListObjects(output) => listing::objects(&output),
        Output::ListObjectsV2(output) => listing::objects_v2(&output),
        Output::ListObjectVersions(output) => listing::versions(&output),
        Output::ListMultipartUploads(output) => uploads::list(&output),
        Output::ListParts(output) => uploads::parts(&output),
        Output::CreateMultipartUpload(output) => multipart::created(&output),
        Output::UploadPart(output) => multipart::part(&output),
        Output::UploadPartCopy(output) => multipart::part_copied(&output),
        Output::CompleteMultipartUpload(output) => multipart::completed(&output, routed, scheme),
    }
}

/// An answer without a body.
fn empty(status: StatusCode) -> Reply {
    let mut headers = HeaderMap::new();
    // Where a status has no body at all, RFC 9110 forbids the length.
    if status != StatusCode::NO_CONTENT {
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
    Reply { status, headers, body: ReplyBody::Empty }
}

/// An answer of one document.
fn document(xml: Vec<u8>) -> Reply {
    document_with(StatusCode::OK, xml)
}

fn document_with(status: StatusCode, xml: Vec<u8>) -> Reply {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(xml.len()));
    Reply { status, headers, body: ReplyBody::Document(Bytes::from(xml)) }
}

/// The URL of an object, as the client addressed its bucket.
fn object_url(routed: &Routed, scheme: Scheme, bucket: &BucketName, key: &ObjectKey) -> String {
    let key = crate::percent::encode(key.as_str(), crate::percent::Keep::Path);
    match routed.host() {
        Some(host) if routed.virtual_hosted() => format!("{}://{host}/{key}", scheme.as_str()),
        Some(host) => format!("{}://{host}/{bucket}/{key}", scheme.as_str()),
        None => format!("/{bucket}/{key}"),
    }
}
