//! Bytes on disk are frozen: every record is written as the golden file has it, and read back from there.

use store::{Bucket, ObjectInfo, Versioning};
use types::{
    BucketName, CanonicalId, Checksum, ChecksumAlgorithm, ETag, ObjectHeaders, ObjectMetadata, Owner,
    StorageClass, TagSet, Timestamp, VersionId,
};

use super::{BucketRecord, ObjectRecord};
use crate::object::Naming;
use crate::state::{ObjectState, Recorded};

/// Name and bytes in hexadecimal, a line each.
const GOLDEN: &str = include_str!("golden/v1.txt");

fn golden(name: &str) -> Vec<u8> {
    let line = GOLDEN.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    let digits = line.unwrap_or_default();
    let byte = |place| u8::from_str_radix(&digits[place..place + 2], 16).unwrap();
    (0..digits.len()).step_by(2).map(byte).collect()
}

fn hold(name: &str, written: &[u8]) {
    let hex: String = written.iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(golden(name) == written, "{name} is written as\n{name} {hex}");
}

fn tags() -> TagSet {
    TagSet::new(vec![("key".to_owned(), "value".to_owned())], 10).unwrap()
}

fn full() -> ObjectRecord {
    let text = |text: &str| Some(text.to_owned());
    ObjectRecord(ObjectState {
        info: ObjectInfo {
            etag: ETag::from_text("e-2"),
            size_bytes: 0x0102_0304_0506_0708,
            modified_at: Timestamp::from_secs(7),
            version_id: Some(VersionId::from_text("v1")),
            metadata: ObjectMetadata {
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
            },
            checksum: Checksum::composite(ChecksumAlgorithm::Crc32, &[1, 2, 3, 4], 2),
            part_count: Some(2),
            part: None,
        },
        is_complete: true,
        seen_at: Timestamp::from_secs(9),
        recorded_at: Some(Timestamp::from_secs(9)),
        is_doubtful: false,
        naming: Naming::default(),
        recorded: Recorded::default(),
    })
}

fn bare() -> ObjectRecord {
    ObjectRecord(ObjectState {
        info: ObjectInfo {
            etag: ETag::from_text("e"),
            size_bytes: 0,
            modified_at: Timestamp::default(),
            version_id: None,
            metadata: ObjectMetadata::default(),
            checksum: None,
            part_count: None,
            part: None,
        },
        is_complete: false,
        seen_at: Timestamp::from_secs(1),
        recorded_at: Some(Timestamp::from_secs(1)),
        is_doubtful: false,
        naming: Naming::default(),
        recorded: Recorded::default(),
    })
}

fn bucket() -> BucketRecord {
    BucketRecord {
        bucket: Bucket {
            name: BucketName::new("bucket").unwrap(),
            owner: Owner { id: CanonicalId::from_text("00ff"), display_name: "owner".into() },
            created_at: Timestamp::from_secs(3),
            versioning: Versioning::Suspended,
            tags: tags(),
            handle: 5,
            revision: 6,
        },
        seen_at: Timestamp::from_secs(9),
    }
}

#[test]
fn objects_are_frozen() {
    for (name, record) in [("object-full", full()), ("object-bare", bare())] {
        hold(name, &record.encode().unwrap());
        assert_eq!(ObjectRecord::decode(&golden(name)), Some(record));
    }
}

#[test]
fn buckets_are_frozen() {
    hold("bucket", &bucket().encode().unwrap());
    assert_eq!(BucketRecord::decode(&golden("bucket")), Some(bucket()));
}

#[test]
fn no_cut_and_no_addition_is_a_record() {
    for bytes in [full().encode().unwrap(), bare().encode().unwrap()] {
        assert!((0..bytes.len()).all(|length| ObjectRecord::decode(&bytes[..length]).is_none()));
        assert!(ObjectRecord::decode(&[&bytes[..], &[0]].concat()).is_none());
    }
    let bytes = bucket().encode().unwrap();
    assert!((0..bytes.len()).all(|length| BucketRecord::decode(&bytes[..length]).is_none()));
    assert!(BucketRecord::decode(&full().encode().unwrap()).is_none());
}

#[test]
fn what_is_too_large_is_no_record() {
    let mut record = bare();
    record.0.info.metadata.user = vec![("n".to_owned(), "v".repeat(super::RECORD_MAX_BYTES))];
    assert_eq!(record.encode(), None);
}
