//! The network and the service fail in every way: the caller gets the right bytes or the right error, in bounded time, and
//! nothing is left behind.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use common::{World, cx, make_bucket, settings};
use conformance::blob::bodies::{Script, Step, pattern};
use http::{Method, StatusCode};
use remote::{Limits, RetryLimits};
use remote_drime::DrimeStore;
use store::{
    Bucket, BucketStore, CreateUploadOptions, ExpectedChecksum, ExpectedDigests, Identity, ListBuckets,
    MultipartStore, ObjectStore, OpenOptions, PartOptions, PutOptions, StoreError, StoreErrorKind, UploadRef,
};
use stubs::faults::{Fault, Faults, Matcher};
use types::{Body, BodyErrorKind, ByteRange, ObjectKey};

fn key(text: &str) -> ObjectKey {
    ObjectKey::new(text).unwrap()
}

/// A drive with faults in front of its API and in front of its storage.
struct Faulty {
    world: World,
    api: Faults,
    storage: Faults,
    store: DrimeStore,
    bucket: Bucket,
}

impl Faulty {
    async fn new() -> Self {
        let retry = RetryLimits {
            first_pause: Duration::from_millis(1),
            max_pause: Duration::from_millis(5),
            ..RetryLimits::default()
        };
        let limits = Limits {
            connect: Duration::from_millis(500),
            first_byte: Duration::from_millis(400),
            idle: Duration::from_millis(400),
            retry,
            ..Limits::default()
        };
        let world = World { limits, ..World::new(settings()) };
        let api = Faults::start(world.stub.address()).unwrap();
        let storage = Faults::start(world.stub.storage_address()).unwrap();
        world.stub.present_storage_at(storage.address());
        let store = world.open_at(format!("{}/api/v1", api.url()));
        let bucket = make_bucket(&store, "media").await;
        Self { world, api, storage, store, bucket }
    }

    async fn put(&self, name: &str, bytes: Bytes) -> Result<(), StoreError> {
        self.put_body(name, Body::from_bytes(bytes), PutOptions::default()).await
    }

    async fn put_body(&self, name: &str, body: Body, options: PutOptions) -> Result<(), StoreError> {
        self.store.put(&cx(), &self.bucket, &key(name), body, options).await.map(drop)
    }

    async fn read(&self, name: &str) -> Result<Bytes, String> {
        read_from(&self.store, &self.bucket, name).await
    }

    /// Files that the drive shows, and what else it holds for us.
    fn left(&self) -> (usize, usize) {
        let files = self.world.stub.entries().iter().filter(|entry| !entry.is_folder).count();
        (files, self.world.stub.open_uploads().len())
    }
}

async fn read_from(store: &DrimeStore, bucket: &Bucket, name: &str) -> Result<Bytes, String> {
    let opened = store.open(&cx(), bucket, &key(name), OpenOptions::default()).await;
    let opened = opened.map_err(|error| error.to_string())?;
    let body = opened.content.read(ByteRange::whole(opened.info.size_bytes)).await;
    body.map_err(|error| error.to_string())?.collect(64 << 20).await.map_err(|error| error.to_string())
}

/// Sizes of each way up: at hand, in one call, in parts.
const SIZES: [usize; 3] = [1_000, 60_000, 350_000];

fn passing() -> Vec<Fault> {
    vec![
        Fault::retry_after(StatusCode::TOO_MANY_REQUESTS, "0"),
        Fault::retry_after(StatusCode::SERVICE_UNAVAILABLE, "0"),
        Fault::status(StatusCode::INTERNAL_SERVER_ERROR),
        Fault::status(StatusCode::BAD_GATEWAY),
        Fault::ResetBeforeResponse,
        Fault::ResetAfterResponseBytes(20),
        Fault::Truncate(10),
    ]
}

/// Calls that change nothing are made again until they succeed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_survive_passing_failures() {
    let faulty = Faulty::new().await;
    for size in SIZES {
        faulty.put(&format!("k{size}"), pattern(1, size)).await.unwrap();
    }
    for fault in passing() {
        for size in SIZES {
            let name = format!("k{size}");
            faulty.api.next(Matcher::method(Method::GET).path("/download"), fault.clone());
            faulty.storage.next(Matcher::method(Method::GET), fault.clone());
            faulty.api.next(Matcher::method(Method::GET).path("/drive/file-entries"), fault.clone());
            let store = faulty.world.open_at(format!("{}/api/v1", faulty.api.url()));
            let read = read_from(&store, &faulty.bucket, &name).await;
            assert!(read.unwrap() == pattern(1, size), "{fault:?}, {size}");
            assert_eq!((faulty.api.pending(), faulty.storage.pending()), (0, 0));
            faulty.api.clear();
            faulty.storage.clear();
        }
    }
}

/// A body that breaks off goes on where it was.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_breaks_off_goes_on_where_it_was() {
    let faulty = Faulty::new().await;
    faulty.put("k", pattern(1, 350_000)).await.unwrap();
    for fault in [
        Fault::ResetAfterResponseBytes(100_000),
        Fault::Truncate(100_000),
        Fault::HangAfterResponseBytes(200_000),
    ] {
        faulty.storage.next(Matcher::method(Method::GET), fault.clone());
        assert!(faulty.read("k").await.unwrap() == pattern(1, 350_000), "{fault:?}");
    }
    // One that always breaks off ends with an error, not with fewer bytes.
    faulty.storage.always(Matcher::method(Method::GET), Fault::Truncate(10));
    let begun = Instant::now();
    assert!(faulty.read("k").await.is_err());
    assert!(begun.elapsed() < Duration::from_secs(20));
}

/// Another file's bytes never come, wherever the storage points.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bytes_of_another_size_are_refused() {
    let faulty = Faulty::new().await;
    faulty.put("k", pattern(1, 60_000)).await.unwrap();
    let id = faulty.world.stub.entries().into_iter().find(|entry| entry.name == "k").unwrap().id;
    faulty.world.stub.change(id, |entry| entry.size_bytes = 50_000);
    let store = faulty.world.open();
    let opened = store.open(&cx(), &faulty.bucket, &key("k"), OpenOptions::default()).await;
    assert!(opened.is_err());
}

/// Writes come through, or fail and leave nothing behind.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_come_through_or_leave_nothing() {
    for fault in passing() {
        for size in SIZES {
            for path in ["/uploads", "/create", "/batch-sign", "/complete", "/s3/entries", "/folders"] {
                let faulty = Faulty::new().await;
                faulty.api.next(Matcher::method(Method::POST).path(path), fault.clone());
                let put = faulty.put("d/k", pattern(2, size)).await;
                match put {
                    Ok(()) => {
                        assert!(faulty.read("d/k").await.unwrap() == pattern(2, size));
                        // Of an upload whose id was lost with the answer nobody knows; it holds no bytes.
                        let unknown = usize::from(path == "/create");
                        assert_eq!(faulty.left().0, 1, "{fault:?}, {path}, {size}");
                        assert!(faulty.left().1 <= unknown, "{fault:?}, {path}, {size}");
                    }
                    Err(error) => {
                        assert!(
                            matches!(error.kind, StoreErrorKind::Unavailable),
                            "{fault:?}, {path}: {error}"
                        );
                        // What went up although the answer was lost is whole.
                        if faulty.left().0 == 1 {
                            assert!(faulty.read("d/k").await.unwrap() == pattern(2, size));
                        }
                        assert_eq!(faulty.left().1, 0, "{fault:?}, {path}, {size}");
                    }
                }
            }
        }
    }
}

/// A 500 after the write took effect is looked into.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failure_after_the_effect_is_looked_into() {
    for size in SIZES {
        for path in ["/uploads", "/complete", "/s3/entries"] {
            let faulty = Faulty::new().await;
            let after = Fault::status_after_effect(StatusCode::INTERNAL_SERVER_ERROR);
            faulty.api.next(Matcher::method(Method::POST).path(path), after);
            faulty.put("k", pattern(3, size)).await.unwrap();
            assert!(faulty.read("k").await.unwrap() == pattern(3, size));
            assert_eq!(faulty.left(), (1, 0), "{path}, {size}");
        }
    }
}

/// Parts that do not get through leave the upload as it was.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_part_that_fails_leaves_the_upload_usable() {
    let faulty = Faulty::new().await;
    let (store, k) = (&faulty.store, key("k"));
    let id = store.create_upload(&cx(), &faulty.bucket, &k, CreateUploadOptions::default()).await.unwrap();
    let upload = UploadRef { bucket: &faulty.bucket, key: &k, id: &id };
    let cx = cx();
    let put = |bytes: Bytes| store.put_part(&cx, upload, 1, Body::from_bytes(bytes), PartOptions::default());
    for fault in [Fault::ResetAfterRequestBytes(50_000), Fault::Hang, Fault::status(StatusCode::FORBIDDEN)] {
        faulty.storage.next(Matcher::method(Method::PUT), fault.clone());
        let begun = Instant::now();
        assert!(put(pattern(1, 350_000)).await.is_err(), "{fault:?}");
        assert!(begun.elapsed() < Duration::from_secs(5), "{fault:?}");
    }
    let part = put(pattern(2, 350_000)).await.unwrap();
    let listed = store::CompletedPart { number: 1, etag: part.etag, checksum: None };
    store.complete_upload(&cx, upload, vec![listed], store::CompleteOptions::default()).await.unwrap();
    assert!(faulty.read("k").await.unwrap() == pattern(2, 350_000));
    assert_eq!(faulty.world.stub.leaked_tokens(), 0);
}

/// A body that turns out wrong never shows, not for a moment, and leaves nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_body_never_reaches_the_drive() {
    let faulty = Faulty::new().await;
    for size in SIZES {
        let wrong = hash::Hasher::checksum(types::ChecksumAlgorithm::Crc32c, b"other");
        let expected = ExpectedDigests { content_md5: None, checksum: ExpectedChecksum::Value(wrong) };
        let options = PutOptions { identity: Identity::Compute(expected), ..PutOptions::default() };
        let put = faulty.put_body("k", Body::from_bytes(pattern(1, size)), options);
        assert!(matches!(put.await.unwrap_err().kind, StoreErrorKind::DigestMismatch(Some(_))));
        let broken = Script::frames(&pattern(1, size), 8192).then(Step::Fail(BodyErrorKind::Incomplete));
        let put = faulty.put_body("k", broken.into_body(), PutOptions::default());
        assert!(matches!(put.await.unwrap_err().kind, StoreErrorKind::Body(_)));
        assert_eq!(faulty.left(), (0, 0), "{size}");
    }
}

/// A drive that hangs, or is not there, fails in bounded time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drive_that_hangs_fails_in_time() {
    let faulty = Faulty::new().await;
    faulty.api.always(Matcher::any(), Fault::Hang);
    let begun = Instant::now();
    let put = faulty.put("k", pattern(1, 10)).await;
    assert!(matches!(put.unwrap_err().kind, StoreErrorKind::Unavailable));
    assert!(begun.elapsed() < Duration::from_secs(20));
    let closed =
        std::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap().local_addr().unwrap();
    for endpoint in [format!("http://{closed}/api/v1"), "http://no-such-host.invalid/api/v1".to_owned()] {
        let store = faulty.world.open_at(endpoint);
        let head = store.head(&cx(), &faulty.bucket, &key("k"), OpenOptions::default()).await;
        assert!(matches!(head.unwrap_err().kind, StoreErrorKind::Unavailable));
    }
}

/// A token that does not do is told from a drive that is away.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_is_refused_is_told() {
    let faulty = Faulty::new().await;
    faulty.world.stub.set(|settings| settings.token = "another".to_owned());
    let error = faulty.put("k", pattern(1, 10)).await.unwrap_err();
    assert!(matches!(error.kind, StoreErrorKind::Denied), "{error}");
}

/// A service that answers the first page whatever it is asked for is not asked for ever.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_whose_pages_do_not_go_on_is_an_error() {
    let faulty = Faulty::new().await;
    let entry = "{\"id\":7,\"name\":\"media\",\"type\":\"folder\",\"parent_id\":null}";
    for more in ["\"next_page_url\":\"x\"", "\"last_page\":4000000000"] {
        let body = format!("{{\"data\":[{entry}],{more}}}");
        let page = Fault::Status {
            code: StatusCode::OK,
            headers: Vec::new(),
            body: body.into(),
            forward_first: false,
        };
        faulty.api.always(Matcher::method(Method::GET).path("/drive/file-entries?"), page);
        let store = faulty.world.open_at(format!("{}/api/v1", faulty.api.url()));
        let before = faulty.api.seen().count(&Method::GET, "/drive/file-entries?");
        let all = ListBuckets { prefix: String::new(), after: None, limit: 1000 };
        let cx = cx();
        let listed = tokio::time::timeout(Duration::from_secs(20), store.list_buckets(&cx, all));
        let error = listed.await.unwrap().unwrap_err();
        assert!(matches!(error.kind, StoreErrorKind::Internal), "{error}");
        assert!(format!("{:?}", error.source).contains("pages do not go on"), "{error:?}");
        assert!(faulty.api.seen().count(&Method::GET, "/drive/file-entries?") - before <= 10);
        faulty.api.clear();
    }
}
