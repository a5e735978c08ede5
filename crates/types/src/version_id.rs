use std::fmt;
use std::sync::Arc;

/// Which version of a key: the null version, or one that a versioned bucket issued.
///
/// Source: "How S3 Versioning works". An issued id is opaque text of at most 1,024 bytes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VersionId {
    /// The version written while versioning was off or suspended; `null` on the wire.
    Null,
    /// A version issued while versioning was enabled.
    Id(Arc<str>),
}

impl VersionId {
    /// Reads an id as it stands in a request; `null` is the null version.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        if text == "null" { Self::Null } else { Self::Id(text.into()) }
    }

    /// The id as it stands in an answer.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Null => "null",
            Self::Id(id) => id,
        }
    }
}

impl fmt::Display for VersionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for VersionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
