//! Buckets: making, finding, listing and removing them.

use std::sync::Arc;

use iam::{KeyPolicy, Principal};
use s3_model::{
    CreateBucketInput, ErrorCode, Input, ListBucketsInput, ListBucketsOutput, Operation, Output, S3Error,
};
use service::{BucketSettings, Deletion, ServiceSettings, Target};
use types::{Body, TagSet, Timestamp};

use crate::world::*;

fn in_region(region: &str) -> ServiceSettings {
    ServiceSettings { region: Some(region.to_owned()), ..ServiceSettings::default() }
}

async fn create_at(world: &World, bucket: &str, constraint: Option<&str>) -> Result<Output, S3Error> {
    let input = CreateBucketInput {
        location_constraint: constraint.map(str::to_owned),
        ..CreateBucketInput::default()
    };
    world.call(on_bucket(Operation::CreateBucket, bucket), Input::CreateBucket(input)).await
}

async fn list_as(world: &World, who: &Arc<Principal>, input: ListBucketsInput) -> ListBucketsOutput {
    let listed =
        world.ask(who, Target::new(Operation::ListBuckets), Input::ListBuckets(input), Body::empty()).await;
    expect!(Output::ListBuckets, listed.unwrap())
}

fn names(page: &ListBucketsOutput) -> Vec<&str> {
    page.buckets.iter().map(|bucket| bucket.name.as_str()).collect()
}

#[tokio::test]
async fn a_bucket_made_is_there_with_its_region() {
    let world = World::new().await;
    let made = expect!(Output::CreateBucket, create_at(&world, "another", None).await.unwrap());
    assert_eq!((made.bucket.as_str(), made.region.as_str()), ("another", "us-east-1"));
    let head = world.call(on_bucket(Operation::HeadBucket, "another"), Input::HeadBucket).await.unwrap();
    assert_eq!(expect!(Output::HeadBucket, head).region, "us-east-1");
    let target = on_bucket(Operation::GetBucketLocation, "another");
    let location = world.call(target, Input::GetBucketLocation).await.unwrap();
    assert_eq!(expect!(Output::GetBucketLocation, location).region, "us-east-1");
}

#[tokio::test]
async fn a_second_creation_depends_on_owner_and_region() {
    let world = World::new().await;
    assert!(world.create(&world.alice, BUCKET).await.is_ok(), "no region: success again");
    let refused = world.create(&world.bob, BUCKET).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::BucketAlreadyExists);
    assert_eq!(detail(&refused, "BucketName"), Some(BUCKET));
    let refused = world.create(&world.root, BUCKET).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::BucketAlreadyExists, "root does not own it either");

    let world = World::with(in_region("eu-west-1")).await;
    let refused = world.create(&world.alice, BUCKET).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::BucketAlreadyOwnedByYou);
}

#[tokio::test]
async fn a_location_must_not_contradict_the_region() {
    let cases = [
        (None, None, true),
        (None, Some("us-east-1"), true),
        (None, Some("eu-west-1"), true),
        (Some("eu-west-1"), None, true),
        (Some("eu-west-1"), Some("eu-west-1"), true),
        (Some("eu-west-1"), Some("EU"), true),
        (Some("eu-west-1"), Some("us-east-1"), false),
        (Some("us-east-1"), Some("us-east-1"), true),
        (Some("us-east-1"), Some("EU"), false),
    ];
    for (region, constraint, taken) in cases {
        let world = World::with(region.map_or_else(ServiceSettings::default, in_region)).await;
        let made = create_at(&world, "another", constraint).await;
        match made {
            Ok(_) => assert!(taken, "{region:?} {constraint:?}"),
            Err(error) => {
                assert!(!taken, "{region:?} {constraint:?}");
                assert_eq!(error.code, ErrorCode::IllegalLocationConstraintException);
                assert!(error.message.contains(constraint.unwrap()));
            }
        }
    }
}

#[tokio::test]
async fn a_bucket_can_be_made_with_tags() {
    let world = World::new().await;
    let tags = TagSet::new(vec![("k".to_owned(), "v".to_owned())], TagSet::BUCKET_MAX).unwrap();
    let input = CreateBucketInput { tags: tags.clone(), ..CreateBucketInput::default() };
    world.call(on_bucket(Operation::CreateBucket, "tagged"), Input::CreateBucket(input)).await.unwrap();
    assert_eq!(world.store.take_writes(), 2, "one for the world's own bucket, one for this");
    let read = world.call(on_bucket(Operation::GetBucketTagging, "tagged"), Input::GetBucketTagging).await;
    assert_eq!(expect!(Output::GetBucketTagging, read.unwrap()).tags, tags);
}

#[tokio::test]
async fn anonymous_makes_and_lists_no_bucket() {
    let world = World::new().await;
    let refused = world.create(&world.anonymous, "another").await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::AccessDenied);
    let input = Input::ListBuckets(ListBucketsInput::default());
    let target = Target::new(Operation::ListBuckets);
    let refused = world.ask(&world.anonymous, target, input, Body::empty()).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::AccessDenied);
}

#[tokio::test]
async fn only_an_empty_bucket_is_deleted() {
    let world = World::new().await;
    world.put("a", "bytes").await;
    let delete = || world.call(in_bucket(Operation::DeleteBucket), Input::DeleteBucket);
    let refused = delete().await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::BucketNotEmpty);
    assert_eq!(detail(&refused, "BucketName"), Some(BUCKET));
    let target = on_object(Operation::DeleteObject, "a");
    world.call(target, Input::DeleteObject(Default::default())).await.unwrap();
    delete().await.unwrap();
    assert_eq!(delete().await.unwrap_err().code, ErrorCode::NoSuchBucket);
}

#[tokio::test]
async fn a_bucket_of_the_configuration_stays() {
    let pinned = BucketSettings { deletion: Deletion::Pinned, ..BucketSettings::default() };
    let settings = ServiceSettings { buckets: [(name(BUCKET), pinned)].into(), ..ServiceSettings::default() };
    let world = World::with(settings).await;
    for who in [&world.alice, &world.root] {
        let target = in_bucket(Operation::DeleteBucket);
        let refused = world.ask(who, target, Input::DeleteBucket, Body::empty()).await.unwrap_err();
        assert_eq!(refused.code, ErrorCode::AccessDenied);
        assert!(refused.message.contains("configuration"));
    }
}

#[tokio::test]
async fn who_lists_buckets_sees_the_own() {
    let world = World::new().await;
    world.create(&world.bob, "bobs").await.unwrap();
    let mine = list_as(&world, &world.alice, ListBucketsInput::default()).await;
    assert_eq!(names(&mine), [BUCKET]);
    assert_eq!(&mine.owner, world.alice.owner().unwrap());
    assert_eq!(mine.buckets[0].created_at, Timestamp::from_secs(START_SECS));
    assert_eq!((mine.region, mine.next_after), (None, None));
    let all = list_as(&world, &world.root, ListBucketsInput::default()).await;
    assert_eq!(names(&all), [BUCKET, "bobs"]);
    let reader = Arc::new(Principal::user("carol", Some(KeyPolicy::ReadOnly)));
    assert_eq!(names(&list_as(&world, &reader, ListBucketsInput::default()).await), [BUCKET, "bobs"]);
}

#[tokio::test]
async fn buckets_come_in_pages() {
    let world = World::new().await;
    for bucket in ["bucket-1", "bucket-2", "bucket-3"] {
        world.create(&world.alice, bucket).await.unwrap();
        world.create(&world.bob, &format!("{bucket}-of-bob")).await.unwrap();
    }
    let mut after = None;
    let mut seen = Vec::new();
    loop {
        let input = ListBucketsInput {
            prefix: Some("bucket-".to_owned()),
            after,
            max_buckets: Some(2),
            bucket_region: None,
        };
        let page = list_as(&world, &world.alice, input).await;
        assert_eq!(page.prefix.as_deref(), Some("bucket-"));
        assert_eq!(page.region.as_deref(), Some("us-east-1"));
        seen.extend(names(&page).into_iter().map(str::to_owned));
        after = page.next_after;
        if after.is_none() {
            break;
        }
        assert_eq!(after.as_ref(), seen.last());
        assert_eq!(seen.len(), 2);
    }
    assert_eq!(seen, ["bucket-1", "bucket-2", "bucket-3"]);
}

#[tokio::test]
async fn a_page_that_ends_with_the_last_bucket_is_the_last() {
    let world = World::new().await;
    world.create(&world.alice, "second").await.unwrap();
    for (max, more) in [(1, true), (2, false), (3, false)] {
        let input = ListBucketsInput { max_buckets: Some(max), ..ListBucketsInput::default() };
        assert_eq!(list_as(&world, &world.alice, input).await.next_after.is_some(), more, "{max}");
    }
}

#[tokio::test]
async fn a_region_that_is_not_ours_has_no_buckets() {
    let world = World::with(in_region("eu-west-1")).await;
    for (region, expected) in [("eu-west-1", vec![BUCKET]), ("us-east-1", vec![])] {
        let input =
            ListBucketsInput { bucket_region: Some(region.to_owned()), ..ListBucketsInput::default() };
        let page = list_as(&world, &world.alice, input).await;
        assert_eq!(names(&page), expected, "{region}");
        assert_eq!(page.region.as_deref(), Some("eu-west-1"));
    }
}
