//! PutObject and POST object: what is kept, what is verified, what is too large.

use std::pin::Pin;
use std::task::{Context as Task, Poll};

use bytes::Bytes;
use s3_model::{
    BodyChecksum, BodyDigests, ChecksumMode, ErrorCode, ErrorHeader, EtagMatch, GetObjectInput, Input,
    Operation, Output, PostObjectInput, PostSuccess, PutObjectInput, ReadConditions,
};
use service::{BucketSettings, ServiceSettings};
use store::StoreErrorKind;
use types::{
    Body, BodyError, BodyErrorKind, BodyStream, Checksum, ChecksumAlgorithm, Frame, ObjectHeaders,
    ObjectMetadata, StorageClass,
};

use crate::world::*;

/// A body whose length nobody announced; the frames, then perhaps an error.
struct Streamed(Vec<Result<Frame, BodyError>>);

impl BodyStream for Streamed {
    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Task<'_>) -> Poll<Option<Result<Frame, BodyError>>> {
        Poll::Ready((!self.0.is_empty()).then(|| self.0.remove(0)))
    }
}

fn data(bytes: &'static str) -> Result<Frame, BodyError> {
    Ok(Frame::Data(Bytes::from_static(bytes.as_bytes())))
}

fn limited(max_object_size_bytes: u64) -> ServiceSettings {
    ServiceSettings { max_object_size_bytes, ..ServiceSettings::default() }
}

fn crc32(value: u32) -> Checksum {
    Checksum::full(ChecksumAlgorithm::Crc32, &value.to_be_bytes()).unwrap()
}

fn digests(checksum: BodyChecksum) -> PutObjectInput {
    let digests = BodyDigests { content_md5: None, checksum };
    PutObjectInput { digests, ..put_input("123456789") }
}

const CRC32_OF_DIGITS: u32 = 0xcbf4_3926;

#[tokio::test]
async fn what_was_put_is_read_back() {
    let world = World::new().await;
    let metadata = ObjectMetadata {
        headers: ObjectHeaders {
            cache_control: Some("no-cache".to_owned()),
            content_disposition: Some("inline".to_owned()),
            content_encoding: Some("gzip".to_owned()),
            content_language: Some("de".to_owned()),
            content_type: Some("text/x-own".to_owned()),
            expires: Some("never".to_owned()),
            website_redirect_location: Some("/elsewhere".to_owned()),
        },
        user: vec![("first".to_owned(), "eins".to_owned()), ("second".to_owned(), "zwei \u{e4}".to_owned())],
        storage_class: StorageClass::Glacier,
        ..ObjectMetadata::default()
    };
    let put = world.put_with("a/b", "hello", metadata.clone()).await;
    assert_eq!(put.etag.as_str(), "5d41402abc4b2a76b9719d911017c592");
    assert_eq!(put.version_id, None);
    let (head, bytes) = world.get("a/b", GetObjectInput::default()).await.unwrap();
    assert_eq!(bytes, "hello");
    assert_eq!((head.etag, head.size_bytes), (put.etag, 5));
    assert_eq!(head.headers, metadata.headers);
    assert_eq!((head.user, head.storage_class), (metadata.user, metadata.storage_class));
    assert_eq!((head.range, head.part_count, head.checksum), (None, None, None));
}

#[tokio::test]
async fn a_content_type_is_guessed_where_none_was_sent() {
    let world = World::new().await;
    for (key, expected) in [("a.json", "application/json"), ("a", "binary/octet-stream")] {
        world.put(key, "{}").await;
        let head = world.head(key, GetObjectInput::default()).await.unwrap();
        assert_eq!(head.headers.content_type.as_deref(), Some(expected));
    }
}

#[tokio::test]
async fn a_bucket_may_have_a_default_cache_control() {
    let of_bucket =
        BucketSettings { default_cache_control: Some("max-age=9".to_owned()), ..Default::default() };
    let settings = ServiceSettings { buckets: [(name(BUCKET), of_bucket)].into(), ..Default::default() };
    let world = World::with(settings).await;
    world.put("plain", "x").await;
    let headers = ObjectHeaders { cache_control: Some("private".to_owned()), ..ObjectHeaders::default() };
    world.put_with("own", "x", ObjectMetadata { headers, ..ObjectMetadata::default() }).await;
    for (key, expected) in [("plain", "max-age=9"), ("own", "private")] {
        let head = world.head(key, GetObjectInput::default()).await.unwrap();
        assert_eq!(head.headers.cache_control.as_deref(), Some(expected));
        let any = ReadConditions { if_none_match: Some(EtagMatch::Any), ..ReadConditions::default() };
        let input = GetObjectInput { conditions: any, ..GetObjectInput::default() };
        let unchanged = world.get(key, input).await.unwrap_err();
        assert!(unchanged.headers.contains(&ErrorHeader::CacheControl(expected.to_owned())), "on 304 too");
    }
}

#[tokio::test]
async fn a_checksum_is_kept_whether_or_not_one_was_named() {
    let world = World::new().await;
    let cases = [
        (BodyChecksum::Unnamed, ChecksumAlgorithm::Crc64Nvme),
        (BodyChecksum::Compute(ChecksumAlgorithm::Sha256), ChecksumAlgorithm::Sha256),
        (BodyChecksum::Value(crc32(CRC32_OF_DIGITS)), ChecksumAlgorithm::Crc32),
    ];
    for (checksum, algorithm) in cases {
        let put = world.put_as(&world.alice, "a", "123456789", digests(checksum)).await.unwrap();
        assert_eq!(put.checksum.unwrap().algorithm, algorithm);
        let asked = GetObjectInput { checksum_mode: ChecksumMode::Enabled, ..GetObjectInput::default() };
        assert_eq!(world.get("a", asked).await.unwrap().0.checksum, put.checksum);
    }
}

#[tokio::test]
async fn bytes_that_differ_from_their_digest_are_not_stored() {
    let world = World::new().await;
    let wrong_sum = digests(BodyChecksum::Value(crc32(1)));
    let wrong_md5 = PutObjectInput {
        digests: BodyDigests { content_md5: Some([0; 16]), checksum: BodyChecksum::Unnamed },
        ..put_input("123456789")
    };
    for input in [wrong_sum, wrong_md5] {
        let refused = world.put_as(&world.alice, "a", "123456789", input).await.unwrap_err();
        assert_eq!(refused.code, ErrorCode::BadDigest);
        assert_eq!(world.bytes("a").await, Err(ErrorCode::NoSuchKey));
    }
}

#[tokio::test]
async fn a_trailer_must_come_and_match() {
    let world = World::new().await;
    let cases = [
        (Some(CRC32_OF_DIGITS), None),
        (Some(1), Some(ErrorCode::BadDigest)),
        (None, Some(ErrorCode::MalformedTrailerError)),
    ];
    for (trailer, refused) in cases {
        let mut frames = vec![data("12345"), data("6789")];
        frames.extend(trailer.map(|value| Ok(Frame::Trailer(crc32(value)))));
        let input = digests(BodyChecksum::Trailer(ChecksumAlgorithm::Crc32));
        let target = on_object(Operation::PutObject, "a");
        let body = Body::new(Streamed(frames), Some(9));
        let put = world.ask(&world.alice, target, Input::PutObject(Box::new(input)), body).await;
        assert_eq!(put.err().map(|error| error.code), refused, "{trailer:?}");
    }
}

#[tokio::test]
async fn a_size_is_refused_before_a_byte_is_read() {
    let world = World::with(limited(5)).await;
    world.store.take_writes();
    let refused = world.put_as(&world.alice, "a", "123456", put_input("123456")).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::EntityTooLarge);
    assert_eq!(detail(&refused, "ProposedSize"), Some("6"));
    assert_eq!(detail(&refused, "MaxSizeAllowed"), Some("5"));
    assert_eq!(world.store.take_writes(), 0);
    world.put("a", "12345").await;
}

#[tokio::test]
async fn a_body_of_unknown_length_is_cut_off_at_the_limit() {
    let world = World::with(limited(5)).await;
    for (frames, refused) in [
        (vec![data("123"), data("45")], None),
        (vec![data("123"), data("456")], Some(ErrorCode::EntityTooLarge)),
    ] {
        let body = Body::new(Streamed(frames), None);
        let input = PostObjectInput {
            key: key("form"),
            metadata: ObjectMetadata::default(),
            digests: BodyDigests::default(),
            success: PostSuccess::Created,
        };
        let target = in_bucket(Operation::PostObject);
        let posted = world.ask(&world.alice, target, Input::PostObject(Box::new(input)), body).await;
        assert_eq!(posted.as_ref().err().map(|error| error.code), refused);
        if let Ok(posted) = posted {
            let posted = expect!(Output::PostObject, posted);
            assert_eq!((posted.bucket.as_str(), posted.key.as_str()), (BUCKET, "form"));
            assert_eq!(posted.success, PostSuccess::Created);
        }
    }
    assert_eq!(world.bytes("form").await, Ok("12345".to_owned()), "the refused form replaced nothing");
}

#[tokio::test]
async fn a_body_that_breaks_off_stores_nothing() {
    let world = World::new().await;
    for (kind, code) in [
        (BodyErrorKind::Incomplete, ErrorCode::IncompleteBody),
        (BodyErrorKind::TimedOut, ErrorCode::RequestTimeout),
        (BodyErrorKind::SignatureMismatch, ErrorCode::SignatureDoesNotMatch),
        (BodyErrorKind::PayloadHashMismatch, ErrorCode::XAmzContentSHA256Mismatch),
        (BodyErrorKind::Malformed("a chunk"), ErrorCode::InvalidRequest),
    ] {
        let body = Body::new(Streamed(vec![data("1234"), Err(kind.into())]), Some(9));
        let input = Input::PutObject(Box::new(put_input("123456789")));
        let put = world.ask(&world.alice, on_object(Operation::PutObject, "a"), input, body).await;
        assert_eq!(put.unwrap_err().code, code);
        assert_eq!(world.bytes("a").await, Err(ErrorCode::NoSuchKey));
    }
}

#[tokio::test]
async fn a_full_store_says_what_is_full() {
    let world = World::new().await;
    world.store.fail_next([StoreErrorKind::Full("max_size is reached")]);
    let refused = world.try_put("a", "x", s3_model::WriteCondition::Always).await.unwrap_err();
    assert_eq!((refused.code, refused.code.status()), (ErrorCode::InsufficientStorage, 507));
    assert!(refused.message.contains("max_size is reached"));
}
