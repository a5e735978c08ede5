//! Versions: null ones, delete markers, reading each of them.

use s3_model::{
    BucketVersioningOutput, ErrorCode, ErrorHeader, GetObjectInput, Input, Operation, Output,
    VersioningStatus, WriteCondition,
};
use types::{Timestamp, VersionId};

use crate::delete::delete;
use crate::world::*;

async fn status(world: &World) -> Option<VersioningStatus> {
    let read = world.call(in_bucket(Operation::GetBucketVersioning), Input::GetBucketVersioning).await;
    let BucketVersioningOutput { status } = expect!(Output::GetBucketVersioning, read.unwrap());
    status
}

#[tokio::test]
async fn a_state_is_written_once() {
    let world = World::new().await;
    assert_eq!(status(&world).await, None);
    world.store.take_writes();
    for state in [VersioningStatus::Enabled, VersioningStatus::Suspended] {
        for writes in [1, 0] {
            world.versioning(state).await;
            assert_eq!(status(&world).await, Some(state));
            assert_eq!(world.store.take_writes(), writes);
        }
    }
}

#[tokio::test]
async fn every_version_can_be_read() {
    let world = World::new().await;
    assert_eq!(world.put("a", "zero").await.version_id, None);
    world.versioning(VersioningStatus::Enabled).await;
    let one = world.put("a", "one").await.version_id.unwrap();
    let two = world.put("a", "two").await.version_id.unwrap();
    for (id, bytes) in [(&one, "one"), (&two, "two"), (&VersionId::Null, "zero")] {
        let (head, found) = world.get("a", version(id)).await.unwrap();
        assert_eq!((found.as_str(), head.version_id.as_ref()), (bytes, Some(id)));
    }
    assert_eq!(world.get("a", GetObjectInput::default()).await.unwrap().0.version_id, Some(two));
}

#[tokio::test]
async fn a_suspended_bucket_replaces_the_null_version() {
    let world = World::new().await;
    world.versioning(VersioningStatus::Enabled).await;
    let one = world.put("a", "one").await.version_id.unwrap();
    world.versioning(VersioningStatus::Suspended).await;
    assert_eq!(world.put("a", "two").await.version_id, Some(VersionId::Null));
    assert_eq!(world.put("a", "three").await.version_id, Some(VersionId::Null));
    assert_eq!(world.bytes("a").await, Ok("three".to_owned()));
    assert_eq!(world.get("a", version(&one)).await.unwrap().1, "one");
    let marker = delete(&world, "a", None, WriteCondition::Always).await.unwrap();
    assert_eq!((marker.version_id, marker.delete_marker), (Some(VersionId::Null), true));
    assert_eq!(world.get("a", version(&one)).await.unwrap().1, "one");
}

#[tokio::test]
async fn a_current_marker_is_404_and_a_named_one_405() {
    let world = World::new().await;
    world.versioning(VersioningStatus::Enabled).await;
    world.put("a", "bytes").await;
    let marker = delete(&world, "a", None, WriteCondition::Always).await.unwrap().version_id.unwrap();
    for head in [false, true] {
        let read = async |input: GetObjectInput| {
            if head { world.head("a", input).await.map(drop) } else { world.get("a", input).await.map(drop) }
        };
        let current = read(GetObjectInput::default()).await.unwrap_err();
        assert_eq!(current.code, ErrorCode::NoSuchKey);
        let version_header = ErrorHeader::VersionId(marker.clone());
        assert_eq!(current.headers, [ErrorHeader::DeleteMarker, version_header.clone()]);

        let named = read(version(&marker)).await.unwrap_err();
        assert_eq!((named.code, named.code.status()), (ErrorCode::MethodNotAllowed, 405));
        assert_eq!(detail(&named, "Method"), Some(if head { "HEAD" } else { "GET" }));
        assert_eq!(detail(&named, "ResourceType"), Some("DeleteMarker"));
        assert!(named.headers.contains(&ErrorHeader::Allow("DELETE")));
        assert!(named.headers.contains(&ErrorHeader::DeleteMarker));
        assert!(named.headers.contains(&version_header));
        let made = named.headers.iter().find_map(|header| match header {
            ErrorHeader::LastModified(at) => Some(*at),
            _ => None,
        });
        assert!(made.unwrap() > Timestamp::from_secs(START_SECS));
    }
}
