use types::{BucketName, ObjectKey};

/// The most segments of a blob's name between slashes.
const SEGMENTS_MAX: usize = 254;

/// Why a key cannot be the name of a blob; `None` where it can.
///
/// Source: "Naming and referencing containers, blobs, and metadata". What stands in front of the service resolves segments
/// of dots and cuts trailing ones, so that such a key would land on another: it is refused before it is sent.
pub(crate) fn key_refusal(key: &ObjectKey) -> Option<&'static str> {
    let text = key.as_str();
    if text.chars().any(char::is_control) {
        return Some("Azure allows no control characters in blob names");
    }
    if text.split('/').any(|segment| segment.ends_with('.')) {
        return Some("Azure changes blob names whose segments end in a dot");
    }
    if text.ends_with('\\') {
        return Some("Azure changes blob names that end in a backslash");
    }
    if text.split('/').count() > SEGMENTS_MAX {
        return Some("Azure allows at most 254 segments in a blob name");
    }
    None
}

/// Whether a key can be the name of a blob.
pub(crate) fn is_storable(key: &ObjectKey) -> bool {
    key_refusal(key).is_none()
}

/// Why a bucket's name cannot be that of a container; `None` where it can.
pub(crate) fn container_refusal(name: &BucketName) -> Option<&'static str> {
    let text = name.as_str();
    (text.contains('.') || text.contains("--"))
        .then_some("Azure allows no dots and no two hyphens in a row in container names")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_held_to_azures_rules_at_and_past_the_limit() {
        let key = |text: &str| ObjectKey::new(text).unwrap();
        for good in
            ["a", "a/", "a//b", ".a", "a.b/c.d", "a\\b", "\u{10FFFF}", " a ", "+ %2F", &"/".repeat(253)]
        {
            assert!(is_storable(&key(good)), "{good:?}");
        }
        for bad in ["a\0", "\u{81}", ".", "..", "a/../b", "a.", "a./b", "a\\", &"/".repeat(254)] {
            assert!(!is_storable(&key(bad)), "{bad:?}");
        }
        let bucket = |text: &str| BucketName::new(text).unwrap();
        assert_eq!(container_refusal(&bucket("a-b-c")), None);
        assert!(container_refusal(&bucket("a.b")).is_some());
        assert!(container_refusal(&bucket("a--b")).is_some());
    }
}
