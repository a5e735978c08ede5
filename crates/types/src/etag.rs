use std::fmt;

/// An object's entity tag, without the quotes that HTTP puts around it.
///
/// Strong comparison only. A native object's tag is the MD5 of its bytes in hexadecimal, or `md5(md5s of parts)-N`; a
/// foreign object's may be any text.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ETag(Box<str>);

impl ETag {
    /// The tag of an object put in one piece.
    #[must_use]
    pub fn from_md5(md5: [u8; 16]) -> Self {
        Self(hex(&md5).into())
    }

    /// The tag of a multipart object: the MD5 over the parts' binary MD5s, and how many parts there are.
    #[must_use]
    pub fn multipart(md5_of_md5s: [u8; 16], part_count: u32) -> Self {
        Self(format!("{}-{part_count}", hex(&md5_of_md5s)).into())
    }

    /// Takes a tag as text. Surrounding quotes are removed; a weak prefix `W/` is kept, so that it never equals a
    /// strong tag.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        let text = text.trim();
        let bare = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text);
        Self(bare.into())
    }

    /// The tag without quotes.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The MD5 that the tag holds, where it is a plain MD5 of bytes.
    #[must_use]
    pub fn md5(&self) -> Option<[u8; 16]> {
        let text = self.0.as_bytes();
        if text.len() != 32 {
            return None;
        }
        let mut md5 = [0; 16];
        for (byte, pair) in md5.iter_mut().zip(text.chunks_exact(2)) {
            *byte = nibble(pair[0])? << 4 | nibble(pair[1])?;
        }
        Some(md5)
    }
}

fn nibble(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|value| value as u8)
}

fn hex(bytes: &[u8; 16]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(32);
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

impl fmt::Display for ETag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ETag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn md5_round_trips_through_text() {
        let md5 = [0xd4, 0x1d, 0x8c, 0xd9, 0x8f, 0, 0xb2, 4, 0xe9, 0x80, 9, 0x98, 0xec, 0xf8, 0x42, 0x7e];
        let tag = ETag::from_md5(md5);
        assert_eq!(tag.as_str(), "d41d8cd98f00b204e9800998ecf8427e");
        assert_eq!(ETag::from_text("\"d41d8cd98f00b204e9800998ecf8427e\""), tag);
        assert_eq!(tag.md5(), Some(md5));
        assert_eq!(ETag::multipart(md5, 7).as_str(), "d41d8cd98f00b204e9800998ecf8427e-7");
        assert_eq!(ETag::multipart(md5, 7).md5(), None);
        assert_ne!(ETag::from_text("W/\"d41d8cd98f00b204e9800998ecf8427e\""), tag);
    }
}
