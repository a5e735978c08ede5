//! Bytes on disk are frozen: every record and key is written as the golden file has it, and read back from there.

use store::{UploadChecksum, Versioning};
use types::{
    BucketName, CanonicalId, Checksum, ChecksumAlgorithm, ChecksumKind, ETag, ObjectHeaders, ObjectKey,
    ObjectMetadata, Owner, StorageClass, TagSet, Timestamp,
};

use super::keys::{self, Family, UploadNumber};
use super::record::{FinishedRecord, decode_value, encode_gone, encode_value};
use super::{BucketRecord, IdentityRecord, PartRecord, UploadRecord};

const GOLDEN: &str = include_str!("golden/v1.txt");

fn golden(name: &str) -> Vec<u8> {
    let line = GOLDEN.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    let digits = line.unwrap_or_else(|| panic!("no golden line for {name}"));
    let byte = |place| u8::from_str_radix(&digits[place..place + 2], 16).unwrap();
    (0..digits.len()).step_by(2).map(byte).collect()
}

/// Holds bytes to the golden file.
fn hold(name: &str, written: &[u8]) {
    let hex: String = written.iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(golden(name) == written, "{name} is written as\n{name} {hex}");
}

fn bucket() -> BucketName {
    BucketName::new("bucket").unwrap()
}

fn key() -> ObjectKey {
    ObjectKey::new("a/\0b").unwrap()
}

const NUMBER: UploadNumber =
    UploadNumber { initiated_nanos: 0x0102_0304_0506_0708, random: 0x1112_1314_1516_1718 };

fn tags() -> TagSet {
    TagSet::new(vec![("key".to_owned(), "value".to_owned())], TagSet::OBJECT_MAX).unwrap()
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
        user: vec![("name".to_owned(), "v\u{e4}l".to_owned())],
        storage_class: StorageClass::GlacierIr,
        tags: tags(),
    }
}

fn bucket_record() -> BucketRecord {
    let owner = Owner { id: CanonicalId::from_text("00ff"), display_name: "\u{d6}".into() };
    let created_at = Timestamp::from_nanos(0x0102_0304_0506_0708);
    BucketRecord { owner, created_at, tags: tags(), versioning: Versioning::Suspended }
}

fn upload_record() -> UploadRecord {
    UploadRecord {
        bucket: bucket(),
        key: key(),
        id: NUMBER.to_id(),
        initiated_at: Timestamp::from_nanos(NUMBER.initiated_nanos),
        metadata: metadata(),
        checksum: Some(UploadChecksum { algorithm: ChecksumAlgorithm::Sha1, kind: ChecksumKind::Composite }),
        provider: vec![0xAA, 0xBB],
    }
}

fn part_record() -> PartRecord {
    PartRecord {
        number: 10_000,
        size_bytes: 5 << 20,
        etag: ETag::from_md5([0x77; 16]),
        checksum: Checksum::full(ChecksumAlgorithm::Crc32c, &[0x88; 4]),
        modified_at: Timestamp::from_nanos(4),
        provider: vec![0xCC],
    }
}

fn identity_record() -> IdentityRecord {
    IdentityRecord {
        etag: ETag::multipart([0xCD; 16], 3),
        checksum: Checksum::composite(ChecksumAlgorithm::Crc32, &[0x55; 4], 3),
        part_sizes: vec![5 << 20, 5 << 20, 9],
        metadata: Some(metadata()),
        provider: vec![0xDD],
    }
}

#[test]
fn records_are_frozen() {
    hold("bucket", &bucket_record().encode());
    assert_eq!(BucketRecord::decode(&golden("bucket")), Ok(bucket_record()));
    hold("upload", &upload_record().encode());
    assert_eq!(UploadRecord::decode(&golden("upload"), bucket(), key(), NUMBER), Ok(upload_record()));
    hold("part", &part_record().encode());
    assert_eq!(PartRecord::decode(&golden("part"), 10_000), Ok(part_record()));
    hold("value", &encode_value(b"any"));
    assert_eq!(decode_value(&golden("value")), Ok(&b"any"[..]));
    let finished = FinishedRecord {
        until: Timestamp::from_nanos(5),
        bucket: "bucket".to_owned(),
        key: "a/\0b".to_owned(),
        outcome: vec![0xEE],
    };
    hold("finished", &finished.encode());
    assert_eq!(FinishedRecord::decode(&golden("finished")), Ok(finished));
    hold("gone", &encode_gone());
}

#[test]
fn identities_are_frozen() {
    let (full, apart) = identity_record().encode("v1");
    hold("identity", &full);
    assert_eq!(apart, None);
    assert_eq!(IdentityRecord::decode(&golden("identity"), None, "v1"), Ok(Some(identity_record())));
    assert_eq!(IdentityRecord::decode(&golden("identity"), None, "v2"), Ok(None));
    let plain = IdentityRecord {
        etag: ETag::from_text("foreign"),
        checksum: None,
        part_sizes: Vec::new(),
        metadata: None,
        provider: vec![0xDD; 257],
    };
    let (value, apart) = plain.encode("v1");
    hold("identity-large", &value);
    hold("identity-apart", &apart.unwrap());
    let read = |apart: Option<&[u8]>| IdentityRecord::decode(&golden("identity-large"), apart, "v1");
    assert_eq!(read(Some(&golden("identity-apart"))), Ok(Some(plain.clone())));
    assert_eq!(read(None), Ok(Some(IdentityRecord { provider: Vec::new(), ..plain })));
}

#[test]
fn keys_are_frozen() {
    let rows = [
        ("key-bucket", keys::bucket(&bucket())),
        ("key-identity", keys::identity(&bucket(), &key())),
        ("key-identity-apart", keys::identity_apart(&bucket(), &key())),
        ("key-upload", keys::upload(&bucket(), key().as_str(), NUMBER)),
        ("key-part", keys::part(NUMBER, 10_000)),
        ("key-finished", keys::of_upload(Family::Finished, NUMBER).freeze()),
        ("key-gone", keys::of_upload(Family::Gone, NUMBER).freeze()),
        ("key-value", keys::value(b"any")),
    ];
    for (name, row) in rows {
        hold(name, &row);
    }
    assert_eq!(keys::parse_upload(&golden("key-upload")), Some(("bucket", "a/\0b".to_owned(), NUMBER)));
    assert_eq!(keys::parse_part(&golden("key-part")), Some(10_000));
    assert_eq!(keys::parse_of_upload(&golden("key-gone")), Some(NUMBER));
}

/// Any cut, any other tag and any byte too many is an error, never a panic or another record.
#[test]
fn damaged_records_are_errors() {
    fn is_error(bytes: &[u8]) -> bool {
        BucketRecord::decode(bytes).is_err()
            && UploadRecord::decode(bytes, bucket(), key(), NUMBER).is_err()
            && PartRecord::decode(bytes, 1).is_err()
            && FinishedRecord::decode(bytes).is_err()
            && !matches!(IdentityRecord::decode(bytes, None, "v1"), Ok(Some(_)))
    }
    for name in ["bucket", "upload", "part", "identity", "finished"] {
        let bytes = golden(name);
        assert!((0..bytes.len()).all(|len| is_error(&bytes[..len])), "{name}");
        assert!(is_error(&[&bytes[..], &[0]].concat()), "{name}");
        assert!(is_error(&[&[0x7F], &bytes[1..]].concat()), "{name}");
    }
}

#[test]
fn a_damaged_table_of_sizes_cannot_ask_for_endless_memory() {
    let mut record = identity_record();
    record.part_sizes = vec![7; 10_000];
    assert_eq!(IdentityRecord::decode(&record.encode("v").0, None, "v"), Ok(Some(record.clone())));
    record.part_sizes.push(7);
    assert!(IdentityRecord::decode(&record.encode("v").0, None, "v").is_err());
}
