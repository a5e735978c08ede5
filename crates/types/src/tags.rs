use std::fmt;

/// A set of tags in the order they were given; keys are unique.
///
/// Source: "Categorizing your objects using tags": a key has 1 to 128 characters, a value 0 to 256; an object has at
/// most 10 tags, a bucket 50.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TagSet(Vec<(String, String)>);

/// Why tags are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvalidTags {
    /// A key is empty or longer than 128 characters, or has a forbidden character.
    Key,
    /// A value is longer than 256 characters, or has a forbidden character.
    Value,
    /// Two tags have the same key.
    DuplicateKey,
    /// There are more tags than the limit.
    TooMany,
}

impl fmt::Display for InvalidTags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Key => "The TagKey you have provided is invalid",
            Self::Value => "The TagValue you have provided is invalid",
            Self::DuplicateKey => "Cannot provide multiple Tags with the same key",
            Self::TooMany => "Tags cannot be greater than the limit",
        })
    }
}

impl std::error::Error for InvalidTags {}

impl TagSet {
    /// The most tags on one object.
    pub const OBJECT_MAX: usize = 10;
    /// The most tags on one bucket.
    pub const BUCKET_MAX: usize = 50;

    /// Checks a list of tags against S3's rules.
    ///
    /// # Errors
    /// The first rule of [`InvalidTags`] that is broken.
    pub fn new(tags: Vec<(String, String)>, max_count: usize) -> Result<Self, InvalidTags> {
        if tags.len() > max_count {
            return Err(InvalidTags::TooMany);
        }
        for (index, (key, value)) in tags.iter().enumerate() {
            if key.is_empty() || key.chars().count() > 128 || !key.chars().all(is_allowed) {
                return Err(InvalidTags::Key);
            }
            if value.chars().count() > 256 || !value.chars().all(is_allowed) {
                return Err(InvalidTags::Value);
            }
            if tags[..index].iter().any(|(earlier, _)| earlier == key) {
                return Err(InvalidTags::DuplicateKey);
            }
        }
        Ok(Self(tags))
    }

    /// The tags as key and value.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// How many tags there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no tag.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Letters, digits, spaces and `_ . : / = + - @` in any script.
fn is_allowed(character: char) -> bool {
    character.is_alphanumeric() || character.is_whitespace() || "_.:/=+-@".contains(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(tags: &[(&str, &str)]) -> Result<TagSet, InvalidTags> {
        TagSet::new(
            tags.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
            TagSet::OBJECT_MAX,
        )
    }

    #[test]
    fn limits_hold_at_and_past_them() {
        assert!(set(&[(&"k".repeat(128), &"v".repeat(256))]).is_ok());
        assert_eq!(set(&[(&"k".repeat(129), "")]), Err(InvalidTags::Key));
        assert_eq!(set(&[("k", &"v".repeat(257))]), Err(InvalidTags::Value));
        assert_eq!(set(&[("k", "1"), ("k", "2")]), Err(InvalidTags::DuplicateKey));
        let eleven: Vec<_> = (0..11).map(|n| (n.to_string(), String::new())).collect();
        assert_eq!(TagSet::new(eleven.clone(), TagSet::OBJECT_MAX), Err(InvalidTags::TooMany));
        assert!(TagSet::new(eleven[..10].to_vec(), TagSet::OBJECT_MAX).is_ok());
    }
}
