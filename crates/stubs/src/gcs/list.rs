use std::collections::BTreeMap;

use bytes::Bytes;
use http::Response;
use serde_json::{Value, json};

use super::world::Bucket;
use super::{Settings, reply, request::Asked};

/// One entry of a page: an object of a name, or a common prefix.
enum Entry {
    Object(Value),
    Prefix,
}

/// Source: "Objects: list".
pub(super) fn objects(settings: &Settings, asked: &Asked, name: &str, bucket: &Bucket) -> Response<Bytes> {
    let text = |name: &str| asked.query(name).unwrap_or_default();
    let (prefix, delimiter) = (text("prefix"), text("delimiter"));
    let limit = asked.number("maxResults").and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0);
    let limit = limit.unwrap_or(1000).min(settings.page_max);
    let all_versions = asked.query("versions") == Some("true");
    let mut entries: BTreeMap<(String, i64), Entry> = BTreeMap::new();
    for (object, generations) in &bucket.objects {
        let in_range = object.starts_with(prefix)
            && object.as_str() >= text("startOffset")
            && (text("endOffset").is_empty() || object.as_str() < text("endOffset"));
        if !in_range {
            continue;
        }
        let shown = generations.iter().filter(|object| all_versions || object.deleted.is_none());
        for generation in shown {
            let place = (!delimiter.is_empty()).then(|| object[prefix.len()..].find(delimiter)).flatten();
            match place {
                Some(place) => {
                    let folded = &object[..prefix.len() + place + delimiter.len()];
                    entries.insert((folded.to_owned(), 0), Entry::Prefix);
                }
                None => {
                    let key = (object.clone(), generation.generation);
                    entries.insert(key, Entry::Object(generation.resource(name, object)));
                }
            }
        }
    }
    page(entries, limit, text("pageToken"))
}

/// The entries behind the token, at most `limit`. A token names the last entry of the page before.
fn page(entries: BTreeMap<(String, i64), Entry>, limit: usize, token: &str) -> Response<Bytes> {
    let after = token
        .rsplit_once('@')
        .and_then(|(name, generation)| Some((name.to_owned(), generation.parse::<i64>().ok()?)));
    let mut left = entries.into_iter().filter(|(key, _)| after.as_ref().is_none_or(|after| key > after));
    let (mut items, mut prefixes, mut last) = (Vec::new(), Vec::new(), None);
    for (key, entry) in left.by_ref().take(limit) {
        match entry {
            Entry::Object(resource) => items.push(resource),
            Entry::Prefix => prefixes.push(key.0.clone()),
        }
        last = Some(key);
    }
    let mut answer = json!({ "kind": "storage#objects" });
    if !items.is_empty() {
        answer["items"] = items.into();
    }
    if !prefixes.is_empty() {
        answer["prefixes"] = prefixes.into();
    }
    if let Some((name, generation)) = last.filter(|_| left.next().is_some()) {
        answer["nextPageToken"] = format!("{name}@{generation}").into();
    }
    reply::document(&answer)
}
