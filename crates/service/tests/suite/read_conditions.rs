//! Read conditions as an answer: the table of precedence stands beside `conditions::weigh`.

use s3_model::{ErrorCode, ErrorHeader, EtagMatch, GetObjectInput, ReadConditions, S3Error};
use types::{ETag, ObjectHeaders, ObjectMetadata, RangeSpec, Timestamp};

use crate::world::*;

fn input(conditions: ReadConditions) -> GetObjectInput {
    GetObjectInput { conditions, ..GetObjectInput::default() }
}

fn listed(tag: &ETag) -> Option<EtagMatch> {
    Some(EtagMatch::Listed(vec![tag.clone()]))
}

fn other() -> ETag {
    ETag::from_text("\"another\"")
}

async fn refusal(world: &World, conditions: ReadConditions) -> S3Error {
    let refused = world.get("a", input(conditions.clone())).await.unwrap_err();
    let headed = world.head("a", input(conditions)).await.unwrap_err();
    assert_eq!(refused, headed);
    refused
}

#[tokio::test]
async fn a_failed_condition_names_its_header() {
    let world = World::new().await;
    world.put("a", "bytes").await;
    let long_ago = Some(Timestamp::from_secs(START_SECS - 1));
    let cases = [
        (ReadConditions { if_match: listed(&other()), ..Default::default() }, "If-Match"),
        (ReadConditions { if_unmodified_since: long_ago, ..Default::default() }, "If-Unmodified-Since"),
    ];
    for (conditions, header) in cases {
        let refused = refusal(&world, conditions).await;
        assert_eq!((refused.code, refused.code.status()), (ErrorCode::PreconditionFailed, 412));
        assert_eq!(detail(&refused, "Condition"), Some(header));
    }
}

#[tokio::test]
async fn an_unchanged_object_is_304_with_what_a_cache_wants_to_know() {
    let world = World::new().await;
    let headers = ObjectHeaders {
        cache_control: Some("max-age=1".to_owned()),
        expires: Some("soon".to_owned()),
        ..ObjectHeaders::default()
    };
    let metadata = ObjectMetadata { headers, ..ObjectMetadata::default() };
    let etag = world.put_with("a", "bytes", metadata).await.etag;
    let modified_at = world.head("a", GetObjectInput::default()).await.unwrap().modified_at;
    for conditions in [
        ReadConditions { if_none_match: listed(&etag), ..ReadConditions::default() },
        ReadConditions { if_modified_since: Some(modified_at), ..ReadConditions::default() },
    ] {
        let answer = refusal(&world, conditions).await;
        assert_eq!((answer.code, answer.code.status()), (ErrorCode::NotModified, 304));
        let expected = [
            ErrorHeader::ETag(etag.clone()),
            ErrorHeader::LastModified(modified_at),
            ErrorHeader::CacheControl("max-age=1".to_owned()),
            ErrorHeader::Expires("soon".to_owned()),
        ];
        assert_eq!(answer.headers, expected);
    }
}

#[tokio::test]
async fn conditions_come_before_ranges_and_after_absence() {
    let world = World::new().await;
    let etag = world.put("a", "bytes").await.etag;
    let unchanged = ReadConditions { if_none_match: listed(&etag), ..ReadConditions::default() };
    let outside = GetObjectInput { range: RangeSpec::parse("bytes=99-"), ..input(unchanged) };
    assert_eq!(world.get("a", outside).await.unwrap_err().code, ErrorCode::NotModified);
    let any = ReadConditions { if_match: Some(EtagMatch::Any), ..ReadConditions::default() };
    assert_eq!(world.get("missing", input(any)).await.unwrap_err().code, ErrorCode::NoSuchKey);
}

#[tokio::test]
async fn conditions_that_hold_change_nothing() {
    let world = World::new().await;
    let etag = world.put("a", "bytes").await.etag;
    let conditions = ReadConditions {
        if_match: listed(&etag),
        if_none_match: listed(&other()),
        if_modified_since: Some(Timestamp::from_secs(START_SECS + 1_000)),
        if_unmodified_since: Some(Timestamp::from_secs(START_SECS - 1_000)),
    };
    assert_eq!(world.get("a", input(conditions)).await.unwrap().1, "bytes");
}
