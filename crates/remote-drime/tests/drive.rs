//! What the drive does that no bucket does: duplicates, late listings, folders that come and go, names it cannot hold.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use bytes::Bytes;
use common::{World, cx, make_bucket, settings};
use conformance::blob::bodies::pattern;
use hash::Md5;
use remote_drime::{DrimeStore, Root};
use store::{
    Bucket, BucketStore, DeleteOptions, ListBuckets, ListEntry, ListObjects, Missing, ObjectStore,
    OpenOptions, PutOptions, StoreError, StoreErrorKind,
};
use stubs::drime::{Failure, UnknownFolder};
use types::{Body, BucketName, ByteRange, ETag, ObjectKey, RangeSpec};

fn key(text: &str) -> ObjectKey {
    ObjectKey::new(text).unwrap()
}

async fn try_put(
    store: &DrimeStore,
    bucket: &Bucket,
    name: &str,
    bytes: impl Into<Bytes>,
) -> Result<ETag, StoreError> {
    let body = Body::from_bytes(bytes.into());
    store.put(&cx(), bucket, &key(name), body, PutOptions::default()).await.map(|put| put.etag)
}

async fn put(store: &DrimeStore, bucket: &Bucket, name: &str, bytes: impl Into<Bytes>) -> ETag {
    try_put(store, bucket, name, bytes).await.unwrap()
}

async fn read(store: &DrimeStore, bucket: &Bucket, name: &str) -> Result<Bytes, StoreError> {
    let opened = store.open(&cx(), bucket, &key(name), OpenOptions::default()).await?;
    let body = opened.content.read(ByteRange::whole(opened.info.size_bytes)).await?;
    Ok(body.collect(64 << 20).await.unwrap())
}

async fn etag(store: &DrimeStore, bucket: &Bucket, name: &str) -> Result<ETag, StoreError> {
    store.head(&cx(), bucket, &key(name), OpenOptions::default()).await.map(|info| info.etag)
}

async fn delete(store: &DrimeStore, bucket: &Bucket, name: &str) {
    store.delete(&cx(), bucket, &key(name), DeleteOptions::default()).await.unwrap();
}

async fn listed(store: &DrimeStore, bucket: &Bucket, prefix: &str, delimiter: Option<&str>) -> Vec<String> {
    let options = ListObjects {
        prefix: prefix.to_owned(),
        delimiter: delimiter.map(str::to_owned),
        after: None,
        limit: 1000,
    };
    let page = store.list(&cx(), bucket, options).await.unwrap();
    let shown = |entry: &ListEntry| match entry {
        ListEntry::Object(object) => object.key.as_str().to_owned(),
        ListEntry::Prefix(prefix) => format!("{prefix}*"),
    };
    page.entries.iter().map(shown).collect()
}

fn is_missing_key<T>(result: Result<T, StoreError>) -> bool {
    result.is_err_and(|error| matches!(error.kind, StoreErrorKind::Missing(Missing::Key)))
}

/// The names of the files in the bucket's folder, as the drive has them.
fn names(world: &World) -> Vec<String> {
    let mut names: Vec<String> =
        world.stub.entries().into_iter().filter(|entry| !entry.is_folder).map(|entry| entry.name).collect();
    names.sort();
    names
}

/// Waits for work in the background, which ends in a bounded number of steps.
async fn until(what: impl Fn() -> bool) {
    for _ in 0..2_000 {
        if what() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
    panic!("it never came to be");
}

const LAYOUT: [(&str, &str); 3] = [("a", "1"), ("photos/2024/b.jpg", "2"), ("photos/c.jpg", "3")];

/// Objects are plain files in plain folders, and the files of others are objects.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn objects_are_plain_files_and_files_of_others_are_objects() {
    let world = World::new(settings());
    let top = world.stub.put_folder(None, "media");
    let photos = world.stub.put_folder(Some(top), "photos");
    let year = world.stub.put_folder(Some(photos), "2024");
    world.stub.put_file(Some(top), "a", "1");
    world.stub.put_file(Some(year), "b.jpg", "2");
    let theirs = world.open();
    let bucket = theirs.bucket(&cx(), &BucketName::new("media").unwrap()).await.unwrap();
    put(&theirs, &bucket, "photos/c.jpg", "3").await;
    let c = world.stub.entries().into_iter().find(|entry| entry.name == "c.jpg").unwrap();
    assert_eq!((c.parent, world.stub.bytes(c.id).unwrap()), (Some(photos), "3".into()));
    for (name, bytes) in LAYOUT {
        assert_eq!(read(&theirs, &bucket, name).await.unwrap(), bytes);
    }
    assert_eq!(listed(&theirs, &bucket, "", None).await, ["a", "photos/2024/b.jpg", "photos/c.jpg"]);
    assert_eq!(listed(&theirs, &bucket, "photos/", Some("/")).await, ["photos/2024/*", "photos/c.jpg"]);
    assert_eq!(world.stub.leaked_tokens(), 0);
}

/// The tag of a file of others is no MD5, and the same for every store over the drive.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn foreign_tags_are_the_same_everywhere_and_change_with_the_content() {
    let world = World::new(settings());
    let top = world.stub.put_folder(None, "media");
    let id = world.stub.put_file(Some(top), "a", "foreign");
    let (one, other) = (world.open(), World { stub: World::new(settings()).stub, ..World::new(settings()) });
    let bucket = one.bucket(&cx(), &BucketName::new("media").unwrap()).await.unwrap();
    let tag = etag(&one, &bucket, "a").await.unwrap();
    assert!(tag.md5().is_none() && tag.as_str().len() == 34 && tag.as_str().ends_with("-1"), "{tag}");
    // Another ledger, the same drive.
    let elsewhere = other.open_at(world.stub.endpoint());
    assert_eq!(etag(&elsewhere, &bucket, "a").await.unwrap(), tag);
    world.stub.change(id, |entry| entry.size_bytes = 6);
    let fresh = world.open();
    assert_ne!(etag(&fresh, &bucket, "a").await.unwrap(), tag);
}

/// What the ledger knows counts only while the file is the one that was written.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_behind_our_back_shows() {
    let world = World::new(settings());
    let store = world.open();
    let bucket = make_bucket(&store, "media").await;
    let ours = put(&store, &bucket, "a", "ours").await;
    assert_eq!(ours, ETag::from_md5(Md5::digest(b"ours")));
    let id = world.stub.entries().into_iter().find(|entry| entry.name == "a").unwrap().id;
    world.stub.delete(id);
    world.stub.put_file(Some(bucket.handle), "a", "theirs, and longer");
    let store = world.open();
    assert_ne!(etag(&store, &bucket, "a").await.unwrap(), ours);
    assert_eq!(read(&store, &bucket, "a").await.unwrap(), "theirs, and longer");
}

/// Losing the ledger loses no object.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_is_readable_without_the_ledger() {
    let world = World::new(settings());
    let store = world.open();
    let bucket = make_bucket(&store, "media").await;
    for (name, bytes) in LAYOUT {
        put(&store, &bucket, name, bytes).await;
    }
    let before = listed(&store, &bucket, "", None).await;
    let bare = World::new(settings()).open_at(world.stub.endpoint());
    assert_eq!(listed(&bare, &bucket, "", None).await, before);
    for (name, bytes) in LAYOUT {
        assert_eq!(read(&bare, &bucket, name).await.unwrap(), bytes);
    }
}

/// Of two files of one name the newest is the object, and the older one goes to the trash.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_between_upload_and_delete_is_healed_at_the_next_sight() {
    let world = World::new(settings());
    let store = world.open();
    let bucket = make_bucket(&store, "media").await;
    let folder = Some(bucket.handle);
    let (old, new) = (world.stub.put_file(folder, "a", "old"), world.stub.put_file(folder, "a", "new"));
    let store = world.open();
    assert_eq!(listed(&store, &bucket, "", None).await, ["a"]);
    assert_eq!(read(&store, &bucket, "a").await.unwrap(), "new");
    until(|| world.stub.entries().iter().all(|entry| entry.id != old)).await;
    assert_eq!(world.stub.trash().iter().map(|entry| entry.id).collect::<Vec<_>>(), [old]);
    assert_eq!(world.stub.bytes(new).unwrap(), "new");
    // Changed later counts more than made later.
    let earlier = world.stub.put_file(folder, "b", "made earlier, changed later");
    let later = world.stub.put_file(folder, "b", "made later");
    world.stub.change(earlier, |entry| {
        entry.updated_at = types::Timestamp::from_secs(entry.updated_at.as_secs() + 9)
    });
    let store = world.open();
    assert_eq!(read(&store, &bucket, "b").await.unwrap(), "made earlier, changed later");
    until(|| world.stub.entries().iter().all(|entry| entry.id != later)).await;
}

/// Replacing leaves one file, removed for good.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replacing_leaves_one_file() {
    let world = World::new(settings());
    let store = world.open();
    let bucket = make_bucket(&store, "media").await;
    for size in [10, 60_000, 400_000] {
        put(&store, &bucket, "a", pattern(1, size)).await;
        put(&store, &bucket, "a", pattern(2, size)).await;
        assert_eq!(names(&world), ["a"], "size {size}");
        assert!(read(&store, &bucket, "a").await.unwrap() == pattern(2, size));
    }
    assert!(world.stub.trash().is_empty());
    assert!(world.stub.open_uploads().is_empty());
}

/// Listings that lag behind show our own writes, renames and deletes all the same.
#[tokio::test]
async fn own_changes_show_in_late_listings() {
    let world = World::new(settings());
    let store = world.open();
    let bucket = make_bucket(&store, "media").await;
    world.stub.set(|settings| (settings.late_pages, settings.late_writes) = (1_000, 1_000));
    put(&store, &bucket, "d/a", pattern(1, 100)).await;
    put(&store, &bucket, "d/a", pattern(2, 100)).await;
    put(&store, &bucket, "d/b", "b").await;
    delete(&store, &bucket, "d/b").await;
    let source = store::CopySource {
        bucket: bucket.clone().into(),
        key: key("d/a"),
        version_id: None,
        etag: etag(&store, &bucket, "d/a").await.unwrap(),
    };
    let options = store::CopyOptions {
        metadata: store::Directive::Copy,
        storage_class: None,
        tags: store::Directive::Copy,
        checksum: None,
        condition: store::WriteCondition::Always,
    };
    store.copy(&cx(), &source, &bucket, &key("d/copy"), options).await.unwrap();
    tokio::time::pause();
    for seconds in [1, 7, 20] {
        tokio::time::advance(std::time::Duration::from_secs(seconds)).await;
        tokio::time::resume();
        assert_eq!(listed(&store, &bucket, "", None).await, ["d/a", "d/copy"]);
        assert!(read(&store, &bucket, "d/copy").await.unwrap() == pattern(2, 100));
        assert!(is_missing_key(etag(&store, &bucket, "d/b").await));
        tokio::time::pause();
    }
}

/// Folders that are ours go with the last object; those of others stay and show as markers.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn empty_folders_of_ours_go_and_those_of_others_are_markers() {
    let world = World::new(settings());
    let store = world.open();
    let bucket = make_bucket(&store, "media").await;
    let theirs = world.stub.put_folder(Some(bucket.handle), "theirs");
    let folders = || world.stub.entries().iter().filter(|entry| entry.is_folder).count();
    let store = world.open();
    put(&store, &bucket, "ours/deep/a", "1").await;
    put(&store, &bucket, "theirs/b", "2").await;
    assert_eq!(folders(), 4);
    assert_eq!(listed(&store, &bucket, "", Some("/")).await, ["ours/*", "theirs/*"]);
    delete(&store, &bucket, "ours/deep/a").await;
    delete(&store, &bucket, "theirs/b").await;
    assert_eq!(folders(), 2);
    assert_eq!(listed(&store, &bucket, "", None).await, ["theirs/"]);
    assert_eq!(listed(&store, &bucket, "theirs/", None).await, ["theirs/"]);
    assert_eq!(listed(&store, &bucket, "", Some("/")).await, ["theirs/*"]);
    assert_eq!(read(&store, &bucket, "theirs/").await.unwrap(), "");
    assert_eq!(etag(&store, &bucket, "theirs/").await.unwrap(), ETag::from_md5(Md5::digest(b"")));
    let removed = store.delete_bucket(&cx(), &bucket).await;
    assert!(matches!(removed.unwrap_err().kind, StoreErrorKind::BucketNotEmpty));
    delete(&store, &bucket, "theirs/").await;
    assert!(
        world.stub.trash().iter().any(|entry| entry.id == theirs),
        "a folder of others can be brought back"
    );
    store.delete_bucket(&cx(), &bucket).await.unwrap();
}

/// A put that fails leaves no folder behind, and one that is cut short leaves none after the next start.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn folders_of_a_put_that_failed_are_removed() {
    let world = World::new(settings());
    let store = world.open();
    let bucket = make_bucket(&store, "media").await;
    world.stub.fail("POST", "/uploads", 0, Failure::Refused(413));
    let refused = try_put(&store, &bucket, "x/y/z", "1").await.unwrap_err();
    assert!(matches!(refused.kind, StoreErrorKind::Full(_)), "{refused}");
    assert_eq!(listed(&store, &bucket, "", None).await, Vec::<String>::new());
    assert_eq!(world.stub.entries().len(), 1);
    // A crash right after the folders were made.
    world.stub.gather_uploads(2);
    let cut =
        tokio::time::timeout(std::time::Duration::from_millis(300), try_put(&store, &bucket, "x/y/z", "1"));
    assert!(cut.await.is_err());
    assert_eq!(world.stub.entries().len(), 3);
    let next = world.open();
    next.tidy().await.unwrap();
    assert_eq!(world.stub.entries().len(), 1);
}

/// A folder that was removed and made again by others is found again.
#[tokio::test]
async fn a_cached_folder_that_is_gone_is_resolved_once_more() {
    for unknown in [UnknownFolder::NotFound, UnknownFolder::Empty, UnknownFolder::Root] {
        let world = World::new(stubs::drime::Settings { unknown_folder: unknown, ..settings() });
        let store = world.open();
        let bucket = make_bucket(&store, "media").await;
        put(&store, &bucket, "d/a", "1").await;
        let d = world.stub.entries().into_iter().find(|entry| entry.name == "d").unwrap().id;
        world.stub.delete(d);
        let again = world.stub.put_folder(Some(bucket.handle), "d");
        world.stub.put_file(Some(again), "b", "2");
        tokio::time::pause();
        tokio::time::advance(std::time::Duration::from_secs(700)).await;
        tokio::time::resume();
        assert_eq!(read(&store, &bucket, "d/b").await.unwrap(), "2", "{unknown:?}");
        assert!(is_missing_key(etag(&store, &bucket, "d/a").await), "{unknown:?}");
        put(&store, &bucket, "d/c", "3").await;
        assert_eq!(listed(&store, &bucket, "d/", None).await, ["d/b", "d/c"], "{unknown:?}");
    }
}

/// A write into a folder that is gone finds the way again at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_put_into_a_folder_that_is_gone_makes_it_again() {
    let world = World::new(settings());
    let store = world.open();
    let bucket = make_bucket(&store, "media").await;
    put(&store, &bucket, "d/a", "1").await;
    let d = world.stub.entries().into_iter().find(|entry| entry.name == "d").unwrap().id;
    world.stub.delete(d);
    put(&store, &bucket, "d/b", "2").await;
    assert_eq!(listed(&store, &bucket, "", None).await, ["d/b"]);
}

/// Folders that differ by letter case only stand side by side, whoever made the first.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn folders_that_differ_by_case_stand_side_by_side() {
    let world = World::new(settings());
    let store = world.open();
    let bucket = make_bucket(&store, "media").await;
    world.stub.put_folder(Some(bucket.handle), "Docs");
    let store = world.open();
    let long = "L".repeat(300);
    let keys =
        ["Docs/a", "DOCS/a", "docs/a", "docS/b", &format!("{long}/a"), &format!("{}/a", long.to_lowercase())];
    for name in keys {
        put(&store, &bucket, name, name.to_owned()).await;
    }
    let mut sorted: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
    sorted.sort();
    for store in [store, world.open()] {
        assert_eq!(listed(&store, &bucket, "", None).await, sorted);
        for name in keys {
            assert_eq!(read(&store, &bucket, name).await.unwrap(), name.as_bytes());
        }
    }
}

/// Names that look as if they were ours lead back to themselves.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn foreign_names_that_look_like_ours_are_kept_apart() {
    let world = World::new(settings());
    let store = world.open();
    let bucket = make_bucket(&store, "media").await;
    let folder = Some(bucket.handle);
    world.stub.put_file(folder, "%e-a", "foreign");
    world.stub.put_file(folder, "%e-%2e", "ours");
    world.stub.put_file(folder, "%t-%61", "a file is no twin");
    let store = world.open();
    assert_eq!(listed(&store, &bucket, "", None).await, ["%e-%e-a", "%e-%t-%61", "."]);
    assert_eq!(read(&store, &bucket, "%e-%e-a").await.unwrap(), "foreign");
    put(&store, &bucket, "%e-%e-a", "replaced").await;
    put(&store, &bucket, "%e-a", "another").await;
    put(&store, &bucket, "a", "plain").await;
    assert_eq!(listed(&store, &bucket, "", None).await, ["%e-%e-a", "%e-%t-%61", "%e-a", ".", "a"]);
    assert_eq!(names(&world), ["%e-%25e-a", "%e-%2e", "%e-a", "%t-%61", "a"]);
    assert_eq!(read(&store, &bucket, "%e-%e-a").await.unwrap(), "replaced");
    assert_eq!(read(&store, &bucket, "%e-a").await.unwrap(), "another");
}

/// A name that a form would have to escape goes up in another way.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn quotes_in_names_are_kept() {
    let world = World::new(settings());
    let store = world.open();
    let bucket = make_bucket(&store, "media").await;
    for size in [0, 10, 60_000] {
        put(&store, &bucket, "say \"hi\"", pattern(1, size)).await;
        assert!(read(&store, &bucket, "say \"hi\"").await.unwrap() == pattern(1, size), "size {size}");
    }
    assert_eq!(names(&world), ["say \"hi\""]);
}

/// Folding looks into no more folders than the answer needs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folded_listing_looks_into_one_folder() {
    let world = World::new(settings());
    let top = world.stub.put_folder(None, "media");
    for n in 0..30 {
        let folder = world.stub.put_folder(Some(top), &format!("d{n:02}"));
        world.stub.put_file(Some(folder), "x", "1");
    }
    let store = world.open();
    let bucket = store.bucket(&cx(), &BucketName::new("media").unwrap()).await.unwrap();
    let lists = || world.stub.calls("GET", "/drive/file-entries");
    let before = lists();
    assert_eq!(listed(&store, &bucket, "", Some("/")).await.len(), 30);
    assert_eq!(lists() - before, 1);
    let before = lists();
    assert_eq!(listed(&store, &bucket, "d07/", None).await, ["d07/x"]);
    assert_eq!(lists() - before, 1);
    // Two entries and the look whether there are more: the folders ahead are asked for in ones, twos, fours.
    let options = ListObjects { limit: 2, ..ListObjects::default() };
    let before = lists();
    assert_eq!(store.list(&cx(), &bucket, options).await.unwrap().entries.len(), 2);
    assert!(lists() - before <= 7, "{}", lists() - before);
}

/// Many who ask for one folder at once wait for one listing.
#[tokio::test]
async fn one_listing_of_a_folder_is_under_way_at_a_time() {
    let world = World::new(settings());
    let top = world.stub.put_folder(None, "media");
    for n in 0..20 {
        world.stub.put_file(Some(top), &format!("f{n}"), "1");
    }
    let store = world.open();
    let bucket = store.bucket(&cx(), &BucketName::new("media").unwrap()).await.unwrap();
    let before = world.stub.calls("GET", "/drive/file-entries");
    let asks = (0..20).map(|n| {
        let (store, bucket) = (store.clone(), bucket.clone());
        tokio::spawn(async move { etag(&store, &bucket, &format!("f{n}")).await.unwrap() })
    });
    for ask in asks.collect::<Vec<_>>() {
        ask.await.unwrap();
    }
    assert_eq!(world.stub.calls("GET", "/drive/file-entries") - before, 1);
    // One who goes away takes nobody's listing with him.
    tokio::time::pause();
    tokio::time::advance(std::time::Duration::from_secs(6)).await;
    tokio::time::resume();
    let (gone, stays) = (etag(&store, &bucket, "f0"), etag(&store, &bucket, "f1"));
    let mut gone = Box::pin(gone);
    let polled = std::future::poll_fn(|cx| std::task::Poll::Ready(gone.as_mut().poll(cx).is_ready()));
    assert!(!polled.await);
    drop(gone);
    stays.await.unwrap();
    assert_eq!(world.stub.calls("GET", "/drive/file-entries") - before, 2);
}

/// Small uploads are all under way at once: the drive holds each until the last has come in.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thirty_two_uploads_do_not_queue_behind_one_another() {
    let world = World::new(settings());
    let store = world.open();
    let bucket = make_bucket(&store, "media").await;
    world.stub.gather_uploads(32);
    for size in [100, 60_000] {
        let puts = (0..32).map(|n| {
            let (store, bucket) = (store.clone(), bucket.clone());
            tokio::spawn(async move {
                put(&store, &bucket, &format!("data/{:02x}/{n}", n % 4), pattern(n, size)).await
            })
        });
        for put in puts.collect::<Vec<_>>() {
            put.await.unwrap();
        }
    }
    assert_eq!(listed(&store, &bucket, "data/", None).await.len(), 32);
}

/// After an answer that was lost the file is found, not made twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_answers_are_looked_for() {
    let world = World::new(settings());
    let store = world.open();
    let bucket = make_bucket(&store, "media").await;
    for (size, path) in
        [(10, "/uploads"), (60_000, "/uploads"), (400_000, "/s3/entries"), (400_000, "/complete")]
    {
        world.stub.fail("POST", path, 0, Failure::Lost(500));
        let tag = put(&store, &bucket, "a", pattern(3, size)).await;
        assert_eq!(tag, ETag::from_md5(Md5::digest(&pattern(3, size))), "{path}");
        assert_eq!(names(&world), ["a"], "{path}, {size}");
        assert!(read(&store, &bucket, "a").await.unwrap() == pattern(3, size));
        delete(&store, &bucket, "a").await;
    }
    assert_eq!(store.stats().adopted, 3);
    // One that really did nothing is sent again.
    world.stub.fail("POST", "/uploads", 0, Failure::Refused(502));
    put(&store, &bucket, "b", "once more").await;
    assert_eq!(read(&store, &bucket, "b").await.unwrap(), "once more");
    world.stub.fail("POST", "/folders", 0, Failure::Lost(500));
    put(&store, &bucket, "new/c", "c").await;
    assert_eq!(read(&store, &bucket, "new/c").await.unwrap(), "c");
}

/// Deleting what others have deleted succeeds.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ids_that_are_gone_already_are_deleted() {
    let world = World::new(settings());
    let store = world.open();
    let bucket = make_bucket(&store, "media").await;
    put(&store, &bucket, "a", "1").await;
    let id = world.stub.entries().into_iter().find(|entry| entry.name == "a").unwrap().id;
    world.stub.delete(id);
    delete(&store, &bucket, "a").await;
    assert!(is_missing_key(etag(&store, &bucket, "a").await));
}

/// Many deletes are few calls, and one that others have deleted meanwhile does not keep the rest.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_deletes_are_few_calls() {
    let world = World::new(settings());
    let store = world.open();
    let bucket = make_bucket(&store, "media").await;
    for foreign in [false, true] {
        for n in 0..150 {
            put(&store, &bucket, &format!("d/{n}"), "x").await;
        }
        let calls = world.stub.calls("POST", "/file-entries/delete");
        if foreign {
            let id = world.stub.entries().into_iter().find(|entry| entry.name == "7").unwrap().id;
            world.stub.delete(id);
        }
        let target =
            |n| store::DeleteTarget { key: key(&format!("d/{n}")), options: DeleteOptions::default() };
        let outcomes = store.delete_many(&cx(), &bucket, (0..150).map(target).collect()).await.unwrap();
        assert!(outcomes.len() == 150 && outcomes.iter().all(Result::is_ok));
        assert_eq!(listed(&store, &bucket, "", None).await, Vec::<String>::new());
        if !foreign {
            // Two for the files and one for their folder.
            assert_eq!(world.stub.calls("POST", "/file-entries/delete") - calls, 3);
        }
        assert_eq!(world.stub.entries().len(), 1);
    }
}

/// An object that others have removed since the listing is missing, not an error.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_gone_is_looked_for_once_more() {
    let world = World::new(settings());
    let store = world.open();
    let bucket = make_bucket(&store, "media").await;
    put(&store, &bucket, "a", "first").await;
    let id = world.stub.entries().into_iter().find(|entry| entry.name == "a").unwrap().id;
    world.stub.delete(id);
    assert!(is_missing_key(read(&store, &bucket, "a").await));
    world.stub.put_file(Some(bucket.handle), "b", "theirs");
    let store = world.open();
    assert_eq!(read(&store, &bucket, "b").await.unwrap(), "theirs");
    let id = world.stub.entries().into_iter().find(|entry| entry.name == "b").unwrap().id;
    world.stub.delete(id);
    world.stub.put_file(Some(bucket.handle), "b", "theirs again");
    assert_eq!(read(&store, &bucket, "b").await.unwrap(), "theirs again");
}

/// Ranges come through the redirect as they are asked for, without the token.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ranges_come_through_the_redirect() {
    let world = World::new(settings());
    let store = world.open();
    let bucket = make_bucket(&store, "media").await;
    let bytes = pattern(5, 300_000);
    put(&store, &bucket, "a", bytes.clone()).await;
    let locates = || world.stub.calls("GET", "/file-entries/{id}/download");
    let before = (locates(), world.stub.calls("GET", "storage"));
    let hint = Some(RangeSpec::FromTo { first: 1_000, last: 1_999 });
    let options = OpenOptions { range_hint: hint, ..OpenOptions::default() };
    let opened = store.open(&cx(), &bucket, &key("a"), options).await.unwrap();
    for (start, end) in [(1_000, 2_000), (0, 1), (299_999, 300_000)] {
        let body = opened.content.read(ByteRange { start, end }).await.unwrap();
        assert!(body.collect(1 << 20).await.unwrap() == bytes[start as usize..end as usize]);
    }
    // One redirect, and one request for each range.
    assert_eq!((locates() - before.0, world.stub.calls("GET", "storage") - before.1), (1, 3));
    assert_eq!(world.stub.leaked_tokens(), 0);
}

/// One bucket over the whole account.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_whole_account_may_be_one_bucket() {
    let world = World { root: Root::Default, ..World::new(settings()) };
    world.stub.put_file(None, "at the top", "1");
    let inner = world.stub.put_folder(None, "Inner Folder");
    world.stub.put_file(Some(inner), "a", "2");
    let store = world.open();
    let page = store
        .list_buckets(&cx(), ListBuckets { prefix: String::new(), after: None, limit: 10 })
        .await
        .unwrap();
    let [bucket] = &page.buckets[..] else { panic!("{page:?}") };
    assert_eq!(bucket.name.as_str(), "default");
    put(&store, bucket, "Inner Folder/b", "3").await;
    put(&store, bucket, "at the top", "4").await;
    let source = store::CopySource {
        bucket: bucket.clone().into(),
        key: key("Inner Folder/a"),
        version_id: None,
        etag: etag(&store, bucket, "Inner Folder/a").await.unwrap(),
    };
    let options = store::CopyOptions {
        metadata: store::Directive::Copy,
        storage_class: None,
        tags: store::Directive::Copy,
        checksum: None,
        condition: store::WriteCondition::Always,
    };
    store.copy(&cx(), &source, bucket, &key("c"), options).await.unwrap();
    assert_eq!(
        listed(&store, bucket, "", None).await,
        ["Inner Folder/a", "Inner Folder/b", "at the top", "c"]
    );
    let made = store.delete_bucket(&cx(), bucket).await;
    assert!(matches!(made.unwrap_err().kind, StoreErrorKind::Unsupported(_)));
}

/// Where the drive does not copy, the bytes pass through.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drive_that_does_not_copy_is_copied_through() {
    let world = World::new(stubs::drime::Settings { duplicates: false, ..settings() });
    let store = world.open();
    let bucket = make_bucket(&store, "media").await;
    let tag = put(&store, &bucket, "a", pattern(1, 300_000)).await;
    let source = store::CopySource {
        bucket: bucket.clone().into(),
        key: key("a"),
        version_id: None,
        etag: tag.clone(),
    };
    let options = store::CopyOptions {
        metadata: store::Directive::Copy,
        storage_class: None,
        tags: store::Directive::Copy,
        checksum: None,
        condition: store::WriteCondition::Always,
    };
    let copied = store.copy(&cx(), &source, &bucket, &key("x/b"), options).await.unwrap();
    assert_eq!(copied.etag, tag);
    assert!(read(&store, &bucket, "x/b").await.unwrap() == pattern(1, 300_000));
}
