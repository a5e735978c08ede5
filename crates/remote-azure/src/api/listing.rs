use http::Method;
use remote::{RemoteError, RemoteErrorKind};
use types::{Context, ObjectKey, Timestamp};

use super::seen::{Seen, Shown};
use super::xml::{Element, parse};
use super::{Api, Call, DOCUMENT_MAX_BYTES, Failure, Place};
use crate::encode::read_http_date;

/// What to list. Source: "List Blobs".
#[derive(Debug, Clone, Copy)]
pub(crate) struct ListRequest<'a> {
    pub(crate) container: &'a str,
    pub(crate) prefix: &'a str,
    pub(crate) delimiter: Option<&'a str>,
    pub(crate) marker: Option<&'a str>,
    /// 1 to 5,000.
    pub(crate) max: usize,
}

/// One entry of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Entry {
    Blob(ObjectKey, Box<Seen>),
    Prefix(String),
}

impl Entry {
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Blob(key, _) => key.as_str(),
            Self::Prefix(prefix) => prefix,
        }
    }
}

/// A page of blobs, in byte order of names.
#[derive(Debug, Default)]
pub(crate) struct BlobPage {
    pub(crate) entries: Vec<Entry>,
    pub(crate) next: Option<String>,
}

/// A page of containers with the moments of their last change.
#[derive(Debug, Default)]
pub(crate) struct ContainerPage {
    pub(crate) containers: Vec<(String, Timestamp)>,
    pub(crate) next: Option<String>,
}

const MALFORMED: RemoteErrorKind = RemoteErrorKind::Malformed("a listing that is none");

impl Api {
    pub(crate) async fn list(&self, cx: &Context, list: ListRequest<'_>) -> Result<BlobPage, Failure> {
        let mut call = Call::new(Method::GET, Place::Container(list.container))
            .param("restype", "container")
            .param("comp", "list")
            .param("include", "metadata")
            .param("maxresults", &list.max.to_string());
        if !list.prefix.is_empty() {
            call = call.param("prefix", list.prefix);
        }
        for (name, value) in [("delimiter", list.delimiter), ("marker", list.marker)] {
            call = value.into_iter().fold(call, |call, value| call.param(name, value));
        }
        let document = self.send(cx, call).await?.collect(DOCUMENT_MAX_BYTES).await?;
        let found = parse(&document, "EnumerationResults")?;
        let mut page = BlobPage { entries: Vec::new(), next: found.value("NextMarker").map(str::to_owned) };
        for child in &found.child("Blobs").ok_or(MALFORMED_ERROR)?.children {
            match child.name.as_str() {
                "Blob" => page.entries.extend(blob(child)?),
                "BlobPrefix" => {
                    let name = child.value("Name").ok_or(MALFORMED_ERROR)?;
                    page.entries.push(Entry::Prefix(name.to_owned()));
                }
                _ => {}
            }
        }
        page.entries.sort_by(|one, other| one.name().cmp(other.name()));
        Ok(page)
    }

    /// Source: "List Containers".
    pub(crate) async fn list_containers(
        &self,
        cx: &Context,
        prefix: &str,
        marker: Option<&str>,
    ) -> Result<ContainerPage, Failure> {
        let mut call = Call::new(Method::GET, Place::Account).param("comp", "list");
        if !prefix.is_empty() {
            call = call.param("prefix", prefix);
        }
        call = marker.into_iter().fold(call, |call, marker| call.param("marker", marker));
        let document = self.send(cx, call).await?.collect(DOCUMENT_MAX_BYTES).await?;
        let found = parse(&document, "EnumerationResults")?;
        let mut page =
            ContainerPage { next: found.value("NextMarker").map(str::to_owned), ..Default::default() };
        for child in &found.child("Containers").ok_or(MALFORMED_ERROR)?.children {
            let name = child.value("Name").ok_or(MALFORMED_ERROR)?;
            let modified = child.child("Properties").and_then(|properties| properties.value("Last-Modified"));
            let modified = modified.and_then(read_http_date).unwrap_or_default();
            page.containers.push((name.to_owned(), modified));
        }
        Ok(page)
    }
}

const MALFORMED_ERROR: RemoteError = RemoteError { kind: MALFORMED, source: None };

/// A blob of a listing; `None` for one whose name no S3 client can name.
fn blob(element: &Element) -> Result<Option<Entry>, RemoteError> {
    let name = element.value("Name").ok_or(MALFORMED_ERROR)?;
    let Ok(key) = ObjectKey::new(name) else { return Ok(None) };
    let properties = element.child("Properties").ok_or(MALFORMED_ERROR)?;
    let text = |name: &str| properties.value(name).map(str::to_owned);
    let azure_etag = properties.value("Etag").ok_or(MALFORMED_ERROR)?.trim_matches('"').to_owned();
    let size = properties.value("Content-Length").and_then(|size| size.parse().ok());
    let modified = properties.value("Last-Modified").and_then(read_http_date);
    let metadata = element.child("Metadata").map_or(&[][..], |metadata| &metadata.children);
    let seen = Seen::of(Shown {
        azure_etag,
        size_bytes: size.ok_or(MALFORMED_ERROR)?,
        modified_at: modified.ok_or(MALFORMED_ERROR)?,
        content_md5: text("Content-MD5"),
        is_block_blob: properties.value("BlobType").is_none_or(|kind| kind == "BlockBlob"),
        properties: [
            "Cache-Control",
            "Content-Disposition",
            "Content-Encoding",
            "Content-Language",
            "Content-Type",
        ]
        .map(text),
        metadata: metadata.iter().map(|entry| (entry.name.clone(), entry.text.clone())).collect(),
        tag_count: 0,
    });
    Ok(Some(Entry::Blob(key, Box::new(seen))))
}
