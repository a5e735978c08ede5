use std::fmt;
use std::sync::Arc;

/// A canonical user id: 64 hexadecimal digits, stable for a user.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CanonicalId(Arc<str>);

impl CanonicalId {
    /// Takes an id as text.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        Self(text.into())
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CanonicalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Who owns a bucket or object: an id for comparing and a name for showing.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Owner {
    /// The canonical user id.
    pub id: CanonicalId,
    /// The user's name.
    pub display_name: Arc<str>,
}
