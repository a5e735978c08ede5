//! Listings of current objects, compared with a sorted list at every boundary.

use std::collections::BTreeSet;

use store::{ListEntry, ListObjects, Position, PutOptions};
use types::{ChecksumAlgorithm, ChecksumKind, ETag, ObjectMetadata, StorageClass};

use super::objects::ODD_KEYS;
use crate::store::StoreWorld;
use crate::store::desk::{Desk, key};

/// What a listing should give, computed in the plainest way.
pub(in crate::store) fn expected(
    keys: &BTreeSet<String>,
    prefix: &str,
    delimiter: Option<&str>,
    after: Option<&Position>,
) -> Vec<String> {
    let behind = |key: &str| match after {
        None => true,
        Some(Position::Key(marker)) => key > marker.as_str(),
        Some(Position::Prefix(marker)) => key > marker.as_str() && !key.starts_with(marker.as_str()),
    };
    let mut entries: Vec<String> = Vec::new();
    for key in keys.iter().filter(|key| key.starts_with(prefix) && behind(key)) {
        let folded = delimiter.and_then(|delimiter| {
            let place = key[prefix.len()..].find(delimiter)?;
            Some(key[..prefix.len() + place + delimiter.len()].to_owned())
        });
        let entry = folded.map_or_else(|| format!("k:{key}"), |folded| format!("p:{folded}"));
        if entries.last() != Some(&entry) {
            entries.push(entry);
        }
    }
    entries
}

pub(in crate::store) fn shown(entry: &ListEntry) -> String {
    match entry {
        ListEntry::Object(summary) => format!("k:{}", summary.key),
        ListEntry::Prefix(prefix) => format!("p:{prefix}"),
    }
}

/// Where to go on behind an entry.
fn behind(entry: &ListEntry) -> Position {
    match entry {
        ListEntry::Object(summary) => Position::Key(summary.key.as_str().to_owned()),
        ListEntry::Prefix(prefix) => Position::Prefix(prefix.clone()),
    }
}

/// Walks a listing page by page and holds every page to the list expected.
async fn walk(desk: &Desk, keys: &BTreeSet<String>, prefix: &str, delimiter: Option<&str>, limit: usize) {
    let whole = expected(keys, prefix, delimiter, None);
    let mut after = None;
    let mut seen = 0;
    loop {
        let options =
            ListObjects { prefix: prefix.to_owned(), delimiter: delimiter.map(str::to_owned), after, limit };
        let page = desk.list(options).await;
        let entries: Vec<String> = page.entries.iter().map(shown).collect();
        let end = (seen + limit).min(whole.len());
        assert_eq!(entries, whole[seen..end], "prefix {prefix:?}, delimiter {delimiter:?}, limit {limit}");
        seen = end;
        assert_eq!(page.more, seen < whole.len(), "prefix {prefix:?}, {delimiter:?}, {limit}, at {seen}");
        let Some(last) = page.entries.last().filter(|_| page.more) else { break };
        after = Some(behind(last));
    }
}

/// The tree, as far as the store can hold such keys.
fn tree(desk: &Desk) -> Vec<&'static str> {
    let is_folder = |name: &str| {
        TREE.iter().any(|other| other.strip_prefix(name).is_some_and(|rest| rest.starts_with('/')))
    };
    let is_plain = |name: &&str| {
        !name.contains('\0') && !name.contains("//") && !name.ends_with('/') && !is_folder(name)
    };
    let any = desk.can(|store| store.any_key);
    TREE.into_iter().filter(|name| any || is_plain(name)).collect()
}

async fn fill(desk: &Desk, names: impl IntoIterator<Item = &str>) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    for name in names {
        desk.put(name, name.to_owned()).await;
        keys.insert(name.to_owned());
    }
    keys
}

const TREE: [&str; 19] = [
    "a",
    "a/",
    "a/1",
    "a/2",
    "a/b/1",
    "a/b/2",
    "a//",
    "a-b",
    "a0",
    "b",
    "b/c/d",
    "b/c/e",
    "c--1",
    "c--2",
    "c-",
    "d\0x",
    "d\0y",
    "\u{10FFFF}/x",
    "é/ü",
];

/// Pages join without gap or repetition.
pub async fn pages_join_without_gap_or_repetition(world: &dyn StoreWorld) {
    let desk = Desk::new(world).await;
    if !desk.can(|store| store.ordered_listing) {
        return;
    }
    let keys = fill(&desk, tree(&desk)).await;
    for prefix in ["", "a", "a/", "a/b", "a//", "b/c", "c-", "d", "d\0", "\u{10FFFF}", "é", "none", "zz"] {
        for delimiter in
            [None, Some("/"), Some("//"), Some("-"), Some("--"), Some("\0"), Some("/b/"), Some("a")]
        {
            for limit in [1, 2, 3, 5, keys.len() - 1, keys.len(), keys.len() + 1, 1000] {
                walk(&desk, &keys, prefix, delimiter, limit).await;
            }
        }
    }
}

/// Odd keys are listed in byte order.
pub async fn odd_keys_are_listed_in_byte_order(world: &dyn StoreWorld) {
    let desk = Desk::new(world).await;
    let capabilities = desk.store.capabilities(&desk.bucket);
    if !capabilities.any_key.is_yes() || !capabilities.ordered_listing.is_yes() {
        return;
    }
    let keys = fill(&desk, ODD_KEYS).await;
    for delimiter in [None, Some("/"), Some("."), Some("\0")] {
        for limit in [1, 3, 1000] {
            walk(&desk, &keys, "", delimiter, limit).await;
        }
    }
}

/// A listing goes on behind any position.
pub async fn a_listing_goes_on_behind_any_position(world: &dyn StoreWorld) {
    let desk = Desk::new(world).await;
    if !desk.can(|store| store.ordered_listing) {
        return;
    }
    let keys = fill(&desk, tree(&desk)).await;
    let texts = ["a", "a/", "a/1", "a/b", "a/b/", "a/zz", "b/c/", "c-", "d", "d\0", "zzz", "\u{10FFFF}/x"];
    let keys_behind = [""].iter().chain(&texts).map(|text| Position::Key((*text).to_owned()));
    let prefixes_behind = texts.iter().map(|text| Position::Prefix((*text).to_owned()));
    for after in keys_behind.chain(prefixes_behind) {
        for (prefix, delimiter) in
            [("", None), ("", Some("/")), ("a/", None), ("a/", Some("/")), ("b", None), ("b", Some("/"))]
        {
            let options = ListObjects {
                prefix: prefix.to_owned(),
                delimiter: delimiter.map(str::to_owned),
                after: Some(after.clone()),
                limit: 1000,
            };
            let page = desk.list(options).await;
            let entries: Vec<String> = page.entries.iter().map(shown).collect();
            let whole = expected(&keys, prefix, delimiter, Some(&after));
            assert_eq!(entries, whole, "prefix {prefix:?}, {delimiter:?}, after {after:?}");
            assert!(!page.more);
        }
    }
}

/// A limit of nothing asks whether there is anything.
pub async fn a_limit_of_nothing_asks_whether_there_is_anything(world: &dyn StoreWorld) {
    let desk = Desk::new(world).await;
    let none = |prefix: &str| ListObjects { prefix: prefix.to_owned(), ..ListObjects::default() };
    assert!(!desk.list(none("")).await.more);
    desk.put("k", "x").await;
    let page = desk.list(none("")).await;
    assert_eq!((page.entries.len(), page.more), (0, true));
    assert!(!desk.list(none("l")).await.more);
}

/// A listing shows what head shows.
pub async fn a_listing_shows_what_head_shows(world: &dyn StoreWorld) {
    let desk = Desk::new(world).await;
    let storage_class = desk.class(StorageClass::StandardIa);
    let metadata = ObjectMetadata { storage_class, ..ObjectMetadata::default() };
    desk.try_put("k", "abc", PutOptions { metadata, ..PutOptions::default() }).await.unwrap();
    let info = desk.head("k").await.unwrap();
    let page = desk.list(ListObjects { limit: 10, ..ListObjects::default() }).await;
    let [ListEntry::Object(summary)] = &page.entries[..] else { panic!("{:?}", page.entries) };
    assert_eq!((&summary.key, &summary.etag), (&key("k"), &info.etag));
    assert_eq!(summary.etag, ETag::from_text("900150983cd24fb0d6963f7d28e17f72"));
    assert_eq!((summary.size_bytes, summary.modified_at), (3, info.modified_at));
    assert_eq!(summary.storage_class, storage_class);
    if desk.can(|store| store.checksums) {
        assert_eq!(summary.checksum, Some((ChecksumAlgorithm::Crc64Nvme, ChecksumKind::FullObject)));
    }
}

/// Every write is listed at once.
pub async fn every_write_is_listed_at_once(world: &dyn StoreWorld) {
    let desk = Desk::new(world).await;
    let all = || ListObjects { limit: 1000, ..ListObjects::default() };
    for n in 0..20 {
        desk.put(&format!("k{n:02}"), "x").await;
        assert_eq!(desk.list(all()).await.entries.len(), n + 1);
    }
    for n in 0..20 {
        desk.delete(&format!("k{n:02}")).await;
        assert_eq!(desk.list(all()).await.entries.len(), 19 - n);
    }
}

/// Noncurrent versions and markers are not listed.
pub async fn noncurrent_versions_and_markers_are_not_listed(world: &dyn StoreWorld) {
    let Some(desk) = Desk::keeps_versions(world).await else { return };
    for n in 0..10 {
        for _ in 0..3 {
            desk.put(&format!("gone/{n}"), "x").await;
            desk.put("kept", n.to_string()).await;
        }
        desk.delete(&format!("gone/{n}")).await;
    }
    for delimiter in [None, Some("/")] {
        walk(&desk, &BTreeSet::from(["kept".to_owned()]), "", delimiter, 1).await;
    }
}

/// More than a thousand keys page well.
pub async fn more_than_a_thousand_keys_page_well(world: &dyn StoreWorld) {
    let desk = Desk::new(world).await;
    if !desk.can(|store| store.ordered_listing) {
        return;
    }
    let mut keys = BTreeSet::new();
    for n in 0..1205 {
        let name = format!("{}/{n:05}", n % 3);
        desk.put(&name, "").await;
        keys.insert(name);
    }
    for (delimiter, limit) in [(None, 1000), (None, 401), (Some("/"), 2), (Some("/"), 1000), (Some("5"), 7)] {
        walk(&desk, &keys, "", delimiter, limit).await;
        walk(&desk, &keys, "1/", delimiter, limit).await;
    }
}
