//! Buckets: made, found, changed, listed, removed.

use store::{BucketUpdate, ListBuckets, Missing, StoreErrorKind, Versioning};
use types::TagSet;

use crate::store::StoreWorld;
use crate::store::desk::{Desk, assert_refused, body, bucket_name, key, owner};

fn tags(pairs: &[(&str, &str)]) -> TagSet {
    let pairs = pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    TagSet::new(pairs, TagSet::BUCKET_MAX).unwrap()
}

/// A bucket is found as it was made.
pub async fn a_bucket_is_found_as_it_was_made(world: &dyn StoreWorld) {
    let desk = Desk::new(world).await;
    let (name, owner) = (bucket_name("made.here"), owner("bob"));
    let tags = if desk.can(|store| store.bucket_tags) { tags(&[("a", "1")]) } else { TagSet::default() };
    // A store elsewhere may have no dots in its names of buckets.
    let (name, made) = match desk.store.create_bucket(&desk.cx, &name, &owner, &tags).await {
        Err(error) if matches!(error.kind, StoreErrorKind::Unsupported(_)) => {
            let name = bucket_name("made-here");
            let made = desk.store.create_bucket(&desk.cx, &name, &owner, &tags).await.unwrap();
            (name, made)
        }
        made => (name, made.unwrap()),
    };
    assert_eq!((&made.name, &made.owner, &made.tags), (&name, &owner, &tags));
    assert_eq!(made.versioning, Versioning::Off);
    assert_eq!(desk.store.bucket(&desk.cx, &name).await.unwrap(), made);
}

/// A name is given once.
pub async fn a_name_is_given_once(world: &dyn StoreWorld) {
    let desk = Desk::new(world).await;
    let (bob, tags) = (owner("bob"), TagSet::default());
    let again = desk.store.create_bucket(&desk.cx, &desk.bucket.name, &bob, &tags).await;
    assert_refused!(again, StoreErrorKind::BucketExists);
    assert_eq!(desk.store.bucket(&desk.cx, &desk.bucket.name).await.unwrap(), desk.bucket);
}

/// Of racing creators exactly one makes the bucket.
pub async fn of_racing_creators_exactly_one_makes_the_bucket(world: &dyn StoreWorld) {
    let desk = Desk::new(world).await;
    let name = bucket_name("contended");
    let tasks: Vec<_> = (0..16)
        .map(|n| {
            let (store, name, cx) = (desk.store.clone(), name.clone(), desk.cx.clone());
            tokio::spawn(async move {
                store.create_bucket(&cx, &name, &owner(&n.to_string()), &TagSet::default()).await
            })
        })
        .collect();
    let mut made = Vec::new();
    for task in tasks {
        match task.await.unwrap() {
            Ok(bucket) => made.push(bucket),
            Err(error) => assert!(matches!(error.kind, StoreErrorKind::BucketExists), "{error}"),
        }
    }
    assert_eq!(made.len(), 1);
    assert_eq!(desk.store.bucket(&desk.cx, &name).await.unwrap(), made[0]);
}

/// A bucket that is not there is missing.
pub async fn a_bucket_that_is_not_there_is_missing(world: &dyn StoreWorld) {
    let desk = Desk::new(world).await;
    let found = desk.store.bucket(&desk.cx, &bucket_name("nowhere")).await;
    assert_refused!(found, StoreErrorKind::Missing(Missing::Bucket));
    desk.store.delete_bucket(&desk.cx, &desk.bucket).await.unwrap();
    let again = desk.store.delete_bucket(&desk.cx, &desk.bucket).await;
    assert_refused!(again, StoreErrorKind::Missing(Missing::Bucket));
    if desk.can(|store| store.bucket_tags) {
        let update = BucketUpdate::Tags(tags(&[("a", "1")]));
        let updated = desk.store.update_bucket(&desk.cx, &desk.bucket, update).await;
        assert_refused!(updated, StoreErrorKind::Missing(Missing::Bucket));
    }
}

/// Tags are replaced and removed.
pub async fn tags_are_replaced_and_removed(world: &dyn StoreWorld) {
    let desk = Desk::new(world).await;
    if !desk.can(|store| store.bucket_tags) {
        let update = BucketUpdate::Tags(tags(&[("a", "1")]));
        let refused = desk.store.update_bucket(&desk.cx, &desk.bucket, update).await;
        assert_refused!(refused, StoreErrorKind::Unsupported(_));
        return;
    }
    for tags in [tags(&[("a", "1"), ("b", "")]), tags(&[("c", "3")]), TagSet::default()] {
        let update = BucketUpdate::Tags(tags.clone());
        let updated = desk.store.update_bucket(&desk.cx, &desk.bucket, update).await.unwrap();
        assert_eq!(updated.tags, tags);
        assert_ne!(updated.revision, desk.bucket.revision);
        assert_eq!(desk.store.bucket(&desk.cx, &desk.bucket.name).await.unwrap(), updated);
    }
}

/// Versioning is enabled and suspended but never removed.
pub async fn versioning_is_enabled_and_suspended_but_never_removed(world: &dyn StoreWorld) {
    let Some(desk) = Desk::keeps_versions(world).await else { return };
    for versioning in [Versioning::Suspended, Versioning::Enabled] {
        let update = BucketUpdate::Versioning(versioning);
        let updated = desk.store.update_bucket(&desk.cx, &desk.bucket, update).await.unwrap();
        assert_eq!(updated.versioning, versioning);
    }
    let off = BucketUpdate::Versioning(Versioning::Off);
    let refused = desk.store.update_bucket(&desk.cx, &desk.bucket, off).await;
    assert_refused!(refused, StoreErrorKind::Unsupported(_));
}

/// Only an empty bucket is removed.
pub async fn only_an_empty_bucket_is_removed(world: &dyn StoreWorld) {
    let desk = Desk::new(world).await;
    desk.put("k", "x").await;
    let refused = desk.store.delete_bucket(&desk.cx, &desk.bucket).await;
    assert_refused!(refused, StoreErrorKind::BucketNotEmpty);
    assert_eq!(desk.read("k").await, "x");
    desk.delete("k").await;
    desk.store.delete_bucket(&desk.cx, &desk.bucket).await.unwrap();
    let found = desk.store.bucket(&desk.cx, &desk.bucket.name).await;
    assert_refused!(found, StoreErrorKind::Missing(Missing::Bucket));
}

/// Versions and markers keep a bucket.
pub async fn versions_and_markers_keep_a_bucket(world: &dyn StoreWorld) {
    let Some(desk) = Desk::keeps_versions(world).await else { return };
    let version = desk.put("k", "x").await.version_id.unwrap();
    let marker = desk.delete("k").await.version_id.unwrap();
    for version in [version, marker] {
        let refused = desk.store.delete_bucket(&desk.cx, &desk.bucket).await;
        assert_refused!(refused, StoreErrorKind::BucketNotEmpty);
        desk.delete_version("k", &version).await;
    }
    desk.store.delete_bucket(&desk.cx, &desk.bucket).await.unwrap();
}

/// A bucket made again shares nothing.
pub async fn a_bucket_made_again_shares_nothing(world: &dyn StoreWorld) {
    let desk = Desk::new(world).await;
    if desk.can(|store| store.multipart) {
        let upload = desk.begin("left", Default::default()).await;
        upload.put(1, "part").await;
    }
    desk.store.delete_bucket(&desk.cx, &desk.bucket).await.unwrap();
    let again = desk.another_bucket(desk.bucket.name.as_str()).await;
    assert_ne!(again.handle, desk.bucket.handle);
    if desk.can(|store| store.multipart) {
        let uploads =
            desk.store.list_uploads(&desk.cx, &again, store::ListUploads { limit: 10, ..Default::default() });
        assert_eq!(uploads.await.unwrap().entries, []);
    }
    if desk.can(|store| store.bucket_identity) {
        // The old record still names the old bucket: what was decided on it must not reach the new one.
        let put = desk.try_put("k", "x", Default::default()).await;
        assert_refused!(put, StoreErrorKind::Missing(Missing::Bucket));
    }
    let put = desk.store.put(&desk.cx, &again, &key("k"), body("y"), Default::default()).await;
    assert!(put.is_ok());
}

/// A write decided on an older record is decided again.
pub async fn a_write_decided_on_an_older_record_is_decided_again(world: &dyn StoreWorld) {
    let Some(desk) = Desk::keeps_versions(world).await else { return };
    let stale = desk.another_bucket("stale").await;
    let update = BucketUpdate::Versioning(Versioning::Enabled);
    let fresh = desk.store.update_bucket(&desk.cx, &stale, update).await.unwrap();
    let first = desk.store.put(&desk.cx, &stale, &key("k"), body("1"), Default::default()).await.unwrap();
    let second = desk.store.put(&desk.cx, &stale, &key("k"), body("2"), Default::default()).await.unwrap();
    let versions =
        desk.store.list_versions(&desk.cx, &fresh, store::ListVersions { limit: 10, ..Default::default() });
    assert_eq!(versions.await.unwrap().entries.len(), 2, "{first:?} {second:?}");
    let deleted = desk.store.delete(&desk.cx, &stale, &key("k"), Default::default()).await.unwrap();
    assert!(deleted.delete_marker);
}

/// Writes and the removal of their bucket exclude each other.
pub async fn writes_and_the_removal_of_their_bucket_exclude_each_other(world: &dyn StoreWorld) {
    let desk = Desk::new(world).await;
    if !desk.can(|store| store.exclusive_bucket_removal) {
        return;
    }
    for round in 0..24 {
        let bucket = desk.another_bucket(&format!("round-{round}")).await;
        let (store, cx, target) = (desk.store.clone(), desk.cx.clone(), bucket.clone());
        let put =
            tokio::spawn(
                async move { store.put(&cx, &target, &key("k"), body("x"), Default::default()).await },
            );
        let removed = desk.store.delete_bucket(&desk.cx, &bucket).await;
        match (put.await.unwrap(), removed) {
            (Ok(_), removed) => assert_refused!(removed, StoreErrorKind::BucketNotEmpty),
            (put, Ok(())) => assert_refused!(put, StoreErrorKind::Missing(Missing::Bucket)),
            (put, removed) => panic!("neither came through: {put:?}, {removed:?}"),
        }
    }
}

/// Listings of buckets page at every boundary.
pub async fn listings_of_buckets_page_at_every_boundary(world: &dyn StoreWorld) {
    let desk = Desk::new(world).await;
    let mut names = vec![desk.bucket.name.as_str().to_owned()];
    for name in ["aaa", "bucket", "bucket-a.x", "bucket-aa", "bucket-b", "zzz"] {
        let (bucket, owner, tags) = (bucket_name(name), owner("alice"), TagSet::default());
        match desk.store.create_bucket(&desk.cx, &bucket, &owner, &tags).await {
            // A store elsewhere may have no dots in its names of buckets.
            Err(error) if name.contains('.') && matches!(error.kind, StoreErrorKind::Unsupported(_)) => {}
            made => {
                made.unwrap();
                names.push(name.to_owned());
            }
        }
    }
    names.sort();
    for prefix in ["", "b", "bucket-a", "bucket-a.", "none", "zzzz"] {
        let matching: Vec<&String> = names.iter().filter(|name| name.starts_with(prefix)).collect();
        for limit in 0..=names.len() + 1 {
            let mut after = None;
            let mut seen = Vec::new();
            loop {
                let options = ListBuckets { prefix: prefix.to_owned(), after: after.clone(), limit };
                let page = desk.store.list_buckets(&desk.cx, options).await.unwrap();
                assert!(page.buckets.len() <= limit);
                seen.extend(page.buckets.iter().map(|bucket| bucket.name.as_str().to_owned()));
                assert_eq!(page.more, seen.len() < matching.len(), "prefix {prefix:?}, limit {limit}");
                if !page.more || limit == 0 {
                    break;
                }
                after = seen.last().cloned();
            }
            if limit > 0 {
                assert!(seen.iter().eq(matching.iter().copied()), "{seen:?}");
            }
        }
    }
}
