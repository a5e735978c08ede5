use std::fmt::Write as _;

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// Writes text so that it may stand anywhere in a URL. Source: RFC 3986, section 2.3.
pub(crate) fn percent_encode(text: &str) -> String {
    encode(text, is_unreserved)
}

/// Writes a blob's name as a path: slashes stay.
pub(crate) fn encode_path(name: &str) -> String {
    encode(name, |byte| is_unreserved(byte) || byte == b'/')
}

fn encode(text: &str, stays: impl Fn(u8) -> bool) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if stays(byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// Reads what [`percent_encode`] wrote; `None` where an escape is broken or the bytes are not UTF-8.
pub(crate) fn percent_decode(text: &str) -> Option<String> {
    unescape(text, b'%')
}

/// Reads text in which bytes stand as `mark` and two hexadecimal digits; `None` where an escape is broken or the bytes are not
/// UTF-8.
pub(super) fn unescape(text: &str, mark: u8) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        if *first != mark {
            bytes.push(*first);
            continue;
        }
        let (digits, tail) = rest.split_at_checked(2)?;
        bytes.push(hex_byte(digits)?);
        rest = tail;
    }
    String::from_utf8(bytes).ok()
}

/// The byte that two hexadecimal digits write.
fn hex_byte(digits: &[u8]) -> Option<u8> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let [high, low] = digits else { return None };
    Some(digit(high)? << 4 | digit(low)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_comes_back() {
        for text in ["", "a/b c", "%", "é\u{10FFFF}", "+&=?#", "~-._"] {
            assert_eq!(percent_decode(&percent_encode(text)).unwrap(), text);
            assert_eq!(percent_decode(&encode_path(text)).unwrap(), text);
        }
        assert_eq!(encode_path("a//b c/ü"), "a//b%20c/%C3%BC");
        for broken in ["%", "%4", "%zz", "%+1", "%FF"] {
            assert_eq!(percent_decode(broken), None, "{broken}");
        }
    }
}
