//! The JSON API but for uploads.

use bytes::Bytes;
use http::{Method, Response};
use serde_json::{Map, Value, json};

use super::objects;
use super::request::Asked;
use super::world::{Bucket, World};
use super::{Settings, list, reply};

pub(super) fn answer(
    world: &mut World,
    settings: &Settings,
    asked: &Asked,
    path: &[&str],
) -> Response<Bytes> {
    match (&asked.method, path) {
        (&Method::POST, ["b"]) => create_bucket(world, asked),
        (&Method::GET, ["b"]) => list_buckets(world, settings, asked),
        (method, ["b", bucket]) => one_bucket(world, method, bucket, asked),
        (_, ["b", bucket, ..]) if !world.buckets.contains_key(*bucket) => no_bucket(),
        (&Method::GET, ["b", bucket, "o"]) => list::objects(settings, asked, bucket, &world.buckets[*bucket]),
        (&Method::GET, ["b", bucket, "o", name]) => objects::get(world, asked, (bucket, name)),
        (&Method::DELETE, ["b", bucket, "o", name]) => objects::delete(world, asked, (bucket, name)),
        (&Method::PATCH, ["b", bucket, "o", name]) => objects::patch(world, asked, (bucket, name)),
        (&Method::POST, ["b", bucket, "o", name, "compose"]) => {
            objects::compose(world, asked, (bucket, name))
        }
        (&Method::POST, ["b", bucket, "o", name, "rewriteTo", "b", to, "o", to_name]) => {
            objects::rewrite(world, settings, asked, ((bucket, name), (to, to_name)))
        }
        _ => reply::error(404, "Not Found"),
    }
}

pub(super) fn no_bucket() -> Response<Bytes> {
    reply::error(404, "The specified bucket does not exist.")
}

/// The document that a request brings; an empty one is an object without fields.
pub(super) fn body(asked: &Asked) -> Option<Value> {
    if asked.body.is_empty() {
        return Some(Value::Object(Map::new()));
    }
    serde_json::from_slice(&asked.body).ok().filter(Value::is_object)
}

fn create_bucket(world: &mut World, asked: &Asked) -> Response<Bytes> {
    let Some(name) = body(asked).and_then(|body| Some(body.get("name")?.as_str()?.to_owned())) else {
        return reply::error(400, "Required");
    };
    if asked.query("project").is_none_or(str::is_empty) {
        return reply::error(400, "Required parameter: project");
    }
    if world.buckets.contains_key(&name) {
        return reply::error(
            409,
            "Your previous request to create the named bucket succeeded and you already own it.",
        );
    }
    let created = world.moment();
    let bucket = Bucket::new(created);
    let resource = bucket.resource(&name);
    world.buckets.insert(name, bucket);
    reply::document(&resource)
}

fn list_buckets(world: &World, settings: &Settings, asked: &Asked) -> Response<Bytes> {
    if asked.query("project").is_none_or(str::is_empty) {
        return reply::error(400, "Required parameter: project");
    }
    let prefix = asked.query("prefix").unwrap_or_default();
    let after = asked.query("pageToken").unwrap_or_default();
    let mut left = world.buckets.iter().filter(|(name, _)| name.starts_with(prefix) && name.as_str() > after);
    let page: Vec<(&String, &Bucket)> = left.by_ref().take(settings.page_max.min(1000)).collect();
    let items: Vec<Value> = page.iter().map(|(name, bucket)| bucket.resource(name)).collect();
    let mut answer = json!({ "kind": "storage#buckets", "items": items });
    if let Some((last, _)) = page.last().filter(|_| left.next().is_some()) {
        answer["nextPageToken"] = last.as_str().into();
    }
    reply::document(&answer)
}

fn one_bucket(world: &mut World, method: &Method, name: &str, asked: &Asked) -> Response<Bytes> {
    let Some(bucket) = world.buckets.get_mut(name) else { return no_bucket() };
    match *method {
        Method::GET => reply::document(&bucket.resource(name)),
        Method::PATCH => {
            let enabled = body(asked).and_then(|body| body.pointer("/versioning/enabled")?.as_bool());
            bucket.versions = enabled.unwrap_or(bucket.versions);
            bucket.metageneration += 1;
            reply::document(&bucket.resource(name))
        }
        Method::DELETE if bucket.objects.is_empty() => {
            world.buckets.remove(name);
            reply::nothing()
        }
        Method::DELETE => reply::error(409, "The bucket you tried to delete is not empty."),
        _ => reply::error(405, "Method Not Allowed"),
    }
}
