//! `If-None-Match: *` and `If-Match` on every write that takes them.

use s3_model::{
    BodyDigests, CompleteMultipartUploadInput, CompletedPart, CopyObjectInput, ErrorCode, Input, Operation,
    S3Error, VersioningStatus, WriteCondition,
};
use types::ETag;

use crate::admission::copy_input;
use crate::delete::delete;
use crate::multipart::{begin, complete, send};
use crate::world::*;

/// What stands at the key before the write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Before {
    Nothing,
    Object,
    Marker,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Write {
    Put,
    Copy,
    Complete,
    Delete,
}

const BYTES: &str = "before";

async fn prepare(world: &World, before: Before) -> ETag {
    world.put("source", "after").await;
    let etag = world.put("other", BYTES).await.etag;
    match before {
        Before::Nothing => {}
        Before::Object => drop(world.put("a", BYTES).await),
        Before::Marker => {
            world.put("a", BYTES).await;
            delete(world, "a", None, WriteCondition::Always).await.unwrap();
        }
    }
    etag
}

async fn write(world: &World, write: Write, condition: WriteCondition) -> Result<(), S3Error> {
    match write {
        Write::Put => world.try_put("a", "after", condition).await.map(drop),
        Write::Copy => {
            let input = CopyObjectInput { condition, ..copy_input() };
            let target = copying(Operation::CopyObject, "source", "a");
            world.call(target, Input::CopyObject(Box::new(input))).await.map(drop)
        }
        Write::Complete => {
            let upload_id = begin(world, "a", Default::default()).await;
            let sent = send(world, "a", &upload_id, (1, "after"), BodyDigests::default()).await.unwrap();
            let input = CompleteMultipartUploadInput {
                upload_id,
                parts: vec![CompletedPart { number: 1, etag: sent.etag, checksum: sent.checksum }],
                condition,
                checksum: None,
                checksum_kind: None,
                object_size_bytes: None,
            };
            complete(world, "a", input).await.map(drop)
        }
        Write::Delete => delete(world, "a", None, condition).await.map(drop),
    }
}

#[tokio::test]
async fn conditions_of_writes() {
    use Before::{Marker, Nothing, Object};

    const OK: Option<ErrorCode> = None;
    const FAILED: Option<ErrorCode> = Some(ErrorCode::PreconditionFailed);
    const ABSENT: Option<ErrorCode> = Some(ErrorCode::NoSuchKey);
    let same = |etag: &ETag| WriteCondition::IfMatch(etag.clone());
    let other = |_: &ETag| WriteCondition::IfMatch(ETag::from_text("another"));
    let absent = |_: &ETag| WriteCondition::IfAbsent;
    let present = |_: &ETag| WriteCondition::IfPresent;
    type Make<'a> = &'a dyn Fn(&ETag) -> WriteCondition;
    let cases: [(Make<'_>, Before, Option<ErrorCode>); 12] = [
        (&absent, Nothing, OK),
        (&absent, Object, FAILED),
        (&absent, Marker, OK),
        (&present, Nothing, ABSENT),
        (&present, Object, OK),
        (&present, Marker, ABSENT),
        (&same, Nothing, ABSENT),
        (&same, Object, OK),
        (&same, Marker, ABSENT),
        (&other, Nothing, ABSENT),
        (&other, Object, FAILED),
        (&other, Marker, ABSENT),
    ];
    for kind in [Write::Put, Write::Copy, Write::Complete, Write::Delete] {
        for (make, before, expected) in cases {
            let world = World::new().await;
            if before == Marker {
                world.versioning(VersioningStatus::Enabled).await;
            }
            let etag = prepare(&world, before).await;
            let condition = make(&etag);
            if kind == Write::Delete && condition == WriteCondition::IfAbsent {
                continue;
            }
            let done = write(&world, kind, condition.clone()).await;
            let told = format!("{kind:?} {condition:?} on {before:?}");
            assert_eq!(done.as_ref().err().map(|error| error.code), expected, "{told}");
            if let Err(error) = &done
                && error.code == ErrorCode::PreconditionFailed
            {
                let header = if condition == WriteCondition::IfAbsent { "If-None-Match" } else { "If-Match" };
                assert_eq!(detail(error, "Condition"), Some(header), "{told}");
            }
            let after = match (kind, done.is_ok(), before) {
                (Write::Delete, true, _) | (_, false, Nothing | Marker) => None,
                (_, true, _) => Some("after"),
                (_, false, Object) => Some(BYTES),
            };
            assert_eq!(world.bytes("a").await.ok().as_deref(), after, "{told}");
        }
    }
}

#[tokio::test]
async fn a_refused_completion_leaves_the_upload_open() {
    let world = World::new().await;
    world.put("a", BYTES).await;
    let upload_id = begin(&world, "a", Default::default()).await;
    let sent = send(&world, "a", &upload_id, (1, "after"), BodyDigests::default()).await.unwrap();
    let input = |condition| CompleteMultipartUploadInput {
        upload_id: upload_id.clone(),
        parts: vec![CompletedPart { number: 1, etag: sent.etag.clone(), checksum: None }],
        condition,
        checksum: None,
        checksum_kind: None,
        object_size_bytes: None,
    };
    let refused = complete(&world, "a", input(WriteCondition::IfAbsent)).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::PreconditionFailed);
    complete(&world, "a", input(WriteCondition::IfPresent)).await.unwrap();
    assert_eq!(world.bytes("a").await, Ok("after".to_owned()));
}

#[tokio::test]
async fn of_many_racing_creators_exactly_one_wins() {
    let world = std::sync::Arc::new(World::new().await);
    let racers: Vec<_> = (0..16)
        .map(|racer| {
            let world = std::sync::Arc::clone(&world);
            tokio::spawn(async move {
                world.try_put("a", &format!("of {racer}"), WriteCondition::IfAbsent).await.map(drop)
            })
        })
        .collect();
    let mut won = 0;
    for racer in racers {
        match racer.await.unwrap() {
            Ok(()) => won += 1,
            Err(error) => assert!(matches!(
                error.code,
                ErrorCode::PreconditionFailed | ErrorCode::ConditionalRequestConflict
            )),
        }
    }
    assert_eq!(won, 1);
}
