use std::sync::Arc;

use crate::testing::{FailingMeta, Failure, World, audit, workload};

/// Runs the workload over an engine that fails at one commit, and restarts. Returns whether the failure was reached.
async fn crash_at(commit: usize, failure: Failure) -> bool {
    let world = World::new();
    let meta = Arc::new(FailingMeta::new(world.meta.clone(), commit, failure));
    let store = world.open_over(meta.clone());
    let outcome = workload(&store).await;
    assert_eq!(outcome.is_err(), meta.has_failed() && failure != Failure::Conflict, "{outcome:?}");
    drop(store);
    let world = world.restarted();
    world.open().collect_once().await.unwrap();
    audit(&world).await;
    meta.has_failed()
}

async fn crash_at_every_commit(failure: Failure) {
    let mut commit = 0;
    while crash_at(commit, failure).await {
        commit += 1;
    }
    assert!(commit > 100, "the workload has only {commit} commits");
}

#[tokio::test]
async fn a_crash_before_any_commit_leaves_no_damage_and_no_litter() {
    crash_at_every_commit(Failure::Before).await;
}

#[tokio::test]
async fn a_crash_after_any_commit_leaves_no_damage_and_no_litter() {
    crash_at_every_commit(Failure::After).await;
}

#[tokio::test]
async fn a_lost_race_at_any_commit_is_decided_again() {
    crash_at_every_commit(Failure::Conflict).await;
}

#[tokio::test]
async fn a_workload_without_failures_leaves_no_litter() {
    let world = World::new();
    let store = world.open();
    workload(&store).await.unwrap();
    let report = store.collect_once().await.unwrap();
    assert_eq!((report.orphans_removed, report.abandoned_removed), (0, 0));
    assert!(store.stats().blobs_collected.get() > 10 && store.stats().parts_collected.get() > 5);
    audit(&world).await;
}
