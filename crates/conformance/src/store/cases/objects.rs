//! Objects: what is stored comes back as it was.

use bytes::Bytes;
use hash::{Hasher, Md5};
use store::{Identity, Missing, ObjectIdentity, OpenOptions, PartProblem, PutOptions, StoreErrorKind};
use types::{ByteRange, ChecksumAlgorithm, ETag, ObjectHeaders, ObjectMetadata, StorageClass, TagSet};

use crate::blob::bodies::{Script, pattern};
use crate::store::StoreWorld;
use crate::store::desk::{Desk, assert_refused, key};

/// Sizes around the limits of inline data, frames and blocks.
const SIZES: [usize; 9] = [0, 1, 4096, 65_535, 65_536, 65_537, 131_072, 1_048_576, 1_500_001];

/// Bytes of every size come back.
pub async fn bytes_of_every_size_come_back(world: &dyn StoreWorld) {
    let desk = Desk::new(world).await;
    for size in SIZES {
        let bytes = pattern(size as u64, size);
        let name = format!("size-{size}");
        let put = desk.put(&name, bytes.clone()).await;
        assert_eq!(put.etag, ETag::from_md5(Md5::digest(&bytes)));
        if desk.can(|store| store.checksums) {
            assert_eq!(put.checksum, Some(Hasher::checksum(ChecksumAlgorithm::Crc64Nvme, &bytes)));
        }
        assert_eq!((put.size_bytes, put.version_id), (size as u64, None));
        let (info, read) = desk.open(&name, OpenOptions::default()).await.unwrap();
        assert!(read == bytes, "size {size}");
        assert_eq!((&info.etag, info.size_bytes), (&put.etag, size as u64));
        if desk.can(|store| store.checksums) {
            assert_eq!(info.checksum, put.checksum);
        }
        if desk.can(|store| store.exact_times) {
            assert_eq!(info.modified_at, put.modified_at);
        }
        assert_eq!((info.part_count, info.part), (None, None));
        assert_eq!(desk.head(&name).await.unwrap(), info);
    }
}

/// Frames of every shape make the same object.
pub async fn frames_of_every_shape_make_the_same_object(world: &dyn StoreWorld) {
    let desk = Desk::new(world).await;
    for size in [10, 65_536, 65_537, 300_000] {
        let bytes = pattern(7, size);
        for frame_bytes in [1.max(size / 50), 8191, 65_536, 100_000] {
            let body = Script::frames(&bytes, frame_bytes).with_pauses().into_body();
            let put = desk.store.put(&desk.cx, &desk.bucket, &key("k"), body, PutOptions::default()).await;
            assert_eq!(put.unwrap().etag, ETag::from_md5(Md5::digest(&bytes)));
            assert!(desk.read("k").await == bytes, "size {size}, frames of {frame_bytes}");
        }
    }
}

/// Ranges read exactly their bytes.
pub async fn ranges_read_exactly_their_bytes(world: &dyn StoreWorld) {
    let desk = Desk::new(world).await;
    for size in [1, 1000, 65_536, 400_000] {
        let bytes = pattern(9, size);
        desk.put("k", bytes.clone()).await;
        let edges = [0, 1, size / 3, size / 2, size - 1, size];
        for start in edges {
            for end in edges.into_iter().filter(|end| *end >= start) {
                let range = ByteRange { start: start as u64, end: end as u64 };
                assert!(desk.read_range("k", range).await == bytes[start..end], "{range:?} of {size}");
            }
        }
    }
}

/// An overwritten object is wholly the new one.
pub async fn an_overwritten_object_is_wholly_the_new_one(world: &dyn StoreWorld) {
    let desk = Desk::new(world).await;
    for (before, after) in [(10, 20), (10, 100_000), (100_000, 10), (200_000, 100_000), (0, 5), (5, 0)] {
        desk.put("k", pattern(1, before)).await;
        desk.put("k", pattern(2, after)).await;
        assert!(desk.read("k").await == pattern(2, after), "{before} then {after}");
    }
}

/// An open object stays as it was.
pub async fn an_open_object_stays_as_it_was(world: &dyn StoreWorld) {
    let desk = Desk::new(world).await;
    for size in [0, 100, 300_000] {
        let bytes = pattern(3, size);
        desk.put("k", bytes.clone()).await;
        let opened = desk.store.open(&desk.cx, &desk.bucket, &key("k"), OpenOptions::default()).await;
        let opened = opened.unwrap();
        desk.put("k", pattern(4, 1000)).await;
        desk.delete("k").await;
        for range in [ByteRange::whole(size as u64), ByteRange { start: size as u64 / 2, end: size as u64 }] {
            let read = match opened.content.read(range).await {
                Ok(body) => body.collect(1 << 20).await.ok(),
                Err(_) => None,
            };
            match read {
                Some(read) => assert!(read == bytes[range.start as usize..range.end as usize], "size {size}"),
                None => assert!(!desk.can(|store| store.open_outlives_overwrite), "size {size}"),
            }
        }
    }
}

/// Readers of an object that is overwritten see one or the other.
pub async fn readers_of_an_object_that_is_overwritten_see_one_or_the_other(world: &dyn StoreWorld) {
    let desk = Desk::new(world).await;
    let bodies: Vec<Bytes> = (0..4).map(|n| pattern(n, 50_000 + 10_000 * n as usize)).collect();
    desk.put("k", bodies[0].clone()).await;
    let writer = {
        let (store, bucket, cx, bodies) =
            (desk.store.clone(), desk.bucket.clone(), desk.cx.clone(), bodies.clone());
        tokio::spawn(async move {
            for round in 0..60 {
                let body = types::Body::from_bytes(bodies[round % bodies.len()].clone());
                store.put(&cx, &bucket, &key("k"), body, PutOptions::default()).await.unwrap();
            }
        })
    };
    while !writer.is_finished() {
        let (info, read) = desk.open("k", OpenOptions::default()).await.unwrap();
        assert!(bodies.contains(&read));
        assert_eq!(info.etag, ETag::from_md5(Md5::digest(&read)));
    }
    writer.await.unwrap();
}

/// Metadata come back as they were sent.
pub async fn metadata_come_back_as_they_were_sent(world: &dyn StoreWorld) {
    let desk = Desk::new(world).await;
    if !desk.store.capabilities(&desk.bucket).metadata.is_yes() {
        return;
    }
    let text = |text: &str| Some(text.to_owned());
    let mut user = vec![("empty".to_owned(), String::new()), ("mtime".to_owned(), "1".to_owned())];
    if desk.can(|store| store.any_metadata) {
        user.push(("名".into(), "värde ".into()));
    }
    let tags = match desk.can(|store| store.object_tags) {
        true => vec![("k".to_owned(), "v".to_owned()), ("k2".to_owned(), String::new())],
        false => Vec::new(),
    };
    let metadata = ObjectMetadata {
        headers: ObjectHeaders {
            cache_control: text("no-cache"),
            content_disposition: text("attachment; filename=\"ü\""),
            content_encoding: text("gzip"),
            content_language: text("de"),
            content_type: text("text/x-odd; charset=utf-8"),
            expires: text("not even a date"),
            website_redirect_location: text("/elsewhere"),
        },
        user,
        storage_class: desk.class(StorageClass::GlacierIr),
        tags: TagSet::new(tags, 10).unwrap(),
    };
    for size in [0, 10, 100_000] {
        let options = PutOptions { metadata: metadata.clone(), ..PutOptions::default() };
        desk.try_put("k", pattern(5, size), options).await.unwrap();
        assert_eq!(desk.head("k").await.unwrap().metadata, metadata);
        assert_eq!(desk.open("k", OpenOptions::default()).await.unwrap().0.metadata, metadata);
    }
    desk.put("k", "x").await;
    assert_eq!(desk.head("k").await.unwrap().metadata, ObjectMetadata::default());
}

/// Keys that a file system or a URL would mangle.
pub(super) const ODD_KEYS: [&str; 18] = [
    "a",
    "a/",
    "a/b",
    "a//b",
    "/",
    "//",
    "/a",
    ".",
    "..",
    "../a",
    "a/../b",
    "+ %2F%00",
    "\0",
    "a\0b",
    "\u{1}",
    "CON",
    "\u{1F600}\u{10FFFF}",
    "e\u{301}",
];

/// Every legal key is its own object.
pub async fn every_legal_key_is_its_own_object(world: &dyn StoreWorld) {
    let desk = Desk::new(world).await;
    if !desk.store.capabilities(&desk.bucket).any_key.is_yes() {
        return;
    }
    let longest = "\u{10FFFF}".repeat(256);
    let nuls = "\0".repeat(1024);
    let keys = || ODD_KEYS.into_iter().chain([longest.as_str(), nuls.as_str(), "é"]);
    for name in keys() {
        desk.put(name, name.to_owned()).await;
    }
    for name in keys() {
        assert_eq!(desk.read(name).await, name.as_bytes());
    }
    for name in keys() {
        desk.delete(name).await;
        assert_refused!(desk.head(name).await, StoreErrorKind::Missing(Missing::Key));
    }
}

/// An object that is not there is missing.
pub async fn an_object_that_is_not_there_is_missing(world: &dyn StoreWorld) {
    let desk = Desk::new(world).await;
    assert_refused!(desk.head("k").await, StoreErrorKind::Missing(Missing::Key));
    assert_refused!(desk.open("k", OpenOptions::default()).await, StoreErrorKind::Missing(Missing::Key));
    desk.put("k", "x").await;
    assert!(!desk.delete("k").await.delete_marker);
    assert_refused!(desk.head("k").await, StoreErrorKind::Missing(Missing::Key));
    desk.delete("k").await;
}

/// Part one of an object in one piece is all of it.
pub async fn part_one_of_an_object_in_one_piece_is_all_of_it(world: &dyn StoreWorld) {
    let desk = Desk::new(world).await;
    desk.put("k", "abc").await;
    let part = |number| OpenOptions { part_number: Some(number), ..OpenOptions::default() };
    let (info, _) = desk.open("k", part(1)).await.unwrap();
    let span = info.part.unwrap();
    assert_eq!((span.number, span.range, info.part_count), (1, ByteRange { start: 0, end: 3 }, None));
    let refused = desk.open("k", part(2)).await;
    assert_refused!(refused, StoreErrorKind::Part(PartProblem::NoSuchPart));
}

/// A supplied identity is kept and nothing is hashed.
pub async fn a_supplied_identity_is_kept_and_nothing_is_hashed(world: &dyn StoreWorld) {
    let desk = Desk::new(world).await;
    if !desk.can(|store| store.supplied_identity) {
        return;
    }
    let etag = ETag::from_text("anything-2");
    let checksum = Some(Hasher::checksum(ChecksumAlgorithm::Sha256, b"other bytes"));
    for size in [100_u64, 200_000] {
        let bytes = pattern(6, size as usize);
        let part_sizes = vec![size / 4, size - size / 4];
        let identity = ObjectIdentity { etag: etag.clone(), checksum, part_sizes };
        let options = PutOptions { identity: Identity::Supplied(identity), ..PutOptions::default() };
        let put = desk.try_put("k", bytes.clone(), options).await.unwrap();
        assert_eq!((&put.etag, put.checksum), (&etag, checksum));
        assert!(desk.read("k").await == bytes);
        let part = OpenOptions { part_number: Some(2), ..OpenOptions::default() };
        let (info, _) = desk.open("k", part).await.unwrap();
        assert_eq!((info.etag, info.part_count), (etag.clone(), Some(2)));
        assert_eq!(info.part.unwrap().range, ByteRange { start: size / 4, end: size });
    }
}

/// What was stored is there after reopening.
pub async fn what_was_stored_is_there_after_reopening(world: &dyn StoreWorld) {
    if !world.is_lasting() {
        return;
    }
    let desk = Desk::new(world).await;
    for size in SIZES {
        desk.put(&format!("size-{size}"), pattern(size as u64, size)).await;
    }
    let (bucket, part_min_bytes) = (desk.bucket.clone(), desk.part_min_bytes);
    drop(desk);
    let (store, cx) = (world.open().await, types::Context::background());
    let desk = Desk { store, bucket, cx, part_min_bytes };
    for size in SIZES {
        assert!(desk.read(&format!("size-{size}")).await == pattern(size as u64, size));
    }
}
