//! GetObjectAttributes.

use s3_model::{
    BodyDigests, CompleteMultipartUploadInput, CompletedPart, CreateMultipartUploadInput, ErrorCode,
    GetObjectAttributesInput, GetObjectAttributesOutput, Input, ObjectAttribute, Operation, Output, S3Error,
    UploadChecksum, VersioningStatus, WriteCondition,
};
use types::{ChecksumAlgorithm, ChecksumKind, StorageClass};

use crate::multipart::{begin, complete, send, upload};
use crate::world::*;

const EVERY: [ObjectAttribute; 5] = [
    ObjectAttribute::ETag,
    ObjectAttribute::Checksum,
    ObjectAttribute::ObjectParts,
    ObjectAttribute::StorageClass,
    ObjectAttribute::ObjectSize,
];

fn input(attributes: &[ObjectAttribute]) -> GetObjectAttributesInput {
    GetObjectAttributesInput {
        version_id: None,
        attributes: attributes.to_vec(),
        max_parts: 1_000,
        part_number_marker: 0,
    }
}

async fn attributes(
    world: &World,
    text: &str,
    input: GetObjectAttributesInput,
) -> Result<GetObjectAttributesOutput, S3Error> {
    let target = on_object(Operation::GetObjectAttributes, text);
    Ok(*expect!(Output::GetObjectAttributes, world.call(target, Input::GetObjectAttributes(input)).await?))
}

#[tokio::test]
async fn only_what_was_asked_for_is_told() {
    let world = World::new().await;
    let put = world.put("a", "bytes").await;
    let all = attributes(&world, "a", input(&EVERY)).await.unwrap();
    assert_eq!((all.etag.as_ref(), all.checksum), (Some(&put.etag), put.checksum));
    assert_eq!((all.size_bytes, all.storage_class), (Some(5), Some(StorageClass::Standard)));
    assert_eq!(all.parts, None, "an object put in one piece has no parts");
    for wanted in EVERY {
        let one = attributes(&world, "a", input(&[wanted])).await.unwrap();
        assert_eq!(one.etag.is_some(), wanted == ObjectAttribute::ETag);
        assert_eq!(one.checksum.is_some(), wanted == ObjectAttribute::Checksum);
        assert_eq!(one.storage_class.is_some(), wanted == ObjectAttribute::StorageClass);
        assert_eq!(one.size_bytes.is_some(), wanted == ObjectAttribute::ObjectSize);
        assert_eq!(one.modified_at, all.modified_at);
    }
}

#[tokio::test]
async fn parts_of_a_composite_checksum_come_in_pages() {
    let world = World::new().await;
    let checksum = UploadChecksum { algorithm: ChecksumAlgorithm::Sha1, kind: ChecksumKind::Composite };
    let begun = CreateMultipartUploadInput { checksum: Some(checksum), ..Default::default() };
    let upload_id = begin(&world, "a", begun).await;
    let mut parts = Vec::new();
    for (number, bytes) in [(1, "aaaaaa"), (2, "bbbbb"), (5, "c")] {
        let sent = send(&world, "a", &upload_id, (number, bytes), BodyDigests::default()).await.unwrap();
        parts.push(CompletedPart { number, etag: sent.etag, checksum: sent.checksum });
    }
    let input_of = |parts| CompleteMultipartUploadInput {
        upload_id: upload_id.clone(),
        parts,
        condition: WriteCondition::Always,
        checksum: None,
        checksum_kind: None,
        object_size_bytes: None,
    };
    complete(&world, "a", input_of(parts.clone())).await.unwrap();
    for (after, max, expected, more) in [
        (0, 1_000, vec![1, 2, 5], false),
        (0, 2, vec![1, 2], true),
        (2, 2, vec![5], false),
        (5, 2, vec![], false),
        (0, 0, vec![], false),
    ] {
        let asked = GetObjectAttributesInput {
            max_parts: max,
            part_number_marker: after,
            ..input(&[ObjectAttribute::ObjectParts])
        };
        let page = attributes(&world, "a", asked).await.unwrap().parts.unwrap();
        let numbers: Vec<u32> = page.parts.iter().map(|part| part.number).collect();
        assert_eq!((numbers, page.is_truncated), (expected, more), "{max} after {after}");
        assert_eq!((page.total_count, page.part_number_marker, page.max_parts), (3, after, max));
    }
    let all = attributes(&world, "a", input(&[ObjectAttribute::ObjectParts])).await.unwrap().parts.unwrap();
    assert_eq!(all.parts.iter().map(|part| part.size_bytes).collect::<Vec<_>>(), [6, 5, 1]);
    assert!(all.parts.iter().zip(&parts).all(|(told, sent)| told.checksum == sent.checksum));
}

#[tokio::test]
async fn parts_of_a_full_object_checksum_are_only_counted() {
    let world = World::new().await;
    upload(&world, "a", &["aaaaaa", "b"]).await;
    let told = attributes(&world, "a", input(&EVERY)).await.unwrap();
    let parts = told.parts.unwrap();
    assert_eq!((parts.total_count, parts.parts.len(), parts.is_truncated), (2, 0, false));
    assert_eq!(told.checksum.unwrap().kind, ChecksumKind::FullObject);
}

#[tokio::test]
async fn attributes_of_versions_and_markers() {
    let world = World::new().await;
    world.versioning(VersioningStatus::Enabled).await;
    let one = world.put("a", "one").await.version_id;
    world.put("a", "three").await;
    let asked = |version_id| GetObjectAttributesInput { version_id, ..input(&EVERY) };
    let old = attributes(&world, "a", asked(one.clone())).await.unwrap();
    assert_eq!((old.version_id, old.size_bytes), (one, Some(3)));
    let marker = crate::delete::delete(&world, "a", None, Default::default()).await.unwrap().version_id;
    assert_eq!(attributes(&world, "a", asked(None)).await.unwrap_err().code, ErrorCode::NoSuchKey);
    assert_eq!(attributes(&world, "a", asked(marker)).await.unwrap_err().code, ErrorCode::MethodNotAllowed);
}
