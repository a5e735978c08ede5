use aws_lc_rs::digest::{SHA256, digest};
use http::HeaderMap;
use memchr::memchr2;

use crate::encode::{pairs, path_into, query_part};
use crate::hex;
use crate::split::split;
use crate::{ALGORITHM, Credential, STRING_TO_SIGN_BYTES, Text};

/// What a canonical request is made of, as it was received.
#[derive(Clone, Copy)]
pub struct CanonicalParts<'a> {
    /// The method.
    pub method: &'a str,
    /// The raw path.
    pub path: &'a str,
    /// The raw query.
    pub query: &'a str,
    /// All headers.
    pub headers: &'a HeaderMap,
    /// The `Host` header or the `:authority` of HTTP/2.
    pub host: &'a [u8],
    /// The names of the signed headers, with `;` between.
    pub signed_headers: &'a str,
    /// The payload's hash, or what stands in its place.
    pub payload: &'a str,
}

/// How the path enters the canonical request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathForm {
    /// Encoded once, as S3 prescribes.
    Encoded,
    /// As it was sent: some clients sign a path that they did not encode fully.
    AsSent,
}

/// How the host enters the canonical request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostForm {
    /// As it was sent.
    AsSent,
    /// Without a default port: some clients leave it out of what they sign and not out of what they send.
    WithoutDefaultPort,
}

/// A host without `:80` or `:443`; `None` where it names neither.
pub fn without_default_port(host: &[u8]) -> Option<&[u8]> {
    host.strip_suffix(b":80").or_else(|| host.strip_suffix(b":443"))
}

/// Writes the canonical request in place of what `out` held. Source: "Task 1: Create a Canonical Request".
pub fn canonical_request(parts: &CanonicalParts<'_>, path: PathForm, host: HostForm, out: &mut Text) {
    out.clear();
    out.extend_from_slice(parts.method.as_bytes());
    out.push(b'\n');
    match path {
        _ if parts.path.is_empty() => out.push(b'/'),
        PathForm::Encoded => path_into(parts.path.as_bytes(), out),
        PathForm::AsSent => out.extend_from_slice(parts.path.as_bytes()),
    }
    out.push(b'\n');
    query_into(parts.query, out);
    out.push(b'\n');
    let host = match host {
        HostForm::AsSent => parts.host,
        HostForm::WithoutDefaultPort => without_default_port(parts.host).unwrap_or(parts.host),
    };
    headers_into(parts, host, out);
    for text in [parts.signed_headers, parts.payload] {
        out.push(b'\n');
        out.extend_from_slice(text.as_bytes());
    }
}

/// Writes the query: each pair in canonical form, ordered by name and then by value, the signature left out.
fn query_into(query: &str, out: &mut Text) {
    if query.is_empty() {
        return;
    }
    let mut sorted: smallvec::SmallVec<[_; 12]> = pairs(query)
        .map(|(name, value)| (query_part(name), query_part(value)))
        .filter(|(name, _)| name != "X-Amz-Signature")
        .collect();
    sorted.sort_unstable();
    for (index, (name, value)) in sorted.iter().enumerate() {
        if index > 0 {
            out.push(b'&');
        }
        out.extend_from_slice(name.as_bytes());
        out.push(b'=');
        out.extend_from_slice(value.as_bytes());
    }
}

/// Writes one line for each signed header, in the order of the list.
fn headers_into(parts: &CanonicalParts<'_>, host: &[u8], out: &mut Text) {
    for name in split(parts.signed_headers, b';') {
        out.extend_from_slice(name.as_bytes());
        out.push(b':');
        if name == "host" {
            trimmed_into(host, out);
        } else {
            values_into(parts.headers, name, out);
        }
        out.push(b'\n');
    }
}

/// Writes the values of a header, joined by commas.
fn values_into(headers: &HeaderMap, name: &str, out: &mut Text) {
    for (index, value) in headers.get_all(name).iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        trimmed_into(value.as_bytes(), out);
    }
}

/// Writes a header's value without the white space around it, and one space for each run of it within.
fn trimmed_into(value: &[u8], out: &mut Text) {
    let value = value.trim_ascii();
    if memchr2(b' ', b'\t', value).is_none() {
        out.extend_from_slice(value);
        return;
    }
    let words = value.split(|byte| matches!(byte, b' ' | b'\t')).filter(|word| !word.is_empty());
    for (index, word) in words.enumerate() {
        if index > 0 {
            out.push(b' ');
        }
        out.extend_from_slice(word);
    }
}

/// Builds the string to sign of a canonical request. Source: "Task 2: Create a String to Sign".
pub fn string_to_sign(date: &str, credential: &Credential<'_>, canonical: &[u8]) -> Text {
    let mut out = Text::with_capacity(STRING_TO_SIGN_BYTES);
    for line in [ALGORITHM, date] {
        out.extend_from_slice(line.as_bytes());
        out.push(b'\n');
    }
    credential.write_scope(&mut out);
    out.push(b'\n');
    out.extend_from_slice(&hex::encode(&sha256(canonical)));
    out
}

/// The SHA-256 of bytes at hand.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    digest(&SHA256, bytes).as_ref().try_into().expect("SHA-256 has 32 bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(write: impl Fn(&mut Text)) -> String {
        let mut out = Text::new();
        write(&mut out);
        String::from_utf8(out.to_vec()).unwrap()
    }

    #[test]
    fn pairs_are_ordered_by_name_and_then_value_not_as_one_text() {
        let sorted = |query: &str| text(|out| query_into(query, out));
        // As whole texts `a-b=1` would come before `a=1`.
        assert_eq!(sorted("a-b=1&a=2&a=1"), "a=1&a=2&a-b=1");
        assert_eq!(sorted("uploads&prefix=somePrefix&max-keys=2"), "max-keys=2&prefix=somePrefix&uploads=");
        assert_eq!(sorted("b=%2b&b=+&&b=%20&X-Amz-Signature=1"), "b=%20&b=%20&b=%2B");
        assert_eq!(sorted("B=1&a=2&%41=3"), "A=3&B=1&a=2");
    }

    #[test]
    fn white_space_in_values_is_collapsed() {
        let trimmed = |value: &str| text(|out| trimmed_into(value.as_bytes(), out));
        assert_eq!(trimmed("  a   b\t c  "), "a b c");
        assert_eq!(trimmed("a b"), "a b");
        assert_eq!(trimmed(" "), "");
    }

    #[test]
    fn only_default_ports_are_left_out() {
        assert_eq!(without_default_port(b"a:80"), Some(&b"a"[..]));
        assert_eq!(without_default_port(b"a:443"), Some(&b"a"[..]));
        assert_eq!(without_default_port(b"a:9000"), None);
        assert_eq!(without_default_port(b"a"), None);
    }
}
