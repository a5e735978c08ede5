use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use hash::Md5;
use http::header::{CONTENT_LENGTH, ETAG, HeaderName, HeaderValue};
use http::{Method, Response};
use serde_json::{Map, Value, json};

use crate::gcs::request::{Asked, decode};
use crate::gcs::world::{Conditions, Object, World, settable};
use crate::gcs::{reply, xml};

pub(super) fn answer(world: &mut World, asked: &Asked, place: (&str, &str)) -> Response<Bytes> {
    let (bucket, name) = place;
    match asked.method {
        Method::PUT if asked.header("x-amz-copy-source").is_some() => copy(world, asked, place),
        Method::PUT => put(world, asked, place),
        Method::GET | Method::HEAD => match world.buckets.get(bucket).and_then(|held| held.live(name)) {
            Some(object) => {
                let mut response = read(asked, object);
                if asked.method == Method::HEAD {
                    let length = HeaderValue::from(std::mem::take(response.body_mut()).len());
                    response.headers_mut().insert(CONTENT_LENGTH, length);
                }
                response
            }
            None => reply::xml_error(404, "NoSuchKey"),
        },
        Method::DELETE => {
            let now = world.moment();
            let held = world.buckets.get_mut(bucket).filter(|held| held.live(name).is_some());
            match held {
                Some(held) => {
                    held.retire(name, now);
                    reply::nothing()
                }
                None => reply::xml_error(404, "NoSuchKey"),
            }
        }
        _ => reply::xml_error(405, "MethodNotAllowed"),
    }
}

/// What a request says of the object that it makes.
pub(in crate::gcs) fn fields(asked: &Asked) -> Map<String, Value> {
    let own = |prefix: &'static str| {
        asked.headers.iter().filter_map(move |(name, value)| {
            let name = name.as_str().strip_prefix(prefix)?;
            Some((name.to_owned(), Value::from(value.to_str().ok()?)))
        })
    };
    let metadata: Map<String, Value> = own("x-amz-meta-").chain(own("x-goog-meta-")).collect();
    settable(&json!({
        "contentType": asked.header("content-type").unwrap_or("application/octet-stream"),
        "contentEncoding": asked.header("content-encoding"),
        "contentDisposition": asked.header("content-disposition"),
        "contentLanguage": asked.header("content-language"),
        "cacheControl": asked.header("cache-control"),
        "metadata": metadata,
    }))
}

fn put(world: &mut World, asked: &Asked, place: (&str, &str)) -> Response<Bytes> {
    let md5 = Md5::digest(&asked.body);
    if asked.header("content-md5").is_some_and(|sent| sent != BASE64.encode(md5)) {
        return reply::xml_error(400, "BadDigest");
    }
    let made = world.put(place, fields(asked), (asked.body.clone(), Some(md5)), Conditions::default());
    match made {
        Ok(object) => tagged(reply::with(200, "text/html; charset=UTF-8", ""), &object),
        Err((status, _)) => reply::xml_error(status, "InvalidArgument"),
    }
}

fn copy(world: &mut World, asked: &Asked, place: (&str, &str)) -> Response<Bytes> {
    let source = decode(asked.header("x-amz-copy-source").unwrap_or_default());
    let from = source.trim_start_matches('/').split_once('/');
    let found = from.and_then(|(bucket, name)| world.buckets.get(bucket)?.live(name)).cloned();
    let Some(found) = found else { return reply::xml_error(404, "NoSuchKey") };
    let wanted = asked.header("x-amz-copy-source-if-match").map(|tag| tag.trim_matches('"').to_owned());
    if wanted.is_some_and(|wanted| wanted != found.etag().trim_matches('"')) {
        return reply::xml_error(412, "PreconditionFailed");
    }
    let replaces = asked.header("x-amz-metadata-directive") == Some("REPLACE");
    let said = if replaces { fields(asked) } else { found.fields.clone() };
    match world.put(place, said, (found.data.clone(), found.md5), Conditions::default()) {
        Ok(object) => reply::xml(format!(
            "<CopyObjectResult><ETag>{}</ETag><LastModified>{}</LastModified></CopyObjectResult>",
            object.etag(),
            reply::rfc3339(object.updated)
        )),
        Err((status, _)) => reply::xml_error(status, "InvalidArgument"),
    }
}

/// An object's headers and bytes, with the names that a client of S3 looks for.
fn read(asked: &Asked, object: &Object) -> Response<Bytes> {
    if asked
        .header("if-match")
        .is_some_and(|wanted| wanted.trim_matches('"') != object.etag().trim_matches('"'))
    {
        return reply::xml_error(412, "PreconditionFailed");
    }
    let mut response = tagged(xml::read(asked, object), object);
    let own: Vec<(String, HeaderValue)> = response
        .headers()
        .iter()
        .filter_map(|(name, value)| {
            Some((name.as_str().strip_prefix("x-goog-meta-")?.to_owned(), value.clone()))
        })
        .collect();
    for (name, value) in own {
        if let Ok(name) = HeaderName::from_bytes(format!("x-amz-meta-{name}").as_bytes()) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

fn tagged(mut response: Response<Bytes>, object: &Object) -> Response<Bytes> {
    if let Ok(value) = HeaderValue::from_str(&object.etag()) {
        response.headers_mut().insert(ETAG, value);
    }
    response
}
