//! What goes wrong on the way: the right bytes or the right error, in bounded time, and nothing left behind.

#![allow(clippy::unwrap_used, reason = "a step that fails is a failed test")]

mod common;

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use conformance::blob::bodies::pattern;
use hash::{Hasher, Md5};
use http::{Method, StatusCode};
use remote::{BreakerLimits, Limits, RetryLimits};
use remote_gcs::{Credentials, GcsOptions, GcsStore};
use store::{
    Bucket, BucketStore, CompleteOptions, CompletedPart, CopyOptions, CopySource, CreateUploadOptions,
    DeleteOptions, Directive, Identity, ListBuckets, ListObjects, MultipartStore, ObjectStore, OpenOptions,
    PartOptions, Position, PutOptions, PutOutcome, StoreError, StoreErrorKind, UploadRef, WriteCondition,
};
use stubs::faults::{Fault, Faults, Matcher};
use types::{
    Body, BucketName, ByteRange, ChecksumAlgorithm, Context, ETag, ExpectedChecksum, ExpectedDigests,
    ObjectKey, TagSet,
};

use crate::common::{Ahead, PART_MIN_BYTES, StubWorld, client, root, settings};

/// Longer than any case takes, shorter than the time-outs of a real network.
const PATIENCE: Duration = Duration::from_secs(20);
/// Larger than what is taken whole before it is sent.
const LARGE: usize = 300_000;

/// The stand-in, the server of faults before it, a store that reaches it through that, and a bucket.
struct Scene {
    world: StubWorld,
    faults: Faults,
    store: GcsStore,
    bucket: Bucket,
}

fn limits() -> Limits {
    Limits {
        connect: Duration::from_secs(2),
        first_byte: Duration::from_millis(700),
        idle: Duration::from_millis(700),
        retry: RetryLimits {
            first_pause: Duration::from_millis(1),
            max_pause: Duration::from_millis(5),
            ..RetryLimits::default()
        },
        breaker: BreakerLimits { failures: 1000, ..BreakerLimits::default() },
        ..Limits::default()
    }
}

fn cx() -> Context {
    Context::background()
}

fn key() -> ObjectKey {
    ObjectKey::new("some key").unwrap()
}

impl Scene {
    async fn new() -> Self {
        let world = StubWorld::new(settings());
        let faults = Faults::start(world.stub.address()).unwrap();
        let options = GcsOptions { client: client(limits()), ..world.options_at(&faults.url()) };
        let store = GcsStore::new(options);
        let name = BucketName::new("faulty").unwrap();
        let bucket = store.create_bucket(&cx(), &name, &root(), &TagSet::default()).await.unwrap();
        Self { world, faults, store, bucket }
    }

    async fn put(&self, bytes: Bytes, condition: WriteCondition) -> Result<PutOutcome, StoreError> {
        let options = PutOptions { condition, ..PutOptions::default() };
        self.store.put(&cx(), &self.bucket, &key(), Body::from_bytes(bytes), options).await
    }

    async fn etag(&self) -> Option<ETag> {
        let found = self.store.head(&cx(), &self.bucket, &key(), OpenOptions::default()).await;
        found.ok().map(|info| info.etag)
    }

    async fn read(&self) -> Result<Bytes, String> {
        let opened = self.store.open(&cx(), &self.bucket, &key(), OpenOptions::default()).await;
        let opened = opened.map_err(|error| error.to_string())?;
        let body = opened.content.read(ByteRange::whole(opened.info.size_bytes)).await;
        let body = body.map_err(|error| error.to_string())?;
        body.collect(64 << 20).await.map_err(|error| error.to_string())
    }

    /// What is stored is what was acknowledged, or nothing.
    async fn hold(&self, bytes: &Bytes, outcome: &Result<PutOutcome, StoreError>) {
        self.faults.clear();
        let found = self.etag().await;
        match outcome {
            Ok(put) => {
                assert_eq!(found.as_ref(), Some(&put.etag));
                assert!(self.read().await.unwrap() == *bytes);
            }
            Err(error) => {
                assert!(matches!(error.kind, StoreErrorKind::Unavailable), "{error:?}");
                assert!(found.is_none_or(|etag| etag == ETag::from_md5(Md5::digest(bytes))));
            }
        }
    }
}

fn uploads() -> Matcher {
    Matcher::method(Method::POST).path("/upload/")
}

/// Faults that strike before anything took effect.
fn early() -> Vec<Fault> {
    vec![
        Fault::retry_after(StatusCode::SERVICE_UNAVAILABLE, "0"),
        Fault::retry_after(StatusCode::TOO_MANY_REQUESTS, "0"),
        Fault::ResetAfterRequestBytes(10),
    ]
}

/// Faults that strike when it may have taken effect.
fn late() -> Vec<Fault> {
    vec![
        Fault::ResetBeforeResponse,
        Fault::status_after_effect(StatusCode::INTERNAL_SERVER_ERROR),
        Fault::status_after_effect(StatusCode::BAD_GATEWAY),
        Fault::ResetAfterResponseBytes(20),
        Fault::Truncate(30),
        Fault::Hang,
    ]
}

#[tokio::test]
async fn small_puts_come_through_or_say_that_they_did_not() {
    for fault in early().into_iter().chain(late()) {
        let scene = Scene::new().await;
        let (bytes, begun) = (pattern(1, 1000), Instant::now());
        scene.faults.next(uploads(), fault);
        let outcome = scene.put(bytes.clone(), WriteCondition::Always).await;
        assert!(begun.elapsed() < PATIENCE);
        scene.hold(&bytes, &outcome).await;
    }
}

/// A condition is never answered wrongly because of an attempt of one's own.
#[tokio::test]
async fn conditional_puts_know_their_own_object() {
    for size in [1000, LARGE] {
        for fault in late() {
            let scene = Scene::new().await;
            let bytes = pattern(1, size);
            let name = format!("{fault:?}, {size}");
            scene.faults.next(uploads(), fault);
            let outcome = scene.put(bytes.clone(), WriteCondition::IfAbsent).await;
            scene.hold(&bytes, &outcome).await;
            let is_there = scene.etag().await.is_some();
            assert_eq!(outcome.is_ok(), is_there, "{name}: {outcome:?}");
            let other = pattern(2, size);
            let condition = WriteCondition::IfMatch(ETag::from_md5(Md5::digest(&bytes)));
            if is_there {
                scene.put(other, condition).await.unwrap();
            }
        }
    }
}

/// Nothing of a stream is sent twice, and a broken one leaves nothing.
#[tokio::test]
async fn streams_are_never_sent_twice() {
    for fault in [Fault::ResetAfterRequestBytes(100_000), Fault::status(StatusCode::INTERNAL_SERVER_ERROR)] {
        let scene = Scene::new().await;
        scene.faults.next(uploads(), fault);
        let refused = scene.put(pattern(1, LARGE), WriteCondition::Always).await.unwrap_err();
        assert!(matches!(refused.kind, StoreErrorKind::Unavailable), "{refused:?}");
        assert_eq!(scene.faults.seen().count(&Method::POST, "/upload/"), 1);
        assert_eq!(scene.world.stub.names("faulty"), [""; 0]);
    }
}

/// A byte that changes on the way up is found, and the object goes again.
#[tokio::test]
async fn bytes_that_change_on_the_way_up_are_found() {
    for size in [2000, LARGE] {
        let scene = Scene::new().await;
        scene.faults.next(uploads(), Fault::CorruptRequestByte(1500));
        let refused = scene.put(pattern(1, size), WriteCondition::Always).await;
        assert!(refused.is_err(), "{size}");
        scene.faults.clear();
        assert_eq!(scene.etag().await, None, "{size}");
    }
}

/// Reads are taken up where they broke off; a byte that changes on the way down is found.
#[tokio::test]
async fn reads_go_on_where_they_broke_off() {
    let bytes = pattern(1, 1_000_000);
    for fault in [
        Fault::ResetAfterResponseBytes(400_000),
        Fault::Truncate(400_000),
        Fault::HangAfterResponseBytes(400_000),
        Fault::status(StatusCode::SERVICE_UNAVAILABLE),
        Fault::status(StatusCode::INTERNAL_SERVER_ERROR),
        Fault::ResetBeforeResponse,
    ] {
        let scene = Scene::new().await;
        scene.put(bytes.clone(), WriteCondition::Always).await.unwrap();
        let name = format!("{fault:?}");
        scene.faults.next(Matcher::method(Method::GET).path("/faulty/some"), fault);
        let read = scene.read().await;
        assert!(read.as_ref().is_ok_and(|read| *read == bytes), "{name}: {:?}", read.map(|read| read.len()));
    }
    let scene = Scene::new().await;
    scene.put(bytes.clone(), WriteCondition::Always).await.unwrap();
    scene.faults.next(Matcher::method(Method::GET).path("/faulty/some"), Fault::CorruptByte(777_777));
    assert!(scene.read().await.is_err(), "wrong bytes are never given");
}

/// An object that is replaced while it is read is not read on as another.
#[tokio::test]
async fn a_read_that_breaks_off_is_not_taken_up_in_another_object() {
    let scene = Scene::new().await;
    scene.put(pattern(1, 1_000_000), WriteCondition::Always).await.unwrap();
    scene
        .faults
        .next(Matcher::method(Method::GET).path("/faulty/some"), Fault::ResetAfterResponseBytes(300_000));
    let opened = scene.store.open(&cx(), &scene.bucket, &key(), OpenOptions::default()).await.unwrap();
    scene.put(pattern(2, 1_000_000), WriteCondition::Always).await.unwrap();
    let body = opened.content.read(ByteRange::whole(1_000_000)).await.unwrap();
    assert!(body.collect(2_000_000).await.is_err());
}

/// A service that answers nothing is left after its time, and says so.
#[tokio::test]
async fn a_service_that_hangs_is_not_waited_for() {
    let scene = Scene::new().await;
    scene.put(pattern(1, 10), WriteCondition::Always).await.unwrap();
    scene.faults.always(Matcher::any(), Fault::Hang);
    let begun = Instant::now();
    let head = scene.store.head(&cx(), &scene.bucket, &key(), OpenOptions::default()).await.unwrap_err();
    assert!(matches!(head.kind, StoreErrorKind::Unavailable), "{head:?}");
    let list = scene.store.list(&cx(), &scene.bucket, ListObjects::default()).await.unwrap_err();
    assert!(matches!(list.kind, StoreErrorKind::Unavailable), "{list:?}");
    assert!(begun.elapsed() < PATIENCE);
}

/// A service that is not there at all, under a name or an address.
#[tokio::test]
async fn a_service_that_cannot_be_reached_is_unavailable() {
    let world = StubWorld::new(settings());
    for url in ["http://127.0.0.1:1", "http://no-such-host.invalid"] {
        let options = world.options_at(url);
        let options = GcsOptions { client: client(limits()), credentials: Credentials::Anonymous, ..options };
        let refused =
            GcsStore::new(options).bucket(&cx(), &BucketName::new("nowhere").unwrap()).await.unwrap_err();
        assert!(matches!(refused.kind, StoreErrorKind::Unavailable), "{url}: {refused:?}");
    }
}

/// Listings, heads and deletes are asked again.
#[tokio::test]
async fn what_may_be_repeated_is_repeated() {
    let scene = Scene::new().await;
    scene.put(pattern(1, 10), WriteCondition::Always).await.unwrap();
    for fault in early().into_iter().chain(late()) {
        let name = format!("{fault:?}");
        scene.faults.next(Matcher::method(Method::GET).path("/o/some"), fault.clone());
        assert!(scene.etag().await.is_some(), "head, {name}");
        scene.faults.next(Matcher::method(Method::GET).path("/o?"), fault.clone());
        let options = ListObjects { limit: 5, ..ListObjects::default() };
        let page = scene.store.list(&cx(), &scene.bucket, options).await;
        assert_eq!(page.unwrap().entries.len(), 1, "list, {name}");
        scene.faults.next(Matcher::method(Method::DELETE), fault);
        let deleted = scene.store.delete(&cx(), &scene.bucket, &key(), DeleteOptions::default()).await;
        deleted.unwrap();
        assert_eq!(scene.etag().await, None, "delete, {name}");
        scene.put(pattern(1, 10), WriteCondition::Always).await.unwrap();
    }
}

/// A copy whose answer is lost is found, and a conditional one is no wrong 412.
#[tokio::test]
async fn copies_know_their_own_object() {
    for fault in late() {
        let scene = Scene::new().await;
        let put = scene.put(pattern(1, 5000), WriteCondition::Always).await.unwrap();
        let name = format!("{fault:?}");
        scene.faults.next(Matcher::method(Method::POST).path("rewriteTo"), fault);
        let bucket = scene.bucket.clone().into();
        let source = CopySource { bucket, key: key(), version_id: None, etag: put.etag.clone() };
        let options = CopyOptions {
            metadata: Directive::Copy,
            storage_class: None,
            tags: Directive::Copy,
            checksum: None,
            condition: WriteCondition::IfAbsent,
        };
        let to = ObjectKey::new("to").unwrap();
        let copied = scene.store.copy(&cx(), &source, &scene.bucket, &to, options).await;
        assert_eq!(copied.unwrap().etag, put.etag, "{name}");
    }
}

/// An upload in parts through faults at every step: what is acknowledged is right, and nothing is left.
#[tokio::test]
async fn uploads_in_parts_come_through() {
    let steps = [
        Matcher::method(Method::POST).path("?uploads"),
        Matcher::method(Method::POST).path("?uploadId"),
        Matcher::method(Method::POST).path("rewriteTo"),
        Matcher::method(Method::DELETE),
    ];
    for fault in late() {
        let scene = Scene::new().await;
        for step in &steps {
            scene.faults.next(step.clone(), fault.clone());
        }
        let name = format!("{fault:?}");
        let id =
            scene.store.create_upload(&cx(), &scene.bucket, &key(), CreateUploadOptions::default()).await;
        let id = id.unwrap();
        let object = key();
        let upload = UploadRef { bucket: &scene.bucket, key: &object, id: &id };
        let mut listed = Vec::new();
        for number in 1..=2 {
            let body = Body::from_bytes(pattern(u64::from(number), PART_MIN_BYTES as usize));
            let part =
                scene.store.put_part(&cx(), upload, number, body, PartOptions::default()).await.unwrap();
            listed.push(CompletedPart { number, etag: part.etag, checksum: part.checksum });
        }
        let completed = loop {
            // A client repeats what it was told to repeat.
            match scene.store.complete_upload(&cx(), upload, listed.clone(), CompleteOptions::default()).await
            {
                Err(error) if matches!(error.kind, StoreErrorKind::Unavailable) => {}
                other => break other.unwrap(),
            }
        };
        assert_eq!(scene.etag().await, Some(completed.etag), "{name}");
        assert!(scene.read().await.unwrap() == [pattern(1, 1024), pattern(2, 1024)].concat());
        scene.faults.clear();
        scene.store.sweep(&cx()).await.unwrap();
        assert_eq!(scene.world.stub.names("faulty"), ["some key"], "{name}");
        // An upload that was begun twice, since the first answer was lost, is nobody's: it goes after a week.
        let later = GcsOptions {
            clock: Arc::new(Ahead(Duration::from_secs(8 * 24 * 3600))),
            ..scene.world.options_at(&scene.faults.url())
        };
        GcsStore::new(later).sweep(&cx()).await.unwrap();
        assert_eq!(scene.world.stub.unfinished_uploads(), 0, "{name}");
    }
}

/// A body whose digest turns out wrong reaches the service and never becomes an object, faults or not.
#[tokio::test]
async fn a_wrong_digest_stores_nothing() {
    let scene = Scene::new().await;
    for size in [1000, LARGE] {
        let bytes = pattern(1, size);
        let sums = ChecksumAlgorithm::ALL.map(|algorithm| Hasher::checksum(algorithm, b"other"));
        let mut all: Vec<ExpectedDigests> = sums
            .map(|sum| ExpectedDigests { content_md5: None, checksum: ExpectedChecksum::Value(sum) })
            .to_vec();
        all.push(ExpectedDigests { content_md5: Some([7; 16]), checksum: ExpectedChecksum::Default });
        for expected in all {
            let options = PutOptions { identity: Identity::Compute(expected), ..PutOptions::default() };
            let body = Body::from_bytes(bytes.clone());
            let refused = scene.store.put(&cx(), &scene.bucket, &key(), body, options).await.unwrap_err();
            assert!(matches!(refused.kind, StoreErrorKind::DigestMismatch(_)), "{refused:?}");
        }
    }
    assert_eq!(scene.world.stub.names("faulty"), [""; 0]);
}

/// Tokens that expire in the middle are replaced, and the request goes through.
#[tokio::test]
async fn an_expired_token_is_replaced_on_the_way() {
    let scene = Scene::new().await;
    scene.world.stub.revoke_tokens();
    scene.put(pattern(1, 1000), WriteCondition::IfAbsent).await.unwrap();
    scene.world.stub.revoke_tokens();
    assert!(scene.etag().await.is_some());
}

/// The answer of a service that ignores where a listing is to go on: always the same page, and always more.
fn first_page(items: &str) -> Fault {
    let body = format!("{{\"items\":[{items}],\"nextPageToken\":\"t\"}}");
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    Fault::Status { code: StatusCode::OK, headers, body: body.into(), forward_first: false }
}

#[tokio::test]
async fn a_service_that_ignores_where_to_go_on_is_not_asked_for_ever() {
    let scene = Scene::new().await;
    let object = |name: &str| {
        format!(
            "{{\"name\":\"{name}\",\"generation\":\"1\",\"metageneration\":\"1\",\"size\":\"1\",\
             \"updated\":\"2026-01-01T00:00:00Z\",\"timeCreated\":\"2026-01-01T00:00:00Z\"}}"
        )
    };
    let hold = async |part: &str, page: Fault, options: Option<ListObjects>| {
        scene.faults.always(Matcher::method(Method::GET).path(part), page);
        let before = scene.faults.seen().requests.len();
        let (cx, bucket) = (cx(), &scene.bucket);
        let listed = async {
            match options {
                Some(options) => scene.store.list(&cx, bucket, options).await.map(drop),
                None => {
                    let all = ListBuckets { prefix: String::new(), after: None, limit: 1000 };
                    scene.store.list_buckets(&cx, all).await.map(drop)
                }
            }
        };
        let error = tokio::time::timeout(PATIENCE, listed).await.unwrap().unwrap_err();
        assert!(matches!(error.kind, StoreErrorKind::Internal), "{error}");
        assert!(scene.faults.seen().requests.len() - before <= 3);
        scene.faults.clear();
        format!("{:?}", error.source)
    };
    let all = ListObjects { limit: 1000, ..ListObjects::default() };
    let said = hold("/o?", first_page(&object("k")), Some(all.clone())).await;
    assert!(said.contains("go on where it is told to"), "{said}");
    // Nor is it taken for the rest where it begins anew.
    let after = Some(Position::Key("m".to_owned()));
    let said = hold("/o?", first_page(&object("k")), Some(ListObjects { after, ..all })).await;
    assert!(said.contains("begin where it is told to"), "{said}");
    let bucket = "{\"name\":\"faulty\",\"timeCreated\":\"2026-01-01T00:00:00Z\"}";
    let said = hold("/storage/v1/b?", first_page(bucket), None).await;
    assert!(said.contains("go on where it is told to"), "{said}");
}

#[tokio::test]
async fn a_rewrite_that_moves_nothing_is_given_up() {
    let scene = Scene::new().await;
    let put = scene.put(pattern(1, 1000), WriteCondition::Always).await.unwrap();
    let body = "{\"done\":false,\"rewriteToken\":\"t\",\"totalBytesRewritten\":\"0\"}";
    let page =
        Fault::Status { code: StatusCode::OK, headers: Vec::new(), body: body.into(), forward_first: false };
    scene.faults.always(Matcher::method(Method::POST).path("/rewriteTo/"), page);
    let bucket = scene.bucket.clone().into();
    let source = CopySource { bucket, key: key(), version_id: None, etag: put.etag };
    let options = CopyOptions {
        metadata: Directive::Copy,
        storage_class: None,
        tags: Directive::Copy,
        checksum: None,
        condition: WriteCondition::Always,
    };
    let (to, cx) = (ObjectKey::new("copy").unwrap(), cx());
    let copy = scene.store.copy(&cx, &source, &scene.bucket, &to, options);
    let error = tokio::time::timeout(PATIENCE, copy).await.unwrap().unwrap_err();
    assert!(format!("{:?}", error.source).contains("moves nothing"), "{error:?}");
    assert!(scene.faults.seen().count(&Method::POST, "/rewriteTo/") < 200);
}
