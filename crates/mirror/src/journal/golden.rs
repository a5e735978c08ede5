//! Bytes on disk are frozen: every row and record is written as the golden file has it, and read back from there.

use bytes::Bytes;
use store::{UploadChecksum, UploadId, Versioning};
use types::{
    BucketName, CanonicalId, Checksum, ChecksumAlgorithm, ChecksumKind, ETag, ObjectHeaders, ObjectKey,
    ObjectMetadata, Owner, StorageClass, TagSet, Timestamp, VersionId,
};

use super::encode::{
    decode_cursor, decode_debt, decode_removal, decode_target, encode_cursor, encode_debt, encode_removal,
    encode_target,
};
use super::keys::{self, Family};
use super::{
    AbortRecord, BucketDebt, BucketRecord, CopyAt, CopyState, Coverage, Current, Debt, Facts, FinishedRecord,
    Held, Intent, KeyState, Member, Origin, PartRecord, Plan, Sequence, Stray, UploadNumber, UploadRecord,
    Version, What,
};
use crate::target::TargetNumber;

/// Name and bytes in hexadecimal, a line each.
const GOLDEN: &str = include_str!("golden/v1.txt");

fn golden(name: &str) -> Vec<u8> {
    let line = GOLDEN.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    let digits = line.unwrap_or_else(|| panic!("no golden line for {name}"));
    let byte = |place| u8::from_str_radix(&digits[place..place + 2], 16).unwrap();
    (0..digits.len()).step_by(2).map(byte).collect()
}

fn hold(name: &str, written: &[u8]) {
    let hex: String = written.iter().map(|byte| format!("{byte:02x}")).collect();
    let is_same = GOLDEN.lines().any(|line| line == format!("{name} {hex}"));
    assert!(is_same, "{name} is written as\n{name} {hex}");
}

fn number() -> UploadNumber {
    UploadNumber { initiated_nanos: 0x0102_0304_0506_0708, random: 0x1112_1314_1516_1718 }
}

fn bucket() -> BucketName {
    BucketName::new("bucket").unwrap()
}

fn moment() -> Timestamp {
    Timestamp::from_nanos(1_700_000_000_000_000_000)
}

fn tags() -> TagSet {
    TagSet::new(vec![("key".to_owned(), "value".to_owned())], 10).unwrap()
}

fn metadata() -> ObjectMetadata {
    let text = |text: &str| Some(text.to_owned());
    ObjectMetadata {
        headers: ObjectHeaders {
            cache_control: text("cc"),
            content_disposition: text("cd"),
            content_encoding: text("ce"),
            content_language: text("cl"),
            content_type: text("ct"),
            expires: text("ex"),
            website_redirect_location: text("wr"),
        },
        user: vec![("name".to_owned(), "värde".to_owned())],
        storage_class: StorageClass::GlacierIr,
        tags: tags(),
    }
}

fn object() -> Version {
    let held =
        Held { version_id: Some(VersionId::from_text("theirs")), etag: Some(ETag::from_text("dressed")) };
    let copy = |number, state| CopyAt { target: TargetNumber(number), state };
    Version {
        sequence: Sequence(0x0807_0605_0403_0201),
        random: Some(0x2122_2324_2526_2728),
        modified_at: moment(),
        what: What::Object(Facts {
            etag: ETag::from_md5([0xAB; 16]),
            size_bytes: 300,
            checksum: Checksum::full(ChecksumAlgorithm::Crc64Nvme, &[1, 2, 3, 4, 5, 6, 7, 8]),
            storage_class: StorageClass::StandardIa,
            origin: Origin::Supplied,
        }),
        copies: vec![
            copy(0, CopyState::Held(Held::default())),
            copy(1, CopyState::Owed),
            copy(300, CopyState::OwesTags(held)),
        ],
    }
}

fn marker() -> Version {
    Version { random: None, what: What::Marker, copies: Vec::new(), ..object() }
}

fn states() -> [(&'static str, KeyState); 4] {
    let debt = |number, stray| Debt { target: TargetNumber(number), since: moment(), stray };
    let debts = vec![debt(1, Stray::No), debt(300, Stray::Maybe)];
    [
        (
            "key-object",
            KeyState { current: Current::Version(object()), null: Some(Sequence(7)), debts: debts.clone() },
        ),
        ("key-absent", KeyState { current: Current::Absent, null: None, debts: debts.clone() }),
        ("key-unrecorded", KeyState { current: Current::Unrecorded, null: None, debts }),
        (
            "key-wrong",
            KeyState { current: Current::Absent, null: None, debts: vec![debt(300, Stray::Wrong)] },
        ),
    ]
}

fn bucket_record(versioning: Versioning, coverage: Coverage) -> BucketRecord {
    BucketRecord {
        handle: 0x3132_3334_3536_3738,
        revision: 300,
        owner: Owner { id: CanonicalId::from_text("id"), display_name: "name".into() },
        created_at: moment(),
        tags: tags(),
        versioning,
        coverage,
        members: vec![
            (TargetNumber(0), Member::Full),
            (TargetNumber(1), Member::Filling),
            (TargetNumber(2), Member::Owes),
            (TargetNumber(3), Member::New),
        ],
    }
}

fn intents() -> [(&'static str, Plan); 4] {
    let sequence = Sequence(5);
    [
        (
            "intent-object",
            Plan::Object { sequence, random: Some(6), upload: Some(number()), origin: Origin::Computed },
        ),
        ("intent-marker", Plan::Marker { sequence, random: None }),
        ("intent-remove", Plan::Remove { sequence: Some(sequence) }),
        ("intent-tags", Plan::Tags { sequence, tags: tags() }),
    ]
}

#[test]
fn records_of_keys_are_frozen() {
    for (name, version) in [("version-object", object()), ("version-marker", marker())] {
        hold(name, &version.encode());
        assert_eq!(Version::decode(&golden(name)), Ok(version));
    }
    for (name, state) in states() {
        hold(name, &state.encode());
        assert_eq!(KeyState::decode(&golden(name)), Ok(state));
    }
    for (name, plan) in intents() {
        let intent = Intent { bucket: bucket(), targets: vec![TargetNumber(0), TargetNumber(300)], plan };
        hold(name, &intent.encode());
        assert_eq!(Intent::decode(&golden(name)), Ok(intent));
    }
}

#[test]
fn records_of_buckets_and_debts_are_frozen() {
    for (name, record) in [
        ("bucket-off", bucket_record(Versioning::Off, Coverage::Whole)),
        ("bucket-enabled", bucket_record(Versioning::Enabled, Coverage::Partial)),
        ("bucket-suspended", bucket_record(Versioning::Suspended, Coverage::Whole)),
    ] {
        hold(name, &record.encode());
        assert_eq!(BucketRecord::decode(&golden(name)), Ok(record));
    }
    let debt = BucketDebt { since: moment(), removed: vec![1, u64::MAX] };
    hold("bucket-debt", &debt.encode());
    assert_eq!(BucketDebt::decode(&golden("bucket-debt")), Ok(debt));
    hold("debt", &encode_debt(&bucket(), moment()));
    assert_eq!(decode_debt(&golden("debt")), Ok((bucket(), moment())));
    let removal = VersionId::from_text("theirs");
    hold("removal", &encode_removal(&removal));
    assert_eq!(decode_removal(&golden("removal")), Ok(removal));
    hold("target", &encode_target(TargetNumber(300)));
    assert_eq!(decode_target(&golden("target")), Ok(TargetNumber(300)));
    hold("cursor", &encode_cursor(b"place"));
    assert_eq!(decode_cursor(&golden("cursor")), Ok(&b"place"[..]));
}

#[test]
fn records_of_uploads_are_frozen() {
    let checksum =
        Some(UploadChecksum { algorithm: ChecksumAlgorithm::Sha256, kind: ChecksumKind::Composite });
    let targets =
        vec![(TargetNumber(0), UploadId::from_text("a")), (TargetNumber(300), UploadId::from_text("b"))];
    let upload = UploadRecord { metadata: metadata(), checksum, targets };
    hold("upload", &upload.encode());
    assert_eq!(UploadRecord::decode(&golden("upload")), Ok(upload));
    let part = PartRecord {
        size_bytes: 5 << 20,
        etag: ETag::from_md5([0xCD; 16]),
        checksum: Checksum::full(ChecksumAlgorithm::Crc32, &[1, 2, 3, 4]),
        modified_at: moment(),
        held: vec![(TargetNumber(0), None), (TargetNumber(300), Some(ETag::from_text("theirs")))],
    };
    hold("part", &part.encode());
    assert_eq!(PartRecord::decode(&golden("part")), Ok(part));
    let finished =
        FinishedRecord { until: moment(), handle: 9, key: "key".to_owned(), sequence: Sequence(5) };
    for (name, record) in [("finished", finished), ("finished-aborted", FinishedRecord::aborted(9, moment()))]
    {
        hold(name, &record.encode());
        assert_eq!(FinishedRecord::decode(&golden(name)), Ok(record));
    }
    let abort =
        AbortRecord { bucket: bucket(), key: "key".to_owned(), upload_id: UploadId::from_text("theirs") };
    hold("abort", &abort.encode());
    assert_eq!(AbortRecord::decode(&golden("abort")), Ok(abort));
}

#[test]
fn rows_are_frozen() {
    let (handle, target, key) = (0x4142_4344_4546_4748, TargetNumber(0x0102), "a\0b");
    let rows: [(&str, Bytes); 14] = [
        ("row-abort", keys::abort(target, number())),
        ("row-bucket", keys::named(Family::Bucket, b"bucket")),
        ("row-cursor", keys::named(Family::Cursor, b"name")),
        ("row-debt", keys::debt(target, handle, key)),
        ("row-finished", keys::of_upload(Family::Finished, number()).freeze()),
        ("row-intent", keys::of_key(Family::Intent, handle, key)),
        ("row-key", keys::of_key(Family::Key, handle, key)),
        ("row-bucket-debt", keys::bucket_debt(target, &bucket())),
        ("row-part", keys::part(number(), 10_000)),
        ("row-removal", keys::removal(target, handle, key, Sequence(5))),
        ("row-target", keys::named(Family::Target, b"near")),
        ("row-upload", keys::upload(handle, key, number())),
        ("row-version", keys::version(handle, key, Sequence(5))),
        ("row-version-last", keys::version(handle, "b", Sequence(u64::MAX))),
    ];
    for (name, row) in &rows {
        hold(name, row);
    }
    assert_eq!(keys::parse_part(&golden("row-part")), Some(10_000));
    assert_eq!(keys::parse_removal(&golden("row-removal")), Some(Sequence(5)));
    assert_eq!(keys::parse_abort(&golden("row-abort")), Some(number()));
    assert_eq!(keys::parse_bucket_debt(&golden("row-bucket-debt")), Some(bucket()));
    assert_eq!(keys::parse_of_key(&golden("row-key")), Some((handle, ObjectKey::new(key).unwrap())));
}

#[test]
fn unknown_and_broken_records_are_refused() {
    for line in GOLDEN.lines().filter(|line| !line.starts_with("row-")) {
        let (name, _) = line.split_once(' ').unwrap();
        let bytes = golden(name);
        let unknown = [&[0xEE], &bytes[1..]].concat();
        for broken in [&unknown[..], &bytes[..bytes.len() - 1], &[&bytes[..], &[0]].concat()[..], &[]] {
            assert!(
                KeyState::decode(broken).is_err()
                    && Version::decode(broken).is_err()
                    && BucketRecord::decode(broken).is_err()
                    && Intent::decode(broken).is_err()
                    && UploadRecord::decode(broken).is_err()
                    && PartRecord::decode(broken).is_err()
                    && FinishedRecord::decode(broken).is_err()
                    && BucketDebt::decode(broken).is_err(),
                "{name}"
            );
        }
    }
}
