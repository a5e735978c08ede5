//! Copies: the same bytes and identity under another key.

use hash::{Hasher, Md5};
use store::{
    CopyOptions, CopySource, CreateUploadOptions, Directive, Missing, OpenOptions, PutOptions, StoreErrorKind,
};
use types::{ByteRange, ChecksumAlgorithm, ETag, ObjectHeaders, ObjectMetadata, StorageClass, TagSet};

use crate::blob::bodies::pattern;
use crate::store::StoreWorld;
use crate::store::desk::{Desk, as_it_is, assert_refused, key};

const SIZES: [usize; 3] = [0, 1000, 200_000];

fn tags(value: &str) -> TagSet {
    TagSet::new(vec![("t".to_owned(), value.to_owned())], 10).unwrap()
}

fn metadata(word: &str) -> ObjectMetadata {
    ObjectMetadata {
        headers: ObjectHeaders { content_type: Some(word.to_owned()), ..ObjectHeaders::default() },
        user: vec![("word".to_owned(), word.to_owned())],
        storage_class: StorageClass::Standard,
        tags: tags(word),
    }
}

async fn copies(world: &dyn StoreWorld) -> Option<Desk> {
    let desk = Desk::new(world).await;
    desk.store.capabilities(&desk.bucket).copy.is_yes().then_some(desk)
}

async fn put(desk: &Desk, name: &str, size: usize) {
    let options = PutOptions { metadata: metadata("from"), ..PutOptions::default() };
    desk.try_put(name, pattern(1, size), options).await.unwrap();
}

/// A copy outlives its source.
pub async fn a_copy_outlives_its_source(world: &dyn StoreWorld) {
    let Some(desk) = copies(world).await else { return };
    let other = desk.another_bucket("other").await;
    for size in SIZES {
        put(&desk, "from", size).await;
        let (source, before) = (desk.source("from").await, desk.head("from").await.unwrap());
        let outcome = desk.copy(&source, "to", as_it_is()).await.unwrap();
        desk.store.copy(&desk.cx, &source, &other, &key("to"), as_it_is()).await.unwrap();
        desk.delete("from").await;
        desk.put("from", "else").await;
        let (info, bytes) = desk.open("to", OpenOptions::default()).await.unwrap();
        assert!(bytes == pattern(1, size), "size {size}");
        assert_eq!(info.etag, before.etag);
        if desk.can(|store| store.checksums) {
            assert_eq!(info.checksum, before.checksum);
        }
        assert_eq!((info.etag, info.metadata), (outcome.etag, before.metadata));
        desk.delete("to").await;
        let opened = desk.store.open(&desk.cx, &other, &key("to"), OpenOptions::default()).await.unwrap();
        let body = opened.content.read(ByteRange::whole(size as u64)).await.unwrap();
        assert!(body.collect(1 << 20).await.unwrap() == pattern(1, size));
    }
}

/// Directives keep or replace.
pub async fn directives_keep_or_replace(world: &dyn StoreWorld) {
    let Some(desk) = copies(world).await else { return };
    put(&desk, "from", 10).await;
    let source = desk.source("from").await;
    let replaced = CopyOptions { metadata: Directive::Replace(metadata("new")), ..as_it_is() };
    desk.copy(&source, "to", replaced).await.unwrap();
    let kept_tags = ObjectMetadata { tags: tags("from"), ..metadata("new") };
    assert_eq!(desk.head("to").await.unwrap().metadata, kept_tags);
    let options = CopyOptions {
        tags: Directive::Replace(tags("new")),
        storage_class: Some(desk.class(StorageClass::GlacierIr)),
        ..as_it_is()
    };
    desk.copy(&source, "to", options).await.unwrap();
    let expected = ObjectMetadata {
        tags: tags("new"),
        storage_class: desk.class(StorageClass::GlacierIr),
        ..metadata("from")
    };
    assert_eq!(desk.head("to").await.unwrap().metadata, expected);
}

/// An object copied onto itself keeps its bytes.
pub async fn an_object_copied_onto_itself_keeps_its_bytes(world: &dyn StoreWorld) {
    let Some(desk) = copies(world).await else { return };
    for size in SIZES {
        put(&desk, "k", size).await;
        for word in ["one", "two", "three"] {
            let source = desk.source("k").await;
            let options = CopyOptions { metadata: Directive::Replace(metadata(word)), ..as_it_is() };
            desk.copy(&source, "k", options).await.unwrap();
            let (info, bytes) = desk.open("k", OpenOptions::default()).await.unwrap();
            assert!(bytes == pattern(1, size));
            assert_eq!(info.metadata.user, metadata(word).user);
            assert_eq!(info.etag, ETag::from_md5(Md5::digest(&bytes)));
        }
    }
}

/// Another checksum is computed.
pub async fn another_checksum_is_computed(world: &dyn StoreWorld) {
    let Some(desk) = copies(world).await else { return };
    if !desk.can(|store| store.checksums) {
        return;
    }
    for size in SIZES {
        put(&desk, "from", size).await;
        let source = desk.source("from").await;
        for algorithm in ChecksumAlgorithm::ALL {
            let options = CopyOptions { checksum: Some(algorithm), ..as_it_is() };
            let outcome = desk.copy(&source, "to", options).await.unwrap();
            assert_eq!(outcome.checksum, Some(Hasher::checksum(algorithm, &pattern(1, size))));
            assert_eq!(desk.head("to").await.unwrap().checksum, outcome.checksum);
        }
    }
}

/// A source that is not the one named is a conflict.
pub async fn a_source_that_is_not_the_one_named_is_a_conflict(world: &dyn StoreWorld) {
    let Some(desk) = copies(world).await else { return };
    put(&desk, "from", 10).await;
    let source = desk.source("from").await;
    desk.put("from", "another").await;
    assert_refused!(desk.copy(&source, "to", as_it_is()).await, StoreErrorKind::Conflict);
    desk.delete("from").await;
    let refused = desk.copy(&source, "to", as_it_is()).await;
    assert_refused!(refused, StoreErrorKind::Missing(Missing::Key));
    assert_refused!(desk.head("to").await, StoreErrorKind::Missing(Missing::Key));
}

/// A version is copied by name.
pub async fn a_version_is_copied_by_name(world: &dyn StoreWorld) {
    let Some(desk) = Desk::keeps_versions(world).await else { return };
    for size in [10, 100_000] {
        let first = desk.put("from", pattern(1, size)).await;
        desk.put("from", pattern(2, size)).await;
        let source = CopySource {
            bucket: desk.bucket.clone().into(),
            key: key("from"),
            version_id: first.version_id.clone(),
            etag: first.etag,
        };
        let copied = desk.copy(&source, "from", as_it_is()).await.unwrap();
        assert!(copied.version_id.is_some() && copied.version_id != first.version_id);
        assert!(desk.read("from").await == pattern(1, size));
        let marker = desk.delete("from").await.version_id;
        let source = CopySource { version_id: marker, ..source };
        let refused = desk.copy(&source, "to", as_it_is()).await;
        assert_refused!(refused, StoreErrorKind::DeleteMarker { named: true, .. });
    }
}

/// An object in parts is copied with its parts.
pub async fn an_object_in_parts_is_copied_with_its_parts(world: &dyn StoreWorld) {
    let Some(desk) = copies(world).await else { return };
    if !desk.store.capabilities(&desk.bucket).multipart.is_yes() {
        return;
    }
    let upload = desk.begin("from", CreateUploadOptions::default()).await;
    let bodies = [pattern(1, desk.part_min_bytes), pattern(2, 100)];
    let parts = [upload.put(1, bodies[0].clone()).await, upload.put(2, bodies[1].clone()).await];
    let made = upload.complete(&parts).await;
    let source = desk.source("from").await;
    let copied = desk.copy(&source, "to", as_it_is()).await.unwrap();
    assert_eq!(copied.size_bytes, made.size_bytes);
    desk.delete("from").await;
    assert!(desk.read("to").await == bodies.concat());
    let info = desk.head("to").await.unwrap();
    assert_eq!(info.etag, copied.etag);
    if info.etag == made.etag {
        assert_eq!(info.part_count, Some(2));
    }
}

/// Copies that race with deletes of their source keep their bytes.
pub async fn copies_that_race_with_deletes_of_their_source_keep_their_bytes(world: &dyn StoreWorld) {
    let Some(desk) = copies(world).await else { return };
    for round in 0..40 {
        let bytes = pattern(round, 70_000);
        desk.put("from", bytes.clone()).await;
        let source = desk.source("from").await;
        let (store, bucket, cx) = (desk.store.clone(), desk.bucket.clone(), desk.cx.clone());
        let copying =
            tokio::spawn(async move { store.copy(&cx, &source, &bucket, &key("to"), as_it_is()).await });
        desk.delete("from").await;
        match copying.await.unwrap() {
            Ok(_) => assert!(desk.read("to").await == bytes),
            Err(error) => {
                let lost =
                    matches!(error.kind, StoreErrorKind::Missing(Missing::Key) | StoreErrorKind::Conflict);
                assert!(lost, "{error}");
            }
        }
    }
}
