//! What is particular to Cloud Storage: identity in the object itself, generations, waiting parts, foreign objects.

#![allow(clippy::unwrap_used, reason = "a step that fails is a failed test")]

mod common;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use conformance::blob::bodies::{Script, Step, pattern};
use conformance::store::passing;
use hash::{Hasher, Md5};
use meta::MemoryMeta;
use remote::Limits;
use remote_gcs::{Credentials, GcsLimits, GcsOptions, GcsStore};
use store::{
    Bucket, BucketStore, BucketUpdate, CompleteOptions, CompletedPart, CreateUploadOptions, DeleteOptions,
    ListBuckets, ListEntry, ListObjects, ListParts, ListVersions, Missing, MultipartStore, ObjectStore,
    OpenOptions, PartOptions, Position, PutOptions, StoreErrorKind, UploadId, UploadRef, VersionEntry,
    Versioning, WriteCondition,
};
use stubs::gcs::{Settings, Stub, XmlUploads};
use types::{
    Body, BodyErrorKind, BucketName, ByteRange, ChecksumAlgorithm, Context, ETag, ObjectKey, ObjectMetadata,
    StorageClass, TagSet, VersionId,
};

use crate::common::{Ahead, PART_MIN_BYTES, StubWorld, root, settings};

fn key(text: &str) -> ObjectKey {
    ObjectKey::new(text).unwrap()
}

fn cx() -> Context {
    Context::background()
}

async fn bucket(store: &GcsStore) -> Bucket {
    let name = BucketName::new("details").unwrap();
    store.create_bucket(&cx(), &name, &root(), &TagSet::default()).await.unwrap()
}

async fn read(store: &GcsStore, bucket: &Bucket, name: &str) -> Result<Bytes, BodyErrorKind> {
    let opened = store.open(&cx(), bucket, &key(name), OpenOptions::default()).await.unwrap();
    let body = opened.content.read(ByteRange::whole(opened.info.size_bytes)).await.unwrap();
    body.collect(64 << 20).await.map_err(|error| error.kind)
}

async fn names(store: &GcsStore, bucket: &Bucket, options: ListObjects) -> Vec<String> {
    let page = store.list(&cx(), bucket, ListObjects { limit: 1000, ..options }).await.unwrap();
    let name = |entry| match entry {
        ListEntry::Object(summary) => summary.key.as_str().to_owned(),
        ListEntry::Prefix(prefix) => prefix,
    };
    page.entries.into_iter().map(name).collect()
}

/// Uploads parts of so many bytes each, and lists them.
async fn parts(store: &GcsStore, upload: UploadRef<'_>, count: u32, size: usize) -> Vec<CompletedPart> {
    let mut parts = Vec::new();
    for number in 1..=count {
        let body = Body::from_bytes(pattern(u64::from(number), size));
        let part = store.put_part(&cx(), upload, number, body, PartOptions::default()).await.unwrap();
        parts.push(CompletedPart { number, etag: part.etag, checksum: part.checksum });
    }
    parts
}

async fn begin(store: &GcsStore, bucket: &Bucket, name: &str) -> UploadId {
    store.create_upload(&cx(), bucket, &key(name), CreateUploadOptions::default()).await.unwrap()
}

/// After the loss of the state directory everything of an object in parts is still there but its parts' checksums.
#[tokio::test]
async fn identity_survives_the_loss_of_the_ledger() {
    let world = StubWorld::new(settings());
    let store = world.store();
    let bucket = bucket(&store).await;
    let metadata = ObjectMetadata {
        user: vec![("name".to_owned(), "välue".to_owned())],
        storage_class: StorageClass::DeepArchive,
        tags: TagSet::new(vec![("k".to_owned(), "v".to_owned())], 10).unwrap(),
        ..ObjectMetadata::default()
    };
    let options = CreateUploadOptions { metadata: metadata.clone(), checksum: None };
    let id = store.create_upload(&cx(), &bucket, &key("parts"), options).await.unwrap();
    let name = key("parts");
    let upload = UploadRef { bucket: &bucket, key: &name, id: &id };
    let listed = parts(&store, upload, 3, PART_MIN_BYTES as usize).await;
    let made = store.complete_upload(&cx(), upload, listed, CompleteOptions::default()).await.unwrap();
    let body = Body::from_bytes(pattern(1, 9));
    let small = store.put(&cx(), &bucket, &key("small"), body, PutOptions::default()).await.unwrap();
    let lost = GcsStore::new(GcsOptions {
        ledger: remote::Ledger::new(Arc::new(MemoryMeta::default())),
        ..world.options_at(&world.stub.url())
    });
    let bucket = lost.bucket(&cx(), &bucket.name).await.unwrap();
    let info = lost.head(&cx(), &bucket, &name, OpenOptions::default()).await.unwrap();
    assert_eq!((info.etag, info.checksum, info.metadata), (made.etag, made.checksum, metadata));
    assert_eq!(info.part_count, Some(3));
    let page = ListParts { after: 0, limit: 10 };
    let found = lost.parts(&cx(), &bucket, &name, OpenOptions::default(), page).await.unwrap();
    assert!(found.parts.iter().all(|part| part.range.len() == PART_MIN_BYTES));
    let info = lost.head(&cx(), &bucket, &key("small"), OpenOptions::default()).await.unwrap();
    assert_eq!((info.etag, info.checksum), (small.etag, small.checksum));
}

/// Objects of other tools appear, with their own MD5 and CRC32C; composed ones with a tag of their generation that HEAD and
/// listings agree on, and that conditions take.
#[tokio::test]
async fn foreign_objects_appear_as_they_are() {
    let world = StubWorld::new(settings());
    let store = world.store();
    let bucket = bucket(&store).await;
    world.stub.put_foreign("details", "plain", b"foreign", &[("Owner", "me")]);
    let info = store.head(&cx(), &bucket, &key("plain"), OpenOptions::default()).await.unwrap();
    assert_eq!(info.etag, ETag::from_md5(Md5::digest(b"foreign")));
    assert_eq!(info.checksum, Some(Hasher::checksum(ChecksumAlgorithm::Crc32c, b"foreign")));
    assert_eq!(info.metadata.user, [("owner".to_owned(), "me".to_owned())]);
    let opened = store.open(&cx(), &bucket, &key("plain"), OpenOptions::default()).await.unwrap();
    assert_eq!(opened.info, info, "what one request tells is what the other does");
    assert_eq!(read(&store, &bucket, "plain").await.unwrap(), "foreign");
}

/// A change behind our back is noticed: what the ledger holds is of another generation.
#[tokio::test]
async fn a_change_behind_our_back_is_noticed() {
    let world = StubWorld::new(settings());
    let store = world.store();
    let bucket = bucket(&store).await;
    let large = pattern(1, 100_000);
    let put =
        store.put(&cx(), &bucket, &key("k"), Body::from_bytes(large), PutOptions::default()).await.unwrap();
    assert_eq!(put.checksum.unwrap().algorithm, ChecksumAlgorithm::Crc64Nvme);
    world.stub.put_foreign("details", "k", b"changed", &[]);
    let info = store.head(&cx(), &bucket, &key("k"), OpenOptions::default()).await.unwrap();
    assert_eq!(info.checksum, Some(Hasher::checksum(ChecksumAlgorithm::Crc32c, b"changed")));
    let condition = WriteCondition::IfMatch(put.etag);
    let options = PutOptions { condition, ..PutOptions::default() };
    let refused = store.put(&cx(), &bucket, &key("k"), Body::empty(), options).await.unwrap_err();
    assert!(matches!(refused.kind, StoreErrorKind::ConditionFailed), "{refused}");
}

/// A flipped bit is found when the whole is read, before its last frame is given.
#[tokio::test]
async fn a_whole_read_is_held_to_its_checksum() {
    let world = StubWorld::new(settings());
    let store = world.store();
    let bucket = bucket(&store).await;
    let body = Body::from_bytes(pattern(1, 300_000));
    store.put(&cx(), &bucket, &key("k"), body, PutOptions::default()).await.unwrap();
    world.stub.corrupt("details", "k");
    assert_eq!(read(&store, &bucket, "k").await, Err(BodyErrorKind::Corrupt));
}

/// What was opened is read, or nothing.
#[tokio::test]
async fn an_overwritten_object_is_never_read_as_another() {
    let world = StubWorld::new(settings());
    let store = world.store();
    let bucket = bucket(&store).await;
    let body = |seed| Body::from_bytes(pattern(seed, 5000));
    store.put(&cx(), &bucket, &key("k"), body(1), PutOptions::default()).await.unwrap();
    let opened = store.open(&cx(), &bucket, &key("k"), OpenOptions::default()).await.unwrap();
    store.put(&cx(), &bucket, &key("k"), body(2), PutOptions::default()).await.unwrap();
    let refused = opened.content.read(ByteRange { start: 10, end: 20 }).await.unwrap_err();
    assert!(matches!(refused.kind, StoreErrorKind::Conflict), "{refused}");
}

/// A body of unknown length goes up in pieces, and a wrong one never becomes an object.
#[tokio::test]
async fn bodies_of_unknown_length_go_up_in_pieces() {
    let world = StubWorld::new(settings());
    let store = world.store();
    let bucket = bucket(&store).await;
    let piece = GcsLimits::default().chunk_bytes.min(256 << 10);
    for size in [piece - 1, piece, piece + 1, 3 * piece, 3 * piece + 77] {
        let bytes = pattern(size as u64, size);
        let body = Script::frames(&bytes, 70_001).into_body();
        let put = store.put(&cx(), &bucket, &key("k"), body, PutOptions::default()).await.unwrap();
        assert_eq!((put.etag, put.size_bytes), (ETag::from_md5(Md5::digest(&bytes)), size as u64));
        assert_eq!(put.checksum, Some(Hasher::checksum(ChecksumAlgorithm::Crc64Nvme, &bytes)));
        assert!(read(&store, &bucket, "k").await.unwrap() == bytes, "{size}");
    }
    let failing = Script::frames(&pattern(9, 3 * piece), 70_001).then(Step::Fail(BodyErrorKind::Incomplete));
    let refused = store.put(&cx(), &bucket, &key("new"), failing.into_body(), PutOptions::default()).await;
    assert!(matches!(refused.unwrap_err().kind, StoreErrorKind::Body(_)));
    assert_eq!(world.stub.names("details"), ["k"]);
}

/// Waiting parts are in no listing, whatever the delimiter, and leave nothing behind.
#[tokio::test]
async fn waiting_parts_are_hidden_and_removed() {
    for xml_uploads in [XmlUploads::Documented, XmlUploads::Missing] {
        let world = StubWorld::new(Settings { xml_uploads, ..settings() });
        let store = world.store();
        let bucket = bucket(&store).await;
        let name = key("to");
        for after in ["-", "a", ".t"] {
            world.stub.put_foreign("details", after, b"x", &[]);
        }
        let id = begin(&store, &bucket, "to").await;
        let upload = UploadRef { bucket: &bucket, key: &name, id: &id };
        let listed = parts(&store, upload, 3, PART_MIN_BYTES as usize).await;
        assert_eq!(names(&store, &bucket, ListObjects::default()).await, ["-", ".t", "a"]);
        for (delimiter, expected) in [
            ("/", vec!["-", ".t", "a"]),
            ("-", vec!["-", ".t", "a"]),
            (".", vec!["-", ".", "a"]),
            ("u", vec!["-", ".t", "a"]),
        ] {
            let options = ListObjects { delimiter: Some(delimiter.to_owned()), ..ListObjects::default() };
            assert_eq!(names(&store, &bucket, options).await, expected, "{delimiter}");
        }
        let after = Some(Position::Key(".sluice-uploads/0".to_owned()));
        assert_eq!(
            names(&store, &bucket, ListObjects { after, ..ListObjects::default() }).await,
            [".t", "a"]
        );
        let waiting = key(&format!(".sluice-uploads/{id}/whole"));
        let refused = store.head(&cx(), &bucket, &waiting, OpenOptions::default()).await;
        assert!(matches!(refused.unwrap_err().kind, StoreErrorKind::Missing(Missing::Key)));
        store.complete_upload(&cx(), upload, listed, CompleteOptions::default()).await.unwrap();
        assert_eq!(world.stub.names("details"), ["-", ".t", "a", "to"]);
        let id = begin(&store, &bucket, "to").await;
        let upload = UploadRef { bucket: &bucket, key: &name, id: &id };
        parts(&store, upload, 2, 10).await;
        store.abort_upload(&cx(), upload).await.unwrap();
        assert_eq!((world.stub.names("details").len(), world.stub.unfinished_uploads()), (4, 0));
    }
}

/// Only reserved names under a common prefix make no common prefix.
#[tokio::test]
async fn a_prefix_of_nothing_but_waiting_parts_is_not_listed() {
    let world = StubWorld::new(Settings { xml_uploads: XmlUploads::Missing, ..settings() });
    let store = world.store();
    let bucket = bucket(&store).await;
    let (name, id) = (key("to"), begin(&store, &bucket, "to").await);
    let upload = UploadRef { bucket: &bucket, key: &name, id: &id };
    parts(&store, upload, 2, 10).await;
    for delimiter in ["/", "-", ".", "s", "x"] {
        let options = ListObjects { delimiter: Some(delimiter.to_owned()), ..ListObjects::default() };
        assert_eq!(names(&store, &bucket, options).await, [""; 0], "{delimiter}");
    }
    store.delete_bucket(&cx(), &bucket).await.unwrap();
    let page = ListBuckets { prefix: String::new(), after: None, limit: 10 };
    assert_eq!(store.list_buckets(&cx(), page).await.unwrap().buckets, []);
}

/// As many parts as S3 allows make one object, by composing level upon level.
#[tokio::test]
async fn ten_thousand_parts_make_one_object() {
    let world = StubWorld::new(Settings { xml_uploads: XmlUploads::Missing, ..settings() });
    let options = world.options_at(&world.stub.url());
    let limits = GcsLimits { part_min_bytes: 1, ..options.limits };
    let store = GcsStore::new(GcsOptions { limits, ..options });
    let bucket = bucket(&store).await;
    let (name, id) = (key("to"), begin(&store, &bucket, "to").await);
    let upload = UploadRef { bucket: &bucket, key: &name, id: &id };
    let listed = parts(&store, upload, 10_000, 3).await;
    let made = store.complete_upload(&cx(), upload, listed, CompleteOptions::default()).await.unwrap();
    assert_eq!(made.size_bytes, 30_000);
    let whole: Vec<u8> = (1..=10_000).flat_map(|number| pattern(number, 3)).collect();
    assert!(read(&store, &bucket, "to").await.unwrap() == whole);
    let part = OpenOptions { part_number: Some(10_000), ..OpenOptions::default() };
    let info = store.head(&cx(), &bucket, &name, part).await.unwrap();
    assert_eq!(info.part_count, Some(10_000));
    assert_eq!(info.part.unwrap().range, ByteRange { start: 29_997, end: 30_000 });
    assert_eq!(world.stub.names("details"), ["to"], "nothing is left of the parts");
}

/// What a crash between two steps left is swept: at once where the ledger knows of it, after a week where it does not.
#[tokio::test]
async fn what_crashes_left_is_swept() {
    for xml_uploads in [XmlUploads::Documented, XmlUploads::Missing] {
        let world = StubWorld::new(Settings { xml_uploads, ..settings() });
        let store = world.store();
        let bucket = bucket(&store).await;
        let name = key("to");
        let (ended, running) = (begin(&store, &bucket, "to").await, begin(&store, &bucket, "to").await);
        for id in [&ended, &running] {
            parts(&store, UploadRef { bucket: &bucket, key: &name, id }, 2, 10).await;
        }
        let before = (world.stub.names("details").len(), world.stub.unfinished_uploads());
        // The record is gone and the parts are not: so it is when a crash comes between the two.
        let ledger = remote::Ledger::new(Arc::new(world.meta.clone()));
        let record = ledger.upload(UploadRef { bucket: &bucket, key: &name, id: &ended }).await.unwrap();
        ledger.remove_upload(&record).await.unwrap();
        world.stub.put_foreign("details", ".sluice-uploads/another-node/00001-a", b"x", &[]);
        store.sweep(&cx()).await.unwrap();
        let after = (world.stub.names("details").len(), world.stub.unfinished_uploads());
        assert_eq!(
            after,
            (before.0 / 2 + 1, before.1 / 2),
            "only the running one and the unknown one are left"
        );
        let later = GcsStore::new(GcsOptions {
            clock: Arc::new(Ahead(Duration::from_secs(8 * 24 * 3600))),
            ..world.options_at(&world.stub.url())
        });
        later.sweep(&cx()).await.unwrap();
        assert!(!world.stub.names("details").iter().any(|name| name.contains("another-node")));
        let reference = UploadRef { bucket: &bucket, key: &name, id: &running };
        let found = later.list_parts(&cx(), reference, ListParts { after: 0, limit: 10 }).await.unwrap();
        assert_eq!(found.parts.len(), 2, "an upload may run for as long as it likes");
    }
}

/// A bucket whose versions another tool has turned on: generations are its versions.
#[tokio::test]
async fn generations_are_the_versions_of_a_versioned_bucket() {
    let world = StubWorld::new(settings());
    let store = world.store();
    let bucket = bucket(&store).await;
    let update = BucketUpdate::Versioning(Versioning::Enabled);
    let refused = store.update_bucket(&cx(), &bucket, update).await.unwrap_err();
    assert!(matches!(refused.kind, StoreErrorKind::Unsupported(_)), "{refused}");
    world.stub.enable_versions("details");
    // The first one remembers the bucket for a moment.
    let store = world.store();
    let bucket = store.bucket(&cx(), &bucket.name).await.unwrap();
    assert_eq!(bucket.versioning, Versioning::Enabled);
    let mut ids = Vec::new();
    for text in ["1", "2", "3"] {
        let body = Body::from_bytes(text.into());
        let put = store.put(&cx(), &bucket, &key("k"), body, PutOptions::default()).await.unwrap();
        ids.push(put.version_id.unwrap());
    }
    let open = |id: &VersionId| OpenOptions { version_id: Some(id.clone()), ..OpenOptions::default() };
    for (id, text) in ids.iter().zip(["1", "2", "3"]) {
        let opened = store.open(&cx(), &bucket, &key("k"), open(id)).await.unwrap();
        assert_eq!(opened.info.version_id.as_ref(), Some(id));
        let body = opened.content.read(ByteRange::whole(1)).await.unwrap();
        assert_eq!(body.collect(9).await.unwrap(), text);
    }
    for limit in 1..5 {
        let (mut seen, mut options) = (Vec::new(), ListVersions { limit, ..ListVersions::default() });
        loop {
            let page = store.list_versions(&cx(), &bucket, options.clone()).await.unwrap();
            for entry in page.entries {
                let VersionEntry::Version(version) = entry else { panic!("nothing folds") };
                options.after = Some(Position::Key(version.key.as_str().to_owned()));
                options.after_version = Some(version.version_id.clone());
                seen.push((version.version_id, version.is_latest));
            }
            if !page.more {
                break;
            }
        }
        let expected: Vec<_> = ids.iter().rev().cloned().zip([true, false, false]).collect();
        assert_eq!(seen, expected, "limit {limit}");
    }
    let gone = DeleteOptions { version_id: Some(ids[1].clone()), ..DeleteOptions::default() };
    store.delete(&cx(), &bucket, &key("k"), gone).await.unwrap();
    store.delete(&cx(), &bucket, &key("k"), DeleteOptions::default()).await.unwrap();
    assert!(store.head(&cx(), &bucket, &key("k"), OpenOptions::default()).await.is_err());
    assert!(store.head(&cx(), &bucket, &key("k"), open(&ids[0])).await.is_ok());
    assert!(store.head(&cx(), &bucket, &key("k"), open(&ids[1])).await.is_err());
}

/// A walk through a large bucket asks the service once for each page.
#[tokio::test]
async fn a_walk_asks_once_for_each_page() {
    let world = StubWorld::new(settings());
    let faults = stubs::faults::Faults::start(world.stub.address()).unwrap();
    let store = GcsStore::new(world.options_at(&faults.url()));
    let bucket = bucket(&store).await;
    for n in 0..3500 {
        world.stub.put_foreign("details", &format!("{:02}/{n:05}", n % 70), b"", &[]);
    }
    for (delimiter, pages) in [(None, 4), (Some("3"), 3)] {
        let before = faults.seen().count(&http::Method::GET, "/o?");
        let mut options =
            ListObjects { limit: 1000, delimiter: delimiter.map(str::to_owned), ..Default::default() };
        let mut seen = Vec::new();
        loop {
            let page = store.list(&cx(), &bucket, options.clone()).await.unwrap();
            let name = |entry: &ListEntry| match entry {
                ListEntry::Object(summary) => summary.key.as_str().to_owned(),
                ListEntry::Prefix(prefix) => prefix.clone(),
            };
            seen.extend(page.entries.iter().map(name));
            let Some(last) = page.entries.last().filter(|_| page.more) else { break };
            options.after = Some(match last {
                ListEntry::Object(summary) => Position::Key(summary.key.as_str().to_owned()),
                ListEntry::Prefix(prefix) => Position::Prefix(prefix.clone()),
            });
        }
        assert!(seen.is_sorted_by(|a, b| a < b));
        assert!(delimiter.is_some() || seen.len() == 3500);
        assert_eq!(
            faults.seen().count(&http::Method::GET, "/o?") - before,
            pages,
            "{delimiter:?}: {}",
            seen.len()
        );
    }
}

/// Names that Cloud Storage has not are refused before anything is sent.
#[tokio::test]
async fn names_that_cannot_be_are_refused() {
    let world = StubWorld::new(settings());
    let store = world.store();
    let bucket = bucket(&store).await;
    for name in [".", "..", "a\nb", ".sluice-uploads/x"] {
        let put = store.put(&cx(), &bucket, &key(name), Body::empty(), PutOptions::default()).await;
        assert!(matches!(put.unwrap_err().kind, StoreErrorKind::Unsupported(_)), "{name:?}");
        let head = store.head(&cx(), &bucket, &key(name), OpenOptions::default()).await;
        assert!(matches!(head.unwrap_err().kind, StoreErrorKind::Missing(Missing::Key)), "{name:?}");
        store.delete(&cx(), &bucket, &key(name), DeleteOptions::default()).await.unwrap();
    }
}

/// Metadata over the 8 KiB of an object go to the ledger, whole.
#[tokio::test]
async fn metadata_that_do_not_fit_are_kept_all_the_same() {
    let world = StubWorld::new(settings());
    let store = world.store();
    let bucket = bucket(&store).await;
    let user = (0..20).map(|n| (format!("name-{n}"), "ü".repeat(300))).collect();
    let metadata = ObjectMetadata { user, ..ObjectMetadata::default() };
    let options = PutOptions { metadata: metadata.clone(), ..PutOptions::default() };
    store.put(&cx(), &bucket, &key("k"), Body::from_bytes("x".into()), options).await.unwrap();
    let info = store.head(&cx(), &bucket, &key("k"), OpenOptions::default()).await.unwrap();
    assert_eq!(info.metadata, metadata);
    let tags = TagSet::new(vec![("k".to_owned(), "v".to_owned())], 10).unwrap();
    store.set_tags(&cx(), &bucket, &key("k"), None, tags.clone()).await.unwrap();
    let info = store.head(&cx(), &bucket, &key("k"), OpenOptions::default()).await.unwrap();
    assert_eq!(info.metadata, ObjectMetadata { tags, ..metadata });
}

/// Each kind of credentials gets in, with one token for many requests; a revoked one is replaced.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_of_credentials_gets_in() {
    let stub = Stub::start(settings()).unwrap();
    let url = stub.url();
    let host = stub.address().to_string();
    let all = [
        Credentials::from_json(&stub.service_account_json(&url)).unwrap(),
        Credentials::from_json(&stub.authorized_user_json(&url)).unwrap(),
        Credentials::MetadataServer(remote_gcs::MetadataServer::at(&host)),
    ];
    for (place, credentials) in all.into_iter().enumerate() {
        let issued = stub.tokens_issued();
        let store = GcsStore::new(common::options(&url, credentials, MemoryMeta::default()));
        let name = BucketName::new(&format!("bucket-{place}")).unwrap();
        let bucket = store.create_bucket(&cx(), &name, &root(), &TagSet::default()).await.unwrap();
        let list = |bucket: Bucket| {
            let store = store.clone();
            async move { store.list(&cx(), &bucket, ListObjects::default()).await.map(drop) }
        };
        let tasks: Vec<_> = (0..16).map(|_| tokio::spawn(list(bucket.clone()))).collect();
        for task in tasks {
            task.await.unwrap().unwrap();
        }
        assert_eq!(stub.tokens_issued(), issued + 1, "one token is enough");
        stub.revoke_tokens();
        list(bucket).await.unwrap();
        assert_eq!(stub.tokens_issued(), issued + 2, "a revoked one is replaced");
    }
}

/// A key that is not the account's gets no token, and the error says so without telling the key.
#[tokio::test]
async fn a_wrong_key_is_refused() {
    let (stub, other) = (Stub::start(settings()).unwrap(), Stub::start(settings()).unwrap());
    let wrong = other.service_account_json(&stub.url());
    let credentials = Credentials::from_json(&wrong).unwrap();
    assert!(!format!("{credentials:?}").contains("PRIVATE"));
    let store = GcsStore::new(common::options(&stub.url(), credentials, MemoryMeta::default()));
    let refused = store.bucket(&cx(), &BucketName::new("details").unwrap()).await.unwrap_err();
    assert!(!matches!(refused.kind, StoreErrorKind::Missing(_)), "{refused}");
    let mut told = refused.to_string();
    let mut source = std::error::Error::source(&refused);
    while let Some(error) = source {
        told.push_str(&error.to_string());
        source = error.source();
    }
    assert!(told.contains("invalid_grant") && !told.contains("PRIVATE"), "{told}");
    for text in ["", "{}", "{\"type\":\"external_account\"}", "{\"type\":\"service_account\"}"] {
        assert!(Credentials::from_json(text).is_err(), "{text}");
    }
    let broken = wrong.replace("-----BEGIN PRIVATE KEY-----\\n", "-----BEGIN PRIVATE KEY-----\\nAAAA");
    assert_eq!(Credentials::from_json(&broken).unwrap_err(), remote_gcs::InvalidCredentials::PrivateKey);
}

/// Nobody who has no token gets in.
#[tokio::test]
async fn without_a_token_nothing_is_told() {
    let stub = Stub::start(settings()).unwrap();
    let store = GcsStore::new(common::options(&stub.url(), Credentials::Anonymous, MemoryMeta::default()));
    let refused = store.bucket(&cx(), &BucketName::new("details").unwrap()).await.unwrap_err();
    assert!(matches!(refused.kind, StoreErrorKind::Denied), "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parts_copied_side_by_side_all_arrive() {
    for xml_uploads in [XmlUploads::Documented, XmlUploads::Missing] {
        let world = StubWorld::new(Settings { xml_uploads, ..settings() });
        let client = common::client_within(passing::SMALL_BUDGET_BYTES, Limits::default());
        let options = GcsOptions { client, ..world.options_at(&world.stub.url()) };
        passing::parts_copied_side_by_side_all_arrive(Arc::new(GcsStore::new(options))).await;
    }
}
