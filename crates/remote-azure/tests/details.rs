//! What the store promises beyond the port: other tools' blobs, the staging container, lost records.

#![allow(clippy::unwrap_used, reason = "a step that cannot go on has failed")]

mod common;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use common::{PART_MIN_BYTES, StubWorld};
use conformance::store::passing;
use meta::MemoryMeta;
use remote::Limits;
use remote_azure::{AzureOptions, AzureStore};
use store::{
    Bucket, BucketStore, CompleteOptions, CompletedPart, CopyOptions, CopySource, CreateUploadOptions,
    Directive, ListBuckets, ListEntry, ListObjects, ListParts, Missing, MultipartStore, ObjectStore,
    OpenOptions, Position, PutOptions, StoreErrorKind, UploadId, UploadRef, WriteCondition,
};
use stubs::azure::{FromUrl, Settings};
use types::{
    Body, BodyError, BodyStream, BucketName, ByteRange, Clock, Context, ETag, Frame, ObjectKey,
    ObjectMetadata, SystemClock, TagSet, Timestamp,
};

struct Desk {
    world: StubWorld,
    store: AzureStore,
    bucket: Bucket,
    cx: Context,
}

fn key(text: &str) -> ObjectKey {
    ObjectKey::new(text).unwrap()
}

impl Desk {
    async fn new() -> Self {
        Self::with(Settings::default()).await
    }

    async fn with(settings: Settings) -> Self {
        let world = StubWorld::new(settings);
        let (store, cx) = (world.store(), Context::background());
        let name = BucketName::new("bucket").unwrap();
        let bucket = store.create_bucket(&cx, &name, &common::root(), &TagSet::default()).await.unwrap();
        Self { world, store, bucket, cx }
    }

    async fn put(&self, name: &str, bytes: impl Into<Bytes>) -> ETag {
        let body = Body::from_bytes(bytes.into());
        self.store.put(&self.cx, &self.bucket, &key(name), body, PutOptions::default()).await.unwrap().etag
    }

    async fn read(&self, name: &str) -> Bytes {
        let opened =
            self.store.open(&self.cx, &self.bucket, &key(name), OpenOptions::default()).await.unwrap();
        let body = opened.content.read(ByteRange::whole(opened.info.size_bytes)).await.unwrap();
        body.collect(64 << 20).await.unwrap()
    }

    async fn head(&self, name: &str) -> store::ObjectInfo {
        self.store.head(&self.cx, &self.bucket, &key(name), OpenOptions::default()).await.unwrap()
    }

    async fn listed(&self) -> Vec<ListEntry> {
        let options = ListObjects { limit: 1000, ..ListObjects::default() };
        self.store.list(&self.cx, &self.bucket, options).await.unwrap().entries
    }

    async fn begin(&self, name: &str) -> UploadId {
        let options = CreateUploadOptions::default();
        self.store.create_upload(&self.cx, &self.bucket, &key(name), options).await.unwrap()
    }

    async fn part(&self, name: &str, id: &UploadId, number: u32, bytes: impl Into<Bytes>) -> CompletedPart {
        let key = key(name);
        let upload = UploadRef { bucket: &self.bucket, key: &key, id };
        let body = Body::from_bytes(bytes.into());
        let part = self.store.put_part(&self.cx, upload, number, body, Default::default()).await.unwrap();
        CompletedPart { number, etag: part.etag, checksum: part.checksum }
    }

    async fn complete(
        &self,
        name: &str,
        id: &UploadId,
        parts: &[CompletedPart],
    ) -> Result<store::PutOutcome, store::StoreError> {
        let key = key(name);
        let upload = UploadRef { bucket: &self.bucket, key: &key, id };
        self.store.complete_upload(&self.cx, upload, parts.to_vec(), CompleteOptions::default()).await
    }

    fn staged(&self) -> Vec<String> {
        self.world.stub.blobs("sluice-staging")
    }
}

fn part_of(byte: u8) -> Vec<u8> {
    vec![byte; PART_MIN_BYTES as usize]
}

#[tokio::test]
async fn blobs_of_other_tools_are_shown_with_a_stable_tag_that_conditions_know() {
    let desk = Desk::new().await;
    let md5 = "kAFQmDzST7DWlj99KOF/cg==";
    let headers =
        [("x-ms-blob-content-md5", md5), ("x-ms-meta-Author", "Ann"), ("x-ms-blob-content-type", "text/x")];
    desk.world.stub.put_foreign("bucket", "whole", b"abc", &headers);
    desk.world.stub.put_foreign("bucket", "blocks", b"abc", &[]);
    let (whole, blocks) = (desk.head("whole").await, desk.head("blocks").await);
    assert_eq!(whole.etag.as_str(), "900150983cd24fb0d6963f7d28e17f72");
    assert_eq!(whole.metadata.user, [("author".to_owned(), "Ann".to_owned())]);
    assert_eq!(whole.metadata.headers.content_type.as_deref(), Some("text/x"));
    assert_eq!((blocks.etag.md5(), blocks.size_bytes), (None, 3));
    for entry in desk.listed().await {
        let ListEntry::Object(summary) = entry else { panic!("nothing folds") };
        assert_eq!(summary.etag, desk.head(summary.key.as_str()).await.etag);
    }
    // Another node, without our records, sees the same tag; a condition on it is decided by the service.
    let elsewhere = AzureStore::new(AzureOptions {
        ledger: remote::Ledger::new(Arc::new(MemoryMeta::default())),
        ..desk.world.options()
    });
    let bucket = elsewhere.bucket(&desk.cx, &desk.bucket.name).await.unwrap();
    let seen = elsewhere.head(&desk.cx, &bucket, &key("blocks"), OpenOptions::default()).await.unwrap();
    assert_eq!(seen.etag, blocks.etag);
    let on =
        || PutOptions { condition: WriteCondition::IfMatch(blocks.etag.clone()), ..PutOptions::default() };
    elsewhere.put(&desk.cx, &bucket, &key("blocks"), Body::empty(), on()).await.unwrap();
    let again = elsewhere.put(&desk.cx, &bucket, &key("blocks"), Body::empty(), on()).await;
    assert!(matches!(again.unwrap_err().kind, StoreErrorKind::ConditionFailed));
}

#[tokio::test]
async fn metadata_of_another_state_of_the_bytes_are_not_believed() {
    let desk = Desk::new().await;
    let stale = "v=1;id=1;size=99;etag=0123456789abcdef0123456789abcdef;checksum=CRC32:AQIDBA==";
    desk.world.stub.put_foreign("bucket", "k", b"abc", &[("x-ms-meta-sluice_identity", stale)]);
    let info = desk.head("k").await;
    assert_eq!((info.etag.md5(), info.checksum), (None, None));
}

#[tokio::test]
async fn objects_are_plain_blobs_with_plain_metadata() {
    let desk = Desk::new().await;
    let metadata = ObjectMetadata { user: vec![("mtime".into(), "17".into())], ..ObjectMetadata::default() };
    let options = PutOptions { metadata, ..PutOptions::default() };
    desk.store
        .put(&desk.cx, &desk.bucket, &key("dir/k"), Body::from_bytes("abc".into()), options)
        .await
        .unwrap();
    assert_eq!(desk.world.stub.blobs("bucket"), ["dir/k"]);
    let metadata = desk.world.stub.metadata("bucket", "dir/k");
    assert!(metadata.contains(&("mtime".to_owned(), "17".to_owned())), "{metadata:?}");
}

#[tokio::test]
async fn losing_our_records_loses_no_object_no_tag_and_no_part_sizes() {
    let desk = Desk::new().await;
    let streamed = desk.put("streamed", vec![7; 100_000]).await;
    let id = desk.begin("parts").await;
    let parts = [desk.part("parts", &id, 2, part_of(1)).await, desk.part("parts", &id, 5, "end").await];
    let made = desk.complete("parts", &id, &parts).await.unwrap();
    let bare = AzureStore::new(AzureOptions {
        ledger: remote::Ledger::new(Arc::new(MemoryMeta::default())),
        ..desk.world.options()
    });
    let bucket = bare.bucket(&desk.cx, &desk.bucket.name).await.unwrap();
    assert_eq!(bucket.owner, common::root());
    let head = |name: &'static str, part_number| {
        let (bare, bucket, cx) = (&bare, &bucket, &desk.cx);
        async move {
            let options = OpenOptions { part_number, ..OpenOptions::default() };
            bare.head(cx, bucket, &key(name), options).await.unwrap()
        }
    };
    assert_eq!(head("streamed", None).await.etag, streamed);
    let whole = head("parts", Some(5)).await;
    assert_eq!((whole.etag, whole.checksum, whole.part_count), (made.etag, made.checksum, Some(2)));
    assert_eq!(whole.part.unwrap().range, ByteRange { start: PART_MIN_BYTES, end: PART_MIN_BYTES + 3 });
}

#[tokio::test]
async fn the_staging_container_is_hidden_and_emptied() {
    let desk = Desk::new().await;
    desk.put("k", "before").await;
    let abandoned = desk.begin("k").await;
    desk.part("k", &abandoned, 1, "never").await;
    let id = desk.begin("k").await;
    let replaced = desk.part("k", &id, 1, "one").await;
    let part = desk.part("k", &id, 1, "two").await;
    assert_eq!(desk.staged().len(), 3);
    assert_eq!(desk.read("k").await, "before", "uploads leave the target as it was");
    let buckets =
        desk.store.list_buckets(&desk.cx, ListBuckets { prefix: String::new(), after: None, limit: 10 });
    let names: Vec<_> = buckets.await.unwrap().buckets.into_iter().map(|bucket| bucket.name).collect();
    assert_eq!(names, std::slice::from_ref(&desk.bucket.name));
    let staging = BucketName::new("sluice-staging").unwrap();
    let found = desk.store.bucket(&desk.cx, &staging).await.unwrap_err();
    assert!(matches!(found.kind, StoreErrorKind::Missing(Missing::Bucket)));
    let made = desk.store.create_bucket(&desk.cx, &staging, &common::root(), &TagSet::default()).await;
    assert!(matches!(made.unwrap_err().kind, StoreErrorKind::BucketExists));
    assert!(desk.complete("k", &id, &[replaced]).await.is_err());
    desk.complete("k", &id, &[part]).await.unwrap();
    desk.store.settle().await;
    assert_eq!(desk.staged().len(), 1, "what was not ended stays");
    assert_eq!(desk.store.sweep().await.unwrap(), 0);
    struct Later;
    impl Clock for Later {
        fn now(&self) -> Timestamp {
            SystemClock.now().plus(Duration::from_secs(8 * 86_400))
        }
    }
    // The later store signs with a date that the service refuses, but for a SAS that has none.
    let sas = remote_azure::Credential::shared_access(
        &desk.world.stub.account_sas("rwdlct", "2099-01-01T00:00:00Z"),
    );
    let later =
        AzureStore::new(AzureOptions { credential: sas, clock: Arc::new(Later), ..desk.world.options() });
    assert_eq!(later.sweep().await.unwrap(), 1);
    assert!(desk.staged().is_empty());
    assert!(desk.complete("k", &abandoned, &[]).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_uploads_to_one_key_never_mix() {
    let desk = Arc::new(Desk::new().await);
    let mut uploads = Vec::new();
    for writer in 0..6_u8 {
        let id = desk.begin("k").await;
        let mut parts = Vec::new();
        // Parts of all uploads have the same numbers, and come in any order.
        for number in [3, 1, 2] {
            parts.push(desk.part("k", &id, number, part_of(writer)).await);
        }
        parts.sort_by_key(|part| part.number);
        uploads.push((id, parts));
    }
    let tasks: Vec<_> = uploads
        .into_iter()
        .map(|(id, parts)| {
            let desk = desk.clone();
            tokio::spawn(async move {
                desk.complete("k", &id, &parts).await.unwrap();
                desk.put("other", "x").await;
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let bytes = desk.read("k").await;
    assert_eq!(bytes.len() as u64, 3 * PART_MIN_BYTES);
    assert!(bytes.iter().all(|byte| *byte == bytes[0]), "parts of two uploads in one object");
    assert_eq!(desk.world.stub.uncommitted_blocks("bucket"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_completion_comes_through_among_writers_whose_commits_drop_its_blocks() {
    let desk = Arc::new(Desk::new().await);
    let id = desk.begin("k").await;
    let mut parts = Vec::new();
    for number in 1..=20 {
        parts.push(desk.part("k", &id, number, part_of(9)).await);
    }
    let writing = {
        let desk = desk.clone();
        tokio::spawn(async move {
            for _ in 0..3 {
                desk.put("k", "small").await;
            }
        })
    };
    let made = desk.complete("k", &id, &parts).await.unwrap();
    writing.await.unwrap();
    assert_eq!(made.size_bytes, 20 * PART_MIN_BYTES);
    let bytes = desk.read("k").await;
    assert!(bytes == "small" || bytes.len() as u64 == made.size_bytes);
}

#[tokio::test]
async fn parts_are_listed_and_completed_after_a_restart() {
    let desk = Desk::new().await;
    let id = desk.begin("k").await;
    let parts = [desk.part("k", &id, 1, part_of(1)).await, desk.part("k", &id, 2, "").await];
    let desk = Desk { store: desk.world.store(), ..desk };
    let name = key("k");
    let upload = UploadRef { bucket: &desk.bucket, key: &name, id: &id };
    let page = desk.store.list_parts(&desk.cx, upload, ListParts { after: 0, limit: 10 }).await.unwrap();
    let listed: Vec<_> = page.parts.iter().map(|part| (part.number, part.size_bytes)).collect();
    assert_eq!(listed, [(1, PART_MIN_BYTES), (2, 0)]);
    let made = desk.complete("k", &id, &parts).await.unwrap();
    assert_eq!(made.size_bytes, PART_MIN_BYTES);
    // A third process repeats the completion, without the ledger's help.
    let desk = Desk { store: desk.world.store(), ..desk };
    assert_eq!(desk.complete("k", &id, &parts).await.unwrap(), made);
}

#[tokio::test]
async fn an_object_of_one_empty_part_is_empty() {
    let desk = Desk::new().await;
    let id = desk.begin("k").await;
    let part = desk.part("k", &id, 1, "").await;
    let made = desk.complete("k", &id, &[part]).await.unwrap();
    assert_eq!((made.size_bytes, desk.read("k").await.len()), (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_parts_make_one_object() {
    let desk = Desk::new().await;
    let store = AzureStore::new(AzureOptions { part_min_bytes: 1, ..desk.world.options() });
    let desk = Arc::new(Desk { store, ..desk });
    let id = desk.begin("k").await;
    let tasks: Vec<_> = (0..16_u32)
        .map(|lane| {
            let (desk, id) = (desk.clone(), id.clone());
            tokio::spawn(async move {
                let mut parts = Vec::new();
                for number in (1..=10_000).filter(|number| number % 16 == lane) {
                    parts.push(desk.part("k", &id, number, number.to_string()).await);
                }
                parts
            })
        })
        .collect();
    let mut parts = Vec::new();
    for task in tasks {
        parts.extend(task.await.unwrap());
    }
    parts.sort_by_key(|part| part.number);
    desk.complete("k", &id, &parts).await.unwrap();
    let whole: String = (1..=10_000).map(|number| number.to_string()).collect();
    assert!(desk.read("k").await == whole);
    let options = OpenOptions { part_number: Some(10_000), ..OpenOptions::default() };
    let last = desk.store.head(&desk.cx, &desk.bucket, &key("k"), options).await.unwrap().part.unwrap();
    assert_eq!((last.range.len(), last.checksum), (5, parts[9_999].checksum));
    desk.store.settle().await;
    assert!(desk.staged().is_empty());
}

/// A body whose length nobody told.
struct Untold(Vec<Bytes>);

impl BodyStream for Untold {
    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<Frame, BodyError>>> {
        std::task::Poll::Ready(self.0.pop().map(|data| Ok(Frame::Data(data))))
    }
}

#[tokio::test]
async fn a_body_of_unknown_length_is_staged_and_leaves_nothing() {
    let desk = Desk::new().await;
    let frames = vec![Bytes::from(vec![3; 1 << 20]); 9];
    let body = Body::new(Untold(frames), None);
    let made = desk.store.put(&desk.cx, &desk.bucket, &key("k"), body, PutOptions::default()).await.unwrap();
    assert_eq!(made.etag, ETag::from_md5(hash::Md5::digest(&vec![3; 9 << 20])));
    assert_eq!(desk.read("k").await.len(), 9 << 20);
    assert_eq!(desk.head("k").await.etag, made.etag);
    desk.store.settle().await;
    assert!(desk.staged().is_empty());
}

#[tokio::test]
async fn a_key_written_between_two_pages_is_on_the_second() {
    let desk = Desk::new().await;
    for name in ["a", "b", "d", "e"] {
        desk.put(name, "x").await;
    }
    let page = |after: Option<&str>| {
        let after = after.map(|key| Position::Key(key.to_owned()));
        let (store, cx, bucket) = (&desk.store, &desk.cx, &desk.bucket);
        async move {
            let options = ListObjects { after, limit: 2, ..ListObjects::default() };
            let page = store.list(cx, bucket, options).await.unwrap();
            let names = page.entries.iter().map(|entry| match entry {
                ListEntry::Object(summary) => summary.key.as_str().to_owned(),
                ListEntry::Prefix(prefix) => prefix.clone(),
            });
            (names.collect::<Vec<_>>(), page.more)
        }
    };
    assert_eq!(page(None).await, (vec!["a".to_owned(), "b".to_owned()], true));
    desk.put("c", "x").await;
    assert_eq!(page(Some("b")).await, (vec!["c".to_owned(), "d".to_owned()], true));
    assert_eq!(page(Some("d")).await, (vec!["e".to_owned()], false));
}

#[tokio::test]
async fn a_copy_whose_source_changes_leaves_its_target_as_it_was() {
    let desk = Desk::new().await;
    desk.put("to", "kept").await;
    desk.put("from", vec![1; 100_000]).await;
    let source = CopySource {
        bucket: Arc::new(desk.bucket.clone()),
        key: key("from"),
        version_id: None,
        etag: desk.head("from").await.etag,
    };
    desk.put("from", "changed").await;
    let options = CopyOptions {
        metadata: Directive::Copy,
        storage_class: None,
        tags: Directive::Copy,
        checksum: None,
        condition: WriteCondition::Always,
    };
    let copied = desk.store.copy(&desk.cx, &source, &desk.bucket, &key("to"), options).await;
    assert!(matches!(copied.unwrap_err().kind, StoreErrorKind::Conflict));
    assert_eq!(desk.read("to").await, "kept");
}

#[tokio::test]
async fn tags_of_s3_that_azure_forbids_come_back() {
    let desk = Desk::new().await;
    desk.put("k", "x").await;
    let tags = TagSet::new(vec![("mail".into(), "me@example.org".into()), ("größe".into(), "=:".into())], 10)
        .unwrap();
    desk.store.set_tags(&desk.cx, &desk.bucket, &key("k"), None, tags.clone()).await.unwrap();
    assert_eq!(desk.head("k").await.metadata.tags, tags);
}

#[tokio::test]
async fn keys_that_azure_would_change_are_refused_and_never_there() {
    let desk = Desk::new().await;
    for name in ["a/../b", "..", "a.", "a\0"] {
        let put =
            desk.store.put(&desk.cx, &desk.bucket, &key(name), Body::empty(), PutOptions::default()).await;
        assert!(matches!(put.unwrap_err().kind, StoreErrorKind::Unsupported(_)), "{name:?}");
        let head = desk.store.head(&desk.cx, &desk.bucket, &key(name), OpenOptions::default()).await;
        assert!(matches!(head.unwrap_err().kind, StoreErrorKind::Missing(Missing::Key)), "{name:?}");
        desk.store.delete(&desk.cx, &desk.bucket, &key(name), Default::default()).await.unwrap();
    }
    assert!(desk.world.stub.blobs("bucket").is_empty());
}

#[tokio::test]
async fn an_endpoint_that_cannot_copy_blocks_refuses_and_changes_nothing() {
    let desk = Desk::with(Settings { from_url: FromUrl::CopyOnly, ..Settings::default() }).await;
    desk.put("k", "before").await;
    let id = desk.begin("k").await;
    let part = desk.part("k", &id, 1, "part").await;
    let refused = desk.complete("k", &id, &[part]).await.unwrap_err();
    assert!(matches!(refused.kind, StoreErrorKind::Unsupported(_)), "{refused}");
    assert_eq!(desk.read("k").await, "before");
    let name = key("k");
    let upload = UploadRef { bucket: &desk.bucket, key: &name, id: &id };
    desk.store.abort_upload(&desk.cx, upload).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parts_copied_side_by_side_all_arrive() {
    let world = StubWorld::new(Settings::default());
    let client = common::client_within(passing::SMALL_BUDGET_BYTES, Limits::default());
    let store = AzureStore::new(AzureOptions { client, ..world.options() });
    passing::parts_copied_side_by_side_all_arrive(Arc::new(store)).await;
}
