//! Objects in the JSON API: found, removed, changed, composed, rewritten.

use bytes::Bytes;
use http::Response;
use serde_json::{Map, Value, json};

use super::json::{body, no_bucket};
use super::request::Asked;
use super::world::{Conditions, Refused, World, require_legal, settable};
use super::{Settings, reply, xml};

/// The most sources of a composition.
const SOURCES_MAX: usize = 32;

fn missing(bucket: &str, name: &str) -> Response<Bytes> {
    reply::error(404, &format!("No such object: {bucket}/{name}"))
}

pub(super) fn refused((status, message): Refused) -> Response<Bytes> {
    reply::error(status, &message)
}

pub(super) fn get(world: &World, asked: &Asked, (bucket, name): (&str, &str)) -> Response<Bytes> {
    let held = &world.buckets[bucket];
    let Some(object) = held.find(name, asked.number("generation")) else { return missing(bucket, name) };
    if let Err(error) = Conditions::of(asked).hold(Some(object)) {
        return refused(error);
    }
    if asked.query("alt") == Some("media") {
        // Without the metadata that the XML API adds.
        let mut response = xml::read(asked, object);
        let names: Vec<_> = response
            .headers()
            .keys()
            .filter(|name| name.as_str().starts_with("x-goog-meta-"))
            .cloned()
            .collect();
        for name in names {
            response.headers_mut().remove(name);
        }
        return response;
    }
    reply::document(&object.resource(bucket, name))
}

pub(super) fn delete(world: &mut World, asked: &Asked, (bucket, name): (&str, &str)) -> Response<Bytes> {
    let now = world.moment();
    let Some(held) = world.buckets.get_mut(bucket) else { return no_bucket() };
    let generation = asked.number("generation");
    let Some(found) = held.find(name, generation) else { return missing(bucket, name) };
    if let Err(error) = Conditions::of(asked).hold(Some(found)) {
        return refused(error);
    }
    match generation {
        Some(generation) => held.remove(name, generation),
        None => held.retire(name, now),
    }
    reply::nothing()
}

pub(super) fn patch(world: &mut World, asked: &Asked, (bucket, name): (&str, &str)) -> Response<Bytes> {
    let now = world.moment();
    let Some(change) = body(asked) else { return reply::error(400, "Parse Error") };
    let Some(held) = world.buckets.get_mut(bucket) else { return no_bucket() };
    let Some(found) = held.find(name, asked.number("generation")) else { return missing(bucket, name) };
    if let Err(error) = Conditions::of(asked).hold(Some(found)) {
        return refused(error);
    }
    let generation = found.generation;
    let mut fields = found.fields.clone();
    for (field, value) in settable(&change) {
        match (fields.get_mut(&field).and_then(Value::as_object_mut), value) {
            // Entries of a map are set one by one; null removes one.
            (Some(map), Value::Object(entries)) => {
                for (name, value) in entries {
                    map.insert(name, value);
                }
                map.retain(|_, value| !value.is_null());
            }
            (_, value) => {
                fields.insert(field, value);
            }
        }
    }
    if let Err(error) = require_legal(name, &fields) {
        return refused(error);
    }
    let mut generations = held.objects.get_mut(name).into_iter().flatten();
    match generations.find(|object| object.generation == generation) {
        Some(object) => {
            object.fields = fields;
            object.metageneration += 1;
            object.updated = now;
            reply::document(&object.resource(bucket, name))
        }
        None => missing(bucket, name),
    }
}

pub(super) fn compose(world: &mut World, asked: &Asked, (bucket, name): (&str, &str)) -> Response<Bytes> {
    let Some(document) = body(asked) else { return reply::error(400, "Parse Error") };
    let empty = Vec::new();
    let sources = document.get("sourceObjects").and_then(Value::as_array).unwrap_or(&empty);
    if sources.is_empty() || sources.len() > SOURCES_MAX {
        return reply::error(400, "The number of source components must be between 1 and 32.");
    }
    let held = &world.buckets[bucket];
    let mut data = Vec::new();
    for source in sources {
        let source_name = source.get("name").and_then(Value::as_str).unwrap_or_default();
        match held.live(source_name) {
            Some(object) => data.extend_from_slice(&object.data),
            None => return missing(bucket, source_name),
        }
    }
    let fields = document.get("destination").map(settable).unwrap_or_default();
    match world.put((bucket, name), fields, (data.into(), None), Conditions::of(asked)) {
        Ok(object) => reply::document(&object.resource(bucket, name)),
        Err(error) => refused(error),
    }
}

/// The two ends of a rewrite: bucket and name each.
type Ends<'a> = ((&'a str, &'a str), (&'a str, &'a str));

pub(super) fn rewrite(
    world: &mut World,
    settings: &Settings,
    asked: &Asked,
    ((bucket, name), (to, to_name)): Ends<'_>,
) -> Response<Bytes> {
    let Some(document) = body(asked) else { return reply::error(400, "Parse Error") };
    let source = world.buckets[bucket].find(name, asked.number("sourceGeneration"));
    let Some(source) = source.cloned() else { return missing(bucket, name) };
    let Some(target) = world.buckets.get(to) else { return no_bucket() };
    if let Err(error) = Conditions::of(asked).hold(target.live(to_name)) {
        return refused(error);
    }
    let size = source.data.len() as u64;
    let moved = match asked.query("rewriteToken") {
        None => 0,
        Some(token) => match world.rewrites.remove(token) {
            Some(moved) => moved,
            None => return reply::error(400, "Invalid rewrite token"),
        },
    };
    let moved = moved.saturating_add(settings.rewrite_bytes).min(size);
    let progress = |done: bool| {
        json!({ "kind": "storage#rewriteResponse", "done": done, "objectSize": size.to_string(),
                "totalBytesRewritten": moved.to_string() })
    };
    if moved < size {
        let token = format!("rewrite-{}", world.next_serial());
        world.rewrites.insert(token.clone(), moved);
        let mut answer = progress(false);
        answer["rewriteToken"] = token.into();
        return reply::document(&answer);
    }
    // A resource that is given replaces all of the source's metadata.
    let is_given = document.as_object().is_some_and(|document| !document.is_empty());
    let fields: Map<String, Value> = if is_given { settable(&document) } else { source.fields.clone() };
    match world.put((to, to_name), fields, (source.data.clone(), source.md5), Conditions::of(asked)) {
        Ok(object) => {
            let mut answer = progress(true);
            answer["resource"] = object.resource(to, to_name);
            reply::document(&answer)
        }
        Err(error) => refused(error),
    }
}
