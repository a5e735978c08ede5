//! Who may, in which order a request is refused, and that the bucket's record is read once.

use std::sync::Arc;

use iam::{AnonymousAccess, KeyPolicy, Principal};
use s3_model::{
    BucketSetting, CopyObjectInput, Directive, ErrorCode, ErrorHeader, GetObjectInput, Input, Operation,
    ReadConditions, ResponseOverrides, WriteCondition,
};
use service::{BucketSettings, ServiceSettings, Target};
use types::{Body, ObjectMetadata, TagSet};

use crate::world::*;

async fn code(world: &World, who: &Arc<Principal>, target: Target, input: Input) -> Option<ErrorCode> {
    world.ask(who, target, input, Body::empty()).await.err().map(|error| error.code)
}

fn public() -> ServiceSettings {
    let settings = BucketSettings { anonymous: AnonymousAccess::Read, ..BucketSettings::default() };
    ServiceSettings { buckets: [(name(BUCKET), settings)].into(), ..ServiceSettings::default() }
}

pub fn copy_input() -> CopyObjectInput {
    CopyObjectInput {
        source_conditions: ReadConditions::default(),
        condition: WriteCondition::Always,
        metadata: Directive::Copy,
        tags: Directive::Copy,
        storage_class: None,
        website_redirect_location: None,
        checksum: None,
    }
}

#[tokio::test]
async fn a_bucket_that_is_not_there_is_told_to_everybody() {
    let world = World::new().await;
    for who in [&world.alice, &world.bob, &world.root, &world.anonymous] {
        let target = on_bucket(Operation::HeadBucket, "nowhere");
        assert_eq!(code(&world, who, target, Input::HeadBucket).await, Some(ErrorCode::NoSuchBucket));
    }
}

#[tokio::test]
async fn a_bucket_is_its_owners_and_roots() {
    let world = World::new().await;
    let head = || in_bucket(Operation::HeadBucket);
    assert_eq!(code(&world, &world.alice, head(), Input::HeadBucket).await, None);
    assert_eq!(code(&world, &world.root, head(), Input::HeadBucket).await, None);
    for who in [&world.bob, &world.anonymous] {
        assert_eq!(code(&world, who, head(), Input::HeadBucket).await, Some(ErrorCode::AccessDenied));
    }
}

#[tokio::test]
async fn a_closed_bucket_still_tells_its_region() {
    let world = World::new().await;
    for who in [&world.bob, &world.anonymous] {
        let target = in_bucket(Operation::HeadBucket);
        let refused = world.ask(who, target, Input::HeadBucket, Body::empty()).await.unwrap_err();
        assert_eq!(refused.headers, [ErrorHeader::BucketRegion("us-east-1".to_owned())]);
        let target = in_bucket(Operation::GetBucketLocation);
        let refused = world.ask(who, target, Input::GetBucketLocation, Body::empty()).await.unwrap_err();
        assert_eq!(refused.headers, []);
    }
}

#[tokio::test]
async fn a_refusal_says_why_to_who_has_signed() {
    let world = World::new().await;
    let writer = Arc::new(Principal::user("carol", Some(KeyPolicy::WriteOnly)));
    let head = async |who| {
        let target = in_bucket(Operation::HeadBucket);
        world.ask(who, target, Input::HeadBucket, Body::empty()).await.unwrap_err().message
    };
    assert_eq!(head(&world.anonymous).await, "Access Denied");
    assert!(head(&world.bob).await.contains("bob is not authorized to perform s3:ListBucket"));
    assert!(head(&writer).await.contains("writeonly"));
}

#[tokio::test]
async fn the_expected_owner_must_be_the_owner() {
    let world = World::new().await;
    let alice = world.alice.owner().unwrap().id.as_str().to_owned();
    let bob = world.bob.owner().unwrap().id.as_str().to_owned();
    for (expected, refused) in [(alice, None), (bob, Some(ErrorCode::AccessDenied))] {
        let target = Target { expected_owner: Some(expected), ..in_bucket(Operation::HeadBucket) };
        assert_eq!(code(&world, &world.alice, target, Input::HeadBucket).await, refused);
    }
}

#[tokio::test]
async fn the_expected_owner_of_a_source_must_be_its_owner() {
    let world = World::new().await;
    world.put("a", "bytes").await;
    let alice = world.alice.owner().unwrap().id.as_str().to_owned();
    for (expected, refused) in [(alice, None), ("another".to_owned(), Some(ErrorCode::AccessDenied))] {
        let target =
            Target { expected_source_owner: Some(expected), ..copying(Operation::CopyObject, "a", "b") };
        let input = Input::CopyObject(Box::new(copy_input()));
        assert_eq!(code(&world, &world.alice, target, input).await, refused);
    }
}

#[tokio::test]
async fn a_copy_needs_to_read_its_source() {
    let world = World::new().await;
    world.put("a", "bytes").await;
    world.create(&world.bob, "bobs").await.unwrap();
    let copy =
        |bucket: &str| Target { bucket: Some(name(bucket)), ..copying(Operation::CopyObject, "a", "b") };
    let input = || Input::CopyObject(Box::new(copy_input()));
    assert_eq!(code(&world, &world.bob, copy("bobs"), input()).await, Some(ErrorCode::AccessDenied));
    assert_eq!(code(&world, &world.alice, copy("bobs"), input()).await, Some(ErrorCode::AccessDenied));
    assert_eq!(code(&world, &world.root, copy("bobs"), input()).await, None);

    let mut nowhere = copying(Operation::CopyObject, "a", "b");
    nowhere.copy_source.as_mut().unwrap().bucket = name("nowhere");
    assert_eq!(code(&world, &world.alice, nowhere, input()).await, Some(ErrorCode::NoSuchBucket));
}

#[tokio::test]
async fn the_record_of_a_bucket_is_read_once() {
    let world = World::new().await;
    world.put("a", "bytes").await;
    world.create(&world.alice, "another").await.unwrap();
    world.store.take_bucket_reads();
    world.get("a", GetObjectInput::default()).await.unwrap();
    assert_eq!(world.store.take_bucket_reads(), 1);
    let copy = || Input::CopyObject(Box::new(copy_input()));
    world.call(copying(Operation::CopyObject, "a", "b"), copy()).await.unwrap();
    assert_eq!(world.store.take_bucket_reads(), 1, "source and target are one bucket");
    let across = Target { bucket: Some(name("another")), ..copying(Operation::CopyObject, "a", "b") };
    world.call(across, copy()).await.unwrap();
    assert_eq!(world.store.take_bucket_reads(), 2, "one for each bucket");
}

#[tokio::test]
async fn everybody_may_read_a_public_bucket_and_no_more() {
    let world = World::with(public()).await;
    world.put("a", "bytes").await;
    for who in [&world.anonymous, &world.bob] {
        let (_, bytes) = world.get_as(who, "a", GetObjectInput::default()).await.unwrap();
        assert_eq!(bytes, "bytes");
        assert_eq!(
            world.get_as(who, "missing", GetObjectInput::default()).await.unwrap_err().code,
            ErrorCode::NoSuchKey
        );
        let refused = world.put_as(who, "b", "bytes", put_input("bytes")).await.unwrap_err();
        assert_eq!(refused.code, ErrorCode::AccessDenied);
    }
}

#[tokio::test]
async fn answers_are_rewritten_only_for_who_has_signed() {
    let world = World::with(public()).await;
    world.put("a", "bytes").await;
    let input = || GetObjectInput {
        overrides: ResponseOverrides { content_type: Some("x/y".to_owned()), ..ResponseOverrides::default() },
        ..GetObjectInput::default()
    };
    let refused = world.get_as(&world.anonymous, "a", input()).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::InvalidRequest);
    let (head, _) = world.get("a", input()).await.unwrap();
    assert_eq!(head.headers.content_type.as_deref(), Some("x/y"));
}

#[tokio::test]
async fn the_number_of_tags_is_shown_to_who_may_read_them() {
    let world = World::with(public()).await;
    let tags = TagSet::new(vec![("k".to_owned(), "v".to_owned())], TagSet::OBJECT_MAX).unwrap();
    world.put_with("a", "bytes", ObjectMetadata { tags, ..ObjectMetadata::default() }).await;
    let count = async |who| world.get_as(who, "a", GetObjectInput::default()).await.unwrap().0.tag_count;
    assert_eq!(count(&world.alice).await, 1);
    assert_eq!(count(&world.anonymous).await, 0);
}

#[tokio::test]
async fn a_policy_of_a_key_covers_all_buckets() {
    let world = World::new().await;
    world.put("a", "bytes").await;
    let reader = Arc::new(Principal::user("carol", Some(KeyPolicy::ReadOnly)));
    let writer = Arc::new(Principal::user("carol", Some(KeyPolicy::WriteOnly)));
    assert!(world.get_as(&reader, "a", GetObjectInput::default()).await.is_ok());
    let refused = world.put_as(&reader, "a", "b", put_input("b")).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::AccessDenied);
    assert!(world.put_as(&writer, "a", "b", put_input("b")).await.is_ok());
    let refused = world.get_as(&writer, "a", GetObjectInput::default()).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::AccessDenied);
}

#[tokio::test]
async fn what_was_allowed_is_what_runs() {
    let world = World::with(public()).await;
    world.put("a", "bytes").await;
    let cases = [
        (on_object(Operation::GetObject, "a"), Input::DeleteObject(Default::default())),
        (on_object(Operation::GetObject, "a"), Input::DeleteBucket),
        (in_bucket(Operation::ListObjects), Input::DeleteBucket),
        (in_bucket(Operation::HeadBucket), Input::GetObject(Box::default())),
        (in_bucket(Operation::HeadBucket), Input::DeleteBucketSetting(BucketSetting::Policy)),
    ];
    for (target, input) in cases {
        let refused = code(&world, &world.anonymous, target, input).await;
        assert_eq!(refused, Some(ErrorCode::InternalError));
    }
    assert!(world.bytes("a").await.is_ok());
}
