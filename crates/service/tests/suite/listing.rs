//! Listings: objects of both kinds, versions, uploads; where each goes on.

use s3_model::{
    Continuation, EncodingType, Input, ListMultipartUploadsInput, ListMultipartUploadsOutput,
    ListObjectVersionsInput, ListObjectVersionsOutput, ListObjectsInput, ListObjectsOutput,
    ListObjectsV2Input, ListObjectsV2Output, ListedEntry, ListedVersion, Operation, Output, UploadListEntry,
    VersionListEntry, VersioningStatus,
};
use types::{ChecksumAlgorithm, ChecksumKind, StorageClass};

use crate::delete::delete;
use crate::multipart::begin;
use crate::world::*;

const KEYS: [&str; 6] = ["asdf", "boo/bar", "boo/baz/xyzzy", "cquux/bla", "cquux/thud", "zoo"];

async fn filled() -> World {
    let world = World::new().await;
    for key in KEYS {
        world.put(key, key).await;
    }
    world
}

fn v1(prefix: &str, delimiter: &str, marker: &str, max_keys: u32) -> ListObjectsInput {
    ListObjectsInput {
        prefix: prefix.to_owned(),
        delimiter: (!delimiter.is_empty()).then(|| delimiter.to_owned()),
        marker: marker.to_owned(),
        max_keys,
        encoding: None,
    }
}

fn v2(prefix: &str, delimiter: &str, max_keys: u32) -> ListObjectsV2Input {
    ListObjectsV2Input {
        prefix: prefix.to_owned(),
        delimiter: (!delimiter.is_empty()).then(|| delimiter.to_owned()),
        start_after: None,
        continuation: None,
        continuation_token: None,
        max_keys,
        fetch_owner: false,
        encoding: None,
    }
}

async fn list_v1(world: &World, input: ListObjectsInput) -> ListObjectsOutput {
    let listed = world.call(in_bucket(Operation::ListObjects), Input::ListObjects(input)).await.unwrap();
    *expect!(Output::ListObjects, listed)
}

async fn list_v2(world: &World, input: ListObjectsV2Input) -> ListObjectsV2Output {
    let listed = world.call(in_bucket(Operation::ListObjectsV2), Input::ListObjectsV2(input)).await.unwrap();
    *expect!(Output::ListObjectsV2, listed)
}

fn name_of(entry: &ListedEntry) -> &str {
    match entry {
        ListedEntry::Object(object) => object.key.as_str(),
        ListedEntry::Prefix(prefix) => prefix,
    }
}

fn names(entries: &[ListedEntry]) -> Vec<&str> {
    entries.iter().map(name_of).collect()
}

/// All pages, each going on behind the last entry of the one before, as a client does.
async fn pages_v1(world: &World, prefix: &str, delimiter: &str, max_keys: u32) -> Vec<Vec<String>> {
    let (mut pages, mut marker) = (Vec::new(), String::new());
    loop {
        let page = list_v1(world, v1(prefix, delimiter, &marker, max_keys)).await;
        let found: Vec<String> = names(&page.entries).into_iter().map(str::to_owned).collect();
        assert!(pages.len() < 20, "endless");
        marker = found.last().cloned().unwrap_or_default();
        pages.push(found);
        if !page.is_truncated {
            return pages;
        }
    }
}

async fn pages_v2(world: &World, prefix: &str, delimiter: &str, max_keys: u32) -> Vec<Vec<String>> {
    let (mut pages, mut continuation) = (Vec::new(), None);
    loop {
        let page =
            list_v2(world, ListObjectsV2Input { continuation, ..v2(prefix, delimiter, max_keys) }).await;
        assert!(pages.len() < 20, "endless");
        continuation = page.entries.last().map(|entry| match entry {
            ListedEntry::Object(object) => Continuation::Key(object.key.as_str().to_owned()),
            ListedEntry::Prefix(prefix) => Continuation::Prefix(prefix.clone()),
        });
        pages.push(names(&page.entries).into_iter().map(str::to_owned).collect());
        if !page.is_truncated {
            return pages;
        }
    }
}

#[tokio::test]
async fn pages_of_every_size_join_to_the_whole() {
    let world = filled().await;
    let cases: [(&str, &str, &[&str]); 8] = [
        ("", "", &KEYS),
        ("", "/", &["asdf", "boo/", "cquux/", "zoo"]),
        ("boo/", "/", &["boo/bar", "boo/baz/"]),
        ("boo/", "", &["boo/bar", "boo/baz/xyzzy"]),
        ("bo", "o/", &["boo/"]),
        ("c", "u", &["cqu"]),
        ("zoo", "/", &["zoo"]),
        ("nothing", "/", &[]),
    ];
    for (prefix, delimiter, expected) in cases {
        for max_keys in 1..=7 {
            let in_pages: Vec<Vec<&str>> = match expected {
                [] => vec![vec![]],
                _ => expected.chunks(max_keys as usize).map(<[&str]>::to_vec).collect(),
            };
            let told = format!("{prefix:?} {delimiter:?} {max_keys}");
            assert_eq!(pages_v1(&world, prefix, delimiter, max_keys).await, in_pages, "{told}");
            assert_eq!(pages_v2(&world, prefix, delimiter, max_keys).await, in_pages, "{told}");
        }
    }
}

#[tokio::test]
async fn a_page_of_nothing_is_never_truncated() {
    let world = filled().await;
    let page = list_v1(&world, v1("", "", "", 0)).await;
    assert_eq!((page.entries.len(), page.is_truncated), (0, false));
    let page = list_v2(&world, v2("", "", 0)).await;
    assert_eq!((page.entries.len(), page.is_truncated), (0, false));
}

#[tokio::test]
async fn markers_need_not_be_keys() {
    let world = filled().await;
    for (delimiter, marker, expected) in [
        ("", "b", &KEYS[1..]),
        ("", "boo/bar", &KEYS[2..]),
        ("", "boo/", &KEYS[1..]),
        ("", "zoo", &[]),
        ("", "zzz", &[]),
        ("/", "boo/", &["cquux/", "zoo"]),
        ("/", "boo/bar", &["boo/", "cquux/", "zoo"]),
        ("/", "boo/zzz", &["cquux/", "zoo"]),
        ("/", "boo", &["boo/", "cquux/", "zoo"]),
    ] {
        let told = format!("{delimiter:?} after {marker:?}");
        let page = list_v1(&world, v1("", delimiter, marker, 1000)).await;
        assert_eq!(names(&page.entries), expected, "{told}");
        let started = ListObjectsV2Input { start_after: Some(marker.to_owned()), ..v2("", delimiter, 1000) };
        assert_eq!(names(&list_v2(&world, started).await.entries), expected, "{told}");
    }
}

#[tokio::test]
async fn a_token_wins_over_start_after() {
    let world = filled().await;
    let input = ListObjectsV2Input {
        start_after: Some("asdf".to_owned()),
        continuation: Some(Continuation::Key("cquux/bla".to_owned())),
        continuation_token: Some("as sent".to_owned()),
        fetch_owner: true,
        encoding: Some(EncodingType::Url),
        ..v2("", "", 1000)
    };
    let page = list_v2(&world, input.clone()).await;
    assert_eq!(names(&page.entries), &KEYS[4..]);
    assert_eq!(page.request, input, "what was asked for is repeated");
    assert_eq!((page.bucket.as_str(), &page.owner), (BUCKET, world.alice.owner().unwrap()));
}

#[tokio::test]
async fn an_object_is_listed_with_what_it_is() {
    let world = World::new().await;
    let put = world.put("a", "bytes").await;
    let head = world.head("a", Default::default()).await.unwrap();
    let page = list_v1(&world, v1("", "", "", 10)).await;
    let [ListedEntry::Object(object)] = &page.entries[..] else { panic!("{page:?}") };
    assert_eq!((object.key.as_str(), &object.etag, object.size_bytes), ("a", &put.etag, 5));
    assert_eq!((object.modified_at, object.storage_class), (head.modified_at, StorageClass::Standard));
    assert_eq!(object.checksum, Some((ChecksumAlgorithm::Crc64Nvme, ChecksumKind::FullObject)));
}

#[tokio::test]
async fn odd_keys_are_listed_in_byte_order() {
    let world = World::new().await;
    let mut keys = ["a", "a/", "a//", "a/b", "..", "\u{ff5e}", "\u{1F600}", " ", "+", "%2F", "Z"];
    for key in keys {
        world.put(key, "x").await;
    }
    keys.sort_unstable();
    assert_eq!(names(&list_v1(&world, v1("", "", "", 1000)).await.entries), keys);
    assert_eq!(pages_v1(&world, "", "", 1).await.concat(), keys);
}

/// What S3 lists, written down as plainly as can be.
fn model(keys: &[String], prefix: &str, delimiter: &str, marker: &str) -> Vec<String> {
    let rolled = |key: &str| {
        let rest = key.strip_prefix(prefix)?;
        let at = if delimiter.is_empty() { None } else { rest.find(delimiter) };
        Some(at.map_or(key.to_owned(), |at| key[..prefix.len() + at + delimiter.len()].to_owned()))
    };
    let mut listed: Vec<String> = Vec::new();
    for key in keys.iter().filter(|key| key.as_str() > marker) {
        let Some(entry) = rolled(key) else { continue };
        let within_marker = entry.len() < key.len() && entry == marker;
        if !within_marker && listed.last() != Some(&entry) {
            listed.push(entry);
        }
    }
    listed
}

#[tokio::test]
async fn every_small_listing_is_that_of_the_model() {
    const ALPHABET: [&str; 3] = ["/", "a", "b"];
    let mut texts = vec![String::new()];
    for length in 1..=3 {
        let shorter: Vec<String> = texts.iter().filter(|text| text.len() == length - 1).cloned().collect();
        texts.extend(shorter.iter().flat_map(|text| ALPHABET.map(|letter| format!("{text}{letter}"))));
    }
    let world = World::new().await;
    let mut keys: Vec<String> = texts[1..].iter().step_by(2).cloned().collect();
    keys.sort_unstable();
    for key in &keys {
        world.put(key, "x").await;
    }
    for prefix in texts.iter().filter(|text| text.len() < 3) {
        for delimiter in ["", "/", "a", "ab"] {
            for marker in &texts {
                let expected = model(&keys, prefix, delimiter, marker);
                for max_keys in [1, 3, 1000] {
                    let page = list_v1(&world, v1(prefix, delimiter, marker, max_keys)).await;
                    let told = format!("{prefix:?} {delimiter:?} {marker:?} {max_keys}");
                    let cut = expected.len().min(max_keys as usize);
                    assert_eq!(names(&page.entries), &expected[..cut], "{told}");
                    assert_eq!(page.is_truncated, expected.len() > cut, "{told}");
                }
            }
        }
    }
}

fn versions(
    delimiter: &str,
    key_marker: &str,
    version: Option<&str>,
    max_keys: u32,
) -> ListObjectVersionsInput {
    ListObjectVersionsInput {
        prefix: String::new(),
        delimiter: (!delimiter.is_empty()).then(|| delimiter.to_owned()),
        key_marker: key_marker.to_owned(),
        version_id_marker: version.map(types::VersionId::from_text),
        max_keys,
        encoding: None,
    }
}

async fn list_versions(world: &World, input: ListObjectVersionsInput) -> ListObjectVersionsOutput {
    let target = in_bucket(Operation::ListObjectVersions);
    *expect!(Output::ListObjectVersions, world.call(target, Input::ListObjectVersions(input)).await.unwrap())
}

/// Each entry as text, and where a client goes on behind the last.
fn told(page: &ListObjectVersionsOutput) -> (Vec<String>, String, Option<String>) {
    let mut next = (String::new(), None);
    let entries = page.entries.iter().map(|entry| {
        let (key, version_id, kind, latest) = match entry {
            VersionListEntry::Prefix(prefix) => {
                next = (prefix.clone(), None);
                return prefix.clone();
            }
            VersionListEntry::Version(ListedVersion::Object { object, version_id, is_latest }) => {
                (&object.key, version_id, "object", is_latest)
            }
            VersionListEntry::Version(ListedVersion::DeleteMarker { key, version_id, is_latest, .. }) => {
                (key, version_id, "marker", is_latest)
            }
        };
        next = (key.as_str().to_owned(), Some(version_id.as_str().to_owned()));
        format!("{key} {kind}{}", if *latest { " latest" } else { "" })
    });
    let entries = entries.collect();
    (entries, next.0, next.1)
}

#[tokio::test]
async fn versions_come_newest_first_in_pages_of_every_size() {
    let world = World::new().await;
    world.put("a", "zero").await;
    world.versioning(VersioningStatus::Enabled).await;
    world.put("a", "one").await;
    delete(&world, "a", None, Default::default()).await.unwrap();
    world.put("b/c", "one").await;
    world.put("b/d", "one").await;
    world.put("e", "one").await;
    world.put("e", "two").await;
    let plain = [
        "a marker latest",
        "a object",
        "a object",
        "b/c object latest",
        "b/d object latest",
        "e object latest",
        "e object",
    ];
    let folded = ["a marker latest", "a object", "a object", "b/", "e object latest", "e object"];
    for (delimiter, expected) in [("", &plain[..]), ("/", &folded[..])] {
        for max_keys in 1..=8 {
            let (mut seen, mut key, mut version) = (Vec::new(), String::new(), None);
            loop {
                let input = versions(delimiter, &key, version.as_deref(), max_keys);
                let page = list_versions(&world, input).await;
                let (entries, next_key, next_version) = told(&page);
                assert!(entries.len() <= max_keys as usize && seen.len() < 20);
                seen.extend(entries);
                if !page.is_truncated {
                    break;
                }
                (key, version) = (next_key, next_version);
            }
            assert_eq!(seen, expected, "{delimiter:?} {max_keys}");
        }
    }
    let behind_a = list_versions(&world, versions("", "a", None, 1000)).await;
    assert_eq!(told(&behind_a).0, &plain[3..], "a key marker alone skips the whole key");
    let none = list_versions(&world, versions("", "", None, 0)).await;
    assert_eq!((none.entries.len(), none.is_truncated), (0, false));
}

#[tokio::test]
async fn objects_of_a_plain_bucket_are_null_versions() {
    let world = World::new().await;
    world.put("a", "bytes").await;
    let page = list_versions(&world, versions("", "", None, 10)).await;
    let [VersionListEntry::Version(ListedVersion::Object { version_id, is_latest, .. })] = &page.entries[..]
    else {
        panic!("{page:?}")
    };
    assert_eq!((version_id.as_str(), *is_latest), ("null", true));
}

fn uploads(
    delimiter: &str,
    key_marker: &str,
    upload_id_marker: &str,
    max_uploads: u32,
) -> ListMultipartUploadsInput {
    ListMultipartUploadsInput {
        prefix: String::new(),
        delimiter: (!delimiter.is_empty()).then(|| delimiter.to_owned()),
        key_marker: key_marker.to_owned(),
        upload_id_marker: upload_id_marker.to_owned(),
        max_uploads,
        encoding: None,
    }
}

async fn list_uploads(world: &World, input: ListMultipartUploadsInput) -> ListMultipartUploadsOutput {
    let target = in_bucket(Operation::ListMultipartUploads);
    let listed = world.call(target, Input::ListMultipartUploads(input)).await.unwrap();
    *expect!(Output::ListMultipartUploads, listed)
}

fn upload_names(page: &ListMultipartUploadsOutput) -> Vec<(String, String)> {
    let name = |entry: &UploadListEntry| match entry {
        UploadListEntry::Upload(upload) => (upload.key.as_str().to_owned(), upload.upload_id.clone()),
        UploadListEntry::Prefix(prefix) => (prefix.clone(), String::new()),
    };
    page.entries.iter().map(name).collect()
}

#[tokio::test]
async fn uploads_come_in_pages_of_every_size() {
    let world = World::new().await;
    let mut all = Vec::new();
    for key in ["a", "a", "a", "b/c", "b/d", "e"] {
        all.push((key.to_owned(), begin(&world, key, Default::default()).await));
    }
    let prefix = ("b/".to_owned(), String::new());
    let folded = [&all[..3], &[prefix], &all[5..]].concat();
    for (delimiter, expected) in [("", &all), ("/", &folded)] {
        for max_uploads in 1..=7 {
            let (mut seen, mut key, mut id) = (Vec::new(), String::new(), String::new());
            loop {
                let page = list_uploads(&world, uploads(delimiter, &key, &id, max_uploads)).await;
                let found = upload_names(&page);
                assert!(found.len() <= max_uploads as usize && seen.len() < 20);
                seen.extend(found);
                if !page.is_truncated {
                    break;
                }
                (key, id) = seen.last().cloned().unwrap();
            }
            assert_eq!(&seen, expected, "{delimiter:?} {max_uploads}");
        }
    }
    let behind_a = list_uploads(&world, uploads("", "a", "", 1000)).await;
    assert_eq!(upload_names(&behind_a), &all[3..], "a key marker alone skips the whole key");
    let alone = list_uploads(&world, uploads("", "", &all[0].1, 1000)).await;
    assert_eq!(upload_names(&alone), all, "an upload marker without a key marker is ignored");
    let none = list_uploads(&world, uploads("", "", "", 0)).await;
    assert_eq!((none.entries.len(), none.is_truncated), (0, false));
}
