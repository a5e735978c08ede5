use sigv4::encode::encoded;
use store::{StoreError, StoreErrorKind};

/// Where parts and their compositions wait until an upload is completed. Nothing under it is ever listed.
pub(crate) const RESERVED: &str = ".sluice-uploads/";

/// Why a key cannot be an object's name.
const FORBIDDEN: &str = "Cloud Storage has no objects named \".\" or \"..\" or with line ends in their names, and Sluice keeps \
                         names that begin with .sluice-uploads/ for parts of unfinished uploads";

/// What a store says of the keys that it cannot hold.
pub(crate) const ANY_KEY: store::Support = store::Support::No(FORBIDDEN);

/// Refuses keys that cannot be written.
pub(crate) fn require_storable(key: &str, operation: &'static str) -> Result<(), StoreError> {
    if is_storable(key) {
        Ok(())
    } else {
        Err(StoreError::new(StoreErrorKind::Unsupported(FORBIDDEN), operation))
    }
}

/// Whether an object of this name can be there. Source: "About Cloud Storage objects", naming requirements.
pub(crate) fn is_storable(key: &str) -> bool {
    !matches!(key, "." | "..") && !key.contains(['\r', '\n']) && !is_reserved(key)
}

/// Whether the name is one of Sluice's own.
pub(crate) fn is_reserved(name: &str) -> bool {
    name.starts_with(RESERVED)
}

/// A name as one segment of a path, or as a value of a query.
pub(crate) fn escape(text: &str) -> String {
    encoded(text, None)
}

/// Reads what [`escape`] wrote; `None` for anything else.
pub(crate) fn unescape(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
        let (high, low) = (digit(rest.next())?, digit(rest.next())?);
        bytes.push(u8::try_from(high << 4 | low).ok()?);
    }
    String::from_utf8(bytes).ok()
}

/// The smallest text behind every text that begins with `prefix`; `None` where there is none.
pub(crate) fn successor(prefix: &str) -> Option<String> {
    let mut text = prefix.to_owned();
    while let Some(last) = text.pop() {
        let next = match last {
            '\u{10FFFF}' => continue,
            '\u{D7FF}' => '\u{E000}',
            other => char::from_u32(u32::from(other) + 1).unwrap_or('\u{10FFFF}'),
        };
        text.push(next);
        return Some(text);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_successor_lies_behind_the_prefix_and_before_everything_else() {
        for (prefix, expected) in
            [("a", Some("b")), ("a/", Some("a0")), ("\u{D7FF}", Some("\u{E000}")), ("", None)]
        {
            assert_eq!(successor(prefix).as_deref(), expected, "{prefix:?}");
        }
        assert_eq!(successor("a\u{10FFFF}\u{10FFFF}").as_deref(), Some("b"));
        assert_eq!(successor("\u{10FFFF}"), None);
        assert!("a/\u{10FFFF}zz" < successor("a/").unwrap().as_str());
    }

    #[test]
    fn what_is_escaped_is_read_back() {
        for text in ["", "a/b c", "ü%2F", "\0\n"] {
            assert_eq!(unescape(&escape(text)).as_deref(), Some(text));
        }
        for text in ["%", "%4", "%zz", "%FF"] {
            assert_eq!(unescape(text), None);
        }
    }

    #[test]
    fn names_that_cannot_be_are_known() {
        for key in [".", "..", "a\nb", "\r", ".sluice-uploads/x"] {
            assert!(!is_storable(key), "{key:?}");
        }
        for key in ["...", "a/..", "./a", "\0", "//", ".sluice-uploads"] {
            assert!(is_storable(key), "{key:?}");
        }
    }
}
