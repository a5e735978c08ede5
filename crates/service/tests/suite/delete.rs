//! DeleteObject and DeleteObjects.

use s3_model::{
    DeleteEntry, DeleteObjectInput, DeleteObjectOutput, DeleteObjectsInput, DeleteResult, ErrorCode, Input,
    Operation, Output, S3Error, Verbosity, VersioningStatus, WriteCondition,
};
use types::{Body, ETag, VersionId};

use crate::world::*;

pub async fn delete(
    world: &World,
    text: &str,
    version_id: Option<VersionId>,
    condition: WriteCondition,
) -> Result<DeleteObjectOutput, S3Error> {
    let target =
        service::Target { version_id: version_id.clone(), ..on_object(Operation::DeleteObject, text) };
    let input = DeleteObjectInput { version_id, condition };
    Ok(expect!(Output::DeleteObject, world.call(target, Input::DeleteObject(input)).await?))
}

fn entry(text: &str) -> DeleteEntry {
    DeleteEntry::Target { key: key(text), version_id: None, condition: WriteCondition::Always }
}

fn entry_if(text: &str, etag: &ETag) -> DeleteEntry {
    DeleteEntry::Target { key: key(text), version_id: None, condition: WriteCondition::IfMatch(etag.clone()) }
}

async fn delete_many(world: &World, entries: Vec<DeleteEntry>) -> Vec<DeleteResult> {
    let input = DeleteObjectsInput { verbosity: Verbosity::Verbose, entries };
    let done = world.call(in_bucket(Operation::DeleteObjects), Input::DeleteObjects(input)).await.unwrap();
    expect!(Output::DeleteObjects, done).results
}

fn told(result: &DeleteResult) -> String {
    match result {
        DeleteResult::Deleted { key, .. } => format!("{key} deleted"),
        DeleteResult::Failed { key, error, .. } => format!("{key} {}", error.code.name()),
    }
}

#[tokio::test]
async fn deleting_removes_and_repeats() {
    let world = World::new().await;
    world.put("a", "bytes").await;
    for _ in 0..2 {
        let deleted = delete(&world, "a", None, WriteCondition::Always).await.unwrap();
        assert_eq!(deleted, DeleteObjectOutput::default());
        assert_eq!(world.bytes("a").await, Err(ErrorCode::NoSuchKey));
    }
}

#[tokio::test]
async fn a_versioned_bucket_puts_a_marker_and_removes_versions_for_good() {
    let world = World::new().await;
    world.versioning(VersioningStatus::Enabled).await;
    let version_id = world.put("a", "bytes").await.version_id.unwrap();
    let marker = delete(&world, "a", None, WriteCondition::Always).await.unwrap();
    assert!(marker.delete_marker);
    assert_eq!(world.bytes("a").await, Err(ErrorCode::NoSuchKey));
    let removed = delete(&world, "a", marker.version_id.clone(), WriteCondition::Always).await.unwrap();
    assert_eq!(removed, marker, "removing a marker tells that it was one");
    assert_eq!(world.bytes("a").await, Ok("bytes".to_owned()));
    let removed = delete(&world, "a", Some(version_id.clone()), WriteCondition::Always).await.unwrap();
    assert_eq!(removed, DeleteObjectOutput { version_id: Some(version_id), delete_marker: false });
    assert_eq!(world.bytes("a").await, Err(ErrorCode::NoSuchKey));
}

#[tokio::test]
async fn many_are_deleted_in_one_write_and_answered_in_order() {
    let world = World::new().await;
    let etag = world.put("kept", "bytes").await.etag;
    for text in ["a", "b", "c"] {
        world.put(text, text).await;
    }
    let b_tag = world.put("b", "b").await.etag;
    let refused = DeleteEntry::Refused {
        key: String::new(),
        version_id: None,
        error: S3Error::new(ErrorCode::UserKeyMustBeSpecified),
    };
    world.store.take_writes();
    let entries = vec![
        entry("a"),
        entry_if("kept", &ETag::from_text("another")),
        refused,
        entry("missing"),
        entry_if("b", &b_tag),
        entry_if("gone", &etag),
        entry("c"),
    ];
    let results = delete_many(&world, entries).await;
    assert_eq!(world.store.take_writes(), 1);
    let told: Vec<String> = results.iter().map(told).collect();
    assert_eq!(
        told,
        [
            "a deleted",
            "kept PreconditionFailed",
            " UserKeyMustBeSpecified",
            "missing deleted",
            "b deleted",
            "gone NoSuchKey",
            "c deleted"
        ]
    );
    for (text, there) in [("a", false), ("kept", true), ("b", false), ("c", false)] {
        assert_eq!(world.bytes(text).await.is_ok(), there, "{text}");
    }
}

#[tokio::test]
async fn markers_made_and_removed_are_told() {
    let world = World::new().await;
    world.versioning(VersioningStatus::Enabled).await;
    let version_id = world.put("a", "bytes").await.version_id;
    let made = delete_many(&world, vec![entry("a")]).await;
    let [DeleteResult::Deleted { version_id: None, delete_marker_version_id: Some(marker), .. }] = &made[..]
    else {
        panic!("{made:?}")
    };
    let named = |version_id: Option<VersionId>| DeleteEntry::Target {
        key: key("a"),
        version_id,
        condition: WriteCondition::Always,
    };
    let removed = delete_many(&world, vec![named(Some(marker.clone())), named(version_id.clone())]).await;
    let deleted = |version_id, delete_marker_version_id| DeleteResult::Deleted {
        key: key("a"),
        version_id,
        delete_marker_version_id,
    };
    let marker = Some(marker.clone());
    assert_eq!(removed, [deleted(marker.clone(), marker), deleted(version_id, None)]);
}

#[tokio::test]
async fn a_list_of_refusals_never_reaches_the_store() {
    let world = World::new().await;
    world.store.take_writes();
    let error = S3Error::new(ErrorCode::InvalidArgument);
    let refused = DeleteEntry::Refused { key: "x".to_owned(), version_id: None, error: error.clone() };
    let results = delete_many(&world, vec![refused]).await;
    assert_eq!(results, [DeleteResult::Failed { key: "x".to_owned(), version_id: None, error }]);
    assert_eq!(world.store.take_writes(), 0);
}

#[tokio::test]
async fn the_verbosity_asked_for_is_handed_on() {
    let world = World::new().await;
    for verbosity in [Verbosity::Quiet, Verbosity::Verbose] {
        let input = DeleteObjectsInput { verbosity, entries: vec![entry("a")] };
        let target = in_bucket(Operation::DeleteObjects);
        let done = world.ask(&world.alice, target, Input::DeleteObjects(input), Body::empty()).await.unwrap();
        let done = expect!(Output::DeleteObjects, done);
        assert_eq!((done.verbosity, done.results.len()), (verbosity, 1));
    }
}
