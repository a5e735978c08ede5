use types::{ETag, Timestamp};

/// A list of entity tags as `If-Match` and `If-None-Match` give it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EtagMatch {
    /// `*`: any object.
    Any,
    /// One of these.
    Listed(Vec<ETag>),
}

impl EtagMatch {
    /// Whether the tag is among those listed, by strong comparison, as `If-Match` asks. Source: RFC 9110, 13.1.1.
    #[must_use]
    pub fn matches(&self, etag: &ETag) -> bool {
        match self {
            Self::Any => true,
            Self::Listed(tags) => tags.contains(etag),
        }
    }

    /// Whether the tag is among those listed, by weak comparison, as `If-None-Match` asks. Source: RFC 9110, 13.1.2.
    #[must_use]
    pub fn matches_weakly(&self, etag: &ETag) -> bool {
        match self {
            Self::Any => true,
            Self::Listed(tags) => tags.iter().any(|tag| opaque(tag) == opaque(etag)),
        }
    }
}

/// The tag without `W/` and the quotes behind it.
fn opaque(tag: &ETag) -> &str {
    tag.as_str().strip_prefix("W/").map_or(tag.as_str(), |weak| weak.trim_matches('"'))
}

/// Conditions on the object read; for a copy, on its source.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadConditions {
    /// `If-Match`.
    pub if_match: Option<EtagMatch>,
    /// `If-None-Match`.
    pub if_none_match: Option<EtagMatch>,
    /// `If-Modified-Since`, to the second.
    pub if_modified_since: Option<Timestamp>,
    /// `If-Unmodified-Since`, to the second.
    pub if_unmodified_since: Option<Timestamp>,
}

impl ReadConditions {
    /// Whether nothing is asked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// `If-Range`: the range holds only for this state of the object; else the whole is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IfRange {
    /// The object has this tag (strong comparison).
    Tag(ETag),
    /// The object was last modified at exactly this second.
    Date(Timestamp),
}

/// A condition on the object that a write replaces or removes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum WriteCondition {
    /// None.
    #[default]
    Always,
    /// `If-None-Match: *`.
    IfAbsent,
    /// `If-Match: *`.
    IfPresent,
    /// `If-Match: ETAG`.
    IfMatch(ETag),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weak_tags_match_only_weakly() {
        let tag = ETag::from_text("\"abc\"");
        let weak = EtagMatch::Listed(vec![ETag::from_text("W/\"abc\"")]);
        assert!(!weak.matches(&tag));
        assert!(weak.matches_weakly(&tag));
        assert!(!weak.matches_weakly(&ETag::from_text("abd")));
        assert!(EtagMatch::Any.matches(&tag) && EtagMatch::Any.matches_weakly(&tag));
    }
}
