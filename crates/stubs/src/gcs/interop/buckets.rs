use std::collections::BTreeMap;

use bytes::Bytes;
use http::{Method, Response};

use super::escape;
use crate::gcs::request::Asked;
use crate::gcs::world::{Bucket, Object, World};
use crate::gcs::{Settings, parts, reply};

/// "List Buckets in the project".
pub(super) fn all(world: &World) -> Response<Bytes> {
    let entry = |(name, bucket): (&String, &Bucket)| {
        let created = reply::rfc3339(bucket.created);
        format!("<Bucket><Name>{name}</Name><CreationDate>{created}</CreationDate></Bucket>")
    };
    let buckets: String = world.buckets.iter().map(entry).collect();
    reply::xml(format!("<ListAllMyBucketsResult><Buckets>{buckets}</Buckets></ListAllMyBucketsResult>"))
}

pub(super) fn answer(world: &mut World, settings: &Settings, asked: &Asked, name: &str) -> Response<Bytes> {
    let is_there = world.buckets.contains_key(name);
    match asked.method {
        Method::PUT if asked.raw_query.is_empty() && is_there => {
            reply::xml_error(409, "BucketAlreadyOwnedByYou")
        }
        Method::PUT if asked.raw_query.is_empty() => {
            let bucket = Bucket::new(world.moment());
            world.buckets.insert(name.to_owned(), bucket);
            reply::xml(String::new())
        }
        _ if !is_there => reply::xml_error(404, "NoSuchBucket"),
        Method::DELETE if !world.buckets[name].objects.is_empty() => reply::xml_error(409, "BucketNotEmpty"),
        Method::DELETE => {
            world.buckets.remove(name);
            reply::nothing()
        }
        Method::HEAD => reply::xml(String::new()),
        Method::GET if asked.query("uploads").is_some() => parts::list(world, asked, name),
        Method::GET if asked.query("versioning").is_some() => {
            reply::xml("<VersioningConfiguration></VersioningConfiguration>".to_owned())
        }
        Method::GET if asked.query("list-type") == Some("2") => list(settings, asked, &world.buckets[name]),
        // Every other subresource, and deletes of many objects: "Cannot create buckets using a POST."
        _ => reply::xml_error(400, "InvalidArgument"),
    }
}

/// A page of names in order; those that fold together have no object.
fn list(settings: &Settings, asked: &Asked, bucket: &Bucket) -> Response<Bytes> {
    let text = |name: &str| asked.query(name).unwrap_or_default();
    let after = asked.query("continuation-token").unwrap_or(text("start-after"));
    let limit = asked.number("max-keys").and_then(|limit| usize::try_from(limit).ok()).unwrap_or(1000);
    let (prefix, delimiter) = (text("prefix"), text("delimiter"));
    let mut entries: BTreeMap<&str, Option<&Object>> = BTreeMap::new();
    for name in bucket.objects.keys().filter(|name| name.starts_with(prefix)) {
        let fold = (!delimiter.is_empty()).then(|| name[prefix.len()..].find(delimiter)).flatten();
        let shown = fold.map_or(name.as_str(), |place| &name[..prefix.len() + place + delimiter.len()]);
        let object = bucket.live(name).filter(|_| fold.is_none());
        if shown > after && (fold.is_some() || object.is_some()) {
            entries.insert(shown, object);
        }
    }
    let mut left = entries.into_iter();
    let page: Vec<_> = left.by_ref().take(limit.min(settings.page_max)).collect();
    let next = page.last().filter(|_| left.next().is_some()).map(|(name, _)| *name);
    let entry = |(name, object): &(&str, Option<&Object>)| match object {
        Some(object) => format!(
            "<Contents><Key>{}</Key><ETag>{}</ETag><Size>{}</Size><LastModified>{}</LastModified></Contents>",
            encoded(name),
            escape(&object.etag()),
            object.data.len(),
            reply::rfc3339(object.updated)
        ),
        None => format!("<CommonPrefixes><Prefix>{}</Prefix></CommonPrefixes>", encoded(name)),
    };
    let entries: String = page.iter().map(entry).collect();
    let next = next.map(|name| format!("<NextContinuationToken>{}</NextContinuationToken>", escape(name)));
    let is_truncated = next.is_some();
    reply::xml(format!(
        "<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>{is_truncated}</IsTruncated>{}{entries}\
         </ListBucketResult>",
        next.unwrap_or_default()
    ))
}

/// A name as `encoding-type=url` writes it.
fn encoded(name: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'/' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    name.bytes().map(byte).collect()
}
