//! Percent-encoding as S3 reads and writes it.

use std::borrow::Cow;

/// The text has a `%` without two hexadecimal digits, or does not decode to UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed;

/// Whether `+` stands for a space.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Plus {
    /// In a path it stands for itself.
    Literal,
    /// In a query and a form it stands for a space.
    Space,
}

/// Decodes; borrows where there is nothing to decode.
pub(crate) fn decode(text: &str, plus: Plus) -> Result<Cow<'_, str>, Malformed> {
    let is_special = |byte: u8| byte == b'%' || (plus == Plus::Space && byte == b'+');
    let Some(first) = text.bytes().position(is_special) else { return Ok(Cow::Borrowed(text)) };
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    decoded.extend_from_slice(&bytes[..first]);
    let mut rest = &bytes[first..];
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        match byte {
            b'%' => {
                let [high, low, ..] = *tail else { return Err(Malformed) };
                decoded.push(nibble(high)? << 4 | nibble(low)?);
                rest = &tail[2..];
            }
            b'+' if plus == Plus::Space => decoded.push(b' '),
            other => decoded.push(other),
        }
    }
    String::from_utf8(decoded).map(Cow::Owned).map_err(|_| Malformed)
}

fn nibble(digit: u8) -> Result<u8, Malformed> {
    match digit {
        b'0'..=b'9' => Ok(digit - b'0'),
        b'a'..=b'f' => Ok(digit - b'a' + 10),
        b'A'..=b'F' => Ok(digit - b'A' + 10),
        _ => Err(Malformed),
    }
}

/// Which bytes stand for themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keep {
    /// As `encoding-type=url` in listings: letters, digits and `-_.*/`; a space is `+`.
    Listing,
    /// As in a URL's path: letters, digits and `-_.~/`.
    Path,
    /// As in a query's value: letters, digits and `-_.~`.
    Query,
}

const LISTING: [bool; 256] = kept(b"-_.*/");
const PATH: [bool; 256] = kept(b"-_.~/");
const QUERY: [bool; 256] = kept(b"-_.~");

/// Letters, digits and the marks given.
const fn kept(marks: &[u8]) -> [bool; 256] {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        table[byte] = (byte as u8).is_ascii_alphanumeric();
        byte += 1;
    }
    let mut place = 0;
    while place < marks.len() {
        table[marks[place] as usize] = true;
        place += 1;
    }
    table
}

/// Appends the text, encoded.
pub(crate) fn encode_into(text: &str, keep: Keep, into: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let kept = match keep {
        Keep::Listing => &LISTING,
        Keep::Path => &PATH,
        Keep::Query => &QUERY,
    };
    let bytes = text.as_bytes();
    let mut written = 0;
    for (place, &byte) in bytes.iter().enumerate() {
        if kept[usize::from(byte)] {
            continue;
        }
        into.extend_from_slice(&bytes[written..place]);
        written = place + 1;
        if byte == b' ' && keep == Keep::Listing {
            into.push(b'+');
        } else {
            into.extend_from_slice(&[b'%', DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
        }
    }
    into.extend_from_slice(&bytes[written..]);
}

/// The text, encoded.
pub(crate) fn encode(text: &str, keep: Keep) -> String {
    let mut encoded = Vec::with_capacity(text.len());
    encode_into(text, keep, &mut encoded);
    String::from_utf8(encoded).expect("only ASCII was written")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_exactly_once() {
        for (text, literal, space) in [
            ("a%20b", "a b", "a b"),
            ("a+b", "a+b", "a b"),
            ("%252F", "%2F", "%2F"),
            ("%c3%A9", "é", "é"),
            ("", "", ""),
        ] {
            assert_eq!(decode(text, Plus::Literal).unwrap(), literal);
            assert_eq!(decode(text, Plus::Space).unwrap(), space);
        }
        assert!(matches!(decode("plain/~", Plus::Space), Ok(Cow::Borrowed(_))));
        for text in ["%", "%1", "%zz", "a%2", "%ff", "%c3"] {
            assert_eq!(decode(text, Plus::Literal), Err(Malformed), "{text}");
        }
    }

    #[test]
    fn encodes_what_each_place_needs() {
        assert_eq!(encode("a b+c/d~é*", Keep::Listing), "a+b%2Bc/d%7E%C3%A9*");
        assert_eq!(encode("a b+c/d~é*", Keep::Path), "a%20b%2Bc/d~%C3%A9%2A");
        assert_eq!(encode("a b/~", Keep::Query), "a%20b%2F~");
    }
}
