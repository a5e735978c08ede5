//! Many callers at once.

use std::future::Future;
use std::sync::Arc;
use std::task::{Context, Waker};

use bytes::Bytes;
use meta::{Check, Commit, MetaErrorKind, MetaStore, ScanItem};
use tokio::task::JoinSet;

use crate::meta::MetaWorld;
use crate::meta::steps::{all_items, page, put, range, value};

const RACERS: u32 = 16;
const ROUNDS: u32 = 25;

/// Racing `Absent` on one key: one commit wins, the others conflict, and what is stored is the winner's.
pub async fn of_racing_creators_exactly_one_wins(world: &dyn MetaWorld) {
    let store = world.open();
    for round in 0..ROUNDS {
        let key = Bytes::from(round.to_be_bytes().to_vec());
        let mut racers = JoinSet::new();
        for racer in 0..RACERS {
            let (store, key) = (store.clone(), key.clone());
            let mut commit = Commit::default();
            commit.check(Check::Absent(key.clone())).put(key, racer.to_string());
            racers.spawn(async move { (racer, store.commit(commit).await.map_err(|error| error.kind)) });
        }
        let outcomes = racers.join_all().await;
        let winners: Vec<_> = outcomes.iter().filter(|(_, outcome)| outcome.is_ok()).collect();
        assert_eq!(winners.len(), 1, "{outcomes:?}");
        let losers = outcomes.iter().filter(|(_, outcome)| *outcome == Err(MetaErrorKind::Conflict(0)));
        assert_eq!(losers.count(), RACERS as usize - 1);
        assert_eq!(value(&*store, &key).await, Some(winners[0].0.to_string().into()));
    }
}

async fn increment(store: &dyn MetaStore, key: &'static [u8]) {
    loop {
        let record = store.get(key).await.expect("a readable store").expect("the counter stands");
        let number: u64 =
            std::str::from_utf8(&record.value).ok().and_then(|text| text.parse().ok()).expect("a number");
        let mut commit = Commit::default();
        commit.check(Check::Equals(record.key, record.revision)).put(key, (number + 1).to_string());
        match store.commit(commit).await {
            Ok(_) => return,
            Err(error) => assert_eq!(error.kind, MetaErrorKind::Conflict(0)),
        }
    }
}

/// Read, check and write from many tasks adds up: a read after a commit sees it.
pub async fn increments_are_never_lost(world: &dyn MetaWorld) {
    let store = world.open();
    put(&*store, b"counter", b"0").await;
    let mut tasks = JoinSet::new();
    for _ in 0..8 {
        let store = store.clone();
        tasks.spawn(async move {
            for _ in 0..ROUNDS {
                increment(&*store, b"counter").await;
            }
        });
    }
    tasks.join_all().await;
    assert_eq!(value(&*store, b"counter").await, Some((8 * ROUNDS).to_string().into()));
}

/// Marking a record and checking that a range is empty cannot both succeed beside a write into the range that checks the
/// unmarked record: how a bucket is deleted.
pub async fn a_closing_mark_and_shared_checks_exclude_each_other(world: &dyn MetaWorld) {
    let store = world.open();
    for round in 0..ROUNDS {
        let bucket = Bytes::from(format!("bucket/{round}"));
        let revision = put(&*store, &bucket, b"open").await;
        let (start, end) = (format!("object/{round}/"), format!("object/{round}0"));
        let mut writers = JoinSet::new();
        for writer in 0..RACERS {
            let store = store.clone();
            let mut commit = Commit::default();
            commit.check(Check::Shared(bucket.clone(), revision)).put(format!("{start}{writer}"), "");
            writers.spawn(async move { store.commit(commit).await.is_ok() });
        }
        let mut close = Commit::default();
        close
            .check(Check::Equals(bucket.clone(), revision))
            .check(Check::RangeEmpty { start: start.clone().into(), end: end.clone().into() })
            .delete(bucket);
        let closed = store.commit(close).await.is_ok();
        let written = writers.join_all().await.into_iter().filter(|written| *written).count();
        let found = all_items(&*store, range(start.as_bytes(), end.as_bytes(), 100)).await.len();
        assert_eq!(found, written);
        assert_eq!(written, if closed { 0 } else { RACERS as usize });
    }
}

/// Records that are only ever written together are seen together: by scans, `get_many` and snapshots.
pub async fn readers_never_see_half_a_commit(world: &dyn MetaWorld) {
    let store = world.open();
    let pair = [Bytes::from_static(b"a"), Bytes::from_static(b"z")];
    let write = |number: u32| {
        let mut commit = Commit::default();
        commit.put(pair[0].clone(), number.to_string()).put(pair[1].clone(), number.to_string());
        commit
    };
    store.commit(write(0)).await.expect("a commit without checks");
    let writer = tokio::spawn({
        let (store, commits) = (store.clone(), (1..200).map(write).collect::<Vec<_>>());
        async move {
            for commit in commits {
                store.commit(commit).await.expect("a commit without checks");
            }
        }
    });
    let mut last = 0;
    while !writer.is_finished() {
        let found = store.get_many(&pair).await.expect("a readable store");
        let values = found.into_iter().map(|record| record.map(|record| record.value)).collect::<Vec<_>>();
        assert_eq!(values[0], values[1]);
        let items = page(&*store, range(b"", b"\xFF", 9)).await.items;
        let values = items.iter().map(|item| match item {
            ScanItem::Record(record) => record.value.clone(),
            ScanItem::Prefix(_) => panic!("nothing folds here"),
        });
        let values: Vec<_> = values.collect();
        assert_eq!(values[0], values[1]);
        let view = store.snapshot().await.expect("a snapshot");
        let (first, second) = (value(&*view, b"a").await, value(&*view, b"z").await);
        assert_eq!(first, second);
        let now: u32 =
            first.and_then(|text| std::str::from_utf8(&text).ok()?.parse().ok()).expect("a number");
        assert!(now >= last, "time went back from {last} to {now}");
        last = now;
        tokio::task::yield_now().await;
    }
    writer.await.expect("no panic");
}

/// A crowd of writers, some of which conflict: each gets its own answer, and all is stored.
pub async fn many_writers_all_get_through(world: &dyn MetaWorld) {
    const WRITERS: u32 = 300;
    let store = world.open();
    put(&*store, b"taken", b"").await;
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let store = store.clone();
        writers.spawn(async move {
            for round in 0..4u32 {
                let mut commit = Commit::default();
                let conflicts = (writer + round) % 5 == 0;
                let checked =
                    if conflicts { Bytes::from_static(b"taken") } else { Bytes::from_static(b"free") };
                commit.check(Check::Absent(checked));
                commit.put(format!("w/{writer:04}/{round}"), vec![writer as u8; 500]);
                let outcome = store.commit(commit).await.map_err(|error| error.kind);
                match conflicts {
                    true => assert_eq!(outcome, Err(MetaErrorKind::Conflict(0))),
                    false => assert!(outcome.is_ok(), "{outcome:?}"),
                }
            }
        });
    }
    writers.join_all().await;
    let stored = all_items(&*store, range(b"w/", b"w0", 1000)).await;
    let expected =
        (0..WRITERS).flat_map(|w| (0..4).map(move |r| (w, r))).filter(|(w, r)| (w + r) % 5 != 0).count();
    assert_eq!(stored.len(), expected);
}

/// A commit whose future is dropped, at once or after it was polled, leaves both of its records or neither.
pub async fn a_dropped_commit_is_whole_or_absent(world: &dyn MetaWorld) {
    let store: Arc<dyn MetaStore> = world.open();
    for number in 0..100u32 {
        let mut commit = Commit::default();
        commit.put(format!("a{number}"), "v").put(format!("b{number}"), "v");
        let mut running = Box::pin(store.commit(commit));
        if number % 2 == 0 {
            let _ = running.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        }
        drop(running);
    }
    // Whatever was under way is done once a later commit has returned.
    put(&*store, b"z", b"").await;
    for number in 0..100u32 {
        let keys = [format!("a{number}").into(), format!("b{number}").into()];
        let found = store.get_many(&keys).await.expect("a readable store");
        assert_eq!(found[0].is_some(), found[1].is_some(), "commit {number}");
    }
}
