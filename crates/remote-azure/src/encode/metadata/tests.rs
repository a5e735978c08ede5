use types::ObjectHeaders;

use super::*;

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn user(pairs: &[(&str, &str)]) -> UserMetadata {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// What a service would show of what was sent.
fn shown(described: &Described) -> ([Option<String>; 5], Vec<(String, String)>) {
    let of = |wanted: &str| {
        described.headers.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value.clone())
    };
    let properties = HEADERS.map(|(_, native)| native.and_then(of));
    let [a, b, c, d, e, _, _] = properties;
    let mut metadata = described.metadata.clone();
    metadata.reverse();
    ([a, b, c, d, e.or_else(|| text("application/octet-stream"))], metadata)
}

fn round_trip(metadata: &ObjectMetadata) -> Described {
    let facts = Facts { id: "1".to_owned(), size_bytes: 7, ..Facts::default() };
    let described = describe(metadata, &facts).unwrap();
    for (name, value) in &described.metadata {
        assert!(is_bearable(value), "{name}: {value:?}");
        assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'), "{name}");
    }
    let (properties, entries) = shown(&described);
    let (read, facts) = read_metadata(properties, &entries, 7);
    assert_eq!(&read, metadata);
    assert_eq!(facts.unwrap().id, "1");
    described
}

#[test]
fn what_azure_can_bear_is_written_plainly() {
    let metadata = ObjectMetadata {
        headers: ObjectHeaders {
            content_type: text("text/plain"),
            cache_control: text("no-cache"),
            ..ObjectHeaders::default()
        },
        user: user(&[("mtime", "17.5"), ("color", "deep blue")]),
        ..ObjectMetadata::default()
    };
    let described = round_trip(&metadata);
    assert!(described.metadata.contains(&("mtime".to_owned(), "17.5".to_owned())));
    assert!(described.metadata.contains(&("color".to_owned(), "deep blue".to_owned())));
    assert!(described.headers.contains(&("x-ms-blob-content-type", "text/plain".to_owned())));
}

#[test]
fn what_azure_forbids_comes_back_without_loss() {
    let metadata = ObjectMetadata {
        headers: ObjectHeaders {
            cache_control: text(""),
            content_disposition: text("attachment; filename=\"ü\""),
            content_type: text(" odd "),
            expires: text("not even a date"),
            website_redirect_location: text("/elsewhere"),
            ..ObjectHeaders::default()
        },
        user: user(&[
            ("s3cmd-attrs", "uid:0/gname:root"),
            ("名", "värde "),
            ("empty", ""),
            ("1st", "%"),
            ("sluice_identity", "mine"),
            ("sluice_m_a", "b"),
            ("under_score", "a\tb"),
        ]),
        storage_class: StorageClass::GlacierIr,
        ..ObjectMetadata::default()
    };
    let described = round_trip(&metadata);
    assert!(
        described
            .metadata
            .contains(&("sluice_m_s3cmd_2dattrs".to_owned(), "uid%3A0%2Fgname%3Aroot".to_owned()))
    );
    round_trip(&ObjectMetadata::default());
}

#[test]
fn anothers_metadata_are_shown_as_they_are() {
    let entries =
        user(&[("Upper", "Case"), ("sluice_note", "theirs"), ("sluice_identity", "theirs too"), ("a", "1")]);
    let kind = [None, None, None, None, text("application/octet-stream")];
    let (metadata, facts) = read_metadata(kind, &entries, 7);
    assert_eq!(metadata.user, user(&[("a", "1"), ("sluice_note", "theirs"), ("upper", "Case")]));
    assert_eq!(metadata.headers.content_type, text("application/octet-stream"));
    assert_eq!(facts, None);
}

#[test]
fn the_room_is_held_to_at_and_past_its_limit() {
    let facts = Facts { id: "1".to_owned(), ..Facts::default() };
    let of = |length: usize| ObjectMetadata {
        user: user(&[("k", &"v".repeat(length))]),
        ..ObjectMetadata::default()
    };
    let rest = describe(&of(1), &facts)
        .unwrap()
        .metadata
        .iter()
        .map(|(name, value)| name.len() + value.len())
        .sum::<usize>()
        - 1;
    assert!(describe(&of(METADATA_MAX_BYTES - rest), &facts).is_some());
    assert!(describe(&of(METADATA_MAX_BYTES - rest + 1), &facts).is_none());
}
