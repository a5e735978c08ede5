//! What becomes of requests when the service or the way to it fails: the right bytes, or the right error, in bounded time,
//! and nothing left behind.

#![allow(clippy::unwrap_used, reason = "a world that cannot be made is a failed test")]

mod support;

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;
use conformance::blob::bodies::pattern;
use conformance::store::passing;
use http::{Method, StatusCode};
use meta::MemoryMeta;
use remote::{BreakerLimits, Limits, RetryLimits};
use remote_s3::{
    Addressing, Conditional, Credentials, CredentialsSource, NoCredentials, S3Options, S3Store, Secret,
};
use store::{
    Bucket, BucketStore, CompleteOptions, CompletedPart, CreateUploadOptions, ListBuckets, ListObjects,
    ListParts, ListUploads, ListVersions, MultipartStore, ObjectStore, OpenOptions, PartOptions, PutOptions,
    PutOutcome, StoreError, StoreErrorKind, UploadRef, WriteCondition,
};
use stubs::faults::{Fault, Faults, Matcher};
use support::sluice::Upstream;
use support::{KEY_ID, SECRET, options};
use types::{
    Body, BodyErrorKind, BucketName, ByteRange, CanonicalId, Clock, Context, ObjectKey, Owner, TagSet,
    Timestamp,
};

/// Larger than any buffer on the way, so that a body that breaks has not passed already.
const LARGE: usize = 3_000_000;

/// Short limits, so that no case waits for long.
fn limits() -> Limits {
    Limits {
        connect: Duration::from_secs(5),
        first_byte: Duration::from_millis(700),
        idle: Duration::from_millis(700),
        attempts: 3,
        retry: RetryLimits { first_pause: Duration::from_millis(5), ..RetryLimits::default() },
        breaker: BreakerLimits { failures: 100, ..BreakerLimits::default() },
        ..Limits::default()
    }
}

/// A store behind a server of faults behind another Sluice.
struct World {
    upstream: Upstream,
    faults: Faults,
    store: S3Store,
    bucket: Bucket,
    cx: Context,
}

impl World {
    async fn new() -> Self {
        Self::with(|options| options).await
    }

    async fn with(change: impl FnOnce(S3Options) -> S3Options) -> Self {
        let upstream = Upstream::start();
        let faults = Faults::start(upstream.address).unwrap();
        let options = options(&faults.url(), Addressing::Path, MemoryMeta::default(), limits());
        // The probes would only add requests to those that are counted here.
        let store = S3Store::new(change(S3Options { conditional: Conditional::Native, ..options }));
        let cx = Context::background();
        let name = BucketName::new("bucket-a").unwrap();
        let owner = Owner { id: CanonicalId::from_text("0"), display_name: "root".into() };
        let bucket = store.create_bucket(&cx, &name, &owner, &TagSet::default()).await.unwrap();
        let world = Self { upstream, faults, store, bucket, cx };
        // What is found out at the first write is found out before anything fails.
        world.put("warm", &pattern(1, 10)).await.unwrap();
        world
    }

    async fn put(&self, name: &str, bytes: &Bytes) -> Result<PutOutcome, StoreError> {
        self.put_on(name, bytes, WriteCondition::Always).await
    }

    async fn put_on(
        &self,
        name: &str,
        bytes: &Bytes,
        condition: WriteCondition,
    ) -> Result<PutOutcome, StoreError> {
        let frames = bytes.chunks(64 * 1024).map(Bytes::copy_from_slice).collect();
        let options = PutOptions { condition, ..PutOptions::default() };
        self.store.put(&self.cx, &self.bucket, &key(name), Body::from_frames(frames), options).await
    }

    async fn read(&self, name: &str) -> Result<Bytes, BodyErrorKind> {
        let opened =
            self.store.open(&self.cx, &self.bucket, &key(name), OpenOptions::default()).await.unwrap();
        let body = opened.content.read(ByteRange::whole(opened.info.size_bytes)).await.unwrap();
        body.collect(64 << 20).await.map_err(|error| error.kind)
    }

    /// What the service itself has under a key.
    async fn there(&self, name: &str) -> Option<Bytes> {
        let bucket = self.upstream.store.bucket(&self.cx, &self.bucket.name).await.unwrap();
        let opened =
            self.upstream.store.open(&self.cx, &bucket, &key(name), OpenOptions::default()).await.ok()?;
        let body = opened.content.read(ByteRange::whole(opened.info.size_bytes)).await.unwrap();
        Some(body.collect(64 << 20).await.unwrap())
    }
}

fn key(name: &str) -> ObjectKey {
    ObjectKey::new(name).unwrap()
}

fn matches(method: Method, name: &str) -> Matcher {
    Matcher::method(method).path(name)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_breaks_off_goes_on_at_the_byte_reached() {
    let world = World::new().await;
    let bytes = pattern(2, LARGE);
    world.put("k", &bytes).await.unwrap();
    for fault in [
        Fault::ResetAfterResponseBytes(1_000_000),
        Fault::Truncate(1_000_001),
        Fault::HangAfterResponseBytes(999_999),
        Fault::ResetAfterResponseBytes(0),
    ] {
        world.faults.next(matches(Method::GET, "/k"), fault.clone());
        assert!(world.read("k").await.unwrap() == bytes, "{fault:?}");
        assert_eq!(world.faults.pending(), 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_that_breaks_off_never_goes_on_in_another_object() {
    let world = World::new().await;
    world.put("k", &pattern(2, LARGE)).await.unwrap();
    world.faults.next(matches(Method::GET, "/k"), Fault::HangAfterResponseBytes(500_000));
    let opened = world.store.open(&world.cx, &world.bucket, &key("k"), OpenOptions::default()).await.unwrap();
    let body = opened.content.read(ByteRange::whole(opened.info.size_bytes)).await.unwrap();
    world.put("k", &pattern(3, LARGE)).await.unwrap();
    assert_eq!(body.collect(64 << 20).await.unwrap_err().kind, BodyErrorKind::Storage);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_byte_that_was_changed_on_its_way_is_never_part_of_a_whole_object() {
    let world = World::new().await;
    let bytes = pattern(4, LARGE);
    world.put("k", &bytes).await.unwrap();
    world.faults.next(matches(Method::GET, "/k"), Fault::CorruptByte(1_234_567));
    assert_eq!(world.read("k").await, Err(BodyErrorKind::Corrupt));
    assert!(world.read("k").await.unwrap() == bytes);
    for size in [1000, LARGE] {
        world.faults.next(matches(Method::PUT, "/wrong"), Fault::CorruptRequestByte(500));
        let error = world.put("wrong", &pattern(5, size)).await.unwrap_err();
        assert!(matches!(error.kind, StoreErrorKind::Unavailable), "{error}");
        assert_eq!(world.there("wrong").await, None);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn passing_refusals_are_tried_again() {
    let world = World::new().await;
    for fault in [
        Fault::status(StatusCode::SERVICE_UNAVAILABLE),
        Fault::retry_after(StatusCode::TOO_MANY_REQUESTS, "0"),
        Fault::status(StatusCode::INTERNAL_SERVER_ERROR),
        Fault::ResetBeforeResponse,
        Fault::Hang,
    ] {
        let bytes = pattern(6, 1000);
        world.faults.next(matches(Method::PUT, "/small"), fault.clone());
        world.put("small", &bytes).await.unwrap_or_else(|error| panic!("{fault:?}: {error}"));
        world.faults.next(matches(Method::GET, "/small"), fault.clone());
        assert!(world.read("small").await.unwrap() == bytes, "{fault:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_is_sent_once_and_leaves_nothing_where_it_breaks() {
    let world = World::new().await;
    for fault in [
        Fault::ResetAfterRequestBytes(1_000_000),
        Fault::status(StatusCode::INTERNAL_SERVER_ERROR),
        Fault::Hang,
    ] {
        let before = world.faults.seen().count(&Method::PUT, "/stream");
        world.faults.next(matches(Method::PUT, "/stream"), fault.clone());
        let begun = Instant::now();
        let put = world.put("stream", &pattern(7, LARGE)).await;
        assert!(begun.elapsed() < Duration::from_secs(20));
        let sent = world.faults.seen().count(&Method::PUT, "/stream") - before;
        match put {
            Err(error) => {
                assert!(matches!(error.kind, StoreErrorKind::Unavailable), "{fault:?}: {error}");
                assert_eq!((sent, world.there("stream").await), (1, None), "{fault:?}");
            }
            // A refusal that came before the first byte was taken may be followed by another attempt.
            Ok(_) => {
                assert!(matches!(fault, Fault::Status { .. }) && sent == 2, "{fault:?}, sent {sent} times");
                assert!(world.there("stream").await.unwrap() == pattern(7, LARGE));
                world
                    .store
                    .delete(&world.cx, &world.bucket, &key("stream"), Default::default())
                    .await
                    .unwrap();
            }
        }
    }
    let bytes = pattern(8, LARGE);
    world.put("stream", &bytes).await.unwrap();
    assert!(world.there("stream").await.unwrap() == bytes);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_own_conditional_write_whose_answer_was_lost_is_no_failed_condition() {
    let world = World::new().await;
    for (number, fault) in [
        Fault::ResetBeforeResponse,
        Fault::status_after_effect(StatusCode::INTERNAL_SERVER_ERROR),
        Fault::ResetBeforeResponse,
    ]
    .into_iter()
    .enumerate()
    {
        for size in [1000, LARGE] {
            let (name, bytes) = (format!("own-{number}-{size}"), pattern(9, size));
            world.faults.next(matches(Method::PUT, &name), fault.clone());
            let put = world.put_on(&name, &bytes, WriteCondition::IfAbsent).await;
            assert_eq!(put.unwrap_or_else(|error| panic!("{fault:?}: {error}")).size_bytes, size as u64);
            assert!(world.there(&name).await.unwrap() == bytes);
            // Another's is: whoever comes second is told so.
            let second = world.put_on(&name, &pattern(10, size), WriteCondition::IfAbsent).await;
            assert!(matches!(second.unwrap_err().kind, StoreErrorKind::ConditionFailed));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conditional_write_that_did_not_take_effect_is_never_reported_as_done() {
    let world = World::new().await;
    world.faults.next(matches(Method::PUT, "/lost"), Fault::status(StatusCode::INTERNAL_SERVER_ERROR));
    let error = world.put_on("lost", &pattern(11, 1000), WriteCondition::IfAbsent).await.unwrap_err();
    assert!(matches!(error.kind, StoreErrorKind::Unavailable), "{error}");
    assert_eq!(world.there("lost").await, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_completion_whose_answer_was_lost_is_told_as_it_came_out() {
    let world = World::new().await;
    for fault in [Fault::ResetBeforeResponse, Fault::status_after_effect(StatusCode::BAD_GATEWAY)] {
        let key = key("parts");
        let begun = world.store.create_upload(&world.cx, &world.bucket, &key, CreateUploadOptions::default());
        let id = begun.await.unwrap();
        let upload = UploadRef { bucket: &world.bucket, key: &key, id: &id };
        let body = Body::from_bytes(pattern(12, 200_000));
        let part = world.store.put_part(&world.cx, upload, 1, body, PartOptions::default()).await.unwrap();
        let parts = vec![CompletedPart { number: 1, etag: part.etag, checksum: part.checksum }];
        world.faults.next(matches(Method::POST, "/parts?uploadId"), fault);
        let made =
            world.store.complete_upload(&world.cx, upload, parts, CompleteOptions::default()).await.unwrap();
        assert_eq!(made.size_bytes, 200_000);
        assert!(world.there("parts").await.unwrap() == pattern(12, 200_000));
        let uploads = ListUploads { limit: 10, ..ListUploads::default() };
        let left = world.store.list_uploads(&world.cx, &world.bucket, uploads).await.unwrap();
        assert_eq!(left.entries, [], "nothing is left behind");
    }
}

/// Completes an upload of one part of 200,000 bytes under `name`, with `faults` on what comes from then on.
async fn complete_under(
    world: &World,
    name: &str,
    faults: &[(Matcher, Fault)],
) -> Result<PutOutcome, StoreError> {
    let key = key(name);
    let begun = world.store.create_upload(&world.cx, &world.bucket, &key, CreateUploadOptions::default());
    let id = begun.await.unwrap();
    let upload = UploadRef { bucket: &world.bucket, key: &key, id: &id };
    let body = Body::from_bytes(pattern(12, 200_000));
    let part = world.store.put_part(&world.cx, upload, 1, body, PartOptions::default()).await.unwrap();
    let parts = vec![CompletedPart { number: 1, etag: part.etag, checksum: part.checksum }];
    for (matcher, fault) in faults {
        world.faults.always(matcher.clone(), fault.clone());
    }
    let made = world.store.complete_upload(&world.cx, upload, parts, CompleteOptions::default()).await;
    world.faults.clear();
    assert!(world.there(name).await.unwrap() == pattern(12, 200_000));
    made
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_completed_object_has_the_size_of_its_parts_where_it_cannot_be_looked_at() {
    let world = World::new().await;
    let of_another = Fault::Header { name: "etag".to_owned(), value: "\"another\"".to_owned() };
    for fault in [
        Fault::status(StatusCode::SERVICE_UNAVAILABLE),
        Fault::status(StatusCode::FORBIDDEN),
        Fault::status(StatusCode::NOT_FOUND),
        // Somebody else has replaced it already.
        of_another,
    ] {
        let look = (matches(Method::HEAD, "/parts"), fault.clone());
        let made = complete_under(&world, "parts", &[look]).await;
        assert_eq!(made.unwrap_or_else(|error| panic!("{fault:?}: {error}")).size_bytes, 200_000);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_size_that_nothing_tells_is_not_made_up() {
    let world = World::new().await;
    for refused in [StatusCode::SERVICE_UNAVAILABLE, StatusCode::NOT_FOUND] {
        let look = (matches(Method::HEAD, "/parts"), Fault::status(refused));
        let list = (matches(Method::GET, "/parts?"), Fault::status(StatusCode::FORBIDDEN));
        let error = complete_under(&world, "parts", &[look, list]).await.unwrap_err();
        assert!(matches!(error.kind, StoreErrorKind::Unavailable), "{refused}: {error}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_of_unknown_length_that_fails_leaves_no_upload() {
    let world = World::new().await;
    let frames: Vec<Bytes> = (0..20).map(|n| pattern(n, 1 << 20)).collect();
    let whole: Bytes = frames.concat().into();
    let unknown = || {
        let mut script = conformance::blob::bodies::Script::default();
        for frame in &frames {
            script = script.then(conformance::blob::bodies::Step::Data(frame.clone()));
        }
        script.into_body()
    };
    let put = |name| world.store.put(&world.cx, &world.bucket, name, unknown(), PutOptions::default());
    let (good, bad) = (key("good"), key("bad"));
    assert_eq!(put(&good).await.unwrap().size_bytes, whole.len() as u64);
    assert!(world.there("good").await.unwrap() == whole);
    world.faults.always(matches(Method::PUT, "/bad?partNumber=2"), Fault::ResetAfterRequestBytes(1000));
    assert!(put(&bad).await.is_err());
    assert_eq!(world.there("bad").await, None);
    let uploads = ListUploads { limit: 10, ..ListUploads::default() };
    let left = world.store.list_uploads(&world.cx, &world.bucket, uploads).await.unwrap();
    assert_eq!(left.entries, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_hangs_is_given_up_in_time() {
    let world = World::new().await;
    world.faults.always(Matcher::any(), Fault::Hang);
    let begun = Instant::now();
    let head = world.store.head(&world.cx, &world.bucket, &key("warm"), OpenOptions::default()).await;
    assert!(matches!(head.unwrap_err().kind, StoreErrorKind::Unavailable));
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_without_an_address_is_unavailable() {
    let options = options("http://name.invalid:9", Addressing::Path, MemoryMeta::default(), limits());
    let (store, cx) = (S3Store::new(options), Context::background());
    let found = store.bucket(&cx, &BucketName::new("bucket-a").unwrap()).await;
    assert!(matches!(found.unwrap_err().kind, StoreErrorKind::Unavailable));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_is_no_document_is_an_error_and_no_listing() {
    let world = World::new().await;
    for body in ["<ListBucketResult><Contents><Key>a</Key>", "<html>moved</html><p>", "<a>&x;</a>", ""] {
        let fault = Fault::Status {
            code: StatusCode::OK,
            headers: Vec::new(),
            body: Bytes::from_static(body.as_bytes()),
            forward_first: false,
        };
        world.faults.next(matches(Method::GET, "list-type=2"), fault);
        let listed = world.store.list(
            &world.cx,
            &world.bucket,
            store::ListObjects { limit: 10, ..Default::default() },
        );
        assert!(listed.await.is_err(), "{body}");
    }
}

/// A clock that is wrong by an hour.
struct Late;

impl Clock for Late {
    fn now(&self) -> Timestamp {
        Timestamp::from_secs(types::SystemClock.now().as_secs() - 3600)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_is_wrong_is_corrected_by_the_services() {
    let upstream = Upstream::start();
    let base = options(&upstream.url(), Addressing::Path, MemoryMeta::default(), limits());
    let client = remote::ClientOptions {
        name: "late".to_owned(),
        budget: support::budget(),
        clock: Arc::new(Late),
        random: support::Seeded::new(3),
        limits: limits(),
        roots: remote::Roots::System,
    };
    let client = remote::Client::new(client).unwrap();
    let store = S3Store::new(S3Options { clock: Arc::new(Late), client, ..base });
    let (cx, name) = (Context::background(), BucketName::new("bucket-a").unwrap());
    let owner = Owner { id: CanonicalId::from_text("0"), display_name: "root".into() };
    let bucket = store.create_bucket(&cx, &name, &owner, &TagSet::default()).await.unwrap();
    for size in [10, LARGE] {
        let body = Body::from_bytes(pattern(13, size));
        store.put(&cx, &bucket, &key("k"), body, PutOptions::default()).await.unwrap();
    }
}

/// Gives keys that have ended first, then good ones.
struct Renewed(std::sync::atomic::AtomicUsize);

#[async_trait]
impl CredentialsSource for Renewed {
    async fn credentials(&self) -> Result<Credentials, NoCredentials> {
        let first = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0;
        let secret = if first { "an-older-secret" } else { SECRET };
        Ok(Credentials {
            access_key_id: KEY_ID.to_owned(),
            secret: Secret::new(secret),
            session_token: None,
            expires_at: Some(Timestamp::from_secs(9_000_000_000)),
        })
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn credentials_that_are_refused_are_asked_for_anew() {
    let renewed = Arc::new(Renewed(Default::default()));
    let source = renewed.clone();
    let world = World::with(|options| S3Options { credentials: source, ..options }).await;
    assert!(world.read("warm").await.is_ok());
    assert_eq!(renewed.0.load(std::sync::atomic::Ordering::Relaxed), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_account_may_not_do_is_told_so() {
    let world = World::new().await;
    world.faults.always(matches(Method::GET, "/secret"), Fault::status(StatusCode::FORBIDDEN));
    let refused = world.store.open(&world.cx, &world.bucket, &key("secret"), OpenOptions::default()).await;
    assert!(matches!(refused.map(drop).unwrap_err().kind, StoreErrorKind::Denied));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_read_is_one_request_where_its_range_is_known() {
    let world = World::new().await;
    let bytes = pattern(14, 100_000);
    world.put("k", &bytes).await.unwrap();
    let before = world.faults.seen().requests.len();
    let range = types::RangeSpec::FromTo { first: 10, last: 99 };
    let hinted = OpenOptions { range_hint: Some(range), ..OpenOptions::default() };
    let opened = world.store.open(&world.cx, &world.bucket, &key("k"), hinted).await.unwrap();
    let body = opened.content.read(ByteRange { start: 10, end: 100 }).await.unwrap();
    assert!(body.collect(100).await.unwrap() == bytes[10..100]);
    assert_eq!(opened.info.size_bytes, 100_000);
    assert_eq!(world.faults.seen().requests.len() - before, 1);
    assert!(world.read("k").await.unwrap() == bytes);
    assert_eq!(world.faults.seen().requests.len() - before, 2);
}

/// The answer of a service that ignores where a listing is to go on: always its first page, and always more.
fn first_page(kind: &str, entry: &str, next: &str) -> Fault {
    let document = format!("<{kind}><IsTruncated>true</IsTruncated>{next}{entry}</{kind}>");
    Fault::Status { code: StatusCode::OK, headers: Vec::new(), body: document.into(), forward_first: false }
}

/// Asks with `ask` while the service answers `page` to every request that has `part` in it.
async fn hold_still<T>(
    world: &World,
    part: &str,
    page: Fault,
    ask: impl Future<Output = Result<T, StoreError>>,
) {
    world.faults.always(matches(Method::GET, part), page);
    let before = world.faults.seen().count(&Method::GET, part);
    let error = tokio::time::timeout(Duration::from_secs(20), ask).await.unwrap().err().unwrap();
    assert!(matches!(error.kind, StoreErrorKind::Internal), "{part}: {error}");
    assert!(format!("{:?}", error.source).contains("go on where it is told to"), "{part}: {error:?}");
    assert!(world.faults.seen().count(&Method::GET, part) - before <= 3, "{part}");
    world.faults.clear();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_ignores_where_to_go_on_is_not_asked_for_ever() {
    let world = World::new().await;
    let (store, cx, bucket) = (&world.store, &world.cx, &world.bucket);
    let named = "<Key>k</Key><VersionId>v</VersionId><UploadId>u</UploadId><ETag>e</ETag><Size>1</Size>";
    let marker = "<NextKeyMarker>k</NextKeyMarker><NextVersionIdMarker>v</NextVersionIdMarker>\
                  <NextUploadIdMarker>u</NextUploadIdMarker>";

    let token = "<NextContinuationToken>t</NextContinuationToken>";
    let page = first_page("ListBucketResult", &format!("<Contents>{named}</Contents>"), token);
    let all = ListObjects { limit: 1000, ..ListObjects::default() };
    hold_still(&world, "list-type=2", page, store.list(cx, bucket, all)).await;

    let page = first_page("ListVersionsResult", &format!("<Version>{named}</Version>"), marker);
    let all = ListVersions { limit: 1000, ..ListVersions::default() };
    hold_still(&world, "versions", page, store.list_versions(cx, bucket, all)).await;

    let page = first_page("ListMultipartUploadsResult", &format!("<Upload>{named}</Upload>"), marker);
    let all = ListUploads { limit: 1000, ..ListUploads::default() };
    hold_still(&world, "uploads", page, store.list_uploads(cx, bucket, all)).await;

    let id = store.create_upload(cx, bucket, &key("k"), CreateUploadOptions::default()).await.unwrap();
    let name = key("k");
    let upload = UploadRef { bucket, key: &name, id: &id };
    let part = "<Part><PartNumber>1</PartNumber><Size>1</Size><ETag>e</ETag></Part>";
    let page = first_page("ListPartsResult", part, "");
    let all = ListParts { after: 0, limit: 1000 };
    hold_still(&world, "uploadId", page, store.list_parts(cx, upload, all)).await;

    let token = "<ContinuationToken>t</ContinuationToken>";
    let owned = "<Buckets><Bucket><Name>bucket-a</Name></Bucket></Buckets>";
    let page = first_page("ListAllMyBucketsResult", owned, token);
    let all = ListBuckets { prefix: String::new(), after: None, limit: 1000 };
    hold_still(&world, "/", page, store.list_buckets(cx, all)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parts_copied_side_by_side_all_arrive() {
    let upstream = Upstream::start();
    let faults = Faults::start(upstream.address).unwrap();
    // A service that copies no parts: they pass through here.
    let copies = Matcher::method(Method::PUT).path("partNumber").header("x-amz-copy-source", "/");
    faults.always(copies, Fault::status(StatusCode::NOT_IMPLEMENTED));
    let budget = types::Budget::new(passing::SMALL_BUDGET_BYTES);
    let store = S3Store::new(support::options_within(&budget, &faults.url(), limits()));
    passing::parts_copied_side_by_side_all_arrive(Arc::new(store)).await;
    // Each was asked for as a copy first, and then sent.
    assert_eq!(faults.seen().count(&Method::PUT, "partNumber"), 80);
}
