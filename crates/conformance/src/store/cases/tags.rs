//! Tags of objects.

use store::{Missing, OpenOptions, StoreErrorKind};
use types::TagSet;

use crate::blob::bodies::pattern;
use crate::store::StoreWorld;
use crate::store::desk::{Desk, assert_refused, key};

fn tags(values: &[&str]) -> TagSet {
    let pairs = values.iter().map(|value| (format!("key-{value}"), (*value).to_owned())).collect();
    TagSet::new(pairs, TagSet::OBJECT_MAX).unwrap()
}

/// Tags change and the rest stays.
pub async fn tags_change_and_the_rest_stays(world: &dyn StoreWorld) {
    let desk = Desk::new(world).await;
    if !desk.store.capabilities(&desk.bucket).object_tags.is_yes() {
        desk.put("k", "x").await;
        let refused = desk.store.set_tags(&desk.cx, &desk.bucket, &key("k"), None, tags(&["1"])).await;
        assert_refused!(refused, StoreErrorKind::Unsupported(_));
        return;
    }
    for size in [10, 100_000] {
        desk.put("k", pattern(1, size)).await;
        let before = desk.head("k").await.unwrap();
        for tags in [tags(&["1", "2"]), tags(&["3"]), TagSet::default()] {
            let set = desk.store.set_tags(&desk.cx, &desk.bucket, &key("k"), None, tags.clone()).await;
            assert_eq!(set.unwrap(), None);
            let (info, bytes) = desk.open("k", OpenOptions::default()).await.unwrap();
            assert_eq!(info.metadata.tags, tags);
            assert!(bytes == pattern(1, size));
            assert_eq!((info.modified_at, &info.etag), (before.modified_at, &before.etag));
        }
    }
}

/// Tags of nothing are missing.
pub async fn tags_of_nothing_are_missing(world: &dyn StoreWorld) {
    let desk = Desk::new(world).await;
    if desk.store.capabilities(&desk.bucket).object_tags.is_yes() {
        let refused = desk.store.set_tags(&desk.cx, &desk.bucket, &key("k"), None, tags(&["1"])).await;
        assert_refused!(refused, StoreErrorKind::Missing(Missing::Key));
    }
}

/// Racing taggers leave one whole set.
pub async fn racing_taggers_leave_one_whole_set(world: &dyn StoreWorld) {
    let desk = Desk::new(world).await;
    if !desk.store.capabilities(&desk.bucket).object_tags.is_yes() {
        return;
    }
    desk.put("k", "x").await;
    let sets: Vec<TagSet> = (0..16).map(|n| tags(&[&n.to_string(), "same"])).collect();
    let tasks: Vec<_> = sets
        .iter()
        .map(|tags| {
            let (store, bucket, cx, tags) =
                (desk.store.clone(), desk.bucket.clone(), desk.cx.clone(), tags.clone());
            tokio::spawn(async move { store.set_tags(&cx, &bucket, &key("k"), None, tags).await })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert!(sets.contains(&desk.head("k").await.unwrap().metadata.tags));
}
