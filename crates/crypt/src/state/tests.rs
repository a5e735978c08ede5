//! Rows are frozen: every key and value is written as the golden file has it, and read back from there.

use store::{PutOutcome, UploadChecksum};
use types::{Checksum, ChecksumAlgorithm, ChecksumKind, ETag, ObjectKey, Timestamp, VersionId};

use super::keys::{self, Family};
use super::record::{Completed, Entry, PartRecord, SealedEntry, UploadRecord, UploadState};
use crate::format::{ENVELOPE_BYTES, Envelope};

const GOLDEN: &str = include_str!("golden/v1.txt");

/// Holds bytes to the golden file.
fn hold(name: &str, written: &[u8]) {
    let hex: String = written.iter().map(|byte| format!("{byte:02x}")).collect();
    let line = format!("{name} {hex}");
    assert!(GOLDEN.lines().any(|golden| golden == line), "{name} is written as\n{line}");
}

fn envelope() -> Envelope {
    let mut bytes: [u8; ENVELOPE_BYTES] = std::array::from_fn(|place| place as u8);
    bytes[..4].copy_from_slice(&[1, 2, 1, 0]);
    Envelope::decode(&bytes).unwrap()
}

fn crc() -> Checksum {
    Checksum::full(ChecksumAlgorithm::Crc64Nvme, &[1, 2, 3, 4, 5, 6, 7, 8]).unwrap()
}

fn entries() -> [(&'static str, Entry); 2] {
    let sealed = SealedEntry {
        envelope: envelope(),
        etag: ETag::from_text("0123456789abcdef0123456789abcdef-2"),
        checksum: Checksum::composite(ChecksumAlgorithm::Sha1, &[7; 20], 2),
        size_bytes: 0x0102_0304,
        stored_bytes: 0x01_0203_0405,
        part_count: Some(2),
    };
    [("foreign", Entry::Foreign { stored_bytes: 0x0a0b }), ("sealed", Entry::Sealed(sealed))]
}

fn uploads() -> [(&'static str, UploadRecord); 3] {
    let outcome = PutOutcome {
        etag: ETag::from_text("shown-1"),
        version_id: Some(VersionId::Null),
        checksum: Some(crc()),
        size_bytes: 9,
        modified_at: Timestamp::from_nanos(11),
    };
    let completed = Completed { listed: [4; 32], stored_etag: ETag::from_text("stored"), outcome };
    let completing =
        UploadState::Completing { contents: [3; 32], number: 8, stored_etag: ETag::from_text("manifest") };
    let named = UploadChecksum { algorithm: ChecksumAlgorithm::Crc32, kind: ChecksumKind::Composite };
    let record =
        |checksum, state| UploadRecord { key: "a/\0b".into(), envelope: envelope(), checksum, state };
    [
        ("upload-open", record(Some(named), UploadState::Open)),
        ("upload-completing", record(None, completing)),
        ("upload-completed", record(None, UploadState::Completed(completed))),
    ]
}

fn part() -> PartRecord {
    PartRecord {
        stored_etag: ETag::from_text("stored"),
        stream: [5; 16],
        plain_bytes: 10,
        padding_bytes: 20,
        md5: [6; 16],
        checksum: crc(),
        modified_at: Timestamp::from_nanos(12),
    }
}

#[test]
fn values_are_frozen() {
    for (name, entry) in entries() {
        hold(name, &entry.encode());
        assert_eq!(Entry::decode(&entry.encode()), Ok(entry));
    }
    for (name, upload) in uploads() {
        hold(name, &upload.encode());
        assert_eq!(UploadRecord::decode(&upload.encode()), Ok(upload));
    }
    hold("part", &part().encode());
    assert_eq!(PartRecord::decode(&part().encode()), Ok(part()));
}

#[test]
fn keys_are_frozen_and_fit() {
    let (key, etag) = (keys::hash(b"key"), keys::hash(b"etag"));
    hold("key-entry", &keys::object(Family::Entry, 0x0102, &key, &etag));
    hold("key-table", &keys::object(Family::Table, 0x0102, &key, &etag));
    hold("key-part", &keys::part(0x0102, &key, 7, &etag));
    hold("key-due", &keys::due(Timestamp::from_secs(1), 0x0102, &key));
    let longest = ObjectKey::new(&"\0".repeat(1024)).unwrap();
    let row = keys::object(Family::Entry, 1, &keys::hash(longest.as_bytes()), &etag);
    assert!(row.len() <= meta::ENCODED_KEY_MAX_BYTES);
    assert_eq!(keys::end_of(&[1, 0xff]), &[2][..]);
}

#[test]
fn a_value_that_is_cut_or_unknown_is_refused() {
    let values = entries().map(|(_, entry)| entry.encode());
    for value in values {
        (0..value.len()).for_each(|cut| assert!(Entry::decode(&value[..cut]).is_err()));
        assert!(Entry::decode(&[&value[..], &[0]].concat()).is_err());
        assert!(Entry::decode(&[&[9], &value[1..]].concat()).is_err(), "another version");
    }
    for (_, upload) in uploads() {
        let value = upload.encode();
        (0..value.len()).for_each(|cut| assert!(UploadRecord::decode(&value[..cut]).is_err()));
    }
    let value = part().encode();
    (0..value.len()).for_each(|cut| assert!(PartRecord::decode(&value[..cut]).is_err()));
}
