use s3_model::{
    Continuation, EncodingType, ListObjectVersionsOutput, ListObjectsOutput, ListObjectsV2Output,
    ListedEntry, ListedObject, ListedVersion, VersionListEntry,
};
use types::{Owner, VersionId};

use super::document;
use crate::xml::Writer;
use crate::{Reply, token};

#[cfg(test)]
mod tests;

/// Room for the elements of one entry, without key, owner and escapes.
const ENTRY_BYTES: usize = 400;

pub(super) fn objects(output: &ListObjectsOutput) -> Reply {
    const ROOT: &str = "ListBucketResult";
    let request = &output.request;
    let encoding = request.encoding;
    let mut xml = Writer::begin(ROOT, capacity(output.entries.len()));
    xml.text("Name", output.bucket.as_str());
    xml.key("Prefix", &request.prefix, encoding).key("Marker", &request.marker, encoding);
    if let (true, Some(_), Some(last)) = (output.is_truncated, &request.delimiter, output.entries.last()) {
        xml.key("NextMarker", name(last), encoding);
    }
    xml.number("MaxKeys", request.max_keys.into());
    tail_of_head(&mut xml, request.delimiter.as_deref(), encoding, output.is_truncated);
    entries(&mut xml, &output.entries, Some(&output.owner), encoding);
    document(xml.finish(ROOT))
}

pub(super) fn objects_v2(output: &ListObjectsV2Output) -> Reply {
    const ROOT: &str = "ListBucketResult";
    let request = &output.request;
    let encoding = request.encoding;
    let mut xml = Writer::begin(ROOT, capacity(output.entries.len()));
    xml.text("Name", output.bucket.as_str()).key("Prefix", &request.prefix, encoding);
    if let Some(start_after) = &request.start_after {
        xml.key("StartAfter", start_after, encoding);
    }
    xml.optional("ContinuationToken", request.continuation_token.as_deref());
    if let (true, Some(last)) = (output.is_truncated, output.entries.last()) {
        let continuation = match last {
            ListedEntry::Object(object) => Continuation::Key(object.key.as_str().to_owned()),
            ListedEntry::Prefix(prefix) => Continuation::Prefix(prefix.clone()),
        };
        xml.text("NextContinuationToken", &token::write(&continuation));
    }
    xml.number("KeyCount", output.entries.len() as u64).number("MaxKeys", request.max_keys.into());
    tail_of_head(&mut xml, request.delimiter.as_deref(), encoding, output.is_truncated);
    entries(&mut xml, &output.entries, request.fetch_owner.then_some(&output.owner), encoding);
    document(xml.finish(ROOT))
}

pub(super) fn versions(output: &ListObjectVersionsOutput) -> Reply {
    const ROOT: &str = "ListVersionsResult";
    let request = &output.request;
    let encoding = request.encoding;
    let mut xml = Writer::begin(ROOT, capacity(output.entries.len()));
    xml.text("Name", output.bucket.as_str());
    xml.key("Prefix", &request.prefix, encoding).key("KeyMarker", &request.key_marker, encoding);
    xml.text("VersionIdMarker", request.version_id_marker.as_ref().map_or("", VersionId::as_str));
    if let (true, Some(last)) = (output.is_truncated, output.entries.last()) {
        let (name, version_id) = match last {
            VersionListEntry::Prefix(prefix) => (prefix.as_str(), None),
            VersionListEntry::Version(
                ListedVersion::Object { object: ListedObject { key, .. }, version_id, .. }
                | ListedVersion::DeleteMarker { key, version_id, .. },
            ) => (key.as_str(), Some(version_id.as_str())),
        };
        xml.key("NextKeyMarker", name, encoding).optional("NextVersionIdMarker", version_id);
    }
    xml.number("MaxKeys", request.max_keys.into());
    tail_of_head(&mut xml, request.delimiter.as_deref(), encoding, output.is_truncated);
    let owner = rendered(Some(&output.owner));
    for entry in &output.entries {
        if let VersionListEntry::Version(listed) = entry {
            version(&mut xml, listed, &owner, encoding);
        }
    }
    for entry in &output.entries {
        if let VersionListEntry::Prefix(prefix) = entry {
            common_prefix(&mut xml, prefix, encoding);
        }
    }
    document(xml.finish(ROOT))
}

fn version(xml: &mut Writer, version: &ListedVersion, owner: &str, encoding: Option<EncodingType>) {
    match version {
        ListedVersion::Object { object: listed, version_id, is_latest } => {
            xml.open("Version").key("Key", listed.key.as_str(), encoding);
            xml.text("VersionId", version_id.as_str()).flag("IsLatest", *is_latest);
            object(xml, listed, owner);
            xml.close("Version");
        }
        ListedVersion::DeleteMarker { key, version_id, is_latest, modified_at } => {
            xml.open("DeleteMarker").key("Key", key.as_str(), encoding);
            xml.text("VersionId", version_id.as_str()).flag("IsLatest", *is_latest);
            xml.moment("LastModified", *modified_at).raw(owner).close("DeleteMarker");
        }
    }
}

fn capacity(entries: usize) -> usize {
    1024 + entries * ENTRY_BYTES
}

/// The key or prefix of an entry.
fn name(entry: &ListedEntry) -> &str {
    match entry {
        ListedEntry::Object(object) => object.key.as_str(),
        ListedEntry::Prefix(prefix) => prefix,
    }
}

fn tail_of_head(
    xml: &mut Writer,
    delimiter: Option<&str>,
    encoding: Option<EncodingType>,
    is_truncated: bool,
) {
    if let Some(delimiter) = delimiter {
        xml.key("Delimiter", delimiter, encoding);
    }
    if encoding.is_some() {
        xml.text("EncodingType", "url");
    }
    xml.flag("IsTruncated", is_truncated);
}

/// All objects, then all common prefixes, as S3 orders them.
fn entries(xml: &mut Writer, entries: &[ListedEntry], owner: Option<&Owner>, encoding: Option<EncodingType>) {
    let owner = rendered(owner);
    for entry in entries {
        if let ListedEntry::Object(listed) = entry {
            xml.open("Contents").key("Key", listed.key.as_str(), encoding);
            object(xml, listed, &owner);
            xml.close("Contents");
        }
    }
    for entry in entries {
        if let ListedEntry::Prefix(prefix) = entry {
            common_prefix(xml, prefix, encoding);
        }
    }
}

/// The owner's element, written once: all entries have the same.
fn rendered(owner: Option<&Owner>) -> String {
    let Some(owner) = owner else { return String::new() };
    let mut xml = Writer::fragment();
    xml.owner("Owner", owner);
    xml.into_text()
}

/// What a listing tells of an object behind its key. Tags are written as they stand: a page has a thousand of these.
fn object(xml: &mut Writer, object: &ListedObject, owner: &str) {
    xml.moment("LastModified", object.modified_at).etag(&object.etag);
    if let Some((algorithm, kind)) = object.checksum {
        xml.raw("<ChecksumAlgorithm>").raw(algorithm.name()).raw("</ChecksumAlgorithm><ChecksumType>");
        xml.raw(kind.name()).raw("</ChecksumType>");
    }
    xml.number("Size", object.size_bytes).raw(owner);
    xml.raw("<StorageClass>").raw(object.storage_class.as_str()).raw("</StorageClass>");
}

pub(super) fn common_prefix(xml: &mut Writer, prefix: &str, encoding: Option<EncodingType>) {
    xml.open("CommonPrefixes").key("Prefix", prefix, encoding).close("CommonPrefixes");
}
