use std::fmt::Write as _;

use types::{ObjectMetadata, StorageClass, UserMetadata};

use super::percent::unescape;
use super::{Facts, percent_decode, percent_encode};

/// The most bytes of names and values together. Source: "Setting and retrieving properties and metadata for Blob service
/// resources".
const METADATA_MAX_BYTES: usize = 8 * 1024;
/// What an object's metadata larger than that are told.
pub(crate) const METADATA_TOO_LARGE: &str = "Azure has room for 8 KiB of metadata, written in ASCII";

/// Names that are ours begin so; a user's name that does is written in escapes.
const OURS: &str = "sluice_";
/// The identity.
const FACTS: &str = "sluice_identity";
/// The order of the user's entries.
const ORDER: &str = "sluice_order";
/// The storage class label.
const CLASS: &str = "sluice_class";
/// System headers that Azure has no room for, or whose value it cannot bear.
const HEADER: &str = "sluice_h_";
/// User metadata whose name or value Azure cannot bear.
const USER: &str = "sluice_m_";
/// What stands for a value of nothing.
const EMPTY: &str = "%";

/// The system headers that Azure has a property for, by Azure's header in requests, and those that it has not.
const HEADERS: [(&str, Option<&str>); 7] = [
    ("cache_control", Some("x-ms-blob-cache-control")),
    ("content_disposition", Some("x-ms-blob-content-disposition")),
    ("content_encoding", Some("x-ms-blob-content-encoding")),
    ("content_language", Some("x-ms-blob-content-language")),
    ("content_type", Some("x-ms-blob-content-type")),
    ("expires", None),
    ("website_redirect_location", None),
];

/// What is sent beside an object's bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Described {
    /// Azure's own headers.
    pub(crate) headers: Vec<(&'static str, String)>,
    /// Metadata by name, without `x-ms-meta-`.
    pub(crate) metadata: Vec<(String, String)>,
}

/// Whether Azure takes the text as a value and gives it back as it is.
fn is_bearable(value: &str) -> bool {
    !value.is_empty()
        && value.bytes().all(|byte| matches!(byte, b' '..=b'~'))
        && !value.starts_with(' ')
        && !value.ends_with(' ')
}

/// Whether Azure takes the text as a name, and nobody else's: a C# identifier in lower case, as header names are.
fn is_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|byte| byte.is_ascii_lowercase() || byte == b'_')
        && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        && !name.starts_with(OURS)
}

fn encode_value(value: &str) -> String {
    if value.is_empty() { EMPTY.to_owned() } else { percent_encode(value) }
}

fn decode_value(value: &str) -> Option<String> {
    if value == EMPTY { Some(String::new()) } else { percent_decode(value) }
}

/// Letters in lower case and digits as they are, each other byte as `_xx`.
fn encode_name(name: &str) -> String {
    let mut encoded = String::with_capacity(name.len() + 8);
    for byte in name.bytes() {
        if byte.is_ascii_lowercase() || byte.is_ascii_digit() {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "_{byte:02x}");
        }
    }
    encoded
}

fn decode_name(encoded: &str) -> Option<String> {
    unescape(encoded, b'_')
}

/// Writes what a client says about an object, and its identity, in Azure's words. `None` past the room that Azure has.
pub(crate) fn describe(metadata: &ObjectMetadata, facts: &Facts) -> Option<Described> {
    let mut described = Described::default();
    let headers = header_values(metadata);
    for ((name, native), value) in HEADERS.into_iter().zip(headers) {
        match (native, value) {
            (_, None) => {}
            (Some(native), Some(value)) if is_bearable(value) => {
                described.headers.push((native, value.to_owned()));
            }
            (_, Some(value)) => described.metadata.push((format!("{HEADER}{name}"), encode_value(value))),
        }
    }
    describe_user(&metadata.user, &mut described.metadata);
    if metadata.storage_class != StorageClass::Standard {
        described.metadata.push((CLASS.to_owned(), metadata.storage_class.as_str().to_owned()));
    }
    let facts = Facts { untyped: metadata.headers.content_type.is_none(), ..facts.clone() };
    described.metadata.push((FACTS.to_owned(), facts.encode()));
    let size_bytes: usize = described.metadata.iter().map(|(name, value)| name.len() + value.len()).sum();
    (size_bytes <= METADATA_MAX_BYTES).then_some(described)
}

fn header_values(metadata: &ObjectMetadata) -> [Option<&str>; 7] {
    let headers = &metadata.headers;
    [
        headers.cache_control.as_deref(),
        headers.content_disposition.as_deref(),
        headers.content_encoding.as_deref(),
        headers.content_language.as_deref(),
        headers.content_type.as_deref(),
        headers.expires.as_deref(),
        headers.website_redirect_location.as_deref(),
    ]
}

fn describe_user(user: &UserMetadata, metadata: &mut Vec<(String, String)>) {
    // Values of one name are one value with commas, as HTTP has it.
    let mut entries: Vec<(&str, String)> = Vec::with_capacity(user.len());
    for (name, value) in user {
        match entries.iter_mut().find(|(found, _)| found == name) {
            Some((_, joined)) => {
                joined.push(',');
                joined.push_str(value);
            }
            None => entries.push((name, value.clone())),
        }
    }
    let mut sorted: Vec<&str> = entries.iter().map(|(name, _)| *name).collect();
    sorted.sort_unstable();
    if !entries.is_sorted_by_key(|(name, _)| *name) {
        let place = |(name, _): &(&str, String)| sorted.binary_search(name).unwrap_or_default().to_string();
        metadata.push((ORDER.to_owned(), entries.iter().map(place).collect::<Vec<_>>().join(".")));
    }
    for (name, value) in entries {
        if is_name(name) && is_bearable(&value) {
            metadata.push((name.to_owned(), value));
        } else {
            metadata.push((format!("{USER}{}", encode_name(name)), encode_value(&value)));
        }
    }
}

/// Reads what stands beside a blob's bytes: `properties` are the values of the five headers that Azure has a property for,
/// in [`HEADERS`]' order. Entries that are not ours are the user's, as they are.
pub(crate) fn read_metadata(
    properties: [Option<String>; 5],
    entries: &[(String, String)],
    size_bytes: u64,
) -> (ObjectMetadata, Option<Facts>) {
    let mut metadata = ObjectMetadata::default();
    let [cache, disposition, encoding, language, kind] = properties;
    metadata.headers.cache_control = cache;
    metadata.headers.content_disposition = disposition;
    metadata.headers.content_encoding = encoding;
    metadata.headers.content_language = language;
    metadata.headers.content_type = kind;
    let mut order = None;
    let mut facts = None;
    for (name, value) in entries {
        let name = name.to_ascii_lowercase();
        match name.as_str() {
            FACTS => facts = Facts::decode(value, size_bytes),
            ORDER => order = Some(value.as_str()),
            CLASS => metadata.storage_class = StorageClass::from_text(value).unwrap_or_default(),
            _ => read_entry(&name, value, &mut metadata),
        }
    }
    if facts.as_ref().is_some_and(|facts| facts.untyped) {
        let kept = entries.iter().any(|(name, _)| name == "sluice_h_content_type");
        if !kept {
            metadata.headers.content_type = None;
        }
    }
    metadata.user.sort();
    put_in_order(&mut metadata.user, order);
    (metadata, facts)
}

fn read_entry(name: &str, value: &str, metadata: &mut ObjectMetadata) {
    let header = name.strip_prefix(HEADER).zip(decode_value(value));
    if let Some((header, value)) = header {
        let headers = &mut metadata.headers;
        let place = match header {
            "cache_control" => &mut headers.cache_control,
            "content_disposition" => &mut headers.content_disposition,
            "content_encoding" => &mut headers.content_encoding,
            "content_language" => &mut headers.content_language,
            "content_type" => &mut headers.content_type,
            "expires" => &mut headers.expires,
            "website_redirect_location" => &mut headers.website_redirect_location,
            _ => return,
        };
        *place = Some(value);
        return;
    }
    let user = name.strip_prefix(USER).and_then(decode_name).zip(decode_value(value));
    metadata.user.push(user.unwrap_or_else(|| (name.to_owned(), value.to_owned())));
}

/// Puts sorted entries into the order in which they were sent, where that is told and fits.
fn put_in_order(user: &mut UserMetadata, order: Option<&str>) {
    let places: Option<Vec<usize>> =
        order.and_then(|order| order.split('.').map(|place| place.parse().ok()).collect());
    let Some(places) = places.filter(|places| places.len() == user.len()) else { return };
    let mut taken: Vec<Option<(String, String)>> = user.iter().cloned().map(Some).collect();
    let ordered: Option<UserMetadata> =
        places.into_iter().map(|place| taken.get_mut(place).and_then(Option::take)).collect();
    if let Some(ordered) = ordered {
        *user = ordered;
    }
}

#[cfg(test)]
mod tests;
