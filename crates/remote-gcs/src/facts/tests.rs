use super::*;

fn found(metadata: Written, headers: ObjectHeaders, class: &str) -> Found {
    Found {
        generation: 1,
        metageneration: Some(1),
        size_bytes: 0,
        md5: None,
        crc32c: None,
        modified_at: Timestamp::default(),
        class: class.to_owned(),
        headers: ObjectHeaders { expires: None, website_redirect_location: None, ..headers },
        metadata,
    }
}

fn round_trip(facts: &Facts, said: &ObjectMetadata) -> (Facts, ObjectMetadata) {
    let (written, rest) = facts.write(said);
    assert_eq!(rest, Rest::Here);
    for (name, value) in &written {
        assert!(http::HeaderName::from_bytes(format!("x-goog-meta-{name}").as_bytes()).is_ok(), "{name}");
        assert_eq!(value.trim(), value);
        assert!(value.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{value}");
    }
    let class = class::to_gcs(said.storage_class).unwrap_or("STANDARD");
    Facts::read(&found(written, said.headers.clone(), class))
}

fn user(pairs: &[(&str, &str)]) -> UserMetadata {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn nothing_said_writes_nothing() {
    assert_eq!(Facts::default().write(&ObjectMetadata::default()), (Written::new(), Rest::Here));
}

#[test]
fn everything_said_comes_back_and_fits_in_headers() {
    let said = ObjectMetadata {
        headers: ObjectHeaders {
            expires: Some("not; a=date%".to_owned()),
            website_redirect_location: Some("/else where".to_owned()),
            ..ObjectHeaders::default()
        },
        user: user(&[
            ("z", "1"),
            ("名", "värde "),
            ("a", "plain"),
            ("empty", ""),
            ("sluice", "v1;e=forged"),
            ("UPPER", "x"),
            ("b", " spaced "),
            ("c", "line\nend"),
        ]),
        storage_class: StorageClass::DeepArchive,
        tags: TagSet::new(vec![("k=&;".replace(['&', ';'], "-"), "v =".to_owned())], 10).unwrap(),
    };
    let facts = Facts {
        etag: Some(ETag::from_text("0123-4")),
        checksum: Checksum::composite(ChecksumAlgorithm::Crc32, &[1, 2, 3, 4], 4),
        parts: [(1, 5), (2, 5), (7, 1)].into_iter().collect(),
        nonce: Some("abc".to_owned()),
        upload: Some("def".to_owned()),
        modified_at: Some(Timestamp::from_nanos(1_234_567_890)),
        rest: Rest::Here,
    };
    assert_eq!(round_trip(&facts, &said), (facts, said));
}

#[test]
fn every_class_comes_back() {
    for name in ["STANDARD", "STANDARD_IA", "ONEZONE_IA", "GLACIER", "GLACIER_IR", "DEEP_ARCHIVE", "SNOW"] {
        let storage_class = StorageClass::from_text(name).unwrap();
        let said = ObjectMetadata { storage_class, ..ObjectMetadata::default() };
        assert_eq!(round_trip(&Facts::default(), &said).1, said, "{name}");
    }
}

#[test]
fn what_another_tool_wrote_is_shown_as_it_is() {
    let metadata = Written::from([("name".to_owned(), "=?utf-8?b?eA==?=".to_owned())]);
    let (facts, said) = Facts::read(&found(metadata, ObjectHeaders::default(), "STANDARD"));
    assert_eq!(facts, Facts::default());
    assert_eq!(said.user, user(&[("name", "=?utf-8?b?eA==?=")]));
}

#[test]
fn a_forged_or_broken_record_harms_nothing() {
    for value in ["v1;p=9-1:5;c=X:y;o=5,5;e=", "v2;e=x", "v1;;;=;a=%", "", "v1;t=%FF"] {
        let metadata = Written::from([(NAME.to_owned(), value.to_owned())]);
        let (facts, _) = Facts::read(&found(metadata, ObjectHeaders::default(), "STANDARD"));
        assert_eq!(facts.checksum, None);
        assert_eq!(facts.parts, PartRuns::default());
    }
}

#[test]
fn what_does_not_fit_goes_to_the_ledger() {
    let said =
        |bytes: usize| ObjectMetadata { user: user(&[("a", &"x".repeat(bytes))]), ..Default::default() };
    let facts =
        Facts { parts: (1..2000).map(|number| (number, u64::from(number))).collect(), ..Facts::default() };
    let (written, rest) = facts.write(&said(10));
    assert_eq!((written["a"].len(), rest), (10, Rest::Ledger));
    assert!(size(&written) <= METADATA_MAX_BYTES);
    let (written, rest) = facts.write(&said(METADATA_MAX_BYTES));
    assert_eq!((written.get("a"), rest), (None, Rest::Ledger));
    let fits = METADATA_MAX_BYTES - 1;
    assert_eq!(Facts::default().write(&said(fits)).1, Rest::Here);
    assert_eq!(Facts::default().write(&said(fits + 1)).1, Rest::Ledger);
}
