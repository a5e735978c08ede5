use http::{HeaderMap, HeaderName, HeaderValue, header};
use s3_model::ObjectHead;
use types::{Checksum, ETag, StorageClass, Timestamp, UserMetadata, VersionId};

use crate::checksum::{checksum_header, value_text};
use crate::date::http_date;
use crate::decode::encode_rfc2047;

pub(super) const VERSION_ID: HeaderName = HeaderName::from_static("x-amz-version-id");
pub(super) const DELETE_MARKER: HeaderName = HeaderName::from_static("x-amz-delete-marker");
pub(super) const BUCKET_REGION: HeaderName = HeaderName::from_static("x-amz-bucket-region");
pub(super) const CHECKSUM_TYPE: HeaderName = HeaderName::from_static("x-amz-checksum-type");
pub(super) const CHECKSUM_ALGORITHM: HeaderName = HeaderName::from_static("x-amz-checksum-algorithm");
pub(super) const COPY_SOURCE_VERSION_ID: HeaderName = HeaderName::from_static("x-amz-copy-source-version-id");
const PARTS_COUNT: HeaderName = HeaderName::from_static("x-amz-mp-parts-count");
const REDIRECT: HeaderName = HeaderName::from_static("x-amz-website-redirect-location");
const STORAGE_CLASS: HeaderName = HeaderName::from_static("x-amz-storage-class");
const TAGGING_COUNT: HeaderName = HeaderName::from_static("x-amz-tagging-count");

/// What S3 says of an object that was given no content type.
const DEFAULT_CONTENT_TYPE: &str = "binary/octet-stream";

/// Sets a header; a value that cannot stand in one is left out.
pub(super) fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
        headers.insert(name, value);
    }
}

/// Sets a header where there is a value.
pub(super) fn set_optional(headers: &mut HeaderMap, name: HeaderName, value: Option<&str>) {
    if let Some(value) = value {
        set(headers, name, value);
    }
}

pub(super) fn set_etag(headers: &mut HeaderMap, etag: &ETag) {
    set(headers, header::ETAG, &format!("\"{etag}\""));
}

pub(super) fn set_last_modified(headers: &mut HeaderMap, moment: Timestamp) {
    set(headers, header::LAST_MODIFIED, &http_date(moment));
}

pub(super) fn set_version(headers: &mut HeaderMap, version_id: Option<&VersionId>) {
    set_optional(headers, VERSION_ID, version_id.map(VersionId::as_str));
}

/// The checksum's own header and its kind.
pub(super) fn set_checksum(headers: &mut HeaderMap, checksum: Option<&Checksum>) {
    let Some(checksum) = checksum else { return };
    set(headers, HeaderName::from_static(checksum_header(checksum.algorithm)), &value_text(checksum));
    headers.insert(CHECKSUM_TYPE, HeaderValue::from_static(checksum.kind.name()));
}

/// All headers of an object that is read. Source: GetObject and HeadObject in the Amazon S3 API reference.
pub(super) fn set_object(headers: &mut HeaderMap, head: &ObjectHead) {
    headers.reserve(16 + head.user.len());
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(head.content_length()));
    set_last_modified(headers, head.modified_at);
    set_etag(headers, &head.etag);
    let kept = &head.headers;
    let content_type = kept.content_type.as_deref().unwrap_or(DEFAULT_CONTENT_TYPE);
    set(headers, header::CONTENT_TYPE, content_type);
    set_optional(headers, header::CACHE_CONTROL, kept.cache_control.as_deref());
    set_optional(headers, header::CONTENT_DISPOSITION, kept.content_disposition.as_deref());
    set_optional(headers, header::CONTENT_ENCODING, kept.content_encoding.as_deref());
    set_optional(headers, header::CONTENT_LANGUAGE, kept.content_language.as_deref());
    set_optional(headers, header::EXPIRES, kept.expires.as_deref());
    set_optional(headers, REDIRECT, kept.website_redirect_location.as_deref());
    if let Some(range) = head.range.filter(|range| !range.is_empty()) {
        let text = format!("bytes {}-{}/{}", range.start, range.end - 1, head.size_bytes);
        set(headers, header::CONTENT_RANGE, &text);
    }
    set_version(headers, head.version_id.as_ref());
    set_checksum(headers, head.checksum.as_ref());
    if head.storage_class != StorageClass::Standard {
        headers.insert(STORAGE_CLASS, HeaderValue::from_static(head.storage_class.as_str()));
    }
    if head.tag_count > 0 {
        headers.insert(TAGGING_COUNT, HeaderValue::from(head.tag_count));
    }
    if let Some(count) = head.part_count {
        headers.insert(PARTS_COUNT, HeaderValue::from(count));
    }
    set_user(headers, &head.user);
}

/// `x-amz-meta-…`. Values beyond printable US-ASCII go as encoded words, as S3 sends them.
fn set_user(headers: &mut HeaderMap, user: &UserMetadata) {
    for (name, value) in user {
        let Ok(name) = HeaderName::from_bytes(format!("x-amz-meta-{name}").as_bytes()) else { continue };
        if value.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
            set(headers, name, value);
        } else {
            set(headers, name, &encode_rfc2047(value));
        }
    }
}
