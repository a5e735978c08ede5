//! Listings of versions, page by page.

use store::{DeleteOptions, ListVersions, Position, VersionEntry, VersionState, VersionSummary, Versioning};
use types::VersionId;

use crate::store::StoreWorld;
use crate::store::desk::Desk;

/// A version as a listing should show it: key, id, whether it is the latest, whether it is a marker.
type Line = (String, VersionId, bool, bool);

fn line(version: &VersionSummary) -> Line {
    let is_marker = version.state == VersionState::DeleteMarker;
    (version.key.as_str().to_owned(), version.version_id.clone(), version.is_latest, is_marker)
}

/// Where a listing goes on behind an entry.
fn behind(entry: &VersionEntry) -> (Position, Option<VersionId>) {
    match entry {
        VersionEntry::Prefix(prefix) => (Position::Prefix(prefix.clone()), None),
        VersionEntry::Version(version) => {
            (Position::Key(version.key.as_str().to_owned()), Some(version.version_id.clone()))
        }
    }
}

async fn walk(desk: &Desk, options: ListVersions) -> Vec<VersionEntry> {
    let mut entries = Vec::new();
    let mut options = options;
    loop {
        let page = desk.list_versions(options.clone()).await;
        assert!(page.entries.len() <= options.limit);
        assert!(!page.more || page.entries.len() == options.limit);
        entries.extend(page.entries);
        let Some(last) = entries.last().filter(|_| page.more) else { return entries };
        let (after, after_version) = behind(last);
        (options.after, options.after_version) = (Some(after), after_version);
    }
}

fn lines(entries: &[VersionEntry]) -> Vec<Line> {
    entries
        .iter()
        .filter_map(|entry| match entry {
            VersionEntry::Version(version) => Some(line(version)),
            VersionEntry::Prefix(_) => None,
        })
        .collect()
}

/// Fills a bucket with every kind of history; returns the lines in the order of a listing.
async fn fill(desk: &mut Desk) -> Vec<Line> {
    let mut lines = Vec::new();
    desk.set_versioning(Versioning::Enabled).await;
    let any = desk.can(|store| store.any_key);
    let names = ["a", "a/1", "a/2", "a\0", "b", "b/c"].into_iter();
    for name in names.filter(|name| any || !name.contains('\0')) {
        let mut versions = Vec::new();
        for n in 0..3 {
            versions.push((desk.put(name, n.to_string()).await.version_id.unwrap(), false));
        }
        if name.starts_with("a/") {
            versions.push((desk.delete(name).await.version_id.unwrap(), true));
        }
        if name == "b" {
            desk.set_versioning(Versioning::Suspended).await;
            versions.push((desk.put(name, "null").await.version_id.unwrap(), false));
            desk.set_versioning(Versioning::Enabled).await;
            versions.push((desk.delete(name).await.version_id.unwrap(), true));
            versions.push((desk.put(name, "last").await.version_id.unwrap(), false));
        }
        for (age, (version, is_marker)) in versions.into_iter().rev().enumerate() {
            lines.push((name.to_owned(), version, age == 0, is_marker));
        }
    }
    lines.sort_by(|a, b| a.0.cmp(&b.0));
    lines
}

/// Pages of versions join at every boundary.
pub async fn pages_of_versions_join_at_every_boundary(world: &dyn StoreWorld) {
    let Some(mut desk) = Desk::keeps_versions(world).await else { return };
    if !desk.can(|store| store.ordered_listing) {
        return;
    }
    let whole = fill(&mut desk).await;
    for prefix in ["", "a", "a/", "b", "b/", "c"] {
        let expected: Vec<Line> = whole.iter().filter(|line| line.0.starts_with(prefix)).cloned().collect();
        for limit in 1..=whole.len() + 1 {
            let options = ListVersions { prefix: prefix.to_owned(), limit, ..ListVersions::default() };
            let entries = walk(&desk, options).await;
            assert_eq!(lines(&entries), expected, "prefix {prefix:?}, limit {limit}");
        }
    }
}

/// Versions fold to common prefixes.
pub async fn versions_fold_to_common_prefixes(world: &dyn StoreWorld) {
    let Some(mut desk) = Desk::keeps_versions(world).await else { return };
    if !desk.can(|store| store.ordered_listing) {
        return;
    }
    let whole = fill(&mut desk).await;
    for delimiter in ["/", "\0", "a"] {
        for limit in [1, 2, 3, 5, 100] {
            let options =
                ListVersions { delimiter: Some(delimiter.to_owned()), limit, ..ListVersions::default() };
            let entries = walk(&desk, options).await;
            let mut expected: Vec<String> = whole
                .iter()
                .filter_map(|line| line.0.find(delimiter).map(|place| line.0[..=place].to_owned()))
                .collect();
            expected.dedup();
            let prefixes: Vec<&String> = entries
                .iter()
                .filter_map(|entry| match entry {
                    VersionEntry::Prefix(prefix) => Some(prefix),
                    VersionEntry::Version(_) => None,
                })
                .collect();
            assert!(prefixes.into_iter().eq(&expected), "{delimiter:?}, {limit}");
            let plain: Vec<Line> = whole.iter().filter(|line| !line.0.contains(delimiter)).cloned().collect();
            assert_eq!(lines(&entries), plain);
        }
    }
}

/// A limit of nothing asks whether there is any version.
pub async fn a_limit_of_nothing_asks_whether_there_is_any_version(world: &dyn StoreWorld) {
    let Some(desk) = Desk::keeps_versions(world).await else { return };
    assert!(!desk.list_versions(ListVersions::default()).await.more);
    desk.delete("k").await;
    let page = desk.list_versions(ListVersions::default()).await;
    assert_eq!((page.entries.len(), page.more), (0, true));
}

/// Lists a page, removes what it shows, and goes on: the way tools empty a bucket.
pub async fn a_bucket_is_emptied_page_by_page(world: &dyn StoreWorld) {
    let Some(mut desk) = Desk::keeps_versions(world).await else { return };
    for limit in [1, 2, 3, 7] {
        fill(&mut desk).await;
        let (mut after, mut after_version) = (None, None);
        loop {
            let options = ListVersions { after, after_version, limit, ..ListVersions::default() };
            let page = desk.list_versions(options).await;
            for entry in &page.entries {
                let VersionEntry::Version(version) = entry else { continue };
                let options =
                    DeleteOptions { version_id: Some(version.version_id.clone()), ..Default::default() };
                desk.store.delete(&desk.cx, &desk.bucket, &version.key, options).await.unwrap();
            }
            let Some(last) = page.entries.last().filter(|_| page.more) else { break };
            let (position, version) = behind(last);
            (after, after_version) = (Some(position), version);
        }
        let left = desk.list_versions(ListVersions { limit: 100, ..ListVersions::default() }).await;
        assert_eq!(left.entries, [], "limit {limit}");
    }
}

/// An unversioned bucket lists null versions.
pub async fn an_unversioned_bucket_lists_null_versions(world: &dyn StoreWorld) {
    let desk = Desk::new(world).await;
    if !desk.can(|store| store.ordered_listing) {
        return;
    }
    if !desk.store.capabilities(&desk.bucket).versioning.is_yes() {
        return;
    }
    for name in ["b", "a"] {
        desk.put(name, "x").await;
    }
    let entries = walk(&desk, ListVersions { limit: 1, ..ListVersions::default() }).await;
    let expected = ["a", "b"].map(|name| (name.to_owned(), VersionId::Null, true, false));
    assert_eq!(lines(&entries), expected);
}
