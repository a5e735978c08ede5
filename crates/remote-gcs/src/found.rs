use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::HeaderMap;
use serde::Deserialize;
use types::{ObjectHeaders, Timestamp};

use crate::time;

/// The fields of an object that are asked for.
pub(crate) const FIELDS: &str = "name,generation,metageneration,size,md5Hash,crc32c,contentType,contentEncoding,\
                                 contentDisposition,contentLanguage,cacheControl,storageClass,metadata,updated,\
                                 timeDeleted";
/// What Cloud Storage keeps where S3 keeps no content type; S3's own default, so nothing is lost by it.
pub(crate) const NO_TYPE: &str = "binary/octet-stream";

/// An object as the JSON API tells it. Source: "Objects" in the reference of the JSON API.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Resource {
    pub(crate) name: String,
    pub(crate) generation: String,
    metageneration: Option<String>,
    size: String,
    md5_hash: Option<String>,
    crc32c: Option<String>,
    content_type: Option<String>,
    content_encoding: Option<String>,
    content_disposition: Option<String>,
    content_language: Option<String>,
    cache_control: Option<String>,
    storage_class: String,
    metadata: BTreeMap<String, String>,
    updated: String,
    pub(crate) time_deleted: Option<String>,
}

/// An object as either API tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) generation: i64,
    pub(crate) metageneration: Option<i64>,
    pub(crate) size_bytes: u64,
    pub(crate) md5: Option<[u8; 16]>,
    pub(crate) crc32c: Option<[u8; 4]>,
    pub(crate) modified_at: Timestamp,
    pub(crate) class: String,
    pub(crate) headers: ObjectHeaders,
    /// User metadata as they are there, names in lower case, in order.
    pub(crate) metadata: BTreeMap<String, String>,
}

/// An answer lacks what every object has.
pub(crate) const NOT_AN_OBJECT: &str = "not an object";

fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    BASE64.decode(text.trim()).ok()?.try_into().ok()
}

/// A digest out of the headers `x-goog-hash`, which may be several, or one with several.
pub(crate) fn header_hash<const N: usize>(headers: &HeaderMap, kind: &str) -> Option<[u8; N]> {
    let values = headers.get_all("x-goog-hash").iter().filter_map(|value| value.to_str().ok());
    let mut items = values.flat_map(|value| value.split(','));
    items.find_map(|item| decode(item.trim().strip_prefix(kind)?.strip_prefix('=')?))
}

fn content_type(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty() && text != NO_TYPE)
}

fn given(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

impl Found {
    /// Reads an object of the JSON API. `None` where it lacks what every object has.
    pub(crate) fn from_resource(resource: Resource) -> Option<Self> {
        Some(Self {
            generation: resource.generation.parse().ok()?,
            metageneration: resource.metageneration.and_then(|text| text.parse().ok()),
            size_bytes: resource.size.parse().ok()?,
            md5: resource.md5_hash.as_deref().and_then(decode),
            crc32c: resource.crc32c.as_deref().and_then(decode),
            modified_at: time::from_rfc3339(&resource.updated)?,
            class: resource.storage_class,
            headers: ObjectHeaders {
                cache_control: given(resource.cache_control),
                content_disposition: given(resource.content_disposition),
                content_encoding: given(resource.content_encoding),
                content_language: given(resource.content_language),
                content_type: content_type(resource.content_type),
                expires: None,
                website_redirect_location: None,
            },
            metadata: resource
                .metadata
                .into_iter()
                .map(|(name, value)| (name.to_lowercase(), value))
                .collect(),
        })
    }

    /// Reads the headers of the XML API's answer with an object of `size_bytes`. `None` where they lack what every
    /// object has.
    pub(crate) fn from_headers(headers: &HeaderMap, size_bytes: u64) -> Option<Self> {
        let text = |name: &str| {
            let bytes = headers.get(name)?.as_bytes();
            Some(String::from_utf8_lossy(bytes).into_owned())
        };
        let metadata = headers.iter().filter_map(|(name, value)| {
            let name = name.as_str().strip_prefix("x-goog-meta-")?;
            Some((name.to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        });
        Some(Self {
            generation: text("x-goog-generation")?.parse().ok()?,
            metageneration: text("x-goog-metageneration").and_then(|text| text.parse().ok()),
            size_bytes,
            md5: header_hash(headers, "md5"),
            crc32c: header_hash(headers, "crc32c"),
            modified_at: time::from_http(&text("last-modified")?)?,
            class: text("x-goog-storage-class").unwrap_or_default(),
            headers: ObjectHeaders {
                cache_control: given(text("cache-control")),
                content_disposition: given(text("content-disposition")),
                content_encoding: given(text("content-encoding")),
                content_language: given(text("content-language")),
                content_type: content_type(text("content-type")),
                expires: None,
                website_redirect_location: None,
            },
            metadata: metadata.collect(),
        })
    }
}
