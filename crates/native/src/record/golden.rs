//! Bytes on disk are frozen: every record is written as the golden file has it, and read back from there.

use blob::BlobId;
use bytes::Bytes;
use store::{Bucket, UploadChecksum, Versioning};
use types::{
    BucketName, CanonicalId, Checksum, ChecksumAlgorithm, ChecksumKind, ETag, ObjectHeaders, ObjectKey,
    ObjectMetadata, Owner, StorageClass, TagSet, Timestamp,
};

use super::{
    CompletedRecord, Data, KeyState, MarkerRecord, ObjectRecord, PageStart, PartEntry, PartPage, PartRecord,
    Place, TableRef, ToDo, UploadRecord, UploadState, VersionRecord, decode_bucket, encode_bucket,
};
use crate::ids::{DataId, UploadNumber, Version};
use crate::keys::{self, Family};
use crate::testing::bucket_of_handle;

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
    assert!(golden(name) == written, "{name} is written as\n{name} {hex}");
}

fn data_id(fill: u8) -> DataId {
    DataId::from_bytes([fill; 16])
}

fn number() -> UploadNumber {
    UploadNumber { initiated_nanos: 0x0102_0304_0506_0708, random: 0x1112_1314_1516_1718 }
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
        tags: TagSet::new(vec![("key".to_owned(), "value".to_owned())], 10).unwrap(),
    }
}

fn small_object() -> ObjectRecord {
    ObjectRecord {
        version: Version { sequence: 0x0807_0605_0403_0201, random: None },
        modified_at: Timestamp::from_nanos(1_700_000_000_000_000_000),
        size_bytes: 300,
        etag: ETag::from_md5([0xAB; 16]),
        checksum: Checksum::full(ChecksumAlgorithm::Crc64Nvme, &[1, 2, 3, 4, 5, 6, 7, 8]),
        owner: data_id(0x11),
        data: Data::Whole(Place::Inline(data_id(0x11))),
        metadata: ObjectMetadata::default(),
    }
}

fn objects() -> Vec<(&'static str, ObjectRecord)> {
    let small = small_object();
    let blob = ObjectRecord {
        version: Version { sequence: 2, random: Some(0x2122_2324_2526_2728) },
        size_bytes: 1 << 40,
        etag: ETag::from_text("any text"),
        checksum: None,
        data: Data::Whole(Place::Blob(BlobId::from_bytes([0x33; 16]))),
        metadata: metadata(),
        ..small.clone()
    };
    let empty = ObjectRecord { size_bytes: 0, data: Data::Whole(Place::Empty), ..small.clone() };
    let table = TableRef {
        id: data_id(0x44),
        part_count: 600,
        pages: vec![
            PageStart { first_number: 1, offset: 0 },
            PageStart { first_number: 513, offset: (512 * 5) << 20 },
        ],
    };
    let in_parts = ObjectRecord {
        etag: ETag::multipart([0xCD; 16], 600),
        checksum: Checksum::composite(ChecksumAlgorithm::Sha256, &[0x55; 32], 600),
        data: Data::Table(table),
        ..small.clone()
    };
    vec![("object-inline", small), ("object-blob", blob), ("object-empty", empty), ("object-parts", in_parts)]
}

#[test]
fn objects_and_versions_are_frozen() {
    for (name, object) in objects() {
        hold(name, &object.encode());
        assert_eq!(ObjectRecord::decode(&golden(name)), Ok(object.clone()));
        assert_eq!(VersionRecord::decode(&golden(name)), Ok(VersionRecord::Object(Box::new(object))));
    }
    let version = Version { sequence: 9, random: Some(8) };
    let marker = MarkerRecord { version, modified_at: Timestamp::from_nanos(7) };
    hold("marker", &VersionRecord::Marker(marker).encode());
    assert_eq!(VersionRecord::decode(&golden("marker")), Ok(VersionRecord::Marker(marker)));
    for (name, marker, null_sequence) in [
        ("state-marker", Some(marker), None),
        ("state-null", None, Some(6)),
        ("state-both", Some(marker), Some(6)),
    ] {
        let state = KeyState { marker, null_sequence };
        hold(name, &state.encode());
        assert_eq!(KeyState::decode(&golden(name)), Ok(state));
    }
}

#[test]
fn buckets_are_frozen() {
    let name = BucketName::new("bucket").unwrap();
    let bucket = Bucket {
        name: name.clone(),
        owner: Owner { id: CanonicalId::from_text("00ff"), display_name: "Ö".into() },
        created_at: Timestamp::from_nanos(5),
        versioning: Versioning::Suspended,
        tags: TagSet::new(vec![("a".to_owned(), String::new())], 10).unwrap(),
        handle: 0x0102_0304_0506_0708,
        revision: 17,
    };
    hold("bucket", &encode_bucket(&bucket));
    assert_eq!(decode_bucket(&golden("bucket"), name, 17), Ok(bucket));
}

#[test]
fn uploads_are_frozen() {
    let upload = UploadRecord {
        parts: data_id(0x66),
        state: UploadState::Frozen,
        checksum: Some(UploadChecksum { algorithm: ChecksumAlgorithm::Sha1, kind: ChecksumKind::Composite }),
        metadata: metadata(),
    };
    hold("upload", &upload.encode());
    assert_eq!(UploadRecord::decode(&golden("upload")), Ok(upload));
    let part = PartRecord {
        modified_at: Timestamp::from_nanos(4),
        size_bytes: 5 << 20,
        md5: [0x77; 16],
        checksum: Checksum::full(ChecksumAlgorithm::Sha1, &[0x88; 20]),
        place: Place::Blob(BlobId::from_bytes([0x99; 16])),
    };
    hold("part", &part.encode());
    assert_eq!(PartRecord::decode(&golden("part")), Ok(part));
    let entry = |number, md5| PartEntry {
        number,
        size_bytes: 70,
        place: Place::Inline(data_id(0xAA)),
        place_offset: 200,
        md5,
        checksum: None,
    };
    let page = PartPage { offset: 1 << 33, parts: vec![entry(513, Some([0xBB; 16])), entry(10_000, None)] };
    hold("part-page", &page.encode());
    assert_eq!(PartPage::decode(&golden("part-page")), Ok(page));
    let completed = CompletedRecord { key: "a/b".to_owned(), owner: data_id(0xCC) };
    hold("completed", &completed.encode());
    assert_eq!(CompletedRecord::decode(&golden("completed")), Ok(completed));
}

#[test]
fn keys_are_frozen() {
    let bucket = bucket_of_handle(0x0102_0304_0506_0708);
    let key = ObjectKey::new("a/\0b").unwrap();
    let (id, blob) = (data_id(0xDD), BlobId::from_bytes([0xEE; 16]));
    let rows: [(&str, Bytes); 12] = [
        ("key-bucket", keys::bucket(&bucket.name)),
        ("key-completed", keys::completed(bucket.handle, number())),
        ("key-data", keys::data(id)),
        ("key-state", keys::plain(Family::KeyState, &bucket, &key)),
        ("key-current", keys::plain(Family::Current, &bucket, &key)),
        ("key-part", keys::numbered(Family::Part, id, 10_000)),
        ("key-blob-reference", keys::blob_reference(blob, id, 3)),
        ("key-table-reference", keys::table_reference(id, data_id(0x01))),
        ("key-part-page", keys::numbered(Family::PartPage, id, 19)),
        ("key-upload", keys::upload(&bucket, key.as_str(), number())),
        ("key-version", keys::version(&bucket, key.as_str(), 0x0102_0304_0506_0708)),
        ("value-work", ToDo::value()),
    ];
    for (name, row) in rows {
        hold(name, &row);
    }
    let due_at = Timestamp::from_nanos(3);
    for (name, to_do) in [
        ("work-blob", ToDo::Blob(blob)),
        ("work-table", ToDo::Table(id)),
        ("work-upload", ToDo::Upload(id)),
        ("work-bucket", ToDo::Bucket(bucket.handle)),
        ("work-completed", ToDo::Completed { due_at, bucket_handle: bucket.handle, upload: number() }),
    ] {
        hold(name, &to_do.key());
        assert_eq!(ToDo::decode(&golden(name), &ToDo::value()), Ok(to_do));
    }
}

/// Any cut, any other tag and any byte too many is an error, never a panic or another record.
#[test]
fn damaged_values_are_errors() {
    for (name, _) in objects() {
        let bytes = golden(name);
        for len in 0..bytes.len() {
            assert!(ObjectRecord::decode(&bytes[..len]).is_err(), "{name} cut at {len}");
        }
        assert!(ObjectRecord::decode(&[&bytes[..], &[0]].concat()).is_err());
        for tag in (0..=u8::MAX).filter(|tag| *tag != bytes[0]) {
            assert!(ObjectRecord::decode(&[&[tag], &bytes[1..]].concat()).is_err());
        }
    }
    for name in ["upload", "part", "part-page", "completed", "bucket", "state-both", "marker"] {
        let bytes = golden(name);
        let all_fail = (0..bytes.len()).all(|len| {
            let cut = &bytes[..len];
            UploadRecord::decode(cut).is_err()
                && PartRecord::decode(cut).is_err()
                && PartPage::decode(cut).is_err()
                && CompletedRecord::decode(cut).is_err()
                && decode_bucket(cut, BucketName::new("bucket").unwrap(), 1).is_err()
                && KeyState::decode(cut).is_err()
                && VersionRecord::decode(cut).is_err()
        });
        assert!(all_fail, "{name}");
    }
}
