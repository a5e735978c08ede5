//! GetObject and HeadObject: ranges, parts, checksums, rewritten headers.

use s3_model::{
    ChecksumMode, ErrorCode, ErrorHeader, GetObjectInput, IfRange, ObjectHead, ResponseOverrides, S3Error,
};
use types::{ByteRange, ETag, RangeSpec, Timestamp};

use crate::multipart::upload;
use crate::world::*;

const DIGITS: &str = "0123456789";

fn ranged(header: &str) -> GetObjectInput {
    GetObjectInput { range: RangeSpec::parse(header), ..GetObjectInput::default() }
}

fn part(number: u32) -> GetObjectInput {
    GetObjectInput { part_number: Some(number), ..GetObjectInput::default() }
}

/// GetObject, having found that HeadObject says the same.
async fn both(world: &World, key: &str, input: GetObjectInput) -> Result<(ObjectHead, String), S3Error> {
    let head = world.head(key, input.clone()).await;
    let got = world.get(key, input).await;
    match (&head, &got) {
        (Ok(head), Ok((same, _))) => assert_eq!(head, same),
        (Err(error), Err(same)) => {
            assert_eq!((error.code, &error.headers), (same.code, &same.headers));
        }
        (head, got) => panic!("{head:?} but {got:?}"),
    }
    got
}

#[tokio::test]
async fn the_three_forms_of_a_range() {
    let world = World::new().await;
    world.put("a", DIGITS).await;
    for (header, start, bytes) in [
        ("bytes=0-0", 0, "0"),
        ("bytes=2-4", 2, "234"),
        ("bytes=8-", 8, "89"),
        ("bytes=8-99", 8, "89"),
        ("bytes=-3", 7, "789"),
        ("bytes=-99", 0, DIGITS),
        ("bytes=0-", 0, DIGITS),
    ] {
        let (head, found) = both(&world, "a", ranged(header)).await.unwrap();
        assert_eq!(found, bytes, "{header}");
        assert_eq!(head.range, Some(ByteRange { start, end: start + bytes.len() as u64 }), "{header}");
        assert_eq!(head.size_bytes, 10);
    }
    let (head, found) = both(&world, "a", ranged("bytes=3-2")).await.unwrap();
    assert_eq!((head.range, found.as_str()), (None, DIGITS), "what is not a range is no range");
}

#[tokio::test]
async fn a_range_outside_the_object_is_refused_with_its_size() {
    let world = World::new().await;
    world.put("a", DIGITS).await;
    world.put("empty", "").await;
    for (key, header, size) in
        [("a", "bytes=10-", 10), ("a", "bytes=10-11", 10), ("a", "bytes=-0", 10), ("empty", "bytes=0-", 0)]
    {
        let refused = both(&world, key, ranged(header)).await.unwrap_err();
        assert_eq!((refused.code, refused.code.status()), (ErrorCode::InvalidRange, 416));
        assert_eq!(detail(&refused, "RangeRequested"), Some(header));
        assert_eq!(detail(&refused, "ActualObjectSize"), Some(size.to_string().as_str()));
        assert_eq!(refused.headers, [ErrorHeader::UnsatisfiedRange(size)]);
    }
}

#[tokio::test]
async fn an_empty_object_is_read_whole() {
    let world = World::new().await;
    world.put("empty", "").await;
    for input in [GetObjectInput::default(), part(1)] {
        let (head, bytes) = both(&world, "empty", input).await.unwrap();
        assert_eq!((head.range, head.size_bytes, bytes.as_str()), (None, 0, ""));
    }
}

#[tokio::test]
async fn if_range_gives_the_whole_of_a_changed_object() {
    let world = World::new().await;
    let etag = world.put("a", DIGITS).await.etag;
    let modified_at = world.head("a", GetObjectInput::default()).await.unwrap().modified_at;
    let cases = [
        (IfRange::Tag(etag), "12"),
        (IfRange::Tag(ETag::from_text("\"another\"")), DIGITS),
        (IfRange::Date(modified_at), "12"),
        (IfRange::Date(Timestamp::from_secs(modified_at.as_secs() + 1)), DIGITS),
    ];
    for (if_range, bytes) in cases {
        let input = GetObjectInput { if_range: Some(if_range.clone()), ..ranged("bytes=1-2") };
        let (head, found) = both(&world, "a", input).await.unwrap();
        assert_eq!(found, bytes, "{if_range:?}");
        assert_eq!(head.range.is_some(), bytes == "12");
    }
    let stale = GetObjectInput {
        if_range: Some(IfRange::Tag(ETag::from_text("\"another\""))),
        ..ranged("bytes=10-")
    };
    assert_eq!(both(&world, "a", stale).await.unwrap().1, DIGITS, "an ignored range is never unsatisfiable");
}

#[tokio::test]
async fn an_object_put_in_one_piece_is_its_only_part() {
    let world = World::new().await;
    world.put("a", DIGITS).await;
    let (head, bytes) = both(&world, "a", part(1)).await.unwrap();
    assert_eq!(bytes, DIGITS);
    assert_eq!((head.range, head.part_count), (Some(ByteRange { start: 0, end: 10 }), None));
    let refused = both(&world, "a", part(2)).await.unwrap_err();
    assert_eq!((refused.code, refused.code.status()), (ErrorCode::InvalidPartNumber, 416));
    assert_eq!(detail(&refused, "PartNumberRequested"), Some("2"));
    assert_eq!(detail(&refused, "ActualPartCount"), Some("1"));
}

#[tokio::test]
async fn one_part_of_many_is_read_with_its_own_checksum() {
    let world = World::new().await;
    let parts = upload(&world, "a", &["aaaaaa", "bbbbb", "c"]).await;
    let start = [0, 6, 11];
    for (index, bytes) in ["aaaaaa", "bbbbb", "c"].into_iter().enumerate() {
        let number = u32::try_from(index).unwrap() + 1;
        let input = GetObjectInput { checksum_mode: ChecksumMode::Enabled, ..part(number) };
        let (head, found) = both(&world, "a", input).await.unwrap();
        assert_eq!(found, bytes);
        let end = start[index] + bytes.len() as u64;
        assert_eq!(head.range, Some(ByteRange { start: start[index], end }));
        assert_eq!((head.part_count, head.size_bytes), (Some(3), 12));
        assert!(parts[index].checksum.is_some());
        assert_eq!(head.checksum, parts[index].checksum);
    }
    let refused = both(&world, "a", part(4)).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::InvalidPartNumber);
    assert_eq!(detail(&refused, "ActualPartCount"), Some("3"));
    let whole = both(&world, "a", GetObjectInput::default()).await.unwrap().0;
    assert_eq!((whole.part_count, whole.range), (None, None), "the count is told beside one part only");
}

#[tokio::test]
async fn an_empty_last_part_is_read_as_nothing() {
    let world = World::new().await;
    upload(&world, "a", &["aaaaaa", ""]).await;
    let (head, bytes) = both(&world, "a", part(2)).await.unwrap();
    assert_eq!((bytes.as_str(), head.range), ("", Some(ByteRange { start: 6, end: 6 })));
    assert_eq!((head.part_count, head.size_bytes), (Some(2), 6));
    assert_eq!(both(&world, "a", part(1)).await.unwrap().1, "aaaaaa");
}

#[tokio::test]
async fn a_range_bears_no_checksum() {
    let world = World::new().await;
    let put = world.put("a", DIGITS).await;
    let asked = |input| GetObjectInput { checksum_mode: ChecksumMode::Enabled, ..input };
    let whole = both(&world, "a", asked(GetObjectInput::default())).await.unwrap().0;
    assert!(put.checksum.is_some());
    assert_eq!(whole.checksum, put.checksum);
    assert_eq!(both(&world, "a", asked(ranged("bytes=0-3"))).await.unwrap().0.checksum, None);
    assert_eq!(both(&world, "a", asked(part(1))).await.unwrap().0.checksum, put.checksum);
    assert_eq!(both(&world, "a", GetObjectInput::default()).await.unwrap().0.checksum, None, "not asked for");
}

#[tokio::test]
async fn headers_of_the_answer_are_replaced() {
    let world = World::new().await;
    world.put("a.txt", DIGITS).await;
    let overrides = ResponseOverrides {
        cache_control: Some("no-store".to_owned()),
        content_disposition: Some("attachment".to_owned()),
        ..ResponseOverrides::default()
    };
    let input = GetObjectInput { overrides, ..GetObjectInput::default() };
    let head = both(&world, "a.txt", input).await.unwrap().0;
    assert_eq!(head.headers.cache_control.as_deref(), Some("no-store"));
    assert_eq!(head.headers.content_disposition.as_deref(), Some("attachment"));
    assert_eq!(head.headers.content_type.as_deref(), Some("text/plain"));
}

#[tokio::test]
async fn what_is_not_there_is_told_with_its_key() {
    let world = World::new().await;
    let refused = both(&world, "missing", GetObjectInput::default()).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::NoSuchKey);
    assert_eq!(detail(&refused, "Key"), Some("missing"));
    world.put("a", DIGITS).await;
    let id = types::VersionId::from_text("0123456789abcdef");
    let refused = both(&world, "a", version(&id)).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::NoSuchVersion);
    assert_eq!((detail(&refused, "Key"), detail(&refused, "VersionId")), (Some("a"), Some(id.as_str())));
    let null = types::VersionId::Null;
    assert!(
        both(&world, "a", version(&null)).await.is_ok(),
        "an object of a bucket without versions is the null one"
    );
}
