//! Conditions of writes: decided at the moment of the write.

use store::{CopyOptions, DeleteOptions, Missing, PutOptions, StoreErrorKind, WriteCondition};
use types::ETag;

use crate::blob::bodies::pattern;
use crate::store::StoreWorld;
use crate::store::desk::{Desk, as_it_is, assert_refused, body, key, on};

fn other_tag() -> ETag {
    ETag::from_text("0123456789abcdef0123456789abcdef")
}

fn delete_on(condition: WriteCondition) -> DeleteOptions {
    DeleteOptions { condition, version_id: None }
}

/// Whether conditions are supported; where not, each must be refused.
async fn supports_conditions(desk: &Desk) -> bool {
    if desk.store.capabilities(&desk.bucket).conditional_put.is_yes() {
        return true;
    }
    for condition in
        [WriteCondition::IfAbsent, WriteCondition::IfPresent, WriteCondition::IfMatch(other_tag())]
    {
        assert_refused!(desk.try_put("k", "x", on(condition)).await, StoreErrorKind::Unsupported(_));
    }
    assert_refused!(desk.head("k").await, StoreErrorKind::Missing(Missing::Key));
    false
}

/// Each condition of a put holds or changes nothing.
pub async fn each_condition_of_a_put_holds_or_changes_nothing(world: &dyn StoreWorld) {
    let desk = Desk::new(world).await;
    if !supports_conditions(&desk).await {
        return;
    }
    let refused = desk.try_put("k", "1", on(WriteCondition::IfPresent)).await;
    assert_refused!(refused, StoreErrorKind::Missing(Missing::Key));
    let refused = desk.try_put("k", "1", on(WriteCondition::IfMatch(other_tag()))).await;
    assert_refused!(refused, StoreErrorKind::Missing(Missing::Key));
    let first = desk.try_put("k", "1", on(WriteCondition::IfAbsent)).await.unwrap();
    assert_refused!(
        desk.try_put("k", "2", on(WriteCondition::IfAbsent)).await,
        StoreErrorKind::ConditionFailed
    );
    let refused = desk.try_put("k", pattern(1, 100_000), on(WriteCondition::IfMatch(other_tag()))).await;
    assert_refused!(refused, StoreErrorKind::ConditionFailed);
    assert_eq!(desk.read("k").await, "1");
    let second = desk.try_put("k", "2", on(WriteCondition::IfMatch(first.etag.clone()))).await.unwrap();
    assert_refused!(
        desk.try_put("k", "3", on(WriteCondition::IfMatch(first.etag))).await,
        StoreErrorKind::ConditionFailed
    );
    desk.try_put("k", "3", on(WriteCondition::IfPresent)).await.unwrap();
    assert_ne!(desk.head("k").await.unwrap().etag, second.etag);
}

/// Each condition of a delete holds or changes nothing.
pub async fn each_condition_of_a_delete_holds_or_changes_nothing(world: &dyn StoreWorld) {
    let desk = Desk::new(world).await;
    if !desk.store.capabilities(&desk.bucket).conditional_delete.is_yes() {
        desk.put("k", "x").await;
        let refused = desk.try_delete("k", delete_on(WriteCondition::IfMatch(other_tag()))).await;
        assert_refused!(refused, StoreErrorKind::Unsupported(_));
        assert_eq!(desk.read("k").await, "x");
        return;
    }
    for condition in [WriteCondition::IfPresent, WriteCondition::IfMatch(other_tag())] {
        let refused = desk.try_delete("k", delete_on(condition)).await;
        assert_refused!(refused, StoreErrorKind::Missing(Missing::Key));
    }
    let etag = desk.put("k", "x").await.etag;
    let refused = desk.try_delete("k", delete_on(WriteCondition::IfMatch(other_tag()))).await;
    assert_refused!(refused, StoreErrorKind::ConditionFailed);
    assert_eq!(desk.read("k").await, "x");
    desk.try_delete("k", delete_on(WriteCondition::IfMatch(etag))).await.unwrap();
    assert_refused!(desk.head("k").await, StoreErrorKind::Missing(Missing::Key));
    desk.put("k", "x").await;
    desk.try_delete("k", delete_on(WriteCondition::IfPresent)).await.unwrap();
    assert_refused!(desk.head("k").await, StoreErrorKind::Missing(Missing::Key));
}

/// Each condition of a copy holds or changes nothing.
pub async fn each_condition_of_a_copy_holds_or_changes_nothing(world: &dyn StoreWorld) {
    let desk = Desk::new(world).await;
    let capabilities = desk.store.capabilities(&desk.bucket);
    if !capabilities.copy.is_yes() {
        return;
    }
    if !capabilities.conditional_copy.is_yes() {
        desk.put("from", "1").await;
        let source = desk.source("from").await;
        let options = CopyOptions { condition: WriteCondition::IfAbsent, ..as_it_is() };
        assert_refused!(desk.copy(&source, "to", options).await, StoreErrorKind::Unsupported(_));
        return;
    }
    desk.put("from", "1").await;
    let source = desk.source("from").await;
    let copy = |condition| desk.copy(&source, "to", CopyOptions { condition, ..as_it_is() });
    assert_refused!(copy(WriteCondition::IfPresent).await, StoreErrorKind::Missing(Missing::Key));
    let etag = copy(WriteCondition::IfAbsent).await.unwrap().etag;
    assert_refused!(copy(WriteCondition::IfAbsent).await, StoreErrorKind::ConditionFailed);
    assert_refused!(copy(WriteCondition::IfMatch(other_tag())).await, StoreErrorKind::ConditionFailed);
    copy(WriteCondition::IfMatch(etag)).await.unwrap();
}

/// A delete marker counts as no object.
pub async fn a_delete_marker_counts_as_no_object(world: &dyn StoreWorld) {
    let Some(desk) = Desk::keeps_versions(world).await else { return };
    if !desk.can(|store| store.conditional_put) || !desk.can(|store| store.conditional_delete) {
        return;
    }
    let etag = desk.put("k", "1").await.etag;
    desk.delete("k").await;
    let refused = desk.try_put("k", "2", on(WriteCondition::IfMatch(etag.clone()))).await;
    assert_refused!(refused, StoreErrorKind::Missing(Missing::Key));
    let refused = desk.try_delete("k", delete_on(WriteCondition::IfMatch(etag))).await;
    assert_refused!(refused, StoreErrorKind::Missing(Missing::Key));
    desk.try_put("k", "2", on(WriteCondition::IfAbsent)).await.unwrap();
    assert_eq!(desk.read("k").await, "2");
}

/// A condition on a named version looks at that version.
pub async fn a_condition_on_a_named_version_looks_at_that_version(world: &dyn StoreWorld) {
    let Some(desk) = Desk::keeps_versions(world).await else { return };
    if !desk.can(|store| store.conditional_delete) {
        return;
    }
    let (first, second) = (desk.put("k", "1").await, desk.put("k", "2").await);
    let named = |condition| DeleteOptions { version_id: first.version_id.clone(), condition };
    let refused = desk.try_delete("k", named(WriteCondition::IfMatch(second.etag))).await;
    assert_refused!(refused, StoreErrorKind::ConditionFailed);
    desk.try_delete("k", named(WriteCondition::IfMatch(first.etag.clone()))).await.unwrap();
    let refused = desk.try_delete("k", named(WriteCondition::IfMatch(first.etag.clone()))).await;
    assert_refused!(refused, StoreErrorKind::Missing(Missing::Version));
    assert_eq!(desk.read("k").await, "2");
}

/// How many writers race.
const RACERS: usize = 16;

async fn race(desk: &Desk, size: usize, condition: WriteCondition) -> Vec<usize> {
    let tasks: Vec<_> = (0..RACERS)
        .map(|n| {
            let (store, bucket, cx) = (desk.store.clone(), desk.bucket.clone(), desk.cx.clone());
            let options = PutOptions { condition: condition.clone(), ..PutOptions::default() };
            tokio::spawn(async move {
                store.put(&cx, &bucket, &key("k"), body(pattern(n as u64, size)), options).await
            })
        })
        .collect();
    let mut winners = Vec::new();
    for (n, task) in tasks.into_iter().enumerate() {
        match task.await.unwrap() {
            Ok(_) => winners.push(n),
            Err(error) => {
                let lost = matches!(error.kind, StoreErrorKind::ConditionFailed | StoreErrorKind::Conflict);
                assert!(lost, "{error}");
            }
        }
    }
    winners
}

/// Of racing creators exactly one wins.
pub async fn of_racing_creators_exactly_one_wins(world: &dyn StoreWorld) {
    let desk = Desk::new(world).await;
    if !supports_conditions(&desk).await {
        return;
    }
    for size in [10, 100_000] {
        for _ in 0..8 {
            let winners = race(&desk, size, WriteCondition::IfAbsent).await;
            let [winner] = winners[..] else { panic!("{} creators won", winners.len()) };
            assert!(desk.read("k").await == pattern(winner as u64, size));
            desk.delete("k").await;
        }
    }
}

/// Of racing replacers exactly one wins.
pub async fn of_racing_replacers_exactly_one_wins(world: &dyn StoreWorld) {
    let desk = Desk::new(world).await;
    if !supports_conditions(&desk).await {
        return;
    }
    for size in [10, 100_000] {
        for round in 0..8 {
            let etag = desk.put("k", pattern(100 + round, 50)).await.etag;
            let winners = race(&desk, size, WriteCondition::IfMatch(etag)).await;
            let [winner] = winners[..] else { panic!("{} replacers won", winners.len()) };
            assert!(desk.read("k").await == pattern(winner as u64, size));
        }
    }
}

/// Of racing conditional deletes exactly one finds the object.
pub async fn of_racing_conditional_deletes_exactly_one_finds_the_object(world: &dyn StoreWorld) {
    let desk = Desk::new(world).await;
    if !desk.store.capabilities(&desk.bucket).conditional_delete.is_yes() {
        return;
    }
    for _ in 0..8 {
        let etag = desk.put("k", "x").await.etag;
        let tasks: Vec<_> = (0..RACERS)
            .map(|_| {
                let (store, bucket, cx) = (desk.store.clone(), desk.bucket.clone(), desk.cx.clone());
                let options = delete_on(WriteCondition::IfMatch(etag.clone()));
                tokio::spawn(async move { store.delete(&cx, &bucket, &key("k"), options).await })
            })
            .collect();
        let mut won = 0;
        for task in tasks {
            match task.await.unwrap() {
                Ok(_) => won += 1,
                Err(error) => {
                    let missing = matches!(
                        error.kind,
                        StoreErrorKind::Missing(Missing::Key) | StoreErrorKind::Conflict
                    );
                    assert!(missing, "{error}");
                }
            }
        }
        assert_eq!(won, 1);
    }
}

/// Unconditional writers of one key all come through.
pub async fn unconditional_writers_of_one_key_all_come_through(world: &dyn StoreWorld) {
    let desk = Desk::new(world).await;
    let tasks: Vec<_> = (0..48)
        .map(|n| {
            let (store, bucket, cx) = (desk.store.clone(), desk.bucket.clone(), desk.cx.clone());
            tokio::spawn(async move {
                let body = body(pattern(n, 100));
                store.put(&cx, &bucket, &key("k"), body, PutOptions::default()).await.map(|put| put.etag)
            })
        })
        .collect();
    let mut tags = Vec::new();
    for task in tasks {
        tags.push(task.await.unwrap().unwrap());
    }
    assert!(tags.contains(&desk.head("k").await.unwrap().etag));
}
