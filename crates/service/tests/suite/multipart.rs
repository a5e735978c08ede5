//! Uploads in parts.

use s3_model::{
    AbortMultipartUploadInput, BodyChecksum, BodyDigests, CompleteMultipartUploadInput,
    CompleteMultipartUploadOutput, CompletedPart, CreateMultipartUploadInput, ErrorCode, EtagMatch,
    GetObjectInput, Input, ListPartsInput, ListPartsOutput, Operation, Output, ReadConditions, S3Error,
    UploadChecksum, UploadPartCopyInput, UploadPartCopyOutput, UploadPartInput, UploadPartOutput,
    WriteCondition,
};
use service::ServiceSettings;
use types::{
    ByteRange, Checksum, ChecksumAlgorithm, ChecksumKind, ETag, ObjectMetadata, StorageClass, TagSet,
};

use crate::world::*;

pub async fn begin(world: &World, text: &str, input: CreateMultipartUploadInput) -> String {
    let target = on_object(Operation::CreateMultipartUpload, text);
    let begun = world.call(target, Input::CreateMultipartUpload(Box::new(input))).await.unwrap();
    expect!(Output::CreateMultipartUpload, begun).upload_id
}

pub async fn send(
    world: &World,
    text: &str,
    upload_id: &str,
    part: (u32, &str),
    digests: BodyDigests,
) -> Result<UploadPartOutput, S3Error> {
    let (part_number, bytes) = part;
    let input = UploadPartInput {
        upload_id: upload_id.to_owned(),
        part_number,
        content_length: bytes.len() as u64,
        digests,
    };
    let target = on_object(Operation::UploadPart, text);
    let sent = world.ask(&world.alice, target, Input::UploadPart(input), body(bytes)).await?;
    Ok(expect!(Output::UploadPart, sent))
}

fn completing(upload_id: &str, parts: Vec<CompletedPart>) -> CompleteMultipartUploadInput {
    CompleteMultipartUploadInput {
        upload_id: upload_id.to_owned(),
        parts,
        condition: WriteCondition::Always,
        checksum: None,
        checksum_kind: None,
        object_size_bytes: None,
    }
}

pub async fn complete(
    world: &World,
    text: &str,
    input: CompleteMultipartUploadInput,
) -> Result<CompleteMultipartUploadOutput, S3Error> {
    let target = on_object(Operation::CompleteMultipartUpload, text);
    let done = world.call(target, Input::CompleteMultipartUpload(input)).await?;
    Ok(expect!(Output::CompleteMultipartUpload, done))
}

/// Sends parts 1, 2, … of an upload and says how they are listed on completing.
pub async fn send_all(world: &World, text: &str, upload_id: &str, parts: &[&str]) -> Vec<CompletedPart> {
    let mut listed = Vec::new();
    for (number, bytes) in (1..).zip(parts) {
        let sent = send(world, text, upload_id, (number, bytes), BodyDigests::default()).await.unwrap();
        listed.push(CompletedPart { number, etag: sent.etag, checksum: sent.checksum });
    }
    listed
}

/// Makes an object of these parts.
pub async fn upload(world: &World, text: &str, parts: &[&str]) -> Vec<CompletedPart> {
    let upload_id = begin(world, text, CreateMultipartUploadInput::default()).await;
    let listed = send_all(world, text, &upload_id, parts).await;
    complete(world, text, completing(&upload_id, listed.clone())).await.unwrap();
    listed
}

async fn list(
    world: &World,
    text: &str,
    upload_id: &str,
    after: u32,
    max: u32,
) -> Result<ListPartsOutput, S3Error> {
    let input = ListPartsInput { upload_id: upload_id.to_owned(), max_parts: max, part_number_marker: after };
    let listed = world.call(on_object(Operation::ListParts, text), Input::ListParts(input)).await?;
    Ok(*expect!(Output::ListParts, listed))
}

fn numbers(page: &ListPartsOutput) -> Vec<u32> {
    page.parts.iter().map(|part| part.number).collect()
}

#[tokio::test]
async fn an_upload_becomes_an_object_with_all_that_was_said_of_it() {
    let world = World::new().await;
    let tags = TagSet::new(vec![("k".to_owned(), "v".to_owned())], TagSet::OBJECT_MAX).unwrap();
    let metadata = ObjectMetadata {
        user: vec![("u".to_owned(), "1".to_owned())],
        storage_class: StorageClass::StandardIa,
        tags,
        ..ObjectMetadata::default()
    };
    let upload_id = begin(&world, "a.txt", CreateMultipartUploadInput { metadata, checksum: None }).await;
    let parts = send_all(&world, "a.txt", &upload_id, &["aaaaaa", "bbbbb", "c"]).await;
    assert_eq!(world.bytes("a.txt").await, Err(ErrorCode::NoSuchKey), "nothing is visible before");
    let done = complete(&world, "a.txt", completing(&upload_id, parts)).await.unwrap();
    assert_eq!((done.bucket.as_str(), done.key.as_str()), (BUCKET, "a.txt"));
    assert!(done.etag.as_str().ends_with("-3"));
    let (head, bytes) = world.get("a.txt", GetObjectInput::default()).await.unwrap();
    assert_eq!((bytes.as_str(), &head.etag), ("aaaaaabbbbbc", &done.etag));
    assert_eq!(head.headers.content_type.as_deref(), Some("text/plain"));
    assert_eq!((head.user.len(), head.storage_class, head.tag_count), (1, StorageClass::StandardIa, 1));
    let refused = list(&world, "a.txt", &upload_id, 0, 10).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::NoSuchUpload);
}

#[tokio::test]
async fn parts_come_in_any_order_and_are_replaced() {
    let world = World::new().await;
    let upload_id = begin(&world, "a", CreateMultipartUploadInput::default()).await;
    let sent = async |part| send(&world, "a", &upload_id, part, BodyDigests::default()).await.unwrap().etag;
    let last = sent((10_000, "z")).await;
    sent((7, "old old")).await;
    let first = sent((7, "newer")).await;
    let listed = |number, etag| CompletedPart { number, etag, checksum: None };
    let parts = vec![listed(7, first), listed(10_000, last)];
    complete(&world, "a", completing(&upload_id, parts)).await.unwrap();
    assert_eq!(world.bytes("a").await, Ok("newerz".to_owned()));
}

#[tokio::test]
async fn completing_is_refused_with_what_is_wrong() {
    let world = World::new().await;
    let upload_id = begin(&world, "a", CreateMultipartUploadInput::default()).await;
    let parts = send_all(&world, "a", &upload_id, &["aaaaaa", "bb", "cccccc"]).await;
    let wrong = CompletedPart { etag: ETag::from_text("\"wrong\""), ..parts[0].clone() };
    let missing = CompletedPart { number: 9, ..parts[0].clone() };
    type Case<'a> = (Vec<CompletedPart>, ErrorCode, Vec<(&'a str, &'a str)>);
    let cases: Vec<Case<'_>> = vec![
        (
            vec![wrong],
            ErrorCode::InvalidPart,
            vec![("UploadId", &upload_id), ("PartNumber", "1"), ("ETag", "wrong")],
        ),
        (
            vec![missing.clone()],
            ErrorCode::InvalidPart,
            vec![("UploadId", &upload_id), ("PartNumber", "9"), ("ETag", missing.etag.as_str())],
        ),
        (
            vec![parts[2].clone(), parts[0].clone()],
            ErrorCode::InvalidPartOrder,
            vec![("UploadId", &upload_id)],
        ),
        (
            vec![parts[0].clone(), parts[0].clone()],
            ErrorCode::InvalidPartOrder,
            vec![("UploadId", &upload_id)],
        ),
        (
            vec![parts[0].clone(), parts[1].clone(), parts[2].clone()],
            ErrorCode::EntityTooSmall,
            vec![
                ("ProposedSize", "2"),
                ("MinSizeAllowed", "5242880"),
                ("PartNumber", "2"),
                ("ETag", parts[1].etag.as_str()),
            ],
        ),
    ];
    for (listed, code, details) in cases {
        let refused = complete(&world, "a", completing(&upload_id, listed)).await.unwrap_err();
        assert_eq!(refused.code, code);
        for (name, value) in details {
            assert_eq!(detail(&refused, name), Some(value), "{code:?} {name}");
        }
    }
    let fine = vec![parts[0].clone(), parts[2].clone()];
    complete(&world, "a", completing(&upload_id, fine)).await.unwrap();
    assert_eq!(world.bytes("a").await, Ok("aaaaaacccccc".to_owned()), "a refusal leaves the upload open");
}

#[tokio::test]
async fn the_size_named_on_completing_must_be_the_sum() {
    let world = World::new().await;
    let upload_id = begin(&world, "a", CreateMultipartUploadInput::default()).await;
    let parts = send_all(&world, "a", &upload_id, &["aaaaaa", "b"]).await;
    for (size, taken) in [(6, false), (8, false), (7, true)] {
        let input = CompleteMultipartUploadInput {
            object_size_bytes: Some(size),
            ..completing(&upload_id, parts.clone())
        };
        match complete(&world, "a", input).await {
            Ok(_) => assert!(taken),
            Err(error) => {
                assert!(!taken);
                assert_eq!(error.code, ErrorCode::InvalidRequest);
                assert!(error.message.contains("x-amz-mp-object-size"));
            }
        }
    }
}

#[tokio::test]
async fn a_completion_can_be_repeated() {
    let world = World::new().await;
    let upload_id = begin(&world, "a", CreateMultipartUploadInput::default()).await;
    let parts = send_all(&world, "a", &upload_id, &["aaaaaa", "b"]).await;
    let first = complete(&world, "a", completing(&upload_id, parts.clone())).await.unwrap();
    let second = complete(&world, "a", completing(&upload_id, parts)).await.unwrap();
    assert_eq!(first, second);
}

#[tokio::test]
async fn a_composite_upload_wants_every_checksum() {
    let world = World::new().await;
    let checksum = UploadChecksum { algorithm: ChecksumAlgorithm::Sha256, kind: ChecksumKind::Composite };
    let input = CreateMultipartUploadInput { checksum: Some(checksum), ..Default::default() };
    let upload_id = begin(&world, "a", input).await;
    let named = |algorithm| BodyDigests { content_md5: None, checksum: BodyChecksum::Compute(algorithm) };
    let mut parts = Vec::new();
    for (number, bytes) in [(1, "aaaaaa"), (2, "b")] {
        let digests = named(ChecksumAlgorithm::Sha256);
        let sent = send(&world, "a", &upload_id, (number, bytes), digests).await.unwrap();
        parts.push(CompletedPart { number, etag: sent.etag, checksum: sent.checksum });
    }
    let page = list(&world, "a", &upload_id, 0, 10).await.unwrap();
    assert_eq!(page.checksum, Some(checksum));
    assert!(page.parts.iter().all(|part| part.checksum.is_some()));

    let mut bare = parts.clone();
    bare[1].checksum = None;
    let refused = complete(&world, "a", completing(&upload_id, bare)).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::InvalidRequest);
    assert!(refused.message.contains("using a sha256 checksum"), "{}", refused.message);
    assert!(refused.message.contains("part 2"), "{}", refused.message);

    let other_kind = CompleteMultipartUploadInput {
        checksum_kind: Some(ChecksumKind::FullObject),
        ..completing(&upload_id, parts.clone())
    };
    let refused = complete(&world, "a", other_kind).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::InvalidRequest);
    assert!(refused.message.contains("using the COMPOSITE checksum mode"), "{}", refused.message);

    let done = complete(&world, "a", completing(&upload_id, parts)).await.unwrap();
    let checksum = done.checksum.unwrap();
    assert_eq!((checksum.kind, checksum.part_count), (ChecksumKind::Composite, Some(2)));
}

#[tokio::test]
async fn a_wrong_checksum_of_the_whole_completes_nothing() {
    let world = World::new().await;
    let upload_id = begin(&world, "a", CreateMultipartUploadInput::default()).await;
    let parts = send_all(&world, "a", &upload_id, &["aaaaaa", "b"]).await;
    let checksum = Checksum::full(ChecksumAlgorithm::Crc64Nvme, &[0; 8]);
    let input = CompleteMultipartUploadInput { checksum, ..completing(&upload_id, parts) };
    assert_eq!(complete(&world, "a", input).await.unwrap_err().code, ErrorCode::BadDigest);
    assert_eq!(world.bytes("a").await, Err(ErrorCode::NoSuchKey));
}

#[tokio::test]
async fn a_part_of_another_algorithm_is_refused_with_both_names() {
    let world = World::new().await;
    let checksum = UploadChecksum { algorithm: ChecksumAlgorithm::Sha256, kind: ChecksumKind::Composite };
    let input = CreateMultipartUploadInput { checksum: Some(checksum), ..Default::default() };
    let upload_id = begin(&world, "a", input).await;
    let digests = BodyDigests {
        content_md5: None,
        checksum: BodyChecksum::Value(Checksum::full(ChecksumAlgorithm::Crc32, &[0; 4]).unwrap()),
    };
    let refused = send(&world, "a", &upload_id, (1, "bytes"), digests).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::InvalidRequest);
    assert_eq!(
        refused.message,
        "Checksum Type mismatch occurred, expected checksum Type: sha256, actual checksum Type: crc32"
    );
}

#[tokio::test]
async fn parts_and_their_sum_stay_below_the_largest_object() {
    let settings = ServiceSettings { max_object_size_bytes: 8, ..ServiceSettings::default() };
    let world = World::with(settings).await;
    let upload_id = begin(&world, "a", CreateMultipartUploadInput::default()).await;
    let refused = send(&world, "a", &upload_id, (1, "123456789"), BodyDigests::default()).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::EntityTooLarge);
    let parts = send_all(&world, "a", &upload_id, &["12345", "6789"]).await;
    let refused = complete(&world, "a", completing(&upload_id, parts.clone())).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::EntityTooLarge);
    assert_eq!(detail(&refused, "ProposedSize"), Some("9"));
    assert_eq!(detail(&refused, "MaxSizeAllowed"), Some("8"));
    send(&world, "a", &upload_id, (2, "678"), BodyDigests::default()).await.unwrap();
    let page = list(&world, "a", &upload_id, 0, 10).await.unwrap();
    let parts = page.parts.into_iter().map(|part| CompletedPart {
        number: part.number,
        etag: part.etag,
        checksum: part.checksum,
    });
    complete(&world, "a", completing(&upload_id, parts.collect())).await.unwrap();
}

#[tokio::test]
async fn parts_are_listed_in_pages() {
    let world = World::new().await;
    let metadata = ObjectMetadata { storage_class: StorageClass::Glacier, ..ObjectMetadata::default() };
    let upload_id = begin(&world, "a", CreateMultipartUploadInput { metadata, checksum: None }).await;
    send_all(&world, "a", &upload_id, &["aaaaaa", "bbbbb", "c"]).await;
    for (after, max, expected, more) in [
        (0, 1000, vec![1, 2, 3], false),
        (0, 3, vec![1, 2, 3], false),
        (0, 2, vec![1, 2], true),
        (2, 2, vec![3], false),
        (3, 2, vec![], false),
        (0, 0, vec![], false),
    ] {
        let page = list(&world, "a", &upload_id, after, max).await.unwrap();
        assert_eq!((numbers(&page), page.is_truncated), (expected, more), "{max} after {after}");
        assert_eq!((page.storage_class, &page.owner), (StorageClass::Glacier, world.alice.owner().unwrap()));
        assert_eq!((page.request.max_parts, page.request.part_number_marker), (max, after));
    }
    let sizes: Vec<u64> =
        list(&world, "a", &upload_id, 0, 9).await.unwrap().parts.iter().map(|part| part.size_bytes).collect();
    assert_eq!(sizes, [6, 5, 1]);
}

#[tokio::test]
async fn an_aborted_upload_is_gone() {
    let world = World::new().await;
    let upload_id = begin(&world, "a", CreateMultipartUploadInput::default()).await;
    let parts = send_all(&world, "a", &upload_id, &["bytes"]).await;
    let abort = || {
        let input = Input::AbortMultipartUpload(AbortMultipartUploadInput { upload_id: upload_id.clone() });
        world.call(on_object(Operation::AbortMultipartUpload, "a"), input)
    };
    abort().await.unwrap();
    let mut codes = vec![
        list(&world, "a", &upload_id, 0, 1).await.unwrap_err(),
        send(&world, "a", &upload_id, (1, "x"), BodyDigests::default()).await.unwrap_err(),
        complete(&world, "a", completing(&upload_id, parts)).await.unwrap_err(),
    ];
    codes.push(abort().await.unwrap_err());
    for refused in codes {
        assert_eq!(refused.code, ErrorCode::NoSuchUpload);
        assert_eq!(detail(&refused, "UploadId"), Some(upload_id.as_str()));
    }
}

#[tokio::test]
async fn an_upload_belongs_to_its_key() {
    let world = World::new().await;
    let upload_id = begin(&world, "a", CreateMultipartUploadInput::default()).await;
    let refused = send(&world, "b", &upload_id, (1, "x"), BodyDigests::default()).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::NoSuchUpload);
    let refused = send(&world, "a", "no such id", (1, "x"), BodyDigests::default()).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::NoSuchUpload);
}

async fn copy_part(
    world: &World,
    upload_id: &str,
    range: Option<(u64, u64)>,
    source_conditions: ReadConditions,
) -> Result<UploadPartCopyOutput, S3Error> {
    let input = UploadPartCopyInput {
        upload_id: upload_id.to_owned(),
        part_number: 1,
        range: range.map(|(start, end)| ByteRange { start, end }),
        source_conditions,
    };
    let target = copying(Operation::UploadPartCopy, "source", "a");
    Ok(expect!(Output::UploadPartCopy, world.call(target, Input::UploadPartCopy(input)).await?))
}

#[tokio::test]
async fn a_part_is_copied_whole_or_in_a_range() {
    let world = World::new().await;
    world.put("source", "0123456789").await;
    for (range, bytes) in [(None, "0123456789"), (Some((2, 5)), "234"), (Some((9, 10)), "9")] {
        let upload_id = begin(&world, "a", CreateMultipartUploadInput::default()).await;
        let copied = copy_part(&world, &upload_id, range, ReadConditions::default()).await.unwrap();
        let part = CompletedPart { number: 1, etag: copied.etag, checksum: copied.checksum };
        complete(&world, "a", completing(&upload_id, vec![part])).await.unwrap();
        assert_eq!(world.bytes("a").await, Ok(bytes.to_owned()));
    }
}

#[tokio::test]
async fn a_range_past_the_end_of_the_source_is_refused() {
    let world = World::new().await;
    world.put("source", "0123456789").await;
    let upload_id = begin(&world, "a", CreateMultipartUploadInput::default()).await;
    for range in [(0, 11), (10, 11), (20, 30)] {
        let refused =
            copy_part(&world, &upload_id, Some(range), ReadConditions::default()).await.unwrap_err();
        assert_eq!((refused.code, refused.code.status()), (ErrorCode::InvalidArgument, 400));
        assert!(refused.message.ends_with("source object of size: 10"));
        assert_eq!(detail(&refused, "ArgumentName"), Some("x-amz-copy-source-range"));
        let value = format!("bytes={}-{}", range.0, range.1 - 1);
        assert_eq!(detail(&refused, "ArgumentValue"), Some(value.as_str()));
    }
}

#[tokio::test]
async fn conditions_on_the_source_of_a_part_hold_or_are_412() {
    let world = World::new().await;
    let etag = world.put("source", "0123456789").await.etag;
    let upload_id = begin(&world, "a", CreateMultipartUploadInput::default()).await;
    let tags = |tag: &ETag| Some(EtagMatch::Listed(vec![tag.clone()]));
    let matching = ReadConditions { if_match: tags(&etag), ..ReadConditions::default() };
    copy_part(&world, &upload_id, None, matching).await.unwrap();
    let failing = ReadConditions { if_none_match: tags(&etag), ..ReadConditions::default() };
    let refused = copy_part(&world, &upload_id, None, failing).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::PreconditionFailed);
    assert_eq!(detail(&refused, "Condition"), Some("x-amz-copy-source-If-None-Match"));
}

#[tokio::test]
async fn the_source_of_a_part_must_be_there() {
    let world = World::new().await;
    let upload_id = begin(&world, "a", CreateMultipartUploadInput::default()).await;
    let refused = copy_part(&world, &upload_id, None, ReadConditions::default()).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::NoSuchKey);
    assert_eq!(detail(&refused, "Key"), Some("source"));
    world.put("source", "bytes").await;
    let refused = copy_part(&world, "no such id", None, ReadConditions::default()).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::NoSuchUpload);
}
