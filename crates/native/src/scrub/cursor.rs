use std::fmt;
use std::str::FromStr;

use blob::BlobId;
use bytes::Bytes;

/// How far a scrub has come: what it looks at next. As text it can be kept, to go on later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScrubCursor(pub(super) Place);

/// What a scrub looks at next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// The records from this key on.
    Records(Bytes),
    /// The bytes of blobs behind this one.
    Blobs(Option<BlobId>),
}

/// The text is not a cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidScrubCursor;

impl fmt::Display for InvalidScrubCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a place where a scrub can go on")
    }
}

impl std::error::Error for InvalidScrubCursor {}

const RECORDS: &str = "records:";
const BLOBS: &str = "blobs:";

impl fmt::Display for ScrubCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Place::Records(key) => {
                f.write_str(RECORDS)?;
                key.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
            Place::Blobs(None) => f.write_str(BLOBS),
            Place::Blobs(Some(id)) => write!(f, "{BLOBS}{id}"),
        }
    }
}

impl FromStr for ScrubCursor {
    type Err = InvalidScrubCursor;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(key) = text.strip_prefix(RECORDS) {
            return Ok(Self(Place::Records(bytes(key).ok_or(InvalidScrubCursor)?.into())));
        }
        match text.strip_prefix(BLOBS) {
            Some("") => Ok(Self(Place::Blobs(None))),
            Some(id) => {
                let id = bytes(id).and_then(|id| id.try_into().ok()).ok_or(InvalidScrubCursor)?;
                Ok(Self(Place::Blobs(Some(BlobId::from_bytes(id)))))
            }
            None => Err(InvalidScrubCursor),
        }
    }
}

fn bytes(digits: &str) -> Option<Vec<u8>> {
    if !digits.len().is_multiple_of(2) || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let byte = |place: usize| u8::from_str_radix(&digits[place..place + 2], 16).ok();
    (0..digits.len()).step_by(2).map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_back_from_its_text() {
        for place in [
            Place::Records(Bytes::from_static(b"")),
            Place::Records(Bytes::from_static(b"o\x00\xff\n")),
            Place::Blobs(None),
            Place::Blobs(Some(BlobId::from_u128(7))),
        ] {
            let cursor = ScrubCursor(place);
            assert_eq!(cursor.to_string().parse(), Ok(cursor));
        }
        for text in ["", "records", "records:0", "records:0é", "blobs:12", "blobs:+2", "else:00"] {
            assert_eq!(text.parse::<ScrubCursor>(), Err(InvalidScrubCursor), "{text}");
        }
    }
}
