//! Buckets of other regions than the configured one: the service tells, the request is signed anew and made once more.

#![allow(clippy::unwrap_used, reason = "a step that fails is a failed test")]

mod support;

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use conformance::blob::bodies::pattern;
use hash::Md5;
use http::{Method, Request, Response};
use meta::MemoryMeta;
use remote::Limits;
use remote_s3::{Addressing, Conditional, S3Options, S3Store};
use store::{Bucket, BucketStore, ObjectStore, OpenOptions, PutOptions, StoreError, StoreErrorKind};
use stubs::server::Server;
use types::{Body, BucketName, ByteRange, Context, ETag, ObjectKey};

/// How the service tells that a bucket is elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// 301 with the header.
    Permanent,
    /// 307 with the header, and a place to go to.
    Temporary,
    /// 400 with the region in the document.
    Malformed,
    /// 301 without a word of where.
    Silent,
    /// Whatever region is signed for, it is the other one.
    ToAndFro,
}

/// What came: method, path, the region that it was signed for, the body's length.
type Came = Arc<Mutex<Vec<(Method, String, String, usize)>>>;

/// A service on which everything whose path holds `part` is in `eu-west-1`, and the rest wherever it is asked for.
struct Scene {
    _server: Server,
    came: Came,
    store: S3Store,
    bucket: Bucket,
    cx: Context,
}

fn start(manner: Manner, part: &'static str) -> (Server, Came) {
    let came = Came::default();
    let log = came.clone();
    let server = Server::start((Ipv4Addr::LOCALHOST, 0).into(), move |request: Request<Bytes>| {
        let region = region_of(&request);
        let path = request.uri().path_and_query().unwrap().to_string();
        let entry = (request.method().clone(), path.clone(), region.clone(), request.body().len());
        log.lock().unwrap().push(entry);
        let is_elsewhere = path.contains(part) && (region != "eu-west-1" || manner == Manner::ToAndFro);
        let response = if is_elsewhere { elsewhere(manner, &region) } else { answer(&request) };
        async move { response }
    });
    (server.unwrap(), came)
}

/// The region of the credential's scope.
fn region_of(request: &Request<Bytes>) -> String {
    let header = request.headers()["authorization"].to_str().unwrap();
    header.split("Credential=").nth(1).unwrap().split('/').nth(2).unwrap().to_owned()
}

fn elsewhere(manner: Manner, asked: &str) -> Response<Bytes> {
    let (status, code, region) = match manner {
        Manner::Permanent => (301, "PermanentRedirect", Some("eu-west-1")),
        Manner::Temporary => (307, "TemporaryRedirect", Some("eu-west-1")),
        Manner::Malformed => (400, "AuthorizationHeaderMalformed", None),
        Manner::Silent => (301, "PermanentRedirect", None),
        Manner::ToAndFro => {
            (301, "PermanentRedirect", Some(if asked == "eu-west-1" { "us-east-1" } else { "eu-west-1" }))
        }
    };
    let named = if manner == Manner::Malformed { "<Region>eu-west-1</Region>" } else { "" };
    let mut response = Response::builder().status(status);
    if let Some(region) = region {
        response = response.header("x-amz-bucket-region", region);
    }
    if manner == Manner::Temporary {
        // Never gone to: it is another host.
        response = response.header("location", "http://elsewhere.invalid/b/k");
    }
    response.body(format!("<Error><Code>{code}</Code>{named}</Error>").into()).unwrap()
}

/// A service that takes everything and holds one object.
fn answer(request: &Request<Bytes>) -> Response<Bytes> {
    let query = request.uri().query().unwrap_or_default();
    let respond =
        |status: u16, body: &'static str| Response::builder().status(status).body(Bytes::from(body)).unwrap();
    match (request.method(), query) {
        (_, query) if query.starts_with("versioning") => respond(200, "<VersioningConfiguration/>"),
        (_, query) if query.starts_with("tagging") => {
            respond(404, "<Error><Code>NoSuchTagSet</Code></Error>")
        }
        (&Method::GET, _) => {
            let etag = format!("\"{}\"", ETag::from_md5(Md5::digest(b"here")));
            let mut response = respond(200, "here");
            response.headers_mut().insert("etag", etag.parse().unwrap());
            response.headers_mut().insert("last-modified", "Thu, 01 Jan 2026 00:00:00 GMT".parse().unwrap());
            response
        }
        (&Method::PUT, _) => {
            let etag = format!("\"{}\"", ETag::from_md5(Md5::digest(request.body())));
            Response::builder().header("etag", etag).body(Bytes::new()).unwrap()
        }
        (&Method::DELETE, _) => respond(204, ""),
        _ => respond(404, ""),
    }
}

impl Scene {
    async fn new(manner: Manner, part: &'static str) -> Result<Self, (StoreError, Came)> {
        let (server, came) = start(manner, part);
        let url = format!("http://{}", server.address());
        let options = support::options(&url, Addressing::Path, MemoryMeta::default(), Limits::default());
        let store = S3Store::new(S3Options { conditional: Conditional::Native, ..options });
        let cx = Context::background();
        match store.bucket(&cx, &BucketName::new("distant").unwrap()).await {
            Ok(bucket) => Ok(Self { _server: server, came, store, bucket, cx }),
            Err(error) => Err((error, came)),
        }
    }

    async fn read(&self, name: &str) -> Result<Bytes, StoreError> {
        let opened = self.store.open(&self.cx, &self.bucket, &key(name), OpenOptions::default()).await?;
        let body = opened.content.read(ByteRange::whole(opened.info.size_bytes)).await?;
        Ok(body.collect(100).await.unwrap())
    }

    /// The regions that requests with `part` in their path were signed for, in order.
    fn regions(&self, part: &str) -> Vec<String> {
        let came = self.came.lock().unwrap();
        came.iter()
            .filter(|(_, path, _, _)| path.contains(part))
            .map(|(_, _, region, _)| region.clone())
            .collect()
    }
}

fn key(name: &str) -> ObjectKey {
    ObjectKey::new(name).unwrap()
}

#[tokio::test]
async fn a_bucket_of_another_region_is_found_and_asked_there_from_then_on() {
    for manner in [Manner::Permanent, Manner::Temporary, Manner::Malformed] {
        let scene =
            Scene::new(manner, "/distant").await.unwrap_or_else(|(error, _)| panic!("{manner:?}: {error}"));
        for part in ["versioning", "tagging"] {
            assert_eq!(scene.regions(part), ["us-east-1", "eu-west-1"], "{manner:?}, {part}");
        }
        assert_eq!(scene.read("k").await.unwrap(), "here");
        assert_eq!(scene.read("k").await.unwrap(), "here");
        assert_eq!(scene.regions("/distant/k"), ["eu-west-1", "eu-west-1"], "{manner:?}");
    }
}

#[tokio::test]
async fn a_redirect_that_leads_nowhere_is_followed_once_at_most() {
    for (manner, asked) in [(Manner::ToAndFro, 2), (Manner::Silent, 1)] {
        let scene = Scene::new(manner, "/distant/k").await.unwrap_or_else(|(error, _)| panic!("{error}"));
        let error = scene.read("k").await.unwrap_err();
        assert!(matches!(error.kind, StoreErrorKind::Unavailable), "{error}");
        assert_eq!(scene.regions("/distant/k").len(), asked, "{manner:?}");
    }
    // A bucket that nobody can find is an error too.
    let Err((error, came)) = Scene::new(Manner::ToAndFro, "/distant").await else { panic!("it was found") };
    assert!(matches!(error.kind, StoreErrorKind::Unavailable), "{error}");
    assert!(came.lock().unwrap().len() <= 4);
}

#[tokio::test]
async fn a_body_that_cannot_be_sent_again_is_not() {
    let scene =
        Scene::new(Manner::Permanent, "/distant/stream").await.unwrap_or_else(|(error, _)| panic!("{error}"));
    let put = async || {
        let frames = pattern(1, 300_000).chunks(64 << 10).map(Bytes::copy_from_slice).collect();
        let body = Body::from_frames(frames);
        scene.store.put(&scene.cx, &scene.bucket, &key("stream"), body, PutOptions::default()).await
    };
    let error = put().await.unwrap_err();
    assert!(matches!(error.kind, StoreErrorKind::Unavailable), "{error}");
    assert_eq!(scene.regions("/distant/stream"), ["us-east-1"]);
    // What was learnt serves the next one, which is sent once too.
    let made = put().await.unwrap();
    assert_eq!(made.etag, ETag::from_md5(Md5::digest(&pattern(1, 300_000))));
    assert_eq!(scene.regions("/distant/stream"), ["us-east-1", "eu-west-1"]);
    // One at hand is sent again.
    let scene =
        Scene::new(Manner::Permanent, "/distant/small").await.unwrap_or_else(|(error, _)| panic!("{error}"));
    let body = Body::from_bytes(pattern(2, 100));
    scene.store.put(&scene.cx, &scene.bucket, &key("small"), body, PutOptions::default()).await.unwrap();
    assert_eq!(scene.regions("/distant/small"), ["us-east-1", "eu-west-1"]);
    assert_eq!(scene.came.lock().unwrap().iter().filter(|came| came.3 == 100).count(), 2);
}
