//! What a lost race answers, and which of them are run again.

use s3_model::{
    CopyObjectInput, ErrorCode, ErrorHeader, Input, Operation, S3Error, UploadPartCopyInput, WriteCondition,
};
use service::limits::COPY_ATTEMPTS;
use store::{Missing, StoreErrorKind};

use crate::admission::copy_input;
use crate::multipart::begin;
use crate::world::*;

fn conflicts(count: usize) -> impl Iterator<Item = StoreErrorKind> {
    std::iter::repeat_with(|| StoreErrorKind::Conflict).take(count)
}

async fn copy(world: &World, condition: WriteCondition) -> Result<(), S3Error> {
    let input = CopyObjectInput { condition, ..copy_input() };
    world.call(copying(Operation::CopyObject, "a", "b"), Input::CopyObject(Box::new(input))).await.map(drop)
}

async fn copy_part(world: &World, upload_id: &str) -> Result<(), S3Error> {
    let input = UploadPartCopyInput {
        upload_id: upload_id.to_owned(),
        part_number: 1,
        range: None,
        source_conditions: Default::default(),
    };
    let target = copying(Operation::UploadPartCopy, "a", "b");
    world.call(target, Input::UploadPartCopy(input)).await.map(drop)
}

#[tokio::test]
async fn a_copy_whose_source_changes_is_done_again() {
    let world = World::new().await;
    world.put("a", "bytes").await;
    world.store.take_writes();
    world.store.fail_next(conflicts(COPY_ATTEMPTS - 1));
    copy(&world, WriteCondition::Always).await.unwrap();
    assert_eq!(world.store.take_writes(), COPY_ATTEMPTS);

    world.store.fail_next(conflicts(COPY_ATTEMPTS));
    let refused = copy(&world, WriteCondition::Always).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::ServiceUnavailable);
    assert_eq!(world.store.take_writes(), COPY_ATTEMPTS);

    world.store.fail_next(conflicts(COPY_ATTEMPTS));
    let refused = copy(&world, WriteCondition::IfPresent).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::ConditionalRequestConflict);
}

#[tokio::test]
async fn a_source_that_went_away_is_looked_at_again() {
    let world = World::new().await;
    world.put("a", "bytes").await;
    let gone = || [StoreErrorKind::Missing(Missing::Key)];
    world.store.fail_next(gone());
    copy(&world, WriteCondition::Always).await.unwrap();

    world.store.fail_next(gone());
    let refused = copy(&world, WriteCondition::IfPresent).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::NoSuchKey, "it may as well be the target that is missing");
    assert_eq!(detail(&refused, "Key"), Some("b"));
}

#[tokio::test]
async fn a_copied_part_whose_source_changes_is_done_again() {
    let world = World::new().await;
    world.put("a", "bytes").await;
    let upload_id = begin(&world, "b", Default::default()).await;
    world.store.fail_next(conflicts(COPY_ATTEMPTS - 1));
    copy_part(&world, &upload_id).await.unwrap();
    world.store.fail_next(conflicts(COPY_ATTEMPTS));
    assert_eq!(copy_part(&world, &upload_id).await.unwrap_err().code, ErrorCode::ServiceUnavailable);
}

#[tokio::test]
async fn a_conditional_write_that_lost_is_409_and_a_plain_one_may_be_repeated() {
    let world = World::new().await;
    world.store.fail_next(conflicts(1));
    let refused = world.try_put("a", "x", WriteCondition::IfAbsent).await.unwrap_err();
    assert_eq!((refused.code, refused.code.status()), (ErrorCode::ConditionalRequestConflict, 409));
    assert_eq!(detail(&refused, "Condition"), Some("If-None-Match"));

    world.store.fail_next(conflicts(1));
    let refused = world.try_put("a", "x", WriteCondition::Always).await.unwrap_err();
    assert_eq!((refused.code, refused.code.status()), (ErrorCode::ServiceUnavailable, 503));
    assert_eq!(refused.headers, [ErrorHeader::RetryAfter(1)]);
}

#[tokio::test]
async fn a_bucket_that_changes_meanwhile_is_told_as_such() {
    let world = World::new().await;
    world.store.fail_next(conflicts(1));
    let refused = world.call(in_bucket(Operation::DeleteBucket), Input::DeleteBucket).await.unwrap_err();
    assert_eq!((refused.code, refused.code.status()), (ErrorCode::OperationAborted, 409));

    world.store.fail_next([StoreErrorKind::BucketExists]);
    let refused = world.create(&world.alice, "vanishing").await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::OperationAborted, "it was there, and then was not");
}
