//! Versions: every write keeps the one before, markers hide, removal uncovers.

use store::{Missing, OpenOptions, StoreErrorKind, Versioning};
use types::{TagSet, VersionId};

use crate::blob::bodies::pattern;
use crate::store::StoreWorld;
use crate::store::desk::{Desk, assert_refused, key, of_version};

const SIZES: [usize; 2] = [100, 100_000];

/// Every write keeps the one before.
pub async fn every_write_keeps_the_one_before(world: &dyn StoreWorld) {
    let Some(desk) = Desk::keeps_versions(world).await else { return };
    for size in SIZES {
        let name = format!("k{size}");
        let mut ids = Vec::new();
        for n in 0..5 {
            ids.push(desk.put(&name, pattern(n, size)).await.version_id.unwrap());
        }
        for (n, id) in ids.iter().enumerate() {
            assert!(matches!(id, VersionId::Id(text) if !text.is_empty() && text.len() <= 1024));
            let (info, bytes) = desk.open(&name, of_version(id)).await.unwrap();
            assert!(bytes == pattern(n as u64, size));
            assert_eq!(info.version_id.as_ref(), Some(id));
            assert_eq!(ids.iter().filter(|other| *other == id).count(), 1);
        }
        assert_eq!(desk.head(&name).await.unwrap().version_id.as_ref(), ids.last());
    }
}

/// A version that was never issued is missing.
pub async fn a_version_that_was_never_issued_is_missing(world: &dyn StoreWorld) {
    let Some(desk) = Desk::keeps_versions(world).await else { return };
    let issued = desk.put("k", "1").await.version_id.unwrap();
    desk.put("other", "1").await;
    let mut changed = issued.as_str().to_owned().into_bytes();
    for byte in changed.iter_mut().rev().take(3) {
        *byte = if *byte == b'0' { b'1' } else { b'0' };
    }
    let changed = String::from_utf8(changed).unwrap();
    for text in ["null", "nonsense", changed.as_str(), &"x".repeat(1024)] {
        let version = VersionId::from_text(text);
        let found = desk.open("k", of_version(&version)).await;
        assert_refused!(found, StoreErrorKind::Missing(Missing::Version));
        desk.delete_version("k", &version).await;
    }
    let found = desk.open("other", of_version(&issued)).await;
    assert_refused!(found, StoreErrorKind::Missing(Missing::Version));
    assert_eq!(desk.read("k").await, "1");
}

/// A delete puts a marker that hides and removing it uncovers.
pub async fn a_delete_puts_a_marker_that_hides_and_removing_it_uncovers(world: &dyn StoreWorld) {
    let Some(desk) = Desk::keeps_versions(world).await else { return };
    let version = desk.put("k", "1").await.version_id.unwrap();
    let deleted = desk.delete("k").await;
    let marker = deleted.version_id.clone().unwrap();
    assert!(deleted.delete_marker);
    assert_refused!(
        desk.head("k").await,
        StoreErrorKind::DeleteMarker { version_id, named: false, .. } if version_id == marker
    );
    assert_refused!(
        desk.open("k", of_version(&marker)).await,
        StoreErrorKind::DeleteMarker { version_id, named: true, .. } if version_id == marker
    );
    assert_eq!(desk.read_version("k", &version).await, "1");
    let removed = desk.delete_version("k", &marker).await;
    assert_eq!((removed.delete_marker, removed.version_id), (true, Some(marker)));
    assert_eq!(desk.read("k").await, "1");
    assert_eq!(desk.head("k").await.unwrap().version_id, Some(version));
}

/// Deleting what is not there puts a marker all the same.
pub async fn deleting_what_is_not_there_puts_a_marker_all_the_same(world: &dyn StoreWorld) {
    let Some(desk) = Desk::keeps_versions(world).await else { return };
    let (first, second) = (desk.delete("k").await, desk.delete("k").await);
    assert!(first.delete_marker && second.delete_marker && first.version_id != second.version_id);
    desk.delete_version("k", &second.version_id.unwrap()).await;
    let first = first.version_id.unwrap();
    assert_refused!(
        desk.head("k").await,
        StoreErrorKind::DeleteMarker { version_id, .. } if version_id == first
    );
    desk.delete_version("k", &first).await;
    assert_refused!(desk.head("k").await, StoreErrorKind::Missing(Missing::Key));
}

/// Removing the newest uncovers the next.
pub async fn removing_the_newest_uncovers_the_next(world: &dyn StoreWorld) {
    let Some(desk) = Desk::keeps_versions(world).await else { return };
    for size in SIZES {
        let mut ids = Vec::new();
        for n in 0..4 {
            ids.push(desk.put("k", pattern(n, size)).await.version_id.unwrap());
        }
        for n in (1..4_usize).rev() {
            let outcome = desk.delete_version("k", &ids[n]).await;
            assert_eq!((outcome.version_id, outcome.delete_marker), (Some(ids[n].clone()), false));
            let (info, bytes) = desk.open("k", OpenOptions::default()).await.unwrap();
            assert_eq!(info.version_id.as_ref(), Some(&ids[n - 1]));
            assert!(bytes == pattern(n as u64 - 1, size));
            let gone = desk.open("k", of_version(&ids[n])).await;
            assert_refused!(gone, StoreErrorKind::Missing(Missing::Version));
        }
        desk.delete_version("k", &ids[0]).await;
        assert_refused!(desk.head("k").await, StoreErrorKind::Missing(Missing::Key));
    }
}

/// Removing an older version leaves the newest.
pub async fn removing_an_older_version_leaves_the_newest(world: &dyn StoreWorld) {
    let Some(desk) = Desk::keeps_versions(world).await else { return };
    let first = desk.put("k", "1").await.version_id.unwrap();
    let second = desk.put("k", "2").await.version_id.unwrap();
    desk.delete_version("k", &first).await;
    assert_eq!(desk.read("k").await, "2");
    let marker = desk.delete("k").await.version_id.unwrap();
    desk.delete_version("k", &second).await;
    assert_refused!(desk.head("k").await, StoreErrorKind::DeleteMarker { version_id, .. } if version_id == marker);
    desk.delete_version("k", &marker).await;
    assert_refused!(desk.head("k").await, StoreErrorKind::Missing(Missing::Key));
}

/// An object from before versioning is the null version.
pub async fn an_object_from_before_versioning_is_the_null_version(world: &dyn StoreWorld) {
    let mut desk = Desk::new(world).await;
    if !desk.store.capabilities(&desk.bucket).versioning.is_yes() {
        return;
    }
    assert_eq!(desk.put("k", "old").await.version_id, None);
    desk.set_versioning(Versioning::Enabled).await;
    assert_eq!(desk.head("k").await.unwrap().version_id, Some(VersionId::Null));
    let newer = desk.put("k", "new").await.version_id.unwrap();
    assert_eq!(desk.read_version("k", &VersionId::Null).await, "old");
    assert_eq!(desk.read("k").await, "new");
    desk.delete_version("k", &newer).await;
    assert_eq!(desk.read("k").await, "old");
    desk.delete_version("k", &VersionId::Null).await;
    assert_refused!(desk.head("k").await, StoreErrorKind::Missing(Missing::Key));
}

/// Suspended writes replace the null version and no other.
pub async fn suspended_writes_replace_the_null_version_and_no_other(world: &dyn StoreWorld) {
    let Some(mut desk) = Desk::keeps_versions(world).await else { return };
    for size in SIZES {
        let name = format!("k{size}");
        let issued = desk.put(&name, pattern(0, size)).await.version_id.unwrap();
        desk.set_versioning(Versioning::Suspended).await;
        for n in 1..4 {
            let put = desk.put(&name, pattern(n, size)).await;
            assert_eq!(put.version_id, Some(VersionId::Null));
            assert!(desk.read(&name).await == pattern(n, size));
            assert!(desk.read_version(&name, &VersionId::Null).await == pattern(n, size));
            assert!(desk.read_version(&name, &issued).await == pattern(0, size));
        }
        desk.set_versioning(Versioning::Enabled).await;
        let newest = desk.put(&name, pattern(9, size)).await.version_id.unwrap();
        assert!(desk.read_version(&name, &VersionId::Null).await == pattern(3, size));
        desk.set_versioning(Versioning::Suspended).await;
        // The null version is not the newest here, and is replaced all the same.
        desk.put(&name, pattern(10, size)).await;
        assert!(desk.read_version(&name, &VersionId::Null).await == pattern(10, size));
        assert!(desk.read_version(&name, &newest).await == pattern(9, size));
        desk.delete_version(&name, &VersionId::Null).await;
        assert!(desk.read(&name).await == pattern(9, size));
        desk.set_versioning(Versioning::Enabled).await;
    }
}

/// A suspended delete puts a null marker.
pub async fn a_suspended_delete_puts_a_null_marker(world: &dyn StoreWorld) {
    let Some(mut desk) = Desk::keeps_versions(world).await else { return };
    let issued = desk.put("k", "1").await.version_id.unwrap();
    desk.set_versioning(Versioning::Suspended).await;
    desk.put("k", "null").await;
    for _ in 0..2 {
        let deleted = desk.delete("k").await;
        assert_eq!((deleted.version_id, deleted.delete_marker), (Some(VersionId::Null), true));
    }
    assert_refused!(
        desk.open("k", of_version(&VersionId::Null)).await,
        StoreErrorKind::DeleteMarker { version_id: VersionId::Null, named: true, .. }
    );
    assert_refused!(desk.head("k").await, StoreErrorKind::DeleteMarker { named: false, .. });
    assert_eq!(desk.read_version("k", &issued).await, "1");
    let removed = desk.delete_version("k", &VersionId::Null).await;
    assert!(removed.delete_marker);
    assert_eq!(desk.read("k").await, "1");
}

/// Tags belong to a version.
pub async fn tags_belong_to_a_version(world: &dyn StoreWorld) {
    let Some(desk) = Desk::keeps_versions(world).await else { return };
    let tags = |value: &str| TagSet::new(vec![("t".to_owned(), value.to_owned())], 10).unwrap();
    let first = desk.put("k", "1").await.version_id.unwrap();
    let second = desk.put("k", "2").await.version_id.unwrap();
    let set = |version: Option<VersionId>, value: &str| {
        let (store, bucket, cx, tags) =
            (desk.store.clone(), desk.bucket.clone(), desk.cx.clone(), tags(value));
        async move { store.set_tags(&cx, &bucket, &key("k"), version, tags).await }
    };
    assert_eq!(set(Some(first.clone()), "first").await.unwrap(), Some(first.clone()));
    assert_eq!(set(None, "second").await.unwrap(), Some(second.clone()));
    let of = |version: &VersionId| desk.open("k", of_version(version));
    assert_eq!(of(&first).await.unwrap().0.metadata.tags, tags("first"));
    assert_eq!(of(&second).await.unwrap().0.metadata.tags, tags("second"));
    let marker = desk.delete("k").await.version_id.unwrap();
    assert_refused!(set(None, "x").await, StoreErrorKind::DeleteMarker { named: false, .. });
    assert_refused!(set(Some(marker), "x").await, StoreErrorKind::DeleteMarker { named: true, .. });
}

/// Racing writers each leave a version.
pub async fn racing_writers_each_leave_a_version(world: &dyn StoreWorld) {
    let Some(desk) = Desk::keeps_versions(world).await else { return };
    let tasks: Vec<_> = (0..24)
        .map(|n| {
            let (store, bucket, cx) = (desk.store.clone(), desk.bucket.clone(), desk.cx.clone());
            tokio::spawn(async move {
                let (key, body) = (key("k"), types::Body::from_bytes(pattern(n, 100)));
                let put = store.put(&cx, &bucket, &key, body, Default::default()).await.unwrap();
                if n % 3 == 0 {
                    store.delete(&cx, &bucket, &key, Default::default()).await.unwrap();
                }
                (n, put.version_id.unwrap())
            })
        })
        .collect();
    for task in tasks {
        let (n, version) = task.await.unwrap();
        assert!(desk.read_version("k", &version).await == pattern(n, 100));
    }
    let listed = desk.list_versions(store::ListVersions { limit: 100, ..Default::default() }).await;
    assert_eq!(listed.entries.len(), 24 + 8);
    let latest = listed.entries.iter().filter(|entry| match entry {
        store::VersionEntry::Version(version) => version.is_latest,
        store::VersionEntry::Prefix(_) => false,
    });
    assert_eq!(latest.count(), 1);
}
