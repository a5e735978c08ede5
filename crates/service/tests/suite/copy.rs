//! CopyObject.

use s3_model::{
    ChecksumMode, CopyObjectInput, CopyObjectOutput, Directive, ErrorCode, EtagMatch, GetObjectInput, Input,
    Operation, Output, ReadConditions, S3Error, VersioningStatus,
};
use service::{ServiceSettings, Target};
use types::{
    ChecksumAlgorithm, ETag, ObjectHeaders, ObjectMetadata, StorageClass, TagSet, Timestamp, VersionId,
};

use crate::admission::copy_input;
use crate::delete::delete;
use crate::world::*;

async fn copy(
    world: &World,
    from: &str,
    to: &str,
    input: CopyObjectInput,
) -> Result<CopyObjectOutput, S3Error> {
    copy_to(world, copying(Operation::CopyObject, from, to), input).await
}

async fn copy_to(world: &World, target: Target, input: CopyObjectInput) -> Result<CopyObjectOutput, S3Error> {
    let copied = world.call(target, Input::CopyObject(Box::new(input))).await?;
    Ok(*expect!(Output::CopyObject, copied))
}

fn of_version(mut target: Target, version_id: &VersionId) -> Target {
    target.copy_source.as_mut().unwrap().version_id = Some(version_id.clone());
    target
}

fn tags(value: &str) -> TagSet {
    TagSet::new(vec![("k".to_owned(), value.to_owned())], TagSet::OBJECT_MAX).unwrap()
}

/// Metadata of which every field can be told from the default.
fn rich() -> ObjectMetadata {
    ObjectMetadata {
        headers: ObjectHeaders {
            cache_control: Some("no-cache".to_owned()),
            content_type: Some("x/rich".to_owned()),
            website_redirect_location: Some("/elsewhere".to_owned()),
            ..ObjectHeaders::default()
        },
        user: vec![("u".to_owned(), "1".to_owned())],
        storage_class: StorageClass::StandardIa,
        tags: tags("source"),
    }
}

#[tokio::test]
async fn a_plain_copy_keeps_metadata_and_tags_but_neither_class_nor_redirect() {
    let world = World::new().await;
    let source = world.put_with("a", "bytes", rich()).await;
    let copied = copy(&world, "a", "b", copy_input()).await.unwrap();
    assert_eq!((&copied.etag, copied.checksum), (&source.etag, source.checksum));
    assert_eq!((copied.version_id, copied.source_version_id), (None, None));
    let (head, bytes) = world.get("b", GetObjectInput::default()).await.unwrap();
    assert_eq!(bytes, "bytes");
    assert_eq!((head.etag, head.modified_at), (copied.etag, copied.modified_at));
    assert_eq!(head.headers.cache_control.as_deref(), Some("no-cache"));
    assert_eq!(head.headers.content_type.as_deref(), Some("x/rich"));
    assert_eq!(head.headers.website_redirect_location, None);
    assert_eq!((head.user, head.tag_count), (rich().user, 1));
    assert_eq!(head.storage_class, StorageClass::Standard);
}

#[tokio::test]
async fn the_class_of_a_copy_is_the_requests_own() {
    let world = World::new().await;
    let metadata = ObjectMetadata { storage_class: StorageClass::StandardIa, ..ObjectMetadata::default() };
    world.put_with("a", "bytes", metadata).await;
    for class in [None, Some(StorageClass::Glacier), Some(StorageClass::StandardIa)] {
        copy(&world, "a", "b", CopyObjectInput { storage_class: class, ..copy_input() }).await.unwrap();
        let head = world.head("b", GetObjectInput::default()).await.unwrap();
        assert_eq!(head.storage_class, class.unwrap_or_default());
    }
}

#[tokio::test]
async fn directives_decide_what_is_kept() {
    let world = World::new().await;
    world.put_with("a", "bytes", rich()).await;
    let replaced =
        ObjectMetadata { user: vec![("other".to_owned(), "2".to_owned())], ..ObjectMetadata::default() };
    let input = CopyObjectInput {
        metadata: Directive::Replace(replaced),
        storage_class: Some(StorageClass::Glacier),
        website_redirect_location: Some("/new".to_owned()),
        ..copy_input()
    };
    copy(&world, "a", "b.txt", input).await.unwrap();
    let head = world.head("b.txt", GetObjectInput::default()).await.unwrap();
    assert_eq!(head.headers.cache_control, None);
    assert_eq!(head.headers.content_type.as_deref(), Some("text/plain"), "guessed anew");
    assert_eq!(head.headers.website_redirect_location.as_deref(), Some("/new"));
    assert_eq!(head.user, [("other".to_owned(), "2".to_owned())]);
    assert_eq!((head.storage_class, head.tag_count), (StorageClass::Glacier, 1));

    let input = CopyObjectInput { tags: Directive::Replace(TagSet::default()), ..copy_input() };
    copy(&world, "a", "c", input).await.unwrap();
    let head = world.head("c", GetObjectInput::default()).await.unwrap();
    assert_eq!((head.user, head.tag_count), (rich().user, 0));
}

#[tokio::test]
async fn a_copy_may_get_a_checksum_of_another_algorithm() {
    let world = World::new().await;
    world.put("a", "123456789").await;
    let input = CopyObjectInput { checksum: Some(ChecksumAlgorithm::Crc32), ..copy_input() };
    let copied = copy(&world, "a", "b", input).await.unwrap();
    let checksum = copied.checksum.unwrap();
    assert_eq!(checksum.algorithm, ChecksumAlgorithm::Crc32);
    assert_eq!(checksum.value.as_bytes(), 0xcbf4_3926_u32.to_be_bytes());
    let asked = GetObjectInput { checksum_mode: ChecksumMode::Enabled, ..GetObjectInput::default() };
    assert_eq!(world.head("b", asked).await.unwrap().checksum, Some(checksum));
}

#[tokio::test]
async fn onto_itself_something_must_change() {
    let world = World::new().await;
    world.put_with("a", "bytes", rich()).await;
    let refused = copy(&world, "a", "a", copy_input()).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::InvalidRequest);
    assert!(refused.message.starts_with("This copy request is illegal"));
    let same_class = CopyObjectInput { storage_class: Some(StorageClass::StandardIa), ..copy_input() };
    assert_eq!(copy(&world, "a", "a", same_class).await.unwrap_err().code, ErrorCode::InvalidRequest);
    let changes = [
        CopyObjectInput { metadata: Directive::Replace(ObjectMetadata::default()), ..copy_input() },
        CopyObjectInput { tags: Directive::Replace(tags("new")), ..copy_input() },
        CopyObjectInput { storage_class: Some(StorageClass::Glacier), ..copy_input() },
        CopyObjectInput { website_redirect_location: Some("/new".to_owned()), ..copy_input() },
        CopyObjectInput { checksum: Some(ChecksumAlgorithm::Sha1), ..copy_input() },
    ];
    for change in changes {
        copy(&world, "a", "a", change).await.unwrap();
        assert_eq!(world.bytes("a").await, Ok("bytes".to_owned()));
    }
}

#[tokio::test]
async fn an_old_version_is_restored_by_copying_it_onto_its_key() {
    let world = World::new().await;
    world.versioning(VersioningStatus::Enabled).await;
    let old = world.put("a", "old").await.version_id.unwrap();
    world.put("a", "new").await;
    let target = of_version(copying(Operation::CopyObject, "a", "a"), &old);
    let copied = copy_to(&world, target, copy_input()).await.unwrap();
    assert_eq!(copied.source_version_id, Some(old.clone()));
    assert_ne!(copied.version_id, Some(old));
    assert!(copied.version_id.is_some());
    assert_eq!(world.bytes("a").await, Ok("old".to_owned()));
}

#[tokio::test]
async fn naming_the_null_version_of_a_plain_bucket_changes_nothing_either() {
    let world = World::new().await;
    world.put("a", "bytes").await;
    let target = of_version(copying(Operation::CopyObject, "a", "a"), &VersionId::Null);
    assert_eq!(copy_to(&world, target, copy_input()).await.unwrap_err().code, ErrorCode::InvalidRequest);
}

#[tokio::test]
async fn a_copy_crosses_buckets() {
    let world = World::new().await;
    world.put_with("a", "bytes", rich()).await;
    world.create(&world.alice, "another").await.unwrap();
    let target = Target { bucket: Some(name("another")), ..copying(Operation::CopyObject, "a", "a") };
    copy_to(&world, target, copy_input()).await.unwrap();
    let target = Target { bucket: Some(name("another")), ..on_object(Operation::HeadObject, "a") };
    let head = world.call(target, Input::HeadObject(Box::default())).await.unwrap();
    assert_eq!(expect!(Output::HeadObject, head).head.user, rich().user);
}

#[tokio::test]
async fn every_failed_condition_on_the_source_is_412() {
    let world = World::new().await;
    let etag = world.put("a", "bytes").await.etag;
    let listed = |tag: &ETag| Some(EtagMatch::Listed(vec![tag.clone()]));
    let other = ETag::from_text("\"another\"");
    let (before, after) = (Timestamp::from_secs(START_SECS - 1), Timestamp::from_secs(START_SECS + 999));
    let none = ReadConditions::default;
    let cases = [
        (ReadConditions { if_match: listed(&etag), ..none() }, None),
        (ReadConditions { if_match: listed(&other), ..none() }, Some("x-amz-copy-source-If-Match")),
        (ReadConditions { if_none_match: listed(&other), ..none() }, None),
        (ReadConditions { if_none_match: listed(&etag), ..none() }, Some("x-amz-copy-source-If-None-Match")),
        (ReadConditions { if_modified_since: Some(before), ..none() }, None),
        (
            ReadConditions { if_modified_since: Some(after), ..none() },
            Some("x-amz-copy-source-If-Modified-Since"),
        ),
        (ReadConditions { if_unmodified_since: Some(after), ..none() }, None),
        (
            ReadConditions { if_unmodified_since: Some(before), ..none() },
            Some("x-amz-copy-source-If-Unmodified-Since"),
        ),
        // The pairs that the reference names: the tag wins.
        (ReadConditions { if_match: listed(&etag), if_unmodified_since: Some(before), ..none() }, None),
        (
            ReadConditions { if_none_match: listed(&etag), if_modified_since: Some(before), ..none() },
            Some("x-amz-copy-source-If-None-Match"),
        ),
    ];
    for (source_conditions, failed) in cases {
        let input = CopyObjectInput { source_conditions: source_conditions.clone(), ..copy_input() };
        match copy(&world, "a", "b", input).await {
            Ok(_) => assert_eq!(failed, None, "{source_conditions:?}"),
            Err(error) => {
                assert_eq!((error.code, error.code.status()), (ErrorCode::PreconditionFailed, 412));
                assert_eq!(detail(&error, "Condition"), failed, "{source_conditions:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_source_that_is_not_there() {
    let world = World::new().await;
    world.versioning(VersioningStatus::Enabled).await;
    world.put("a", "bytes").await;
    let refused = copy(&world, "missing", "b", copy_input()).await.unwrap_err();
    assert_eq!((refused.code, detail(&refused, "Key")), (ErrorCode::NoSuchKey, Some("missing")));

    let none = VersionId::from_text("0123456789abcdef");
    let target = of_version(copying(Operation::CopyObject, "a", "b"), &none);
    let refused = copy_to(&world, target, copy_input()).await.unwrap_err();
    assert_eq!((refused.code, detail(&refused, "Key")), (ErrorCode::NoSuchVersion, Some("a")));

    let marker = delete(&world, "a", None, Default::default()).await.unwrap().version_id.unwrap();
    let refused = copy(&world, "a", "b", copy_input()).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::NoSuchKey);
    let target = of_version(copying(Operation::CopyObject, "a", "b"), &marker);
    let refused = copy_to(&world, target, copy_input()).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::InvalidRequest);
    assert!(refused.message.contains("delete marker"));
}

#[tokio::test]
async fn a_source_above_the_largest_object_is_refused() {
    let world = World::new().await;
    world.put("a", "123456").await;
    let settings = ServiceSettings { max_object_size_bytes: 5, ..ServiceSettings::default() };
    let limited = World { service: service::Service::new(world.store.clone(), settings), ..world };
    let refused = copy(&limited, "a", "b", copy_input()).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::InvalidRequest);
    assert!(refused.message.ends_with(": 5"));
}
