use super::*;
use crate::testing::bucket_of_handle;

const KEYS: [&str; 9] = ["\0", "\0\0", "\0a", "a", "a\0", "a\0\0", "a\0b", "a!", "a/b"];

#[test]
fn version_rows_order_by_key_then_newest_first() {
    let bucket = bucket_of_handle(7);
    let mut rows = Vec::new();
    for key in KEYS {
        for sequence in [u64::MAX, 1 << 40, 2, 1, 0] {
            rows.push((version(&bucket, key, sequence), key, sequence));
        }
    }
    assert!(rows.is_sorted_by(|a, b| a.0 < b.0));
    for (row, key, sequence) in rows {
        assert_eq!(parse_version(&row), Some((key.to_owned(), sequence)));
    }
}

#[test]
fn upload_rows_order_by_key_then_oldest_first() {
    let bucket = bucket_of_handle(7);
    let mut rows = Vec::new();
    for key in KEYS {
        for (initiated_nanos, random) in [(1, 5), (2, 0), (u64::MAX, 1), (u64::MAX, u64::MAX)] {
            let number = UploadNumber { initiated_nanos, random };
            rows.push((upload(&bucket, key, number), key, number));
        }
    }
    assert!(rows.is_sorted_by(|a, b| a.0 < b.0));
    for (row, key, number) in rows {
        assert_eq!(parse_upload(&row), Some((key.to_owned(), number)));
    }
}

#[test]
fn no_delimiter_is_found_outside_the_key() {
    let bucket = bucket_of_handle(u64::from_be_bytes(*b"////////"));
    for sequence in [0, u64::MAX, 0x2f2f_2f2f_2f2f_2f2f, !0x2f2f_2f2f_2f2f_2f2f] {
        let row = version(&bucket, "k", sequence);
        let tail = &row[BUCKET_PREFIX_LEN + 1..];
        for delimiter in ["/", "\0", "\0\0", "\u{80}", "\u{7ff}", "\u{10ffff}"] {
            let mut written = BytesMut::new();
            put_escaped(&mut written, delimiter.as_bytes());
            assert!(!tail.windows(written.len()).any(|window| window == &written[..]), "{delimiter:?}");
        }
    }
}

#[test]
fn the_longest_key_fits() {
    let bucket = bucket_of_handle(u64::MAX);
    let number = UploadNumber { initiated_nanos: u64::MAX, random: u64::MAX };
    let row = upload(&bucket, &"\0".repeat(types::KEY_MAX_BYTES), number);
    assert!(row.len() <= meta::ENCODED_KEY_MAX_BYTES);
}

#[test]
fn what_lies_behind_a_prefix_lies_behind_all_of_it() {
    assert_eq!(&behind_prefix(b"ab")[..], b"ac");
    assert_eq!(&behind_prefix(b"a\xff\xff")[..], b"b");
    let bucket = bucket_of_handle(u64::MAX);
    let all = KeyRange::of_prefix(&in_bucket(Family::Current, bucket.handle).freeze());
    let last = plain(Family::Current, &bucket, &ObjectKey::new(&"\u{10ffff}".repeat(256)).unwrap());
    assert!(all.start < last && last < all.end);
}

#[test]
fn damaged_rows_are_not_parsed() {
    let row = version(&bucket_of_handle(1), "key", 5);
    for len in 0..row.len() {
        assert_eq!(parse_version(&row[..len]), None);
    }
}
