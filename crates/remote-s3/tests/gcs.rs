//! The side of Cloud Storage that speaks S3, with HMAC keys: the project's stand-in verifies every signature, and lacks what
//! Cloud Storage lacks.

#![allow(clippy::unwrap_used, reason = "a step that fails is a failed test")]

mod support;

use std::sync::Arc;

use bytes::Bytes;
use conformance::blob::bodies::pattern;
use http::StatusCode;
use meta::MemoryMeta;
use remote::Limits;
use remote_s3::{Addressing, Conditional, Credentials, S3Options, S3Store, Secret};
use store::{
    Bucket, BucketStore, CompleteOptions, CompletedPart, CopyOptions, CopySource, CreateUploadOptions,
    DeleteOptions, DeleteTarget, Directive, ListEntry, ListObjects, ListParts, Missing, MultipartStore,
    ObjectStore, OpenOptions, PartOptions, Position, PutOptions, StoreError, StoreErrorKind, Support,
    UploadRef, WriteCondition,
};
use stubs::faults::{Fault, Faults, Matcher};
use stubs::gcs::{Settings, Stub};
use types::{Body, BucketName, ByteRange, Context, ETag, ObjectKey, ObjectMetadata, TagSet};

/// The smallest part but the last of the stand-in.
const PART_BYTES: usize = 5 << 20;

struct Scene {
    stub: Stub,
    store: S3Store,
    bucket: Bucket,
    cx: Context,
}

fn open(stub: &Stub, id: &str, secret: &str) -> S3Store {
    S3Store::new(options(&stub.url(), id, secret))
}

fn options(url: &str, id: &str, secret: &str) -> S3Options {
    let credentials = Credentials {
        access_key_id: id.to_owned(),
        secret: Secret::new(secret),
        session_token: None,
        expires_at: None,
    };
    let options = support::options(url, Addressing::Path, MemoryMeta::default(), Limits::default());
    let region = Some("auto".to_owned());
    S3Options { region, credentials: Arc::new(credentials), ..options }
}

fn start() -> Stub {
    Stub::start(Settings { page_max: 3, ..Settings::default() }).unwrap()
}

async fn make_bucket(store: &S3Store) -> Result<Bucket, StoreError> {
    let name = BucketName::new("interoperable").unwrap();
    let owner = types::Owner { id: types::CanonicalId::from_text("0"), display_name: "root".into() };
    store.create_bucket(&Context::background(), &name, &owner, &TagSet::default()).await
}

impl Scene {
    async fn new() -> Self {
        let stub = start();
        let (id, secret) = stub.hmac_key();
        let store = open(&stub, id, secret);
        let bucket = make_bucket(&store).await.unwrap();
        Self { stub, store, bucket, cx: Context::background() }
    }

    async fn put(&self, name: &str, bytes: Bytes, condition: WriteCondition) -> Result<ETag, StoreError> {
        let mut metadata = ObjectMetadata::default();
        metadata.user.push(("colour".to_owned(), "blue".to_owned()));
        let options = PutOptions { metadata, condition, ..PutOptions::default() };
        let body = Body::from_frames(bytes.chunks(64 << 10).map(Bytes::copy_from_slice).collect());
        self.store.put(&self.cx, &self.bucket, &key(name), body, options).await.map(|put| put.etag)
    }

    async fn read(&self, name: &str, range: Option<ByteRange>) -> Result<Bytes, StoreError> {
        let opened = self.store.open(&self.cx, &self.bucket, &key(name), OpenOptions::default()).await?;
        let range = range.unwrap_or(ByteRange::whole(opened.info.size_bytes));
        Ok(opened.content.read(range).await?.collect(64 << 20).await.unwrap())
    }

    async fn list(&self, prefix: &str, delimiter: Option<&str>, after: Option<Position>) -> Vec<String> {
        let delimiter = delimiter.map(str::to_owned);
        let options = ListObjects { prefix: prefix.to_owned(), delimiter, after, limit: 100 };
        let page = self.store.list(&self.cx, &self.bucket, options).await.unwrap();
        let name = |entry| match entry {
            ListEntry::Object(object) => object.key.as_str().to_owned(),
            ListEntry::Prefix(prefix) => prefix,
        };
        page.entries.into_iter().map(name).collect()
    }
}

fn key(name: &str) -> ObjectKey {
    ObjectKey::new(name).unwrap()
}

#[tokio::test]
async fn objects_of_every_way_up_come_back() {
    let scene = Scene::new().await;
    // At hand; streamed; and with a name that has to be encoded in the signature.
    for (name, size) in [("small", 10), ("streamed", 300_000), ("a b/+ é&=?%", 1_000)] {
        let bytes = pattern(1, size);
        let etag = scene.put(name, bytes.clone(), WriteCondition::Always).await.unwrap();
        assert_eq!(etag, ETag::from_md5(hash::Md5::digest(&bytes)));
        assert!(scene.read(name, None).await.unwrap() == bytes, "{name}");
        let part = ByteRange { start: 3, end: 9 };
        assert_eq!(scene.read(name, Some(part)).await.unwrap(), bytes.slice(3..9));
        let info =
            scene.store.head(&scene.cx, &scene.bucket, &key(name), OpenOptions::default()).await.unwrap();
        assert_eq!((info.etag, info.size_bytes), (etag, size as u64));
        assert!(
            info.metadata
                .user
                .iter()
                .any(|(name, value)| (name.as_str(), value.as_str()) == ("colour", "blue"))
        );
    }
}

#[tokio::test]
async fn listings_fold_and_go_on_page_by_page() {
    let scene = Scene::new().await;
    let names = ["a", "b/1", "b/2", "b/3", "c d", "e", "f/1", "g"];
    for name in names {
        scene.put(name, Bytes::from_static(b"x"), WriteCondition::Always).await.unwrap();
    }
    assert_eq!(scene.list("", None, None).await, names);
    assert_eq!(scene.list("", Some("/"), None).await, ["a", "b/", "c d", "e", "f/", "g"]);
    assert_eq!(scene.list("b/", None, None).await, ["b/1", "b/2", "b/3"]);
    let after = Some(Position::Prefix("b/".to_owned()));
    assert_eq!(scene.list("", Some("/"), after).await, ["c d", "e", "f/", "g"]);
    let buckets = store::ListBuckets { prefix: String::new(), after: None, limit: 10 };
    assert_eq!(scene.store.list_buckets(&scene.cx, buckets).await.unwrap().buckets.len(), 1);
}

#[tokio::test]
async fn an_upload_in_parts_becomes_one_object() {
    let scene = Scene::new().await;
    let name = key("parts");
    let options = CreateUploadOptions::default();
    let id = scene.store.create_upload(&scene.cx, &scene.bucket, &name, options).await.unwrap();
    let upload = UploadRef { bucket: &scene.bucket, key: &name, id: &id };
    let (mut listed, mut whole) = (Vec::new(), Vec::new());
    for (number, size) in [(1, PART_BYTES), (2, PART_BYTES), (3, 10), (4, 0)] {
        let bytes = pattern(u64::from(number), size);
        whole.extend_from_slice(&bytes);
        let body = Body::from_bytes(bytes);
        let part = scene.store.put_part(&scene.cx, upload, number, body, PartOptions::default()).await;
        let part = part.unwrap();
        listed.push(CompletedPart { number, etag: part.etag, checksum: part.checksum });
    }
    // The last part of nothing is given up: no other may be smaller than the smallest.
    listed.pop();
    let page = ListParts { after: 1, limit: 10 };
    let parts = scene.store.list_parts(&scene.cx, upload, page).await.unwrap().parts;
    assert_eq!(parts.iter().map(|part| part.number).collect::<Vec<_>>(), [2, 3, 4]);
    let done = scene.store.complete_upload(&scene.cx, upload, listed, CompleteOptions::default()).await;
    let done = done.unwrap();
    assert!(done.etag.md5().is_none(), "{}", done.etag);
    assert!(scene.read("parts", None).await.unwrap() == whole);
    let id = scene.store.create_upload(&scene.cx, &scene.bucket, &name, CreateUploadOptions::default()).await;
    let id = id.unwrap();
    let upload = UploadRef { bucket: &scene.bucket, key: &name, id: &id };
    scene.store.abort_upload(&scene.cx, upload).await.unwrap();
    let again = scene.store.list_parts(&scene.cx, upload, ListParts { after: 0, limit: 1 }).await;
    assert!(matches!(again.unwrap_err().kind, StoreErrorKind::Missing(Missing::Upload)));
}

#[tokio::test]
async fn objects_are_copied_and_deleted_alone_and_together() {
    let scene = Scene::new().await;
    let etag = scene.put("from", pattern(2, 1_000), WriteCondition::Always).await.unwrap();
    let bucket = Arc::new(scene.bucket.clone());
    let source = CopySource { bucket, key: key("from"), version_id: None, etag };
    let options = CopyOptions {
        metadata: Directive::Copy,
        storage_class: None,
        tags: Directive::Copy,
        checksum: None,
        condition: WriteCondition::Always,
    };
    scene.store.copy(&scene.cx, &source, &scene.bucket, &key("to"), options).await.unwrap();
    assert!(scene.read("to", None).await.unwrap() == pattern(2, 1_000));
    // It knows no deletes of many: they are made one by one, and whoever is not there is deleted already.
    let target = |name| DeleteTarget { key: key(name), options: DeleteOptions::default() };
    for round in 0..2 {
        let targets = vec![target("from"), target("none"), target("to")];
        let outcomes = scene.store.delete_many(&scene.cx, &scene.bucket, targets).await.unwrap();
        assert!(outcomes.iter().all(Result::is_ok), "{round}: {outcomes:?}");
    }
    assert_eq!(scene.list("", None, None).await, Vec::<String>::new());
    let gone = scene.read("to", None).await.unwrap_err();
    assert!(matches!(gone.kind, StoreErrorKind::Missing(Missing::Key)));
    scene.store.delete_bucket(&scene.cx, &scene.bucket).await.unwrap();
    let gone = scene.store.bucket(&scene.cx, &scene.bucket.name).await.unwrap_err();
    assert!(matches!(gone.kind, StoreErrorKind::Missing(Missing::Bucket)));
}

#[tokio::test]
async fn conditions_that_are_ignored_are_refused() {
    let scene = Scene::new().await;
    scene.put("k", pattern(3, 10), WriteCondition::Always).await.unwrap();
    let refused = scene.put("k", pattern(4, 10), WriteCondition::IfAbsent).await.unwrap_err();
    assert!(matches!(refused.kind, StoreErrorKind::Unsupported(_)), "{refused}");
    assert!(scene.read("k", None).await.unwrap() == pattern(3, 10));
    // What the probe put there is gone again.
    assert_eq!(scene.list("", None, None).await, ["k"]);
    let store = open(&scene.stub, scene.stub.hmac_key().0, scene.stub.hmac_key().1);
    store.bucket(&scene.cx, &scene.bucket.name).await.unwrap();
    assert!(matches!(store.capabilities(&scene.bucket).bucket_tags, Support::No(_)));
    assert!(matches!(scene.store.capabilities(&scene.bucket).conditional_put, Support::No(_)));
}

#[tokio::test]
async fn nobody_comes_in_with_another_key() {
    let stub = start();
    let (id, secret) = stub.hmac_key();
    for store in [open(&stub, id, "another"), open(&stub, "GOOG1OTHER", secret)] {
        let refused = make_bucket(&store).await.unwrap_err();
        assert!(matches!(refused.kind, StoreErrorKind::Unavailable | StoreErrorKind::Denied), "{refused}");
    }
    let store = open(&stub, id, secret);
    let unsigned = format!("{}/interoperable", stub.url());
    assert!(make_bucket(&store).await.is_ok());
    assert_eq!(plain_get(&unsigned).await, StatusCode::UNAUTHORIZED);
}

/// What a service stored wrong is removed by its tag, where the service looks at it; and else it is left, since it may be
/// another writer's by now.
#[tokio::test]
async fn an_object_that_was_stored_wrong_is_removed_on_condition_or_not_at_all() {
    const WRONG: &str = "00000000000000000000000000000000";
    let scene = Scene::new().await;
    let faults = Faults::start(scene.stub.address()).unwrap();
    let (id, secret) = scene.stub.hmac_key();
    for conditional in [Conditional::Probe, Conditional::Native] {
        let store = S3Store::new(S3Options { conditional, ..options(&faults.url(), id, secret) });
        let put = async || {
            let body = Body::from_bytes(pattern(5, 100));
            store.put(&scene.cx, &scene.bucket, &key("wrong"), body, PutOptions::default()).await
        };
        put().await.unwrap();
        let tagged = Fault::Header { name: "etag".to_owned(), value: format!("\"{WRONG}\"") };
        faults.next(Matcher::method(http::Method::PUT).path("/wrong"), tagged);
        let removal = Matcher::method(http::Method::DELETE).path("/wrong").header("if-match", WRONG);
        faults.next(removal, Fault::status(StatusCode::PRECONDITION_FAILED));
        let before = faults.seen().count(&http::Method::DELETE, "/wrong");
        assert!(matches!(put().await.unwrap_err().kind, StoreErrorKind::Unavailable));
        let removals = faults.seen().count(&http::Method::DELETE, "/wrong") - before;
        let is_native = conditional == Conditional::Native;
        assert_eq!((removals, faults.pending()), if is_native { (1, 0) } else { (0, 1) });
        faults.clear();
        assert!(scene.read("wrong", None).await.is_ok());
    }
}

async fn plain_get(url: &str) -> StatusCode {
    let options = support::options(
        url.rsplit_once('/').unwrap().0,
        Addressing::Path,
        MemoryMeta::default(),
        Limits::default(),
    );
    let request = remote::Request::new(http::Method::GET, url.parse().unwrap());
    let cx = Context::background();
    options.client.send(&cx, request, &remote::Anonymous).await.unwrap().status
}
