//! Percent-encoding as Signature Version 4 wants it: all but `A-Z a-z 0-9 - . _ ~` escaped, in upper-case digits.
//! Source: "Signature Calculations for the Authorization Header", the function UriEncode.

use std::borrow::Cow;

use crate::Text;
use crate::split::{split, split_once};

const UPPER: &[u8; 16] = b"0123456789ABCDEF";

/// Which bytes stand for themselves.
const UNRESERVED: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        table[byte as usize] = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
        byte += 1;
    }
    table
};

fn is_unreserved(byte: u8) -> bool {
    UNRESERVED[usize::from(byte)]
}

fn push_escaped(byte: u8, out: &mut impl Extend<u8>) {
    out.extend([b'%', UPPER[usize::from(byte >> 4)], UPPER[usize::from(byte & 15)]]);
}

/// Writes a decoded text, encoded; with `keep`, that byte stands for itself too (the `/` of paths).
pub fn encode_into(text: &[u8], keep: Option<u8>, out: &mut impl Extend<u8>) {
    for byte in text {
        if is_unreserved(*byte) || Some(*byte) == keep {
            out.extend([*byte]);
        } else {
            push_escaped(*byte, out);
        }
    }
}

/// Encodes a decoded text.
pub fn encoded(text: &str, keep: Option<u8>) -> String {
    let mut out = Vec::with_capacity(text.len() + 8);
    encode_into(text.as_bytes(), keep, &mut out);
    String::from_utf8(out).expect("what is encoded is ASCII")
}

/// The byte that `%XX` at the beginning stands for.
fn escape(bytes: &[u8]) -> Option<u8> {
    let [b'%', high, low, ..] = bytes else { return None };
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    Some(digit(*high)? << 4 | digit(*low)?)
}

/// Whether an encoded text is written as encoding its meaning would write it.
pub fn is_canonical(raw: &[u8], keep: Option<u8>) -> bool {
    let mut rest = raw;
    while let Some(at) = rest.iter().position(|byte| !is_unreserved(*byte) && Some(*byte) != keep) {
        rest = &rest[at..];
        match escape(rest) {
            Some(byte)
                if !is_unreserved(byte)
                    && Some(byte) != keep
                    && !rest[1..3].iter().any(u8::is_ascii_lowercase) =>
            {
                rest = &rest[3..];
            }
            _ => return false,
        }
    }
    true
}

/// Decodes what is escaped and encodes it again, so that every way of writing a text becomes one.
fn normalize_into(raw: &[u8], keep: Option<u8>, plus_is_space: PlusIs, out: &mut impl Extend<u8>) {
    let mut rest = raw;
    while let [first, tail @ ..] = rest {
        let (byte, after) = match escape(rest) {
            Some(byte) => (byte, &rest[3..]),
            None if *first == b'+' && plus_is_space == PlusIs::Space => (b' ', tail),
            None => (*first, tail),
        };
        encode_into(&[byte], keep, out);
        rest = after;
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum PlusIs {
    Space,
    Itself,
}

/// Writes a raw path as the canonical URI: each byte encoded once, `/` kept. Nothing is resolved or collapsed.
pub fn path_into(raw: &[u8], out: &mut Text) {
    if is_canonical(raw, Some(b'/')) {
        out.extend_from_slice(raw);
    } else {
        normalize_into(raw, Some(b'/'), PlusIs::Itself, out);
    }
}

/// A raw name or value of the query in canonical form. A `+` is a space, as S3 reads it.
pub fn query_part(raw: &str) -> Cow<'_, str> {
    if is_canonical(raw.as_bytes(), None) {
        return Cow::Borrowed(raw);
    }
    let mut out = Vec::with_capacity(raw.len() + 8);
    normalize_into(raw.as_bytes(), None, PlusIs::Space, &mut out);
    Cow::Owned(String::from_utf8(out).expect("what is encoded is ASCII"))
}

/// The meaning of a raw value of the query. Bytes that are no UTF-8 are replaced.
pub fn decode(raw: &str) -> Cow<'_, str> {
    if !raw.bytes().any(|byte| matches!(byte, b'%' | b'+')) {
        return Cow::Borrowed(raw);
    }
    let mut out = Vec::with_capacity(raw.len());
    let mut rest = raw.as_bytes();
    while let [first, tail @ ..] = rest {
        let (byte, after) = match escape(rest) {
            Some(byte) => (byte, &rest[3..]),
            None if *first == b'+' => (b' ', tail),
            None => (*first, tail),
        };
        out.push(byte);
        rest = after;
    }
    Cow::Owned(String::from_utf8_lossy(&out).into_owned())
}

/// The pairs of a raw query, still encoded; what stands between two `&` without a byte is no pair.
pub fn pairs(query: &str) -> impl Iterator<Item = (&str, &str)> {
    split(query, b'&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| split_once(pair, b'=').unwrap_or((pair, "")))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn path(raw: &str) -> String {
        let mut out = Text::new();
        path_into(raw.as_bytes(), &mut out);
        String::from_utf8(out.to_vec()).unwrap()
    }

    #[test]
    fn a_path_is_encoded_once_however_it_was_written() {
        assert_eq!(path("/bucket/a%20b"), "/bucket/a%20b");
        assert_eq!(path("/bucket/a(1)+!@"), "/bucket/a%281%29%2B%21%40");
        assert_eq!(path("/b/%e2%82%ac%7E"), "/b/%E2%82%AC~");
        assert_eq!(path("//a/../%2e/"), "//a/.././");
        assert_eq!(path("/100%"), "/100%25");
        assert_eq!(path("/a%2Fb"), "/a/b");
    }

    #[test]
    fn a_query_reads_plus_as_a_space() {
        assert_eq!(query_part("a+b%2B%7e/"), "a%20b%2B~%2F");
        assert_eq!(decode("a+b%2B%zz"), "a b+%zz");
        assert_eq!(pairs("a=1&&b&c=d=e&").collect::<Vec<_>>(), [("a", "1"), ("b", ""), ("c", "d=e")]);
    }

    proptest! {
        #[test]
        fn encoding_is_undone_by_decoding(text in "\\PC{0,20}") {
            let encoded = encoded(&text, None);
            prop_assert_eq!(&*decode(&encoded), &text);
            prop_assert_eq!(&*query_part(&encoded), &encoded);
            prop_assert!(is_canonical(encoded.as_bytes(), None));
        }

        #[test]
        fn a_canonical_form_stays_as_it_is(raw in "[a-z%/+ 0-9A-F]{0,20}") {
            let once = path(&raw);
            // A lone `%` becomes `%25`, which means what it says.
            prop_assert_eq!(path(&once), once);
        }
    }
}
