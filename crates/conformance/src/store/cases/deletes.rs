//! Many deletes in one call.

use store::{
    DeleteOptions, DeleteOutcome, DeleteTarget, ListObjects, ListVersions, Missing, StoreError,
    StoreErrorKind, VersionEntry, Versioning, WriteCondition,
};
use types::{ETag, VersionId};

use crate::blob::bodies::pattern;
use crate::store::StoreWorld;
use crate::store::desk::{Desk, assert_refused, key};

fn target(name: &str) -> DeleteTarget {
    DeleteTarget { key: key(name), options: DeleteOptions::default() }
}

fn of(name: &str, version: &VersionId) -> DeleteTarget {
    let options = DeleteOptions { version_id: Some(version.clone()), ..DeleteOptions::default() };
    DeleteTarget { key: key(name), options }
}

async fn delete_many(desk: &Desk, targets: Vec<DeleteTarget>) -> Vec<Result<DeleteOutcome, StoreError>> {
    let count = targets.len();
    let outcomes = desk.store.delete_many(&desk.cx, &desk.bucket, targets).await.unwrap();
    assert_eq!(outcomes.len(), count);
    outcomes
}

async fn left(desk: &Desk) -> usize {
    desk.list(ListObjects { limit: 5000, ..ListObjects::default() }).await.entries.len()
}

/// A thousand keys are deleted at once.
pub async fn a_thousand_keys_are_deleted_at_once(world: &dyn StoreWorld) {
    let mut desk = Desk::new(world).await;
    let versions = desk.store.capabilities(&desk.bucket).versioning.is_yes();
    for versioning in [Versioning::Off, Versioning::Enabled, Versioning::Suspended] {
        if versioning != Versioning::Off {
            if !versions {
                return;
            }
            desk.set_versioning(versioning).await;
        }
        for n in 0..1000 {
            desk.put(&format!("k{n}"), if n % 50 == 0 { pattern(n, 70_000) } else { pattern(n, 10) }).await;
        }
        assert_eq!(left(&desk).await, 1000);
        let outcomes = delete_many(&desk, (0..1000).map(|n| target(&format!("k{n}"))).collect()).await;
        for outcome in outcomes {
            let outcome = outcome.unwrap();
            assert_eq!(outcome.delete_marker, versioning != Versioning::Off);
            assert_eq!(outcome.version_id.is_some(), versioning != Versioning::Off);
        }
        assert_eq!(left(&desk).await, 0, "{versioning:?}");
    }
}

/// Each target has its own outcome in order.
pub async fn each_target_has_its_own_outcome_in_order(world: &dyn StoreWorld) {
    let desk = Desk::new(world).await;
    if !desk.store.capabilities(&desk.bucket).conditional_delete.is_yes() {
        return;
    }
    let etag = desk.put("a", "1").await.etag;
    desk.put("b", "2").await;
    desk.put("c", "3").await;
    let on = |name: &str, condition| DeleteTarget {
        key: key(name),
        options: DeleteOptions { version_id: None, condition },
    };
    let wrong = || WriteCondition::IfMatch(ETag::from_text("00000000000000000000000000000000"));
    let targets = vec![
        on("b", wrong()),
        on("a", WriteCondition::IfMatch(etag)),
        target("never"),
        on("gone", wrong()),
        target("c"),
    ];
    let mut outcomes = delete_many(&desk, targets).await.into_iter();
    let mut next = || outcomes.next().unwrap();
    assert_refused!(next(), StoreErrorKind::ConditionFailed);
    assert_eq!(next().unwrap(), DeleteOutcome::default());
    assert_eq!(next().unwrap(), DeleteOutcome::default());
    assert_refused!(next(), StoreErrorKind::Missing(Missing::Key));
    assert_eq!(next().unwrap(), DeleteOutcome::default());
    assert_eq!(desk.read("b").await, "2");
    assert_eq!(left(&desk).await, 1);
}

/// One key may be named several times.
pub async fn one_key_may_be_named_several_times(world: &dyn StoreWorld) {
    let desk = Desk::new(world).await;
    let etag = desk.put("k", "1").await.etag;
    let is_conditional = desk.can(|store| store.conditional_delete);
    let condition = if is_conditional { WriteCondition::IfMatch(etag) } else { WriteCondition::Always };
    let conditional = DeleteTarget { key: key("k"), options: DeleteOptions { version_id: None, condition } };
    let outcomes = delete_many(&desk, vec![conditional.clone(), target("k"), conditional]).await;
    let [first, second, third] = &outcomes[..] else { panic!("three were asked") };
    assert!(first.is_ok() && second.is_ok());
    let missing =
        third.as_ref().is_err_and(|error| matches!(error.kind, StoreErrorKind::Missing(Missing::Key)));
    assert!(missing == is_conditional, "{third:?}");
    assert_eq!(left(&desk).await, 0);
}

/// Versions and markers of one key go together.
pub async fn versions_and_markers_of_one_key_go_together(world: &dyn StoreWorld) {
    let Some(desk) = Desk::keeps_versions(world).await else { return };
    let mut targets = Vec::new();
    for name in ["a", "b"] {
        for n in 0..40 {
            let version = desk.put(name, pattern(n, if n % 9 == 0 { 70_000 } else { 10 })).await.version_id;
            targets.push(of(name, &version.unwrap()));
            if n % 4 == 0 {
                targets.push(of(name, &desk.delete(name).await.version_id.unwrap()));
            }
        }
    }
    let kept = targets.remove(7);
    let count = targets.len();
    // Neither oldest nor newest first.
    let mut mixed: Vec<_> = (0..count).map(|n| targets[n * 31 % count].clone()).collect();
    mixed.extend(targets);
    for outcome in delete_many(&desk, mixed).await {
        outcome.unwrap();
    }
    let page = desk.list_versions(ListVersions { limit: 1000, ..ListVersions::default() }).await;
    let [VersionEntry::Version(version)] = &page.entries[..] else { panic!("{:?}", page.entries) };
    assert_eq!(Some(&version.version_id), kept.options.version_id.as_ref());
    assert!(version.is_latest);
    assert!(desk.head("a").await.is_ok());
}

/// A marker put and removed in one call leaves nothing.
pub async fn a_marker_put_and_removed_in_one_call_leaves_nothing(world: &dyn StoreWorld) {
    let Some(mut desk) = Desk::keeps_versions(world).await else { return };
    desk.set_versioning(Versioning::Suspended).await;
    let outcomes = delete_many(&desk, vec![target("k"), of("k", &VersionId::Null), target("l")]).await;
    assert!(outcomes.iter().all(|outcome| outcome.as_ref().is_ok_and(|outcome| outcome.delete_marker)));
    let page = desk.list_versions(ListVersions { limit: 10, ..ListVersions::default() }).await;
    assert_eq!(page.entries.len(), 1);
}

/// Writers that race with many deletes lose nothing.
pub async fn writers_that_race_with_many_deletes_lose_nothing(world: &dyn StoreWorld) {
    let Some(desk) = Desk::keeps_versions(world).await else { return };
    let writer = {
        let (store, bucket, cx) = (desk.store.clone(), desk.bucket.clone(), desk.cx.clone());
        tokio::spawn(async move {
            let mut versions = Vec::new();
            for n in 0..100 {
                let (key, body) = (key(&format!("k{}", n % 10)), types::Body::from_bytes(pattern(n, 10)));
                let put = store.put(&cx, &bucket, &key, body, Default::default()).await.unwrap();
                versions.push((n, key, put.version_id.unwrap()));
            }
            versions
        })
    };
    while !writer.is_finished() {
        let targets = (0..10).map(|n| target(&format!("k{n}"))).collect();
        for outcome in delete_many(&desk, targets).await {
            assert!(outcome.unwrap().delete_marker);
        }
    }
    for (n, key, version) in writer.await.unwrap() {
        assert!(desk.read_version(key.as_str(), &version).await == pattern(n, 10));
    }
}
