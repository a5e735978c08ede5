use std::fmt;
use std::sync::Arc;

/// The longest key, in bytes of UTF-8. Source: "Naming Amazon S3 objects".
pub const KEY_MAX_BYTES: usize = 1024;

/// An object's key: 1 to 1,024 bytes of UTF-8, kept exactly as sent. Orders by bytes. Cloning is cheap.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectKey(Arc<str>);

/// Why a text is not a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvalidKey {
    /// The key has no bytes.
    Empty,
    /// The key is longer than [`KEY_MAX_BYTES`].
    TooLong,
}

impl fmt::Display for InvalidKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("a key has at least one byte"),
            Self::TooLong => f.write_str("a key has at most 1024 bytes"),
        }
    }
}

impl std::error::Error for InvalidKey {}

impl ObjectKey {
    /// Takes a key as it is.
    ///
    /// # Errors
    /// [`InvalidKey`] when it is empty or over 1,024 bytes.
    pub fn new(key: &str) -> Result<Self, InvalidKey> {
        match key.len() {
            0 => Err(InvalidKey::Empty),
            1..=KEY_MAX_BYTES => Ok(Self(key.into())),
            _ => Err(InvalidKey::TooLong),
        }
    }

    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key's bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_bytes_exactly_and_holds_the_limit() {
        for key in ["a/b", "//", "..", "+ %2F", "\u{1F600}", "a\0b"] {
            assert_eq!(ObjectKey::new(key).unwrap().as_str(), key);
        }
        assert!(ObjectKey::new(&"k".repeat(1024)).is_ok());
        assert_eq!(ObjectKey::new(&"k".repeat(1025)), Err(InvalidKey::TooLong));
        assert_eq!(ObjectKey::new(""), Err(InvalidKey::Empty));
    }
}
