//! The side of the XML API that speaks S3, for HMAC keys: what is known of it, and what it lacks. It looks at no condition of
//! a write and at none of Amazon's checksums, deletes one object at a time, and has no tags. Source: "Interoperability with
//! other storage providers" and "XML API" of the Cloud Storage documentation.

mod buckets;
mod objects;
mod signature;

use bytes::Bytes;
use http::Response;

use super::request::Asked;
use super::world::World;
use super::{Settings, parts, reply};

pub(super) use objects::fields;
pub(super) use signature::{ACCESS_KEY, SECRET_KEY, is_signed};

pub(super) fn answer(world: &mut World, settings: &Settings, asked: &Asked) -> Response<Bytes> {
    if let Err(code) = signature::verify(asked) {
        let status = if code == "InvalidArgument" { 400 } else { 403 };
        return reply::xml_error(status, code);
    }
    let (bucket, name) = match asked.segments.as_slice() {
        [] => return buckets::all(world),
        [bucket] if bucket.is_empty() => return buckets::all(world),
        [bucket] => return buckets::answer(world, settings, asked, bucket),
        [bucket, name @ ..] => (bucket.as_str(), name.join("/")),
    };
    if name.is_empty() {
        return buckets::answer(world, settings, asked, bucket);
    }
    if !world.buckets.contains_key(bucket) {
        return reply::xml_error(404, "NoSuchBucket");
    }
    match asked.query("uploads").or(asked.query("uploadId")) {
        Some(_) => parts::answer(world, settings, asked, (bucket, &name)),
        None => objects::answer(world, asked, (bucket, &name)),
    }
}

/// A text within an element.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
