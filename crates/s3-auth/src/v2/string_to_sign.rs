use http::HeaderMap;

use crate::encode::{decode, pairs};
use crate::split::{split, split_once};
use crate::v4::Text;

/// Query parameters that are signed: those that choose an operation or change an answer. Sorted.
const SIGNED_PARAMETERS: [&str; 47] = [
    "accelerate",
    "acl",
    "analytics",
    "annotation",
    "attributes",
    "cors",
    "defaultObjectAcl",
    "delete",
    "encryption",
    "intelligent-tiering",
    "inventory",
    "legal-hold",
    "lifecycle",
    "location",
    "logging",
    "metrics",
    "notification",
    "object-lock",
    "ownershipControls",
    "partNumber",
    "policy",
    "policyStatus",
    "publicAccessBlock",
    "renameObject",
    "replication",
    "requestPayment",
    "response-cache-control",
    "response-content-disposition",
    "response-content-encoding",
    "response-content-language",
    "response-content-type",
    "response-expires",
    "restore",
    "retention",
    "select",
    "select-type",
    "session",
    "storageClass",
    "tagging",
    "torrent",
    "uploadId",
    "uploads",
    "versionId",
    "versioning",
    "versions",
    "website",
    "x-amz-restore-output-path",
];

/// What stands in the line of the date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DateLine<'a> {
    /// The `Date` header, unless `x-amz-date` is there.
    Header,
    /// The `Expires` parameter of a presigned URL.
    Expires(&'a str),
}

/// How a signed parameter with `=` and no value is written: clients differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EmptyValue {
    /// As it was sent.
    AsSent,
    /// Without the `=`.
    Dropped,
}

/// What a string to sign is made of, as it was received.
#[derive(Clone, Copy)]
pub(crate) struct SignedParts<'a> {
    pub(crate) method: &'a str,
    pub(crate) headers: &'a HeaderMap,
    /// The bucket, where the host name bears it.
    pub(crate) virtual_bucket: Option<&'a str>,
    /// The raw path.
    pub(crate) path: &'a str,
    /// The raw query.
    pub(crate) query: &'a str,
    pub(crate) date: DateLine<'a>,
}

/// Builds the string to sign.
pub(crate) fn string_to_sign(parts: &SignedParts<'_>, empty: EmptyValue) -> Text {
    let mut out = Text::new();
    let amz = amz_headers(parts);
    line(parts.method.as_bytes(), &mut out);
    line(&header_or_parameter(parts, "content-md5"), &mut out);
    line(&header_or_parameter(parts, "content-type"), &mut out);
    match parts.date {
        DateLine::Expires(expires) => line(expires.as_bytes(), &mut out),
        DateLine::Header if amz.iter().any(|(name, _)| name == "x-amz-date") => out.push(b'\n'),
        DateLine::Header => line(&joined(parts.headers, "date"), &mut out),
    }
    for (name, value) in &amz {
        out.extend_from_slice(name.as_bytes());
        out.push(b':');
        line(value, &mut out);
    }
    resource_into(parts, empty, &mut out);
    out
}

fn line(text: &[u8], out: &mut Text) {
    out.extend_from_slice(text);
    out.push(b'\n');
}

/// All values of a header, joined by commas; empty where it is absent.
fn joined(headers: &HeaderMap, name: &str) -> Vec<u8> {
    let values: Vec<&[u8]> =
        headers.get_all(name).iter().map(|value| value.as_bytes().trim_ascii()).collect();
    values.join(&b","[..])
}

/// A presigned URL may bear in its query what it wants as a header.
fn header_or_parameter(parts: &SignedParts<'_>, name: &str) -> Vec<u8> {
    if matches!(parts.date, DateLine::Header) || parts.headers.contains_key(name) {
        return joined(parts.headers, name);
    }
    pairs(parts.query)
        .find(|(parameter, _)| parameter.eq_ignore_ascii_case(name))
        .map_or_else(Vec::new, |(_, value)| decode(value).trim().as_bytes().to_vec())
}

/// The `x-amz-` headers by name; for a presigned URL, its parameters of such names too.
fn amz_headers(parts: &SignedParts<'_>) -> Vec<(String, Vec<u8>)> {
    let names = parts.headers.keys().map(http::HeaderName::as_str).filter(|name| name.starts_with("x-amz-"));
    let mut all: Vec<_> = names.map(|name| (name.to_owned(), joined(parts.headers, name))).collect();
    if matches!(parts.date, DateLine::Expires(_)) {
        for (name, value) in pairs(parts.query) {
            let name = decode(name).to_ascii_lowercase();
            if name.starts_with("x-amz-") && all.iter().all(|(known, _)| *known != name) {
                all.push((name, decode(value).trim().as_bytes().to_vec()));
            }
        }
    }
    all.sort_unstable();
    all
}

/// The bucket, the path as sent, and the signed parameters, decoded and in order.
fn resource_into(parts: &SignedParts<'_>, empty: EmptyValue, out: &mut Text) {
    if let Some(bucket) = parts.virtual_bucket {
        out.push(b'/');
        out.extend_from_slice(bucket.as_bytes());
    }
    out.extend_from_slice(if parts.path.is_empty() { b"/" } else { parts.path.as_bytes() });
    let mut signed: Vec<(&str, Option<&str>)> = split(parts.query, b'&')
        .map(|pair| split_once(pair, b'=').map_or((pair, None), |(name, value)| (name, Some(value))))
        .filter(|(name, _)| SIGNED_PARAMETERS.binary_search(name).is_ok())
        .collect();
    signed.sort_by_key(|(name, _)| *name);
    for (index, (name, value)) in signed.into_iter().enumerate() {
        out.push(if index == 0 { b'?' } else { b'&' });
        out.extend_from_slice(name.as_bytes());
        if let Some(value) = value.filter(|value| !value.is_empty() || empty == EmptyValue::AsSent) {
            out.push(b'=');
            out.extend_from_slice(decode(value).as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_can_be_searched() {
        assert!(SIGNED_PARAMETERS.is_sorted());
    }
}
