//! What a client says about an object, as headers bear it.

use std::borrow::Cow;

use http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_TYPE, EXPIRES,
};
use http::{HeaderMap, HeaderName, HeaderValue};
use sigv4::encode::{decode, encoded, pairs};
use store::{StoreError, StoreErrorKind};
use types::{ETag, ObjectHeaders, ObjectMetadata, StorageClass, TagSet, VersionId};

const REDIRECT: HeaderName = HeaderName::from_static("x-amz-website-redirect-location");
const META: &str = "x-amz-meta-";
const AWS_CHUNKED: &str = "aws-chunked";
/// S3's content type of an object that came without one.
const UNKNOWN_TYPE: &str = "binary/octet-stream";
const NOT_A_HEADER: &str = "the service takes metadata as HTTP headers, and no header can bear these";

/// A text as a header's value.
///
/// # Errors
/// `Unsupported` where a header would lose some of it: control characters, and spaces around it.
pub(crate) fn value(text: &str) -> Result<HeaderValue, StoreError> {
    let refused = || StoreError::new(StoreErrorKind::Unsupported(NOT_A_HEADER), "write a header");
    if text.trim_ascii() != text {
        return Err(refused());
    }
    HeaderValue::from_bytes(text.as_bytes()).map_err(|_| refused())
}

/// Writes system headers, user metadata and storage class.
///
/// # Errors
/// `Unsupported` for what no header can bear.
pub(crate) fn write_metadata(metadata: &ObjectMetadata, out: &mut HeaderMap) -> Result<(), StoreError> {
    let ObjectHeaders {
        cache_control,
        content_disposition,
        content_encoding,
        content_language,
        content_type,
        expires,
        website_redirect_location,
    } = &metadata.headers;
    for (name, text) in [
        (CACHE_CONTROL, cache_control),
        (CONTENT_DISPOSITION, content_disposition),
        (CONTENT_ENCODING, content_encoding),
        (CONTENT_LANGUAGE, content_language),
        (CONTENT_TYPE, content_type),
        (EXPIRES, expires),
        (REDIRECT, website_redirect_location),
    ] {
        if let Some(text) = text {
            out.insert(name, value(text)?);
        }
    }
    for (name, text) in &metadata.user {
        let name = HeaderName::from_bytes(format!("{META}{name}").as_bytes())
            .map_err(|_| StoreError::new(StoreErrorKind::Unsupported(NOT_A_HEADER), "write a header"))?;
        out.append(name, value(text)?);
    }
    write_storage_class(metadata.storage_class, out);
    Ok(())
}

/// Writes the storage class, unless it is the one that the service takes anyway.
pub(crate) fn write_storage_class(class: StorageClass, out: &mut HeaderMap) {
    if class != StorageClass::default() {
        out.insert("x-amz-storage-class", HeaderValue::from_static(class.as_str()));
    }
}

/// Writes tags as the query that S3 wants in a header.
pub(crate) fn write_tags(tags: &TagSet, out: &mut HeaderMap) {
    if tags.is_empty() {
        return;
    }
    let pairs: Vec<String> =
        tags.iter().map(|(key, value)| format!("{}={}", encoded(key, None), encoded(value, None))).collect();
    let value = HeaderValue::from_str(&pairs.join("&")).expect("what is encoded is visible ASCII");
    out.insert("x-amz-tagging", value);
}

/// Reads tags from the header that they were written to.
pub(crate) fn read_tags(headers: &HeaderMap) -> TagSet {
    let query = text(headers, "x-amz-tagging").unwrap_or_default();
    let pair = |(key, value)| (decode(key).into_owned(), decode(value).into_owned());
    TagSet::new(pairs(query).map(pair).collect(), TagSet::OBJECT_MAX).unwrap_or_default()
}

/// Puts `aws-chunked` in front of the content encodings.
pub(crate) fn mark_chunked(out: &mut HeaderMap) {
    let marked = match out.get(CONTENT_ENCODING) {
        None => HeaderValue::from_static(AWS_CHUNKED),
        Some(others) => {
            let joined = [AWS_CHUNKED.as_bytes(), b",", others.as_bytes()].concat();
            HeaderValue::from_bytes(&joined).expect("two values with a comma between are one")
        }
    };
    out.insert(CONTENT_ENCODING, marked);
}

/// Reads what an answer says about its object; tags are told elsewhere.
pub(crate) fn read_metadata(headers: &HeaderMap) -> ObjectMetadata {
    let get = |name: HeaderName| headers.get(name).map(|value| lossless(value).into_owned());
    let mut user: Vec<(String, String)> = headers
        .iter()
        .filter_map(|(name, value)| {
            Some((name.as_str().strip_prefix(META)?.to_owned(), lossless(value).into_owned()))
        })
        .collect();
    // Headers have no order of their own.
    user.sort();
    ObjectMetadata {
        headers: ObjectHeaders {
            cache_control: get(CACHE_CONTROL),
            content_disposition: get(CONTENT_DISPOSITION),
            content_encoding: get(CONTENT_ENCODING).and_then(|text| without_chunked(&text)),
            content_language: get(CONTENT_LANGUAGE),
            content_type: get(CONTENT_TYPE).filter(|text| text != UNKNOWN_TYPE),
            expires: get(EXPIRES),
            website_redirect_location: get(REDIRECT),
        },
        user,
        storage_class: storage_class(
            headers.get("x-amz-storage-class").and_then(|value| value.to_str().ok()),
        ),
        tags: TagSet::default(),
    }
}

/// Reads a class; one that S3 does not name counts as the standard one.
pub(crate) fn storage_class(text: Option<&str>) -> StorageClass {
    text.and_then(|text| StorageClass::from_text(text.trim())).unwrap_or_default()
}

/// A header as text.
pub(crate) fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

/// The entity tag of an answer.
pub(crate) fn etag(headers: &HeaderMap) -> Option<ETag> {
    text(headers, "etag").filter(|text| !text.is_empty()).map(ETag::from_text)
}

/// The version that an answer is about.
pub(crate) fn version_id(headers: &HeaderMap) -> Option<VersionId> {
    text(headers, "x-amz-version-id").filter(|text| !text.is_empty()).map(VersionId::from_text)
}

/// Some services keep the transport's own encoding with the object.
fn without_chunked(text: &str) -> Option<String> {
    let kept: Vec<&str> =
        text.split(',').map(str::trim).filter(|coding| !coding.eq_ignore_ascii_case(AWS_CHUNKED)).collect();
    let is_whole = kept.len() == text.split(',').count();
    match kept.is_empty() {
        true => None,
        false if is_whole => Some(text.to_owned()),
        false => Some(kept.join(",")),
    }
}

fn lossless(value: &HeaderValue) -> Cow<'_, str> {
    String::from_utf8_lossy(value.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_are_read_as_they_were_written() {
        let text = |text: &str| Some(text.to_owned());
        let metadata = ObjectMetadata {
            headers: ObjectHeaders {
                cache_control: text("no-cache"),
                content_disposition: text("attachment; filename=\"ü\""),
                content_encoding: text("gzip"),
                content_language: text("de"),
                content_type: text("text/x"),
                expires: text("not even a date"),
                website_redirect_location: text("/elsewhere"),
            },
            user: vec![("a".into(), "1".into()), ("empty".into(), "".into())],
            storage_class: StorageClass::GlacierIr,
            tags: TagSet::default(),
        };
        let mut headers = HeaderMap::new();
        write_metadata(&metadata, &mut headers).unwrap();
        assert_eq!(read_metadata(&headers), metadata);
        mark_chunked(&mut headers);
        assert_eq!(headers[CONTENT_ENCODING], "aws-chunked,gzip");
        assert_eq!(read_metadata(&headers), metadata);
    }

    #[test]
    fn what_no_header_can_bear_is_refused() {
        for (name, text) in [("名", "x"), ("a b", "x"), ("a", "x "), ("a", "\n"), ("a", " x")] {
            let metadata =
                ObjectMetadata { user: vec![(name.into(), text.into())], ..ObjectMetadata::default() };
            let refused = write_metadata(&metadata, &mut HeaderMap::new());
            assert!(matches!(refused.unwrap_err().kind, StoreErrorKind::Unsupported(_)), "{name} {text:?}");
        }
    }

    #[test]
    fn tags_are_written_as_a_query() {
        let tags = TagSet::new(vec![("a b".into(), "1=2".into()), ("c".into(), "".into())], 10).unwrap();
        let mut headers = HeaderMap::new();
        write_tags(&tags, &mut headers);
        assert_eq!(headers["x-amz-tagging"], "a%20b=1%3D2&c=");
        assert_eq!(read_tags(&headers), tags);
    }
}
