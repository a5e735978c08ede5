use std::fmt::Write as _;

use super::answer::{Outcome, Refusal, document};
use super::auth::{base64, write_date};
use super::message::{Message, escape};
use super::state::{Committed, State};

/// What a listing asks for.
struct Page<'a> {
    prefix: &'a str,
    /// The first name that may come, inclusive.
    from: String,
    max: usize,
}

impl<'a> Page<'a> {
    fn of(state: &State, message: &'a Message<'_>) -> Result<Self, Refusal> {
        let bad = Refusal(400, "InvalidQueryParameterValue");
        let from = match message.target.param("marker").filter(|marker| !marker.is_empty()) {
            None => String::new(),
            Some(marker) => unmark(marker).ok_or(bad)?,
        };
        let asked: usize =
            message.target.param("maxresults").map_or(Ok(5000), str::parse).map_err(|_| bad)?;
        if asked == 0 {
            return Err(Refusal(400, "OutOfRangeQueryParameterValue"));
        }
        let max = asked.min(state.settings.page_max);
        Ok(Self { prefix: message.target.param("prefix").unwrap_or_default(), from, max })
    }
}

fn mark(name: &str) -> String {
    format!("2!{}", base64(name.as_bytes()))
}

fn unmark(marker: &str) -> Option<String> {
    use base64::Engine;
    let bytes = base64::engine::general_purpose::STANDARD.decode(marker.strip_prefix("2!")?).ok()?;
    String::from_utf8(bytes).ok()
}

pub(super) fn containers(state: &mut State, message: &Message<'_>) -> Outcome {
    let page = Page::of(state, message)?;
    let mut matching =
        state.containers.iter().filter(|(name, _)| name.starts_with(page.prefix) && **name >= page.from);
    let mut xml = String::new();
    for (name, container) in matching.by_ref().take(page.max) {
        let modified = write_date(container.modified_at);
        let etag = escape(&container.etag);
        let _ = write!(
            xml,
            "<Container><Name>{name}</Name><Properties><Last-Modified>{modified}</Last-Modified><Etag>{etag}</Etag></Properties></Container>"
        );
    }
    let next = matching.next().map(|(name, _)| mark(name)).unwrap_or_default();
    Ok(document(format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><EnumerationResults><Containers>{xml}</Containers><NextMarker>{next}</NextMarker></EnumerationResults>"
    )))
}

pub(super) fn blobs(state: &mut State, message: &Message<'_>) -> Outcome {
    let page = Page::of(state, message)?;
    let delimiter = message.target.param("delimiter").filter(|delimiter| !delimiter.is_empty());
    let includes = message.target.param("include").unwrap_or_default();
    let with_metadata = includes.split(',').any(|include| include == "metadata");
    let container = state.container(&message.target.container)?;
    let committed = container.blobs.iter().filter_map(|(name, blob)| Some((name, blob.committed.as_ref()?)));
    let (mut xml, mut count, mut next) = (String::new(), 0, String::new());
    let mut last_fold = String::new();
    for (name, blob) in committed.filter(|(name, _)| name.starts_with(page.prefix) && **name >= page.from) {
        let rest = &name[page.prefix.len()..];
        let fold = delimiter
            .and_then(|delimiter| Some(&name[..page.prefix.len() + rest.find(delimiter)? + delimiter.len()]));
        if fold.is_some_and(|fold| fold == last_fold) {
            continue;
        }
        if count == page.max {
            next = mark(name);
            break;
        }
        count += 1;
        match fold {
            Some(fold) => {
                let _ = write!(xml, "<BlobPrefix>{}</BlobPrefix>", named(fold));
                fold.clone_into(&mut last_fold);
            }
            None => entry(&mut xml, name, blob, with_metadata),
        }
    }
    Ok(document(format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><EnumerationResults><Blobs>{xml}</Blobs><NextMarker>{next}</NextMarker></EnumerationResults>"
    )))
}

/// A name that no document can bear is written in percent escapes.
fn named(name: &str) -> String {
    if name.contains(['\u{fffe}', '\u{ffff}']) {
        let escaped: String = name.bytes().map(|byte| format!("%{byte:02X}")).collect();
        return format!("<Name Encoded=\"true\">{escaped}</Name>");
    }
    format!("<Name>{}</Name>", escape(name))
}

fn entry(xml: &mut String, name: &str, blob: &Committed, with_metadata: bool) {
    let _ = write!(
        xml,
        "<Blob>{}<Properties><Last-Modified>{}</Last-Modified><Etag>{}</Etag><Content-Length>{}</Content-Length>",
        named(name),
        write_date(blob.modified_at),
        escape(blob.etag.trim_matches('"')),
        blob.bytes.len()
    );
    for (property, tag) in [("content-type", "Content-Type"), ("content-md5", "Content-MD5")] {
        let value = blob.properties.get(property).map(|value| escape(value)).unwrap_or_default();
        let _ = write!(xml, "<{tag}>{value}</{tag}>");
    }
    xml.push_str("<BlobType>BlockBlob</BlobType></Properties>");
    if with_metadata {
        xml.push_str("<Metadata>");
        for (name, value) in &blob.metadata {
            let _ = write!(xml, "<{name}>{}</{name}>", escape(value));
        }
        xml.push_str("</Metadata>");
    }
    xml.push_str("</Blob>");
}
