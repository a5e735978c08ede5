//! The XML API: objects read and written, and uploads in parts.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use http::header::{HeaderName, HeaderValue};
use http::{Method, Response, StatusCode};
use serde_json::Value;

use super::request::Asked;
use super::world::{Object, World};
use super::{Settings, XmlUploads, parts, reply};

pub(super) fn answer(
    world: &mut World,
    settings: &Settings,
    asked: &Asked,
    place: (&str, &str),
) -> Response<Bytes> {
    let (bucket, name) = place;
    if !world.buckets.contains_key(bucket) {
        return reply::xml_error(404, "NoSuchBucket");
    }
    let is_upload = asked.query("uploads").is_some() || asked.query("uploadId").is_some();
    if is_upload {
        // Source: "Request preconditions": uploads in parts take none.
        let is_conditional = asked.headers.keys().any(|name| name.as_str().starts_with("x-goog-if-"));
        return match settings.xml_uploads {
            _ if is_conditional => reply::xml_error(400, "NotImplemented"),
            XmlUploads::Documented => parts::answer(world, settings, asked, place),
            XmlUploads::Missing => reply::xml_error(400, "InvalidArgument"),
        };
    }
    match asked.method {
        Method::GET | Method::HEAD => match world.buckets[bucket].find(name, asked.number("generation")) {
            Some(object) => {
                let mut response = read(asked, object);
                if asked.method == Method::HEAD {
                    *response.body_mut() = Bytes::new();
                }
                response
            }
            None => reply::xml_error(404, "NoSuchKey"),
        },
        _ => reply::xml_error(405, "MethodNotAllowed"),
    }
}

/// `bytes=FIRST-LAST` on so many bytes: the range, or nothing where none of it is there.
fn range(header: &str, size: usize) -> Option<std::ops::Range<usize>> {
    let (first, last) = header.strip_prefix("bytes=")?.split_once('-')?;
    let range = match (first, last) {
        ("", last) => size.saturating_sub(last.parse().ok()?)..size,
        (first, "") => first.parse().ok()?..size,
        (first, last) => first.parse().ok()?..last.parse::<usize>().ok()?.saturating_add(1).min(size),
    };
    (range.start < range.end).then_some(range)
}

fn insert(response: &mut Response<Bytes>, name: &str, value: &str) {
    let name = HeaderName::from_bytes(name.as_bytes());
    if let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(value.as_bytes())) {
        response.headers_mut().append(name, value);
    }
}

/// An object with its headers and bytes.
pub(super) fn read(asked: &Asked, object: &Object) -> Response<Bytes> {
    let size = object.data.len();
    let mut response = Response::new(object.data.clone());
    if let Some(header) = asked.header("range") {
        let Some(range) = range(header, size) else { return reply::xml_error(416, "InvalidRange") };
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        *response.body_mut() = object.data.slice(range.clone());
        let span = format!("bytes {}-{}/{size}", range.start, range.end - 1);
        insert(&mut response, "content-range", &span);
    }
    insert(&mut response, "x-goog-generation", &object.generation.to_string());
    insert(&mut response, "x-goog-metageneration", &object.metageneration.to_string());
    insert(&mut response, "x-goog-stored-content-length", &size.to_string());
    insert(&mut response, "x-goog-storage-class", object.field("storageClass").unwrap_or("STANDARD"));
    insert(&mut response, "x-goog-hash", &format!("crc32c={}", BASE64.encode(object.crc32c)));
    if let Some(md5) = object.md5 {
        insert(&mut response, "x-goog-hash", &format!("md5={}", BASE64.encode(md5)));
    }
    insert(&mut response, "last-modified", &reply::http_date(object.updated));
    insert(&mut response, "content-type", object.field("contentType").unwrap_or("application/octet-stream"));
    for (field, header) in [
        ("contentEncoding", "content-encoding"),
        ("contentDisposition", "content-disposition"),
        ("contentLanguage", "content-language"),
        ("cacheControl", "cache-control"),
    ] {
        if let Some(value) = object.field(field) {
            insert(&mut response, header, value);
        }
    }
    let metadata = object.fields.get("metadata").and_then(Value::as_object);
    for (name, value) in metadata.into_iter().flatten() {
        insert(&mut response, &format!("x-goog-meta-{name}"), value.as_str().unwrap_or_default());
    }
    response
}
