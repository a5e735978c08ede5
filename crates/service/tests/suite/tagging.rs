//! Tags of buckets and objects.

use s3_model::{
    ErrorCode, Input, ObjectTaggingInput, Operation, Output, PutBucketTaggingInput, PutObjectTaggingInput,
    S3Error, VersioningStatus,
};
use types::{ObjectMetadata, TagSet, VersionId};

use crate::world::*;

fn tags(pairs: &[(&str, &str)]) -> TagSet {
    let pairs = pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    TagSet::new(pairs, TagSet::OBJECT_MAX).unwrap()
}

async fn read(world: &World, text: &str, version_id: Option<VersionId>) -> Result<TagSet, S3Error> {
    let target = on_object(Operation::GetObjectTagging, text);
    let read = world.call(target, Input::GetObjectTagging(ObjectTaggingInput { version_id })).await?;
    Ok(expect!(Output::GetObjectTagging, read).tags)
}

async fn write(
    world: &World,
    text: &str,
    version_id: Option<VersionId>,
    tags: TagSet,
) -> Result<Option<VersionId>, S3Error> {
    let target = on_object(Operation::PutObjectTagging, text);
    let input = Input::PutObjectTagging(PutObjectTaggingInput { version_id, tags });
    Ok(expect!(Output::PutObjectTagging, world.call(target, input).await?).version_id)
}

#[tokio::test]
async fn a_bucket_without_tags_has_no_tag_set() {
    let world = World::new().await;
    let get = || world.call(in_bucket(Operation::GetBucketTagging), Input::GetBucketTagging);
    let put = |tags| {
        let input = Input::PutBucketTagging(PutBucketTaggingInput { tags });
        world.call(in_bucket(Operation::PutBucketTagging), input)
    };
    assert_eq!(get().await.unwrap_err().code, ErrorCode::NoSuchTagSet);
    for set in [tags(&[("a", "1"), ("b", "")]), tags(&[("c", "3")])] {
        put(set.clone()).await.unwrap();
        assert_eq!(expect!(Output::GetBucketTagging, get().await.unwrap()).tags, set);
    }
    for _ in 0..2 {
        let target = in_bucket(Operation::DeleteBucketTagging);
        world.call(target, Input::DeleteBucketTagging).await.unwrap();
        assert_eq!(get().await.unwrap_err().code, ErrorCode::NoSuchTagSet);
    }
}

#[tokio::test]
async fn tags_of_an_object_come_and_go_without_touching_it() {
    let world = World::new().await;
    world.put_with("a", "bytes", ObjectMetadata { tags: tags(&[("k", "v")]), ..Default::default() }).await;
    let before = world.head("a", Default::default()).await.unwrap();
    assert_eq!(before.tag_count, 1);
    assert_eq!(read(&world, "a", None).await.unwrap(), tags(&[("k", "v")]));
    assert_eq!(write(&world, "a", None, tags(&[("x", "1"), ("y", "2")])).await.unwrap(), None);
    assert_eq!(read(&world, "a", None).await.unwrap(), tags(&[("x", "1"), ("y", "2")]));
    let after = world.head("a", Default::default()).await.unwrap();
    assert_eq!((after.modified_at, &after.etag, after.tag_count), (before.modified_at, &before.etag, 2));
    let target = on_object(Operation::DeleteObjectTagging, "a");
    world.call(target, Input::DeleteObjectTagging(ObjectTaggingInput::default())).await.unwrap();
    assert!(read(&world, "a", None).await.unwrap().is_empty());
}

#[tokio::test]
async fn each_version_has_its_own_tags() {
    let world = World::new().await;
    world.versioning(VersioningStatus::Enabled).await;
    let one = world.put("a", "one").await.version_id;
    let two = world.put("a", "two").await.version_id;
    assert_eq!(write(&world, "a", one.clone(), tags(&[("k", "1")])).await.unwrap(), one);
    assert_eq!(write(&world, "a", None, tags(&[("k", "2")])).await.unwrap(), two);
    assert_eq!(read(&world, "a", one).await.unwrap(), tags(&[("k", "1")]));
    assert_eq!(read(&world, "a", two).await.unwrap(), tags(&[("k", "2")]));
}

#[tokio::test]
async fn tags_of_what_is_not_there() {
    let world = World::new().await;
    world.versioning(VersioningStatus::Enabled).await;
    world.put("a", "bytes").await;
    let none = Some(VersionId::from_text("0123456789abcdef"));
    assert_eq!(read(&world, "missing", None).await.unwrap_err().code, ErrorCode::NoSuchKey);
    assert_eq!(read(&world, "a", none.clone()).await.unwrap_err().code, ErrorCode::NoSuchVersion);
    let set = || tags(&[("k", "v")]);
    assert_eq!(write(&world, "missing", None, set()).await.unwrap_err().code, ErrorCode::NoSuchKey);
    assert_eq!(write(&world, "a", none, set()).await.unwrap_err().code, ErrorCode::NoSuchVersion);
    let marker = crate::delete::delete(&world, "a", None, Default::default()).await.unwrap().version_id;
    let refused = read(&world, "a", marker.clone()).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::MethodNotAllowed);
    assert_eq!(write(&world, "a", marker, set()).await.unwrap_err().code, ErrorCode::MethodNotAllowed);
}
