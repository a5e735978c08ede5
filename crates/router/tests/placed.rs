//! Buckets with another name in their store, and buckets that are parts of one.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use router::{Home, Router};
use store::{
    Bucket, BucketStore, BucketUpdate, CopyOptions, CopySource, CreateUploadOptions, DeleteOptions,
    DeleteTarget, Directive, ListBuckets, ListEntry, ListObjects, ListUploads, ListVersions, Missing,
    MultipartStore, ObjectStore, OpenOptions, Position, PutOptions, SharedStore, StoreError, StoreErrorKind,
    Support, UploadEntry, VersionEntry, Versioning, WriteCondition,
};
use support::{cx, key, memory, name, owner};
use types::{Body, ByteRange, ETag, TagSet};

/// `left` and `right` are the parts `l/` and `r/` of `shared`, `reports` is `reports-prod` and belongs to ann, all in the
/// store of all others.
struct World {
    near: SharedStore,
    router: Router,
}

fn home(store: &SharedStore, remote: &str, prefix: Option<&str>) -> Home {
    let prefix = prefix.map(str::to_owned);
    Home { remote: Some(name(remote)), prefix, ..Home::new(store.clone()) }
}

impl World {
    fn new() -> Self {
        let near = memory();
        let reports = Home { owner: Some(owner("ann")), ..home(&near, "reports-prod", None) };
        let homes = [
            (name("left"), home(&near, "shared", Some("l/"))),
            (name("right"), home(&near, "shared", Some("r/"))),
            (name("reports"), reports),
        ];
        Self { router: Router::new(BTreeMap::from(homes), near.clone()), near }
    }

    async fn make(&self, bucket: &str) -> Bucket {
        match self.router.create_bucket(&cx(), &name(bucket), &owner("root"), &TagSet::default()).await {
            Err(error) if matches!(error.kind, StoreErrorKind::BucketExists) => {
                self.router.bucket(&cx(), &name(bucket)).await.unwrap()
            }
            made => made.unwrap(),
        }
    }

    async fn put(&self, bucket: &Bucket, at: &str, text: &str) -> ETag {
        let body = Body::from_bytes(Bytes::from(text.to_owned()));
        self.router.put(&cx(), bucket, &key(at), body, PutOptions::default()).await.unwrap().etag
    }

    async fn put_below(&self, bucket: &Bucket, at: &str) {
        let body = Body::from_bytes(Bytes::from_static(b"below"));
        self.near.put(&cx(), bucket, &key(at), body, PutOptions::default()).await.unwrap();
    }

    async fn read(&self, bucket: &Bucket, at: &str) -> Result<Bytes, StoreError> {
        let opened = self.router.open(&cx(), bucket, &key(at), OpenOptions::default()).await?;
        let body = opened.content.read(ByteRange::whole(opened.info.size_bytes)).await?;
        Ok(body.collect(1 << 20).await.unwrap())
    }

    async fn list(&self, bucket: &Bucket, options: ListObjects) -> Vec<String> {
        let page = self.router.list(&cx(), bucket, ListObjects { limit: 100, ..options }).await.unwrap();
        let shown = |entry| match entry {
            ListEntry::Object(object) => object.key.to_string(),
            ListEntry::Prefix(prefix) => format!("{prefix}*"),
        };
        page.entries.into_iter().map(shown).collect()
    }

    async fn below(&self, remote: &str) -> Vec<String> {
        let bucket = self.near.bucket(&cx(), &name(remote)).await.unwrap();
        let options = ListObjects { limit: 100, ..Default::default() };
        let page = self.near.list(&cx(), &bucket, options).await.unwrap();
        let shown = |entry| match entry {
            ListEntry::Object(object) => object.key.to_string(),
            ListEntry::Prefix(prefix) => prefix,
        };
        page.entries.into_iter().map(shown).collect()
    }
}

#[tokio::test]
async fn parts_of_one_bucket_do_not_see_each_other() {
    let world = World::new();
    let (left, right) = (world.make("left").await, world.make("right").await);
    world.put(&left, "a", "left").await;
    world.put(&right, "a", "right").await;
    world.put(&right, "l/a", "deeper").await;
    assert_eq!(world.read(&left, "a").await.unwrap(), "left");
    assert_eq!(world.read(&right, "a").await.unwrap(), "right");
    assert_eq!(world.list(&left, ListObjects::default()).await, ["a"]);
    assert_eq!(world.list(&right, ListObjects::default()).await, ["a", "l/a"]);
    assert_eq!(world.below("shared").await, ["l/a", "r/a", "r/l/a"]);
    let left_a = DeleteTarget { key: key("a"), options: DeleteOptions::default() };
    world.router.delete_many(&cx(), &left, vec![left_a]).await.unwrap();
    assert_eq!(world.below("shared").await, ["r/a", "r/l/a"]);
    assert_eq!(world.read(&right, "a").await.unwrap(), "right");
}

#[tokio::test]
async fn the_key_that_is_the_prefix_is_not_listed() {
    let world = World::new();
    let left = world.make("left").await;
    let shared = world.near.bucket(&cx(), &name("shared")).await.unwrap();
    world.put_below(&shared, "l/").await;
    world.put_below(&shared, "l").await;
    world.put(&left, "x/y", "text").await;
    assert_eq!(world.list(&left, ListObjects::default()).await, ["x/y"]);
    let folded = ListObjects { delimiter: Some("/".into()), ..Default::default() };
    assert_eq!(world.list(&left, folded.clone()).await, ["x/*"]);
    let behind = ListObjects { after: Some(Position::Prefix("x/".into())), ..folded };
    assert!(world.list(&left, behind).await.is_empty());
}

#[tokio::test]
async fn a_copy_between_parts_stays_in_the_store_and_knows_its_source() {
    let world = World::new();
    let (left, right) = (world.make("left").await, world.make("right").await);
    let etag = world.put(&left, "a", "left").await;
    let source = CopySource { bucket: Arc::new(left.clone()), key: key("a"), version_id: None, etag };
    let options = CopyOptions {
        metadata: Directive::Copy,
        storage_class: None,
        tags: Directive::Copy,
        checksum: None,
        condition: WriteCondition::Always,
    };
    let copied = world.router.copy(&cx(), &source, &right, &key("b"), options).await.unwrap();
    assert_eq!(copied.etag, source.etag);
    assert_eq!(world.read(&right, "b").await.unwrap(), "left");
    assert_eq!(world.below("shared").await, ["l/a", "r/b"]);
}

#[tokio::test]
async fn uploads_of_a_part_are_listed_without_the_prefix() {
    let world = World::new();
    let (left, right) = (world.make("left").await, world.make("right").await);
    for (bucket, at) in [(&left, "one"), (&left, "two/x"), (&right, "one")] {
        world.router.create_upload(&cx(), bucket, &key(at), CreateUploadOptions::default()).await.unwrap();
    }
    let options = ListUploads { delimiter: Some("/".into()), limit: 10, ..Default::default() };
    let page = world.router.list_uploads(&cx(), &left, options).await.unwrap();
    let [UploadEntry::Upload(one), UploadEntry::Prefix(two)] = &page.entries[..] else {
        panic!("{:?}", page.entries)
    };
    assert_eq!((one.key.as_str(), two.as_str()), ("one", "two/"));
}

#[tokio::test]
async fn versions_of_a_part_are_those_of_its_keys() {
    let world = World::new();
    let (_, right) = (world.make("left").await, world.make("right").await);
    let shared = world.near.bucket(&cx(), &name("shared")).await.unwrap();
    let enable = || BucketUpdate::Versioning(Versioning::Enabled);
    world.near.update_bucket(&cx(), &shared, enable()).await.unwrap();
    let (left, right) = (
        world.router.bucket(&cx(), &name("left")).await.unwrap(),
        world.router.bucket(&cx(), &right.name).await.unwrap(),
    );
    assert_eq!(world.router.capabilities(&left).versioning, Support::Yes);
    // What is enabled already can be enabled; anything else concerns the other part too.
    assert_eq!(world.router.update_bucket(&cx(), &left, enable()).await.unwrap(), left);
    for text in ["1", "2", "3"] {
        world.put(&left, "a", text).await;
        world.put(&right, "a", text).await;
    }
    world.router.delete(&cx(), &left, &key("a"), DeleteOptions::default()).await.unwrap();
    let (mut all, mut after, mut after_version) = (Vec::new(), None, None);
    loop {
        let options = ListVersions { limit: 1, after, after_version, ..Default::default() };
        let page = world.router.list_versions(&cx(), &left, options).await.unwrap();
        let [VersionEntry::Version(version)] = &page.entries[..] else { panic!("{:?}", page.entries) };
        assert_eq!(version.key.as_str(), "a");
        after = Some(Position::Key("a".into()));
        after_version = Some(version.version_id.clone());
        all.push(version.version_id.clone());
        if !page.more {
            break;
        }
    }
    assert_eq!(all.len(), 4, "three versions and a marker");
    let options = OpenOptions { version_id: Some(all[2].clone()), ..Default::default() };
    let second = world.router.open(&cx(), &left, &key("a"), options).await.unwrap();
    let body = second.content.read(ByteRange::whole(1)).await.unwrap();
    assert_eq!(body.collect(1).await.unwrap(), "2");
}

#[tokio::test]
async fn what_is_the_whole_buckets_is_refused_on_a_part() {
    let world = World::new();
    let left = world.make("left").await;
    assert!(!world.router.capabilities(&left).versioning.is_yes());
    let tags = TagSet::new(vec![("a".into(), "b".into())], TagSet::BUCKET_MAX).unwrap();
    for update in [BucketUpdate::Versioning(Versioning::Enabled), BucketUpdate::Tags(tags.clone())] {
        let error = world.router.update_bucket(&cx(), &left, update).await.unwrap_err();
        assert!(matches!(error.kind, StoreErrorKind::Unsupported(_)), "{error}");
    }
    let error = world.router.delete_bucket(&cx(), &left).await.unwrap_err();
    assert!(matches!(error.kind, StoreErrorKind::Unsupported(_)), "{error}");
    let error = world.router.create_bucket(&cx(), &name("right"), &owner("root"), &tags).await.unwrap_err();
    assert!(matches!(error.kind, StoreErrorKind::Unsupported(_)), "{error}");
}

#[tokio::test]
async fn a_key_too_long_for_the_store_is_refused_and_never_found() {
    let world = World::new();
    let left = world.make("left").await;
    let (fits, long) = ("k".repeat(1022), "k".repeat(1023));
    world.put(&left, &fits, "fits").await;
    assert_eq!(world.read(&left, &fits).await.unwrap(), "fits");
    let put = world.router.put(&cx(), &left, &key(&long), Body::empty(), PutOptions::default()).await;
    assert!(matches!(put.unwrap_err().kind, StoreErrorKind::Unsupported(_)));
    let error = world.read(&left, &long).await.unwrap_err();
    assert!(matches!(error.kind, StoreErrorKind::Missing(Missing::Key)), "{error}");
    let targets = [&long, &fits, &long].map(|at| DeleteTarget { key: key(at), options: Default::default() });
    let outcomes = world.router.delete_many(&cx(), &left, targets.to_vec()).await.unwrap();
    assert_eq!(outcomes.iter().map(Result::is_ok).collect::<Vec<_>>(), [false, true, false]);
    assert!(world.below("shared").await.is_empty());
}

#[tokio::test]
async fn a_bucket_under_another_name_belongs_to_whom_the_configuration_says() {
    let world = World::new();
    let reports = world.make("reports").await;
    assert_eq!((reports.name.as_str(), &reports.owner), ("reports", &owner("ann")));
    world.put(&reports, "a", "text").await;
    assert_eq!(world.below("reports-prod").await, ["a"]);
    assert_eq!(world.router.bucket(&cx(), &name("reports")).await.unwrap(), reports);
    let suspended = BucketUpdate::Versioning(Versioning::Enabled);
    let updated = world.router.update_bucket(&cx(), &reports, suspended).await.unwrap();
    assert_eq!((&updated.name, &updated.owner), (&reports.name, &reports.owner));
}

#[tokio::test]
async fn a_bucket_that_a_home_is_made_of_has_no_second_name() {
    let world = World::new();
    for bucket in ["left", "right", "reports", "plain"] {
        world.make(bucket).await;
    }
    let options = ListBuckets { prefix: String::new(), after: None, limit: 10 };
    let page = world.router.list_buckets(&cx(), options).await.unwrap();
    let names: Vec<_> = page.buckets.iter().map(|bucket| bucket.name.as_str()).collect();
    assert_eq!(names, ["left", "plain", "reports", "right"]);
    let hidden = world.router.bucket(&cx(), &name("reports-prod")).await.unwrap_err();
    assert!(matches!(hidden.kind, StoreErrorKind::Missing(Missing::Bucket)), "{hidden}");
    let mallory = owner("mallory");
    let made = world.router.create_bucket(&cx(), &name("shared"), &mallory, &TagSet::default()).await;
    assert!(matches!(made.unwrap_err().kind, StoreErrorKind::BucketExists));
    let forged = Bucket { name: name("reports-prod"), ..page.buckets[1].clone() };
    let put = world.router.put(&cx(), &forged, &key("a"), Body::empty(), PutOptions::default()).await;
    assert!(matches!(put.unwrap_err().kind, StoreErrorKind::Missing(Missing::Bucket)));
}

#[tokio::test]
async fn a_bucket_with_layers_of_its_own_has_no_second_name_without_them() {
    let (near, wrapped) = (memory(), memory());
    let reports = Home { base: near.clone(), ..home(&wrapped, "reports-prod", None) };
    let homes = BTreeMap::from([(name("reports"), reports)]);
    let hidden = BTreeSet::from([name("copies")]);
    let router = Router::hiding(hidden, homes, Home::new(near.clone()));
    for taken in ["reports-prod", "copies"] {
        near.create_bucket(&cx(), &name(taken), &owner("root"), &TagSet::default()).await.unwrap();
        let found = router.bucket(&cx(), &name(taken)).await.unwrap_err();
        assert!(matches!(found.kind, StoreErrorKind::Missing(Missing::Bucket)), "{taken}: {found}");
        let made = router.create_bucket(&cx(), &name(taken), &owner("mallory"), &TagSet::default()).await;
        assert!(matches!(made.unwrap_err().kind, StoreErrorKind::BucketExists), "{taken}");
    }
    router.create_bucket(&cx(), &name("reports"), &owner("root"), &TagSet::default()).await.unwrap();
    let options = ListBuckets { prefix: String::new(), after: None, limit: 10 };
    let page = router.list_buckets(&cx(), options).await.unwrap();
    assert_eq!(page.buckets.iter().map(|bucket| bucket.name.as_str()).collect::<Vec<_>>(), ["reports"]);
}
