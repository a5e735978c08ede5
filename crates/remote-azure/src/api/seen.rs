use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use remote::{RemoteError, RemoteErrorKind};
use store::ObjectInfo;
use types::{Checksum, ETag, ObjectMetadata, Timestamp};

use super::range::total_of;
use crate::encode::{Facts, dress, read_http_date, read_metadata};

/// A blob as the service shows it, in S3's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Azure's tag, without quotes.
    pub(crate) azure_etag: String,
    pub(crate) etag: ETag,
    pub(crate) size_bytes: u64,
    pub(crate) modified_at: Timestamp,
    pub(crate) metadata: ObjectMetadata,
    /// What was kept with the blob when it was written through Sluice.
    pub(crate) facts: Option<Facts>,
    pub(crate) tag_count: usize,
}

/// What is common to a blob's headers and its entry in a listing.
pub(super) struct Shown {
    pub(super) azure_etag: String,
    pub(super) size_bytes: u64,
    pub(super) modified_at: Timestamp,
    pub(super) content_md5: Option<String>,
    pub(super) is_block_blob: bool,
    pub(super) properties: [Option<String>; 5],
    pub(super) metadata: Vec<(String, String)>,
    pub(super) tag_count: usize,
}

/// The headers that Azure has a property for.
const PROPERTIES: [&str; 5] =
    ["cache-control", "content-disposition", "content-encoding", "content-language", "content-type"];

impl Seen {
    pub(super) fn of(shown: Shown) -> Self {
        let (metadata, facts) = read_metadata(shown.properties, &shown.metadata, shown.size_bytes);
        let told = facts.as_ref().and_then(|facts| facts.etag.clone());
        // Appending to a blob of another kind leaves its MD5 as it was.
        let md5 = shown.content_md5.filter(|_| shown.is_block_blob).and_then(|text| read_md5(&text));
        let etag = told.or(md5.map(ETag::from_md5)).unwrap_or_else(|| dress(&shown.azure_etag));
        Self {
            azure_etag: shown.azure_etag,
            etag,
            size_bytes: shown.size_bytes,
            modified_at: shown.modified_at,
            metadata,
            facts,
            tag_count: shown.tag_count,
        }
    }

    /// Reads the headers of an answer that shows a blob.
    pub(crate) fn of_headers(headers: &HeaderMap) -> Result<Self, RemoteError> {
        let text = |name: &str| {
            let value = headers.get(name)?;
            Some(String::from_utf8_lossy(value.as_bytes()).into_owned()).filter(|text| !text.is_empty())
        };
        let whole = text("content-range");
        let size = match &whole {
            Some(range) => total_of(range),
            None => text("content-length").and_then(|length| length.parse().ok()),
        };
        // The digest beside a range is the range's.
        let md5 = if whole.is_some() { text("x-ms-blob-content-md5") } else { text("content-md5") };
        let metadata = headers.iter().filter_map(|(name, value)| {
            let name = name.as_str().strip_prefix("x-ms-meta-")?;
            Some((name.to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        });
        Ok(Self::of(Shown {
            azure_etag: etag_of(headers)?,
            size_bytes: size.ok_or(RemoteErrorKind::Malformed("a blob without a size"))?,
            modified_at: modified_of(headers)?,
            content_md5: md5,
            is_block_blob: text("x-ms-blob-type").is_none_or(|kind| kind == "BlockBlob"),
            properties: PROPERTIES.map(text),
            metadata: metadata.collect(),
            tag_count: text("x-ms-tag-count").and_then(|count| count.parse().ok()).unwrap_or_default(),
        }))
    }

    /// Which write made the blob; empty where another tool did.
    pub(crate) fn write_id(&self) -> &str {
        self.facts.as_ref().map_or("", |facts| &facts.id)
    }

    pub(crate) fn checksum(&self) -> Option<Checksum> {
        self.facts.as_ref().and_then(|facts| facts.checksum)
    }

    pub(crate) fn part_count(&self) -> Option<u32> {
        self.facts.as_ref().and_then(|facts| facts.part_count)
    }

    /// Whether the ledger knows more of it.
    pub(crate) fn has_more(&self) -> bool {
        self.facts.as_ref().is_some_and(|facts| facts.more)
    }

    /// The object as a store shows it.
    pub(crate) fn into_info(self) -> ObjectInfo {
        ObjectInfo {
            checksum: self.checksum(),
            part_count: self.part_count(),
            etag: self.etag,
            size_bytes: self.size_bytes,
            modified_at: self.modified_at,
            version_id: None,
            metadata: self.metadata,
            part: None,
        }
    }
}

pub(super) fn read_md5(text: &str) -> Option<[u8; 16]> {
    STANDARD.decode(text.trim()).ok()?.try_into().ok()
}

/// Azure's tag of an answer, without quotes.
pub(super) fn etag_of(headers: &HeaderMap) -> Result<String, RemoteError> {
    let text = headers.get("etag").and_then(|value| value.to_str().ok());
    let text = text.map(|text| text.trim_matches('"')).filter(|text| !text.is_empty());
    text.map(str::to_owned).ok_or_else(|| RemoteErrorKind::Malformed("an answer without an ETag").into())
}

pub(super) fn modified_of(headers: &HeaderMap) -> Result<Timestamp, RemoteError> {
    let text = headers.get("last-modified").and_then(|value| value.to_str().ok());
    text.and_then(read_http_date)
        .ok_or_else(|| RemoteErrorKind::Malformed("an answer without a Last-Modified").into())
}
