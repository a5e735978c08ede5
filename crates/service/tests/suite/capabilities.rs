//! What the store of a bucket does not do is refused with its reason, before anything is asked of it.

use s3_model::{
    BodyDigests, CopyObjectInput, CreateMultipartUploadInput, DeleteEntry, DeleteObjectInput,
    DeleteObjectsInput, DeleteResult, Directive, ErrorCode, Input, ListMultipartUploadsInput, Operation,
    Output, PutBucketVersioningInput, PutObjectInput, PutObjectTaggingInput, Verbosity, VersioningStatus,
    WriteCondition,
};
use service::Target;
use store::{Capabilities, Support};
use types::{Body, ETag, ObjectHeaders, ObjectMetadata, TagSet};

use crate::admission::copy_input;
use crate::world::*;

const NO: Support = Support::No("the far store has no such thing");

fn tags() -> TagSet {
    TagSet::new(vec![("k".to_owned(), "v".to_owned())], TagSet::OBJECT_MAX).unwrap()
}

/// Asks a store that claims `capabilities`, and finds that it was refused and the store left alone.
async fn refused(capabilities: Capabilities, target: Target, input: Input) {
    let world = World::new().await;
    world.put("a", "bytes").await;
    world.store.claim(capabilities);
    world.store.take_writes();
    let told = format!("{input:?}");
    let error = world.ask(&world.alice, target, input, Body::empty()).await.unwrap_err();
    assert_eq!((error.code, error.code.status()), (ErrorCode::NotImplemented, 501), "{told}");
    assert!(error.message.contains("the far store has no such thing"), "{told}");
    assert_eq!(world.store.take_writes(), 0, "{told}");
}

fn put(condition: WriteCondition, metadata: ObjectMetadata) -> Input {
    let digests = BodyDigests::default();
    Input::PutObject(Box::new(PutObjectInput { content_length: 0, metadata, digests, condition }))
}

#[tokio::test]
async fn conditions_that_would_not_be_atomic() {
    let no_put = Capabilities { conditional_put: NO, ..Capabilities::ALL };
    let no_delete = Capabilities { conditional_delete: NO, ..Capabilities::ALL };
    let condition = WriteCondition::IfAbsent;
    let target = on_object(Operation::PutObject, "a");
    refused(no_put, target, put(condition.clone(), ObjectMetadata::default())).await;
    let no_copy = Capabilities { conditional_copy: NO, ..Capabilities::ALL };
    let copied = CopyObjectInput { condition, ..copy_input() };
    let target = copying(Operation::CopyObject, "a", "b");
    refused(no_copy, target, Input::CopyObject(Box::new(copied))).await;
    let input = DeleteObjectInput { version_id: None, condition: WriteCondition::IfPresent };
    refused(no_delete, on_object(Operation::DeleteObject, "a"), Input::DeleteObject(input)).await;
}

#[tokio::test]
async fn a_condition_of_one_of_many_deletes_is_refused_alone() {
    let world = World::new().await;
    world.put("a", "bytes").await;
    world.put("b", "bytes").await;
    world.store.claim(Capabilities { conditional_delete: NO, ..Capabilities::ALL });
    let entry = |text, condition| DeleteEntry::Target { key: key(text), version_id: None, condition };
    let entries =
        vec![entry("a", WriteCondition::IfMatch(ETag::from_text("x"))), entry("b", WriteCondition::Always)];
    let input = DeleteObjectsInput { verbosity: Verbosity::Verbose, entries };
    let done = world.call(in_bucket(Operation::DeleteObjects), Input::DeleteObjects(input)).await.unwrap();
    let results = expect!(Output::DeleteObjects, done).results;
    assert!(
        matches!(&results[0], DeleteResult::Failed { error, .. } if error.code == ErrorCode::NotImplemented)
    );
    assert!(matches!(&results[1], DeleteResult::Deleted { .. }));
    assert!(world.bytes("a").await.is_ok());
}

#[tokio::test]
async fn versions_copies_and_uploads() {
    let versioning = Capabilities { versioning: NO, ..Capabilities::ALL };
    let input = PutBucketVersioningInput { status: VersioningStatus::Enabled };
    refused(versioning, in_bucket(Operation::PutBucketVersioning), Input::PutBucketVersioning(input)).await;

    let copy = Capabilities { copy: NO, ..Capabilities::ALL };
    let target = copying(Operation::CopyObject, "a", "b");
    refused(copy, target, Input::CopyObject(Box::new(copy_input()))).await;

    let multipart = Capabilities { multipart: NO, ..Capabilities::ALL };
    let target = on_object(Operation::CreateMultipartUpload, "a");
    refused(multipart, target, Input::CreateMultipartUpload(Box::default())).await;
    let input = ListMultipartUploadsInput {
        prefix: String::new(),
        delimiter: None,
        key_marker: String::new(),
        upload_id_marker: String::new(),
        max_uploads: 1,
        encoding: None,
    };
    let target = in_bucket(Operation::ListMultipartUploads);
    refused(multipart, target, Input::ListMultipartUploads(input)).await;
}

#[tokio::test]
async fn tags_and_metadata_that_would_be_lost() {
    let no_tags = Capabilities { object_tags: NO, ..Capabilities::ALL };
    let tagged = || ObjectMetadata { tags: tags(), ..ObjectMetadata::default() };
    let target = on_object(Operation::PutObject, "a");
    refused(no_tags, target, put(WriteCondition::Always, tagged())).await;
    let input = PutObjectTaggingInput { version_id: None, tags: tags() };
    refused(no_tags, on_object(Operation::PutObjectTagging, "a"), Input::PutObjectTagging(input)).await;
    let input = CopyObjectInput { tags: Directive::Replace(tags()), ..copy_input() };
    let target = copying(Operation::CopyObject, "a", "b");
    refused(no_tags, target, Input::CopyObject(Box::new(input))).await;

    let no_metadata = Capabilities { metadata: NO, ..Capabilities::ALL };
    let user = ObjectMetadata { user: vec![("u".to_owned(), "1".to_owned())], ..ObjectMetadata::default() };
    let headers = ObjectHeaders { content_encoding: Some("gzip".to_owned()), ..ObjectHeaders::default() };
    let encoded = ObjectMetadata { headers, ..ObjectMetadata::default() };
    for metadata in [user, encoded] {
        let target = on_object(Operation::PutObject, "a");
        refused(no_metadata, target, put(WriteCondition::Always, metadata.clone())).await;
        let input = CreateMultipartUploadInput { metadata, checksum: None };
        let target = on_object(Operation::CreateMultipartUpload, "a");
        refused(no_metadata, target, Input::CreateMultipartUpload(Box::new(input))).await;
    }
}

#[tokio::test]
async fn a_plain_put_asks_for_no_capability() {
    let world = World::new().await;
    let none = Capabilities {
        conditional_put: NO,
        conditional_delete: NO,
        versioning: NO,
        multipart: NO,
        ordered_listing: NO,
        metadata: NO,
        object_tags: NO,
        copy: NO,
        checksums: NO,
        any_key: NO,
        ..Capabilities::ALL
    };
    world.store.claim(none);
    let headers = ObjectHeaders { content_type: Some("text/plain".to_owned()), ..ObjectHeaders::default() };
    world.put_with("a", "bytes", ObjectMetadata { headers, ..ObjectMetadata::default() }).await;
    assert_eq!(world.bytes("a").await, Ok("bytes".to_owned()));
}
