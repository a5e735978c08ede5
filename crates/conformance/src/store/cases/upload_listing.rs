//! Listings of uploads and their parts.

use store::{
    CreateUploadOptions, ListParts, ListUploads, Missing, Position, StoreErrorKind, UploadChecksum,
    UploadEntry, UploadId, UploadRef,
};
use types::{ChecksumAlgorithm, ChecksumKind, ObjectMetadata, StorageClass};

use super::multipart::takes_parts;
use crate::store::StoreWorld;
use crate::store::desk::{Desk, assert_refused, key};

async fn walk(desk: &Desk, options: ListUploads) -> Vec<UploadEntry> {
    let (mut entries, mut options) = (Vec::new(), options);
    loop {
        let page = desk.store.list_uploads(&desk.cx, &desk.bucket, options.clone()).await.unwrap();
        assert!(!page.more || page.entries.len() == options.limit);
        entries.extend(page.entries);
        let Some(last) = entries.last().filter(|_| page.more) else { return entries };
        (options.after, options.after_upload) = match last {
            UploadEntry::Prefix(prefix) => (Some(Position::Prefix(prefix.clone())), None),
            UploadEntry::Upload(upload) => {
                (Some(Position::Key(upload.key.as_str().to_owned())), Some(upload.upload_id.clone()))
            }
        };
    }
}

fn shown(entries: &[UploadEntry]) -> Vec<(String, Option<UploadId>)> {
    let show = |entry: &UploadEntry| match entry {
        UploadEntry::Prefix(prefix) => (prefix.clone(), None),
        UploadEntry::Upload(upload) => (upload.key.as_str().to_owned(), Some(upload.upload_id.clone())),
    };
    entries.iter().map(show).collect()
}

/// Uploads are listed by key and age.
pub async fn uploads_are_listed_by_key_and_age(world: &dyn StoreWorld) {
    let Some(desk) = takes_parts(world).await else { return };
    if !desk.can(|store| store.ordered_listing) {
        return;
    }
    let mut begun = Vec::new();
    for name in ["b", "a/1", "a", "a/1", "a/2", "a", "c/x"] {
        begun.push((name.to_owned(), Some(desk.begin(name, CreateUploadOptions::default()).await.id)));
    }
    begun.sort_by(|a, b| a.0.cmp(&b.0));
    for limit in 1..9 {
        for prefix in ["", "a", "a/", "c", "d"] {
            let options = ListUploads { prefix: prefix.to_owned(), limit, ..ListUploads::default() };
            let expected: Vec<_> = begun.iter().filter(|(key, _)| key.starts_with(prefix)).cloned().collect();
            assert_eq!(shown(&walk(&desk, options).await), expected, "prefix {prefix:?}, limit {limit}");
        }
        let options = ListUploads { delimiter: Some("/".into()), limit, ..ListUploads::default() };
        let folded: Vec<String> =
            shown(&walk(&desk, options).await).into_iter().map(|entry| entry.0).collect();
        assert_eq!(folded, ["a", "a", "a/", "b", "c/"], "limit {limit}");
    }
    let options = ListUploads { after: Some(Position::Key("a".into())), limit: 1, ..ListUploads::default() };
    assert_eq!(shown(&walk(&desk, options).await)[0].0, "a/1");
    let none = desk.store.list_uploads(&desk.cx, &desk.bucket, ListUploads::default()).await.unwrap();
    assert_eq!((none.entries.len(), none.more), (0, true));
}

/// Ended uploads are not listed.
pub async fn ended_uploads_are_not_listed(world: &dyn StoreWorld) {
    let Some(desk) = takes_parts(world).await else { return };
    let all = || ListUploads { limit: 10, ..ListUploads::default() };
    let (aborted, completed) = (
        desk.begin("aborted", CreateUploadOptions::default()).await,
        desk.begin("completed", CreateUploadOptions::default()).await,
    );
    assert_eq!(walk(&desk, all()).await.len(), 2);
    aborted.abort().await.unwrap();
    let parts = [completed.put(1, "x").await];
    completed.complete(&parts).await;
    assert_eq!(walk(&desk, all()).await, []);
}

/// A listed upload shows how it was begun.
pub async fn a_listed_upload_shows_how_it_was_begun(world: &dyn StoreWorld) {
    let Some(desk) = takes_parts(world).await else { return };
    let metadata = ObjectMetadata {
        user: vec![("a".into(), "1".into())],
        storage_class: desk.class(StorageClass::StandardIa),
        ..ObjectMetadata::default()
    };
    let named = UploadChecksum { algorithm: ChecksumAlgorithm::Sha1, kind: ChecksumKind::Composite };
    let options = CreateUploadOptions { metadata: metadata.clone(), checksum: Some(named) };
    let upload = desk.begin("k", options).await;
    let entries = walk(&desk, ListUploads { limit: 10, ..ListUploads::default() }).await;
    let [UploadEntry::Upload(listed)] = &entries[..] else { panic!("{entries:?}") };
    assert_eq!((&listed.upload_id, listed.storage_class), (&upload.id, desk.class(StorageClass::StandardIa)));
    if desk.can(|store| store.checksums) {
        assert_eq!(listed.checksum, Some((ChecksumAlgorithm::Sha1, ChecksumKind::Composite)));
    }
    let page = ListParts { after: 0, limit: 0 };
    let page = desk.store.list_parts(&desk.cx, upload.reference(), page).await.unwrap();
    assert_eq!((page.upload.metadata, page.upload.checksum), (metadata.clone(), Some(named)));
    if desk.can(|store| store.exact_times) {
        assert_eq!(page.upload.initiated_at, listed.initiated_at);
    }
    assert_eq!((page.parts.len(), page.more), (0, false));
    // Under another key there is no such upload, and this one stays what it is.
    let elsewhere = UploadRef { key: &key("other"), ..upload.reference() };
    assert_refused!(
        desk.store.abort_upload(&desk.cx, elsewhere).await,
        StoreErrorKind::Missing(Missing::Upload)
    );
    let page = ListParts { after: 0, limit: 0 };
    let page = desk.store.list_parts(&desk.cx, upload.reference(), page).await.unwrap();
    assert_eq!((page.upload.metadata, page.upload.checksum), (metadata, Some(named)));
}

/// Parts are listed page by page.
pub async fn parts_are_listed_page_by_page(world: &dyn StoreWorld) {
    let Some(desk) = takes_parts(world).await else { return };
    let upload = desk.begin("k", CreateUploadOptions::default()).await;
    let mut parts = Vec::new();
    for number in [10_000, 1, 7, 300, 256, 255] {
        parts.push(upload.put(number, format!("part {number}")).await);
    }
    parts.sort_by_key(|part| part.number);
    for limit in 1..8 {
        let (mut after, mut seen) = (0, Vec::new());
        loop {
            let page = ListParts { after, limit };
            let page = desk.store.list_parts(&desk.cx, upload.reference(), page).await.unwrap();
            seen.extend(page.parts);
            assert_eq!(page.more, seen.len() < parts.len());
            if !page.more {
                break;
            }
            after = seen.last().unwrap().number;
        }
        for (listed, part) in seen.iter().zip(&parts) {
            assert_eq!((listed.number, &listed.outcome.etag), (part.number, &part.etag));
            assert_eq!(listed.outcome.checksum, part.checksum);
            assert_eq!(listed.size_bytes as usize, format!("part {}", part.number).len());
        }
        assert_eq!(seen.len(), parts.len());
    }
    let page = ListParts { after: 0, limit: 0 };
    let page = desk.store.list_parts(&desk.cx, upload.reference(), page).await.unwrap();
    assert_eq!((page.parts.len(), page.more), (0, true));
}
