use types::{ObjectKey, ObjectMetadata};

/// S3's content type of an object that came without one.
const UNKNOWN: &str = "binary/octet-stream";

/// Gives an object that came without a content type the one that its key's extension names.
pub(crate) fn fill(metadata: &mut ObjectMetadata, key: &ObjectKey) {
    if metadata.headers.content_type.is_none() {
        metadata.headers.content_type = Some(of_key(key.as_str()).to_owned());
    }
}

/// The content type of a key by its extension, [`UNKNOWN`] where that says nothing.
fn of_key(key: &str) -> &'static str {
    let name = key.rsplit('/').next().unwrap_or(key);
    mime_guess::from_path(name).first_raw().unwrap_or(UNKNOWN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extension_of_the_last_segment_decides() {
        for (key, expected) in [
            ("a/b.txt", "text/plain"),
            ("photo.JPG", "image/jpeg"),
            ("index.html", "text/html"),
            ("dir.txt/", UNKNOWN),
            ("dir.txt/file", UNKNOWN),
            ("plain", UNKNOWN),
            (".json", UNKNOWN),
        ] {
            assert_eq!(of_key(key), expected, "{key}");
        }
    }

    #[test]
    fn a_content_type_that_was_sent_is_kept() {
        let key = ObjectKey::new("a.txt").unwrap();
        let mut metadata = ObjectMetadata::default();
        metadata.headers.content_type = Some("application/x-own".to_owned());
        fill(&mut metadata, &key);
        assert_eq!(metadata.headers.content_type.as_deref(), Some("application/x-own"));
    }
}
