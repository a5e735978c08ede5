//! Uploads in parts of the XML API.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use hash::Md5;
use http::header::{ETAG, HeaderValue};
use http::{Method, Response};
use types::ETag;

use super::request::Asked;
use super::world::{Conditions, World, XmlUpload, crc32c};
use super::{Settings, interop, reply};

fn etag(data: &[u8]) -> String {
    format!("\"{}\"", ETag::from_md5(Md5::digest(data)))
}

pub(super) fn answer(
    world: &mut World,
    settings: &Settings,
    asked: &Asked,
    (bucket, name): (&str, &str),
) -> Response<Bytes> {
    let Some(id) = asked.query("uploadId") else { return begin(world, asked, (bucket, name)) };
    let serial = id.to_owned();
    let upload = world.buckets.get_mut(bucket).and_then(|bucket| bucket.uploads.get_mut(id));
    let Some(upload) = upload.filter(|upload| upload.name == name) else {
        return reply::xml_error(404, "NoSuchUpload");
    };
    match asked.method {
        Method::PUT => put(upload, asked),
        Method::GET => list_parts(upload, asked),
        Method::POST => complete(world, settings, asked, (bucket, name, &serial)),
        Method::DELETE => {
            if let Some(bucket) = world.buckets.get_mut(bucket) {
                bucket.uploads.remove(&serial);
            }
            reply::nothing()
        }
        _ => reply::xml_error(405, "MethodNotAllowed"),
    }
}

fn begin(world: &mut World, asked: &Asked, (bucket, name): (&str, &str)) -> Response<Bytes> {
    if asked.method != Method::POST || asked.query("uploads").is_none() {
        return reply::xml_error(400, "InvalidArgument");
    }
    let id = format!("upload-{}", world.next_serial());
    let fields = interop::fields(asked);
    let initiated = world.moment();
    let upload = XmlUpload { name: name.to_owned(), initiated, fields, parts: BTreeMap::new() };
    if let Some(bucket) = world.buckets.get_mut(bucket) {
        bucket.uploads.insert(id.clone(), upload);
    }
    reply::xml(format!(
        "<?xml version='1.0' encoding='UTF-8'?><InitiateMultipartUploadResult \
         xmlns='http://s3.amazonaws.com/doc/2006-03-01/'><Bucket>{bucket}</Bucket><UploadId>{id}</UploadId>\
         </InitiateMultipartUploadResult>"
    ))
}

/// Unfinished uploads to names that begin with the prefix asked for.
pub(super) fn list(world: &World, asked: &Asked, bucket: &str) -> Response<Bytes> {
    let Some(held) = world.buckets.get(bucket) else { return reply::xml_error(404, "NoSuchBucket") };
    let prefix = asked.query("prefix").unwrap_or_default();
    let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;");
    let mut uploads = String::new();
    for (id, upload) in held.uploads.iter().filter(|(_, upload)| upload.name.starts_with(prefix)) {
        let (name, initiated) = (escape(&upload.name), reply::rfc3339(upload.initiated));
        uploads.push_str(&format!(
            "<Upload><Key>{name}</Key><UploadId>{id}</UploadId><Initiated>{initiated}</Initiated></Upload>"
        ));
    }
    reply::xml(format!(
        "<?xml version='1.0' encoding='UTF-8'?><ListMultipartUploadsResult \
         xmlns='http://s3.amazonaws.com/doc/2006-03-01/'>{uploads}<IsTruncated>false</IsTruncated>\
         </ListMultipartUploadsResult>"
    ))
}

fn put(upload: &mut XmlUpload, asked: &Asked) -> Response<Bytes> {
    let number = asked.number("partNumber").and_then(|number| u32::try_from(number).ok());
    let Some(number) = number.filter(|number| (1..=10_000).contains(number)) else {
        return reply::xml_error(400, "InvalidArgument");
    };
    let md5 = Md5::digest(&asked.body);
    if asked.header("content-md5").is_some_and(|sent| sent != BASE64.encode(md5)) {
        return reply::xml_error(400, "BadDigest");
    }
    let hashes = format!("crc32c={},md5={}", BASE64.encode(crc32c(&asked.body)), BASE64.encode(md5));
    let etag = etag(&asked.body);
    upload.parts.insert(number, asked.body.clone());
    let mut response = reply::with(200, "text/html; charset=UTF-8", "");
    for (name, value) in [(ETAG.as_str(), etag), ("x-goog-hash", hashes)] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response
                .headers_mut()
                .insert(http::HeaderName::from_bytes(name.as_bytes()).unwrap_or(ETAG), value);
        }
    }
    response
}

/// The parts behind the marker, a page at a time.
fn list_parts(upload: &XmlUpload, asked: &Asked) -> Response<Bytes> {
    let after = asked.number("part-number-marker").and_then(|after| u32::try_from(after).ok()).unwrap_or(0);
    let limit = asked.number("max-parts").and_then(|limit| usize::try_from(limit).ok()).unwrap_or(1000);
    let mut left = upload.parts.iter().filter(|(number, _)| **number > after);
    let entry = |(number, data): (&u32, &Bytes)| {
        let (tag, size) = (etag(data), data.len());
        format!("<Part><PartNumber>{number}</PartNumber><ETag>{tag}</ETag><Size>{size}</Size></Part>")
    };
    let parts: String = left.by_ref().take(limit).map(entry).collect();
    let is_truncated = left.next().is_some();
    reply::xml(format!("<ListPartsResult><IsTruncated>{is_truncated}</IsTruncated>{parts}</ListPartsResult>"))
}

/// The parts that a completion lists: number and tag.
fn listed(document: &str) -> Option<Vec<(u32, String)>> {
    let between = |text: &str, tag: &str| {
        let (_, rest) = text.split_once(&format!("<{tag}>"))?;
        Some(rest.split_once(&format!("</{tag}>"))?.0.to_owned())
    };
    let part = |text: &str| {
        let etag = between(text, "ETag")?.replace("&quot;", "\"");
        Some((between(text, "PartNumber")?.parse().ok()?, etag))
    };
    document.split("<Part>").skip(1).map(part).collect()
}

fn complete(
    world: &mut World,
    settings: &Settings,
    asked: &Asked,
    (bucket, name, id): (&str, &str, &str),
) -> Response<Bytes> {
    let Some(listed) =
        std::str::from_utf8(&asked.body).ok().and_then(listed).filter(|parts| !parts.is_empty())
    else {
        return reply::xml_error(400, "MalformedCompleteMultipartUploadRequest");
    };
    if !listed.is_sorted_by(|a, b| a.0 < b.0) {
        return reply::xml_error(400, "InvalidPartOrder");
    }
    let Some(held) = world.buckets.get_mut(bucket) else { return reply::xml_error(404, "NoSuchBucket") };
    let Some(upload) = held.uploads.get(id) else { return reply::xml_error(404, "NoSuchUpload") };
    let mut data = Vec::new();
    for (place, (number, wanted)) in listed.iter().enumerate() {
        let Some(part) = upload.parts.get(number).filter(|part| etag(part) == *wanted) else {
            return reply::xml_error(400, "InvalidPart");
        };
        if place + 1 < listed.len() && (part.len() as u64) < settings.part_min_bytes {
            return reply::xml_error(400, "EntityTooSmall");
        }
        data.extend_from_slice(part);
    }
    let Some(upload) = held.uploads.remove(id) else { return reply::xml_error(404, "NoSuchUpload") };
    match world.put((bucket, name), upload.fields, (data.into(), None), Conditions::default()) {
        Ok(object) => reply::xml(format!(
            "<CompleteMultipartUploadResult><ETag>{}</ETag></CompleteMultipartUploadResult>",
            object.etag()
        )),
        Err((status, _)) => reply::xml_error(status, "InvalidArgument"),
    }
}
