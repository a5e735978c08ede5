use std::collections::BTreeMap;

use bytes::Bytes;
use http::Response;

use super::answer::{Outcome, Refusal, plain, set};
use super::auth::write_date;
use super::conditions;
use super::message::Message;
use super::state::{Committed, State, crc64_base64, md5_base64};
use super::tags;

/// The most bytes of names and values of metadata together. Source: "Setting and retrieving properties and metadata".
const METADATA_MAX_BYTES: usize = 8 * 1024;

/// The property that a request's header sets, by its name in answers.
pub(super) fn property(header: &str) -> Option<&'static str> {
    Some(match header {
        "x-ms-blob-content-type" => "content-type",
        "x-ms-blob-content-encoding" => "content-encoding",
        "x-ms-blob-content-language" => "content-language",
        "x-ms-blob-content-disposition" => "content-disposition",
        "x-ms-blob-cache-control" => "cache-control",
        "x-ms-blob-content-md5" => "content-md5",
        _ => return None,
    })
}

pub(super) fn properties(message: &Message<'_>) -> BTreeMap<&'static str, String> {
    let headers = message.request.headers().iter();
    let set = headers.filter_map(|(name, value)| Some((property(name.as_str())?, value)));
    set.map(|(name, value)| (name, String::from_utf8_lossy(value.as_bytes()).into_owned())).collect()
}

/// The metadata of a request, held to the rules for their names and values.
pub(super) fn metadata(message: &Message<'_>) -> Result<Vec<(String, String)>, Refusal> {
    let mut metadata = Vec::new();
    let mut size_bytes = 0;
    for (name, value) in message.request.headers() {
        let Some(name) = name.as_str().strip_prefix("x-ms-meta-") else { continue };
        let value = value.to_str().map_err(|_| Refusal(400, "InvalidMetadata"))?;
        let mut bytes = name.bytes();
        let legal = bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_')
            && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if !legal || value.is_empty() {
            return Err(Refusal(400, "InvalidMetadata"));
        }
        size_bytes += name.len() + value.len();
        metadata.push((name.to_owned(), value.to_owned()));
    }
    if size_bytes > METADATA_MAX_BYTES {
        return Err(Refusal(400, "MetadataTooLarge"));
    }
    Ok(metadata)
}

/// What a write says beside the bytes.
pub(super) fn described(message: &Message<'_>) -> Result<Committed, Refusal> {
    Ok(Committed {
        properties: properties(message),
        metadata: metadata(message)?,
        tags: tags::of_header(message)?,
        ..Committed::default()
    })
}

/// The tag of what is committed under a request's name.
pub(super) fn current_etag(state: &mut State, message: &Message<'_>) -> Result<Option<String>, Refusal> {
    let (container, blob) = (&message.target.container, &message.target.blob);
    state.container(container)?;
    Ok(state.found(container, blob).ok().map(|found| found.etag.clone()))
}

/// Commits what a request describes, under its conditions.
pub(super) fn commit(
    state: &mut State,
    message: &Message<'_>,
    committed: Committed,
) -> Result<Committed, Refusal> {
    let found = current_etag(state, message)?;
    conditions::write(message, found.as_deref())?;
    state.commit(&message.target.container, &message.target.blob, committed)
}

/// Holds a body to the digests that came with it.
pub(super) fn hold_digests(message: &Message<'_>) -> Result<(), Refusal> {
    if message.header("content-md5").is_some_and(|md5| md5 != md5_base64(message.body())) {
        return Err(Refusal(400, "Md5Mismatch"));
    }
    if message.header("x-ms-content-crc64").is_some_and(|crc| crc != crc64_base64(message.body())) {
        return Err(Refusal(400, "Crc64Mismatch"));
    }
    Ok(())
}

pub(super) fn put(state: &mut State, message: &Message<'_>) -> Outcome {
    if message.header("x-ms-blob-type") != Some("BlockBlob") {
        return Err(Refusal(400, "InvalidHeaderValue"));
    }
    hold_digests(message)?;
    let mut committed = Committed { bytes: message.body().clone(), ..described(message)? };
    committed.properties.entry("content-md5").or_insert_with(|| md5_base64(message.body()));
    let committed = commit(state, message, committed)?;
    let mut response = written(201, &committed);
    set(&mut response, "content-md5", &md5_base64(message.body()));
    set(&mut response, "x-ms-content-crc64", &crc64_base64(message.body()));
    Ok(response)
}

/// The answer to a write.
pub(super) fn written(status: u16, committed: &Committed) -> Response<Bytes> {
    let mut response = plain(status);
    set(&mut response, "etag", &committed.etag);
    set(&mut response, "last-modified", &write_date(committed.modified_at));
    response
}

pub(super) fn get(state: &mut State, message: &Message<'_>) -> Outcome {
    let polls = state.settings.copies;
    let found = state.found(&message.target.container, &message.target.blob)?;
    super::copies::advance(found, polls);
    conditions::read(message, &found.etag)?;
    let range = message.header("x-ms-range").or(message.header("range"));
    let size = found.bytes.len();
    let range = range.map(|range| resolve(range, size).ok_or(Refusal(416, "InvalidRange"))).transpose()?;
    let mut response = written(if range.is_some() { 206 } else { 200 }, found);
    for (name, value) in &found.properties {
        let name = if *name == "content-md5" && range.is_some() { "x-ms-blob-content-md5" } else { name };
        set(&mut response, name, value);
    }
    for (name, value) in &found.metadata {
        set(&mut response, &format!("x-ms-meta-{name}"), value);
    }
    set(&mut response, "x-ms-blob-type", "BlockBlob");
    set(&mut response, "accept-ranges", "bytes");
    if !found.tags.is_empty() {
        set(&mut response, "x-ms-tag-count", &found.tags.len().to_string());
    }
    if let Some(copy) = &found.copy {
        set(&mut response, "x-ms-copy-id", &copy.id);
        set(&mut response, "x-ms-copy-status", copy.status);
    }
    let (start, end) = range.unwrap_or((0, size));
    set(&mut response, "content-length", &(end - start).to_string());
    if range.is_some() {
        set(&mut response, "content-range", &format!("bytes {start}-{}/{size}", end - 1));
    }
    *response.body_mut() = found.bytes.slice(start..end);
    Ok(response)
}

/// `bytes=a-` and `bytes=a-b`; the service knows no ranges of the last bytes.
pub(super) fn resolve(range: &str, size: usize) -> Option<(usize, usize)> {
    let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
    let start: usize = first.parse().ok()?;
    let end = if last.is_empty() { size } else { last.parse::<usize>().ok()?.saturating_add(1).min(size) };
    (start < end).then_some((start, end))
}

pub(super) fn delete(state: &mut State, message: &Message<'_>) -> Outcome {
    let (container, blob) = (&message.target.container, &message.target.blob);
    let etag = state.found(container, blob)?.etag.clone();
    conditions::write(message, Some(&etag))?;
    state.container(container)?.blobs.remove(blob);
    Ok(plain(202))
}

pub(super) fn set_metadata(state: &mut State, message: &Message<'_>) -> Outcome {
    let metadata = metadata(message)?;
    change(state, message, |found| found.metadata = metadata)
}

pub(super) fn set_properties(state: &mut State, message: &Message<'_>) -> Outcome {
    let properties = properties(message);
    change(state, message, |found| found.properties = properties)
}

/// Changes what stands beside the bytes; the tag changes too.
fn change(state: &mut State, message: &Message<'_>, change: impl FnOnce(&mut Committed)) -> Outcome {
    let etag = state.next_etag();
    let now = types::Timestamp::from_secs(state.now().as_secs());
    let found = state.found(&message.target.container, &message.target.blob)?;
    conditions::write(message, Some(&found.etag))?;
    change(found);
    found.etag = etag;
    found.modified_at = now;
    Ok(written(200, found))
}
