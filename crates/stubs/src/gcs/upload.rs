//! Uploads of the JSON API: in one request, or in pieces.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use hash::Md5;
use http::header::{LOCATION, RANGE};
use http::{HeaderValue, Method, Response, StatusCode};
use serde_json::{Value, json};

use super::json::{body, no_bucket};
use super::objects::refused;
use super::reply;
use super::request::Asked;
use super::world::{Conditions, Refused, Session, World, crc32c, settable};

/// Pieces but the last are multiples of this.
const PIECE_BYTES: usize = 256 * 1024;

pub(super) fn answer(world: &mut World, asked: &Asked, bucket: &str) -> Response<Bytes> {
    match (&asked.method, asked.query("uploadType"), asked.query("upload_id")) {
        (&Method::PUT, _, Some(id)) => piece(world, asked, id),
        (&Method::DELETE, _, Some(id)) => match world.sessions.remove(id) {
            Some(_) => reply::with(499, "text/plain", ""),
            None => reply::error(404, "Not Found"),
        },
        _ if !world.buckets.contains_key(bucket) => no_bucket(),
        (&Method::POST, Some("multipart"), None) => related(world, asked, bucket),
        (&Method::POST, Some("resumable"), None) => begin(world, asked, bucket),
        _ => reply::error(400, "Bad Request"),
    }
}

/// Holds bytes to the digests that their resource declares.
fn hold(resource: &Value, data: &[u8]) -> Result<(), Refused> {
    let declared = |field: &str| resource.get(field).and_then(Value::as_str);
    if declared("md5Hash").is_some_and(|md5| md5 != BASE64.encode(Md5::digest(data))) {
        return Err((400, "Provided MD5 hash doesn't match calculated MD5 hash.".to_owned()));
    }
    if declared("crc32c").is_some_and(|crc| crc != BASE64.encode(crc32c(data))) {
        return Err((400, "Provided CRC32C doesn't match calculated CRC32C.".to_owned()));
    }
    Ok(())
}

fn store(
    world: &mut World,
    (bucket, name): (&str, &str),
    resource: &Value,
    data: Bytes,
    conditions: Conditions,
) -> Response<Bytes> {
    if let Err(error) = hold(resource, &data) {
        return refused(error);
    }
    let md5 = Some(Md5::digest(&data));
    match world.put((bucket, name), settable(resource), (data, md5), conditions) {
        Ok(object) => reply::document(&object.resource(bucket, name)),
        Err(error) => refused(error),
    }
}

/// The two parts of a `multipart/related` body: the document, and the bytes.
fn split(asked: &Asked) -> Option<(Value, Bytes)> {
    let kind = asked.header("content-type")?;
    let boundary =
        kind.strip_prefix("multipart/related;")?.trim().strip_prefix("boundary=")?.trim_matches('"');
    let find = |from: usize, text: &str| {
        let place =
            asked.body.get(from..)?.windows(text.len()).position(|window| window == text.as_bytes())?;
        Some(from + place)
    };
    let delimiter = format!("--{boundary}\r\n");
    if !asked.body.starts_with(delimiter.as_bytes()) {
        return None;
    }
    let document = find(0, "\r\n\r\n")? + 4;
    let between = format!("\r\n--{boundary}\r\n");
    let document_end = find(document, &between)?;
    let data = find(document_end + between.len(), "\r\n\r\n")? + 4;
    let end = asked.body.len().checked_sub(format!("\r\n--{boundary}--\r\n").len())?;
    if !asked.body.ends_with(format!("\r\n--{boundary}--\r\n").as_bytes()) || end < data {
        return None;
    }
    let resource = serde_json::from_slice(&asked.body[document..document_end]).ok()?;
    Some((resource, asked.body.slice(data..end)))
}

fn related(world: &mut World, asked: &Asked, bucket: &str) -> Response<Bytes> {
    let Some((resource, data)) = split(asked) else { return reply::error(400, "Malformed multipart body.") };
    let name = asked.query("name").or_else(|| resource.get("name")?.as_str()).unwrap_or_default().to_owned();
    store(world, (bucket, &name), &resource, data, Conditions::of(asked))
}

fn begin(world: &mut World, asked: &Asked, bucket: &str) -> Response<Bytes> {
    let Some(resource) = body(asked) else { return reply::error(400, "Parse Error") };
    let name = asked.query("name").or_else(|| resource.get("name")?.as_str()).unwrap_or_default().to_owned();
    let id = format!("session-{}", world.next_serial());
    let location = format!(
        "https://elsewhere.example/upload/storage/v1/b/{bucket}/o?uploadType=resumable&upload_id={id}"
    );
    let conditions = Conditions::of(asked);
    let session = Session { bucket: bucket.to_owned(), name, resource, conditions, data: Vec::new() };
    world.sessions.insert(id, session);
    let mut response = reply::document(&json!({}));
    if let Ok(location) = HeaderValue::from_str(&location) {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}

/// `bytes FIRST-LAST/TOTAL`, `bytes */TOTAL`: the first byte and the total, where each is known.
fn content_range(asked: &Asked) -> Option<(Option<usize>, Option<usize>)> {
    let (span, total) = asked.header("content-range")?.strip_prefix("bytes ")?.split_once('/')?;
    let first = match span {
        "*" => None,
        span => Some(span.split_once('-')?.0.parse().ok()?),
    };
    Some((first, total.parse().ok()))
}

fn piece(world: &mut World, asked: &Asked, id: &str) -> Response<Bytes> {
    let Some(session) = world.sessions.get_mut(id) else { return reply::error(404, "Not Found") };
    let Some((first, total)) = content_range(asked) else { return reply::error(400, "Bad Content-Range") };
    if first.is_some_and(|first| first > session.data.len()) {
        return reply::error(503, "A piece is missing before this one.");
    }
    let first = first.unwrap_or(session.data.len());
    session.data.truncate(first);
    session.data.extend_from_slice(&asked.body);
    if total == Some(session.data.len()) {
        let Some(session) = world.sessions.remove(id) else { return reply::error(404, "Not Found") };
        let Session { bucket, name, resource, conditions, data } = session;
        return store(world, (&bucket, &name), &resource, data.into(), conditions);
    }
    if total.is_some() || !asked.body.len().is_multiple_of(PIECE_BYTES) || asked.body.is_empty() {
        return reply::error(400, "A piece but the last is a multiple of 256 KiB.");
    }
    let mut response = reply::with(308, "text/plain", "");
    debug_assert_eq!(response.status(), StatusCode::PERMANENT_REDIRECT);
    if let Ok(range) = HeaderValue::from_str(&format!("bytes=0-{}", session.data.len() - 1)) {
        response.headers_mut().insert(RANGE, range);
    }
    response
}
