use std::borrow::Cow;
use std::fmt::Write as _;

use super::percent::unescape;

/// What stands in front of a tag's key or value that is written in escapes.
const MARK: &str = "=:";

/// Characters of blob index tags. Source: "Set Blob Tags".
fn is_allowed(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b" +-./:=_".contains(&byte)
}

/// Writes a key or value of S3's in the characters that Azure has for tags: as it is where that is possible, else marked,
/// with each other byte as `=XX`.
pub(crate) fn encode_tag(text: &str) -> Cow<'_, str> {
    if text.bytes().all(is_allowed) && !text.starts_with(MARK) {
        return Cow::Borrowed(text);
    }
    let mut encoded = String::with_capacity(text.len() + 16);
    encoded.push_str(MARK);
    for byte in text.bytes() {
        if is_allowed(byte) && byte != b'=' {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "={byte:02X}");
        }
    }
    Cow::Owned(encoded)
}

/// Reads what [`encode_tag`] wrote. Text of others is taken as it is.
pub(crate) fn decode_tag(text: &str) -> Cow<'_, str> {
    let decoded = text.strip_prefix(MARK).and_then(|encoded| unescape(encoded, b'='));
    decoded.map_or(Cow::Borrowed(text), Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_azure_allows_stays_and_the_rest_comes_back() {
        for plain in ["", "Project 7", "a=b", "x+-./:_"] {
            assert_eq!(encode_tag(plain), plain);
            assert_eq!(decode_tag(plain), plain);
        }
        for odd in ["me@example.org", "größe", "=:", "=:=40", "a\u{3000}b"] {
            let encoded = encode_tag(odd);
            assert!(encoded.bytes().all(is_allowed), "{encoded}");
            assert_eq!(decode_tag(&encoded), odd);
        }
        assert_eq!(decode_tag("=:=4"), "=:=4", "another's text");
    }
}
