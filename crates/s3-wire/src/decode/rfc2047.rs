//! Encoded words, with which S3 carries metadata beyond US-ASCII in headers. Source: RFC 2047; "Working with object
//! metadata" in the Amazon S3 user guide.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The longest encoded word, in bytes.
const WORD_MAX_BYTES: usize = 75;
/// What stands around the text of a word.
const OPENING: &str = "=?UTF-8?B?";
const CLOSING: &str = "?=";
/// How many bytes of text fit one word: a multiple of three, so that no word ends with padding for nothing.
const TEXT_MAX_BYTES: usize = (WORD_MAX_BYTES - OPENING.len() - CLOSING.len()) / 4 * 3;

/// Decodes text that consists of encoded words of UTF-8 or US-ASCII; any other text stays as it is.
pub(crate) fn decode(text: &str) -> Option<String> {
    let mut decoded = Vec::new();
    let mut words = text.split_ascii_whitespace().peekable();
    words.peek()?;
    for word in words {
        let inner = word.strip_prefix("=?")?.strip_suffix("?=")?;
        let mut pieces = inner.splitn(3, '?');
        let (charset, encoding, content) = (pieces.next()?, pieces.next()?, pieces.next()?);
        let charset = charset.split('*').next().unwrap_or_default();
        if !charset.eq_ignore_ascii_case("utf-8") && !charset.eq_ignore_ascii_case("us-ascii") {
            return None;
        }
        match encoding {
            "B" | "b" => decoded.extend(STANDARD.decode(content).ok()?),
            "Q" | "q" => quoted(content, &mut decoded)?,
            _ => return None,
        }
    }
    String::from_utf8(decoded).ok()
}

/// The `Q` encoding: `_` is a space, `=XX` a byte.
fn quoted(content: &str, into: &mut Vec<u8>) -> Option<()> {
    let mut bytes = content.bytes();
    while let Some(byte) = bytes.next() {
        into.push(match byte {
            b'_' => b' ',
            b'=' => {
                let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
                (digit(bytes.next())? << 4 | digit(bytes.next())?) as u8
            }
            other => other,
        });
    }
    Some(())
}

/// Writes text as encoded words, each of at most 75 bytes and of whole characters.
pub(crate) fn encode(text: &str) -> String {
    let mut words = String::with_capacity(text.len() * 2);
    let mut rest = text;
    while !rest.is_empty() {
        let (piece, behind) = rest.split_at(rest.floor_char_boundary(TEXT_MAX_BYTES));
        if !words.is_empty() {
            words.push(' ');
        }
        words.push_str(OPENING);
        STANDARD.encode_string(piece, &mut words);
        words.push_str(CLOSING);
        rest = behind;
    }
    words
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn both_encodings_are_read() {
        assert_eq!(decode("=?UTF-8?B?w6k=?=").unwrap(), "é");
        assert_eq!(decode("=?utf-8?q?=C3=A9_x?= =?UTF-8?Q?y?=").unwrap(), "é xy");
        assert_eq!(decode("=?UTF-8*en?Q?a?=").unwrap(), "a");
    }

    #[test]
    fn anything_else_stays() {
        for text in [
            "",
            "plain",
            "=?UTF-8?B?!!?=",
            "=?UTF-8?X?a?=",
            "=?latin1?Q?a?=",
            "=?UTF-8?Q?=C3?=",
            "=?UTF-8?Q?=F?=",
            "a =?UTF-8?Q?a?=",
        ] {
            assert_eq!(decode(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(text in "\\PC{1,120}") {
            let words = encode(&text);
            prop_assert!(words.split(' ').all(|word| word.len() <= WORD_MAX_BYTES));
            prop_assert_eq!(decode(&words).unwrap(), text);
        }

        #[test]
        fn no_text_panics(text in "[=?UTF8QqBb_ -]{0,30}") {
            let _ = decode(&text);
        }
    }
}
