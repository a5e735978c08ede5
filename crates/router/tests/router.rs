//! The router over two native stores in memory.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use router::{Home, Router};
use store::{
    Bucket, BucketStore, CompleteOptions, CompletedPart, CopyOptions, CopyPartOptions, CopySource,
    CreateUploadOptions, Directive, ListBuckets, Missing, MultipartStore, ObjectStore, OpenOptions,
    PartOptions, PutOptions, SharedStore, StoreErrorKind, UploadRef, WriteCondition,
};
use support::{cx, key, memory, name, owner};
use types::{Body, ByteRange, ChecksumAlgorithm, ETag, ObjectMetadata, TagSet};

struct World {
    near: SharedStore,
    far: SharedStore,
    router: Router,
}

impl World {
    /// `far-one` and `far-two` are at home in `far`, all others in `near`.
    fn new() -> Self {
        let (near, far) = (memory(), memory());
        let homes = ["far-one", "far-two"].map(|home| (name(home), Home::new(far.clone())));
        let router = Router::new(BTreeMap::from(homes), near.clone());
        Self { near, far, router }
    }

    async fn make(&self, bucket: &str) -> Bucket {
        self.router.create_bucket(&cx(), &name(bucket), &owner("ann"), &TagSet::default()).await.unwrap()
    }

    async fn list(&self, after: Option<&str>, limit: usize) -> (Vec<String>, bool) {
        let options = ListBuckets { prefix: String::new(), after: after.map(str::to_owned), limit };
        let page = self.router.list_buckets(&cx(), options).await.unwrap();
        (page.buckets.iter().map(|bucket| bucket.name.to_string()).collect(), page.more)
    }

    async fn read(&self, bucket: &Bucket, at: &str) -> Bytes {
        let opened = self.router.open(&cx(), bucket, &key(at), OpenOptions::default()).await.unwrap();
        let body = opened.content.read(ByteRange::whole(opened.info.size_bytes)).await.unwrap();
        body.collect(1 << 24).await.unwrap()
    }
}

fn source(bucket: &Bucket, at: &str, etag: ETag) -> CopySource {
    CopySource { bucket: Arc::new(bucket.clone()), key: key(at), version_id: None, etag }
}

fn copy_options() -> CopyOptions {
    CopyOptions {
        metadata: Directive::Copy,
        storage_class: None,
        tags: Directive::Copy,
        checksum: None,
        condition: WriteCondition::Always,
    }
}

fn named() -> PutOptions {
    let tags = TagSet::new(vec![("colour".into(), "red".into())], TagSet::OBJECT_MAX).unwrap();
    let user = vec![("name".to_owned(), "value".to_owned())];
    PutOptions { metadata: ObjectMetadata { user, tags, ..Default::default() }, ..Default::default() }
}

#[tokio::test]
async fn each_bucket_lives_in_its_home() {
    let world = World::new();
    world.make("far-one").await;
    world.make("middle").await;
    assert!(world.far.bucket(&cx(), &name("far-one")).await.is_ok());
    assert!(world.near.bucket(&cx(), &name("middle")).await.is_ok());
    let error = world.near.bucket(&cx(), &name("far-one")).await.unwrap_err();
    assert!(matches!(error.kind, StoreErrorKind::Missing(Missing::Bucket)));
}

#[tokio::test]
async fn listings_merge_in_order_at_every_page_size() {
    let world = World::new();
    for bucket in ["aaa", "far-one", "far-two", "ggg", "zzz"] {
        world.make(bucket).await;
    }
    // A bucket of a home's name in the other store is not one of ours.
    world.near.create_bucket(&cx(), &name("far-two"), &owner("bob"), &TagSet::default()).await.unwrap();
    for limit in 1..=6 {
        let (mut all, mut after) = (Vec::new(), None::<String>);
        loop {
            let (page, more) = world.list(after.as_deref(), limit).await;
            assert!(page.len() <= limit && (!more || !page.is_empty()), "limit {limit}");
            all.extend(page);
            after = all.last().cloned();
            if !more {
                break;
            }
        }
        assert_eq!(all, ["aaa", "far-one", "far-two", "ggg", "zzz"], "limit {limit}");
    }
}

#[tokio::test]
async fn a_copy_between_stores_keeps_bytes_and_identity() {
    let world = World::new();
    let (from, to) = (world.make("far-one").await, world.make("middle").await);
    let data = Bytes::from(vec![5; 200_000]);
    let put =
        world.router.put(&cx(), &from, &key("a"), Body::from_bytes(data.clone()), named()).await.unwrap();
    let copied = world
        .router
        .copy(&cx(), &source(&from, "a", put.etag.clone()), &to, &key("b"), copy_options())
        .await
        .unwrap();
    assert_eq!((&copied.etag, copied.checksum), (&put.etag, put.checksum));
    assert_eq!(world.read(&to, "b").await, data);
    let info = world.router.head(&cx(), &to, &key("b"), OpenOptions::default()).await.unwrap();
    assert_eq!(info.metadata, named().metadata);

    let options = CopyOptions { checksum: Some(ChecksumAlgorithm::Sha256), ..copy_options() };
    let hashed = world
        .router
        .copy(&cx(), &source(&from, "a", put.etag.clone()), &to, &key("c"), options)
        .await
        .unwrap();
    assert_eq!(hashed.checksum.unwrap().algorithm, ChecksumAlgorithm::Sha256);

    let stale = source(&from, "a", ETag::from_text("another"));
    let error = world.router.copy(&cx(), &stale, &to, &key("d"), copy_options()).await.unwrap_err();
    assert!(matches!(error.kind, StoreErrorKind::Conflict));
}

#[tokio::test]
async fn a_multipart_object_crosses_with_its_parts() {
    let world = World::new();
    let (from, to) = (world.make("far-one").await, world.make("middle").await);
    let put = world
        .router
        .put(&cx(), &from, &key("a"), Body::from_bytes(vec![1; 1000].into()), named())
        .await
        .unwrap();
    let at = key("joined");
    let id = world.router.create_upload(&cx(), &to, &at, CreateUploadOptions::default()).await.unwrap();
    let upload = UploadRef { bucket: &to, key: &at, id: &id };
    let range = Some(ByteRange { start: 10, end: 110 });
    let first = world
        .router
        .copy_part(&cx(), &source(&from, "a", put.etag), upload, 1, CopyPartOptions { range })
        .await
        .unwrap();
    let body = Body::from_bytes(vec![2; 50].into());
    let second = world.router.put_part(&cx(), upload, 2, body, PartOptions::default()).await.unwrap();
    let listed = |number, etag| CompletedPart { number, etag, checksum: None };
    let parts = vec![listed(1, first.etag), listed(2, second.etag)];
    let whole = world.router.complete_upload(&cx(), upload, parts, CompleteOptions::default()).await.unwrap();

    let copied = world
        .router
        .copy(&cx(), &source(&to, "joined", whole.etag.clone()), &from, &key("back"), copy_options())
        .await
        .unwrap();
    assert_eq!(copied.etag, whole.etag);
    assert_eq!(world.read(&from, "back").await, [vec![1; 100], vec![2; 50]].concat());
    let options = OpenOptions { part_number: Some(2), ..Default::default() };
    let part = world.router.head(&cx(), &from, &key("back"), options).await.unwrap().part.unwrap();
    assert_eq!(part.range, ByteRange { start: 100, end: 150 });
}
