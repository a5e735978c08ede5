//! What goes wrong between the store and the service: right bytes, or the right error in bounded time, and nothing left.

#![allow(clippy::unwrap_used, reason = "a step that cannot go on has failed")]

mod common;

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use common::{PART_MIN_BYTES, StubWorld};
use http::{Method, StatusCode};
use remote::{Limits, RetryLimits};
use remote_azure::{AzureOptions, AzureStore, Credential, Endpoint};
use store::{
    Bucket, BucketStore, CompleteOptions, CompletedPart, CreateUploadOptions, DeleteOptions, ListBuckets,
    ListObjects, Missing, MultipartStore, ObjectStore, OpenOptions, PutOptions, StoreError, StoreErrorKind,
    UploadId, UploadRef, WriteCondition,
};
use stubs::azure::Settings;
use stubs::faults::{Fault, Faults, Matcher};
use types::{Body, BucketName, ByteRange, Clock, Context, ETag, ObjectKey, SystemClock, TagSet, Timestamp};

/// No call may take longer than this, whatever goes wrong.
const BOUND: Duration = Duration::from_secs(20);

fn limits() -> Limits {
    let pause = Duration::from_millis(1);
    Limits {
        connect: Duration::from_secs(2),
        first_byte: Duration::from_millis(500),
        idle: Duration::from_millis(500),
        attempts: 3,
        retry: RetryLimits { first_pause: pause, max_pause: pause, ..RetryLimits::default() },
        ..Limits::default()
    }
}

struct Desk {
    world: StubWorld,
    faults: Faults,
    store: AzureStore,
    bucket: Bucket,
    cx: Context,
}

fn key(text: &str) -> ObjectKey {
    ObjectKey::new(text).unwrap()
}

fn pattern(size: usize) -> Bytes {
    (0..size).map(|place| (place * 7 % 251) as u8).collect::<Vec<_>>().into()
}

impl Desk {
    async fn new() -> Self {
        let world = StubWorld::new(Settings::default());
        let faults = Faults::start(world.stub.address()).unwrap();
        let store = AzureStore::new(Self::options(&world, &faults));
        let cx = Context::background();
        let name = BucketName::new("bucket").unwrap();
        let bucket = store.create_bucket(&cx, &name, &common::root(), &TagSet::default()).await.unwrap();
        Self { world, faults, store, bucket, cx }
    }

    fn options(world: &StubWorld, faults: &Faults) -> AzureOptions {
        let url = format!("{}/{}", faults.url(), world.stub.account());
        AzureOptions {
            endpoint: Endpoint::parse(&url, world.stub.account()).unwrap(),
            client: common::client(limits()),
            ..world.options()
        }
    }

    async fn try_put(&self, name: &str, bytes: Bytes, condition: WriteCondition) -> Result<ETag, StoreError> {
        let options = PutOptions { condition, ..PutOptions::default() };
        let body = Body::from_bytes(bytes);
        self.store.put(&self.cx, &self.bucket, &key(name), body, options).await.map(|put| put.etag)
    }

    async fn put(&self, name: &str, bytes: impl Into<Bytes>) -> ETag {
        self.try_put(name, bytes.into(), WriteCondition::Always).await.unwrap()
    }

    async fn try_read(&self, name: &str) -> Result<Bytes, types::BodyError> {
        let opened =
            self.store.open(&self.cx, &self.bucket, &key(name), OpenOptions::default()).await.unwrap();
        let body = opened.content.read(ByteRange::whole(opened.info.size_bytes)).await.unwrap();
        body.collect(64 << 20).await
    }

    async fn read(&self, name: &str) -> Bytes {
        self.try_read(name).await.unwrap()
    }

    async fn begin(&self, name: &str) -> UploadId {
        let options = CreateUploadOptions::default();
        self.store.create_upload(&self.cx, &self.bucket, &key(name), options).await.unwrap()
    }

    async fn part(
        &self,
        name: &str,
        id: &UploadId,
        number: u32,
        bytes: Bytes,
    ) -> Result<CompletedPart, StoreError> {
        let key = key(name);
        let upload = UploadRef { bucket: &self.bucket, key: &key, id };
        let body = Body::from_bytes(bytes);
        let part = self.store.put_part(&self.cx, upload, number, body, Default::default()).await?;
        Ok(CompletedPart { number, etag: part.etag, checksum: part.checksum })
    }

    async fn complete(
        &self,
        name: &str,
        id: &UploadId,
        parts: &[CompletedPart],
        condition: WriteCondition,
    ) -> Result<ETag, StoreError> {
        let key = key(name);
        let upload = UploadRef { bucket: &self.bucket, key: &key, id };
        let options = CompleteOptions { condition, ..CompleteOptions::default() };
        self.store.complete_upload(&self.cx, upload, parts.to_vec(), options).await.map(|made| made.etag)
    }
}

fn of_blob(method: Method) -> Matcher {
    Matcher::method(method).path("/bucket/")
}

fn unavailable<T>(result: Result<T, StoreError>) {
    match result {
        Ok(_) => panic!("the call succeeded"),
        Err(error) => assert!(matches!(error.kind, StoreErrorKind::Unavailable), "{error}"),
    }
}

#[tokio::test]
async fn a_conditional_put_whose_answer_was_lost_has_not_failed() {
    for size in [10, 100_000] {
        for fault in
            [Fault::ResetBeforeResponse, Fault::status_after_effect(StatusCode::INTERNAL_SERVER_ERROR)]
        {
            let desk = Desk::new().await;
            desk.faults.next(of_blob(Method::PUT), fault);
            let etag = desk.try_put("k", pattern(size), WriteCondition::IfAbsent).await.unwrap();
            assert_eq!(desk.faults.pending(), 0);
            assert_eq!(etag, ETag::from_md5(hash::Md5::digest(&pattern(size))));
            assert!(desk.read("k").await == pattern(size));
            // Somebody else's object is still a failed condition.
            let again = desk.try_put("k", pattern(size), WriteCondition::IfAbsent).await;
            assert!(matches!(again.unwrap_err().kind, StoreErrorKind::ConditionFailed));
        }
    }
}

#[tokio::test]
async fn a_put_that_breaks_off_leaves_what_was_there() {
    let desk = Desk::new().await;
    desk.put("k", "before").await;
    desk.faults.next(of_blob(Method::PUT), Fault::ResetAfterRequestBytes(50_000));
    unavailable(desk.try_put("k", pattern(300_000), WriteCondition::Always).await);
    assert_eq!(desk.read("k").await, "before");
    assert_eq!(desk.world.stub.blobs("bucket"), ["k"]);
}

#[tokio::test]
async fn refusals_for_now_are_waited_out() {
    let desk = Desk::new().await;
    for status in [StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE] {
        desk.faults.next(of_blob(Method::PUT), Fault::retry_after(status, "0"));
        desk.put("k", "small").await;
        desk.faults.next(of_blob(Method::GET), Fault::retry_after(status, "0"));
        assert_eq!(desk.read("k").await, "small");
    }
    desk.faults.always(of_blob(Method::HEAD), Fault::status(StatusCode::SERVICE_UNAVAILABLE));
    let head = desk.store.head(&desk.cx, &desk.bucket, &key("k"), OpenOptions::default()).await;
    unavailable(head);
}

#[tokio::test]
async fn a_read_that_breaks_off_goes_on_at_the_byte_reached() {
    let bytes = pattern(500_000);
    for fault in [
        Fault::ResetAfterResponseBytes(100_000),
        Fault::Truncate(123_457),
        Fault::HangAfterResponseBytes(200_000),
    ] {
        let desk = Desk::new().await;
        desk.put("k", bytes.clone()).await;
        desk.faults.next(of_blob(Method::GET), fault.clone());
        assert!(desk.read("k").await == bytes, "{fault:?}");
        assert_eq!(desk.faults.pending(), 0);
    }
}

#[tokio::test]
async fn a_read_that_cannot_go_on_fails_and_never_gives_other_bytes() {
    let desk = Desk::new().await;
    let bytes = pattern(500_000);
    desk.put("k", bytes.clone()).await;
    desk.faults.next(of_blob(Method::GET), Fault::Truncate(100_000));
    let opened = desk.store.open(&desk.cx, &desk.bucket, &key("k"), OpenOptions::default()).await.unwrap();
    let other = vec![0; 500_000];
    desk.put("k", other).await;
    let mut body = opened.content.read(ByteRange::whole(500_000)).await.unwrap();
    let mut read = Vec::new();
    let failed = loop {
        match body.next_frame().await {
            Some(Ok(types::Frame::Data(data))) => read.extend_from_slice(&data),
            Some(Ok(types::Frame::Trailer(_))) => {}
            Some(Err(_)) => break true,
            None => break false,
        }
    };
    assert!(failed && read.len() < bytes.len() && read == bytes[..read.len()]);
}

#[tokio::test]
async fn slow_answers_arrive() {
    let desk = Desk::new().await;
    desk.put("k", pattern(60_000)).await;
    desk.faults.next(of_blob(Method::GET), Fault::SlowRead { bytes_per_second: 200_000 });
    assert!(desk.read("k").await == pattern(60_000));
}

#[tokio::test]
async fn a_service_that_hangs_is_given_up_in_time() {
    let desk = Desk::new().await;
    let begun = Instant::now();
    desk.faults.always(of_blob(Method::PUT), Fault::Hang);
    unavailable(desk.try_put("k", pattern(100), WriteCondition::Always).await);
    unavailable(desk.try_put("k", pattern(100_000), WriteCondition::Always).await);
    assert!(begun.elapsed() < BOUND, "{:?}", begun.elapsed());
    assert!(desk.world.stub.blobs("bucket").is_empty());
}

#[tokio::test]
async fn bytes_that_change_on_their_way_become_no_object() {
    for size in [1000, 100_000] {
        let desk = Desk::new().await;
        desk.faults.next(of_blob(Method::PUT), Fault::CorruptRequestByte(500));
        unavailable(desk.try_put("k", pattern(size), WriteCondition::Always).await);
        assert_eq!(desk.faults.pending(), 0);
        let head = desk.store.head(&desk.cx, &desk.bucket, &key("k"), OpenOptions::default()).await;
        assert!(matches!(head.unwrap_err().kind, StoreErrorKind::Missing(Missing::Key)), "size {size}");
        let id = desk.begin("k").await;
        desk.faults
            .next(Matcher::method(Method::PUT).path("/sluice-staging/"), Fault::CorruptRequestByte(500));
        unavailable(desk.part("k", &id, 1, pattern(size)).await);
        desk.store.settle().await;
        assert!(desk.world.stub.blobs("sluice-staging").is_empty());
    }
}

#[tokio::test]
async fn a_completion_whose_commit_was_lost_on_the_way_back_has_not_failed() {
    for fault in [Fault::ResetBeforeResponse, Fault::status_after_effect(StatusCode::INTERNAL_SERVER_ERROR)] {
        let desk = Desk::new().await;
        let id = desk.begin("k").await;
        let parts = [
            desk.part("k", &id, 1, pattern(PART_MIN_BYTES as usize)).await.unwrap(),
            desk.part("k", &id, 2, pattern(10)).await.unwrap(),
        ];
        desk.faults.next(of_blob(Method::PUT).path("comp=blocklist"), fault);
        desk.complete("k", &id, &parts, WriteCondition::IfAbsent).await.unwrap();
        assert_eq!(desk.faults.pending(), 0);
        assert_eq!(desk.read("k").await.len() as u64, PART_MIN_BYTES + 10);
        desk.store.settle().await;
        assert!(desk.world.stub.blobs("sluice-staging").is_empty());
        assert_eq!(desk.world.stub.uncommitted_blocks("bucket"), 0);
    }
}

#[tokio::test]
async fn a_completion_that_fails_leaves_target_and_upload_and_can_be_repeated() {
    let desk = Desk::new().await;
    desk.put("k", "before").await;
    let id = desk.begin("k").await;
    let parts = [desk.part("k", &id, 1, pattern(10)).await.unwrap()];
    desk.faults
        .always(of_blob(Method::PUT).path("comp=block&"), Fault::status(StatusCode::INTERNAL_SERVER_ERROR));
    unavailable(desk.complete("k", &id, &parts, WriteCondition::Always).await);
    assert_eq!(desk.read("k").await, "before");
    desk.faults.clear();
    desk.complete("k", &id, &parts, WriteCondition::Always).await.unwrap();
    assert!(desk.read("k").await == pattern(10));
}

#[tokio::test]
async fn a_part_whose_answer_was_lost_is_not_left_behind() {
    let desk = Desk::new().await;
    let id = desk.begin("k").await;
    desk.faults.always(Matcher::method(Method::PUT).path("/sluice-staging/"), Fault::ResetBeforeResponse);
    unavailable(desk.part("k", &id, 1, pattern(100_000)).await);
    desk.faults.clear();
    desk.store.settle().await;
    assert!(desk.world.stub.blobs("sluice-staging").is_empty());
}

#[tokio::test]
async fn a_conditional_delete_whose_answer_was_lost_claims_nothing() {
    let desk = Desk::new().await;
    let etag = desk.put("k", "x").await;
    desk.faults.next(of_blob(Method::DELETE), Fault::status_after_effect(StatusCode::INTERNAL_SERVER_ERROR));
    let options = DeleteOptions { condition: WriteCondition::IfMatch(etag), ..DeleteOptions::default() };
    unavailable(desk.store.delete(&desk.cx, &desk.bucket, &key("k"), options).await);
    desk.put("k", "x").await;
    desk.faults.next(of_blob(Method::DELETE), Fault::status_after_effect(StatusCode::INTERNAL_SERVER_ERROR));
    desk.store.delete(&desk.cx, &desk.bucket, &key("k"), DeleteOptions::default()).await.unwrap();
}

/// A clock that is an hour ahead.
struct Ahead;

impl Clock for Ahead {
    fn now(&self) -> Timestamp {
        SystemClock.now().plus(Duration::from_secs(3600))
    }
}

#[tokio::test]
async fn a_wrong_clock_and_wrong_or_expired_credentials_are_denied() {
    let desk = Desk::new().await;
    let expired = Credential::shared_access(&desk.world.stub.account_sas("rwdlct", "2020-01-01T00:00:00Z"));
    let wrong = remote_azure::SharedKey::new(desk.world.stub.account(), "d3Jvbmcga2V5").unwrap();
    let options = || Desk::options(&desk.world, &desk.faults);
    let skewed = {
        let client = remote::Client::new(remote::ClientOptions {
            name: "azure".to_owned(),
            budget: types::Budget::new(16 << 20),
            clock: Arc::new(Ahead),
            random: common::Numbers::new(),
            limits: limits(),
            roots: remote::Roots::System,
        });
        AzureStore::new(AzureOptions { client: client.unwrap(), ..options() })
    };
    let stores = [
        skewed,
        AzureStore::new(AzureOptions { credential: expired, ..options() }),
        AzureStore::new(AzureOptions { credential: Credential::SharedKey(wrong), ..options() }),
    ];
    for store in stores {
        let put = store.put(&desk.cx, &desk.bucket, &key("k"), Body::empty(), PutOptions::default()).await;
        let error = put.unwrap_err();
        assert!(matches!(error.kind, StoreErrorKind::Denied), "{error}");
        let open = store.open(&desk.cx, &desk.bucket, &key("k"), OpenOptions::default()).await;
        assert!(open.is_err_and(|error| matches!(error.kind, StoreErrorKind::Denied)));
    }
}

#[tokio::test]
async fn a_name_that_nobody_knows_is_unavailable() {
    let desk = Desk::new().await;
    let endpoint = Endpoint::parse("http://nobody.invalid", "nobody").unwrap();
    let store = AzureStore::new(AzureOptions { endpoint, ..Desk::options(&desk.world, &desk.faults) });
    let begun = Instant::now();
    unavailable(store.put(&desk.cx, &desk.bucket, &key("k"), Body::empty(), PutOptions::default()).await);
    assert!(begun.elapsed() < BOUND);
}

/// The answer of a service that ignores where a listing is to go on: always the same page, and always more.
fn first_page(entries: &str) -> Fault {
    let document = format!("<EnumerationResults>{entries}<NextMarker>m</NextMarker></EnumerationResults>");
    Fault::Status { code: StatusCode::OK, headers: Vec::new(), body: document.into(), forward_first: false }
}

#[tokio::test]
async fn a_service_that_ignores_where_to_go_on_is_not_asked_for_ever() {
    let desk = Desk::new().await;
    let blob = "<Blobs><Blob><Name>k</Name><Properties><Etag>e</Etag><Content-Length>1</Content-Length>\
                <Last-Modified>Thu, 01 Jan 2026 00:00:00 GMT</Last-Modified></Properties></Blob></Blobs>";
    let containers = "<Containers><Container><Name>bucket</Name></Container></Containers>";
    let hold = async |page: Fault, asked: std::pin::Pin<Box<dyn Future<Output = Result<(), StoreError>>>>| {
        desk.faults.always(Matcher::method(Method::GET).path("comp=list"), page);
        let before = desk.faults.seen().count(&Method::GET, "comp=list");
        let error = tokio::time::timeout(BOUND, asked).await.unwrap().unwrap_err();
        assert!(matches!(error.kind, StoreErrorKind::Internal), "{error}");
        assert!(format!("{:?}", error.source).contains("go on where it is told to"), "{error:?}");
        assert!(desk.faults.seen().count(&Method::GET, "comp=list") - before <= 3);
        desk.faults.clear();
    };
    let (store, cx, bucket) = (desk.store.clone(), desk.cx.clone(), desk.bucket.clone());
    let all = ListObjects { limit: 1000, ..ListObjects::default() };
    let objects = Box::pin(async move { store.list(&cx, &bucket, all).await.map(drop) });
    hold(first_page(blob), objects).await;
    let (store, cx) = (desk.store.clone(), desk.cx.clone());
    let all = ListBuckets { prefix: String::new(), after: None, limit: 1000 };
    let buckets = Box::pin(async move { store.list_buckets(&cx, all).await.map(drop) });
    hold(first_page(containers), buckets).await;
}
