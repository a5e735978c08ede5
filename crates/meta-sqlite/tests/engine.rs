//! What the engine on SQLite promises beyond the port.
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use meta::{Commit, MetaErrorKind, MetaRead, MetaStore, ScanRequest};
use meta_sqlite::{SqliteMeta, SqliteOptions};
use rusqlite::Connection;

struct World {
    directory: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("meta.db")
    }

    fn open(&self) -> SqliteMeta {
        open(&self.path()).unwrap()
    }

    /// Changes the closed database behind the engine's back.
    fn tamper(&self, sql: &str) {
        let changed = Connection::open(self.path()).unwrap().execute(sql, []).unwrap();
        assert!(changed > 0 || sql.starts_with("PRAGMA"), "{sql}");
    }

    fn log_bytes(&self) -> u64 {
        std::fs::metadata(self.path().with_extension("db-wal")).map_or(0, |log| log.len())
    }
}

fn open(path: &Path) -> Result<SqliteMeta, MetaErrorKind> {
    SqliteMeta::open(path, SqliteOptions::default()).map_err(|error| error.kind)
}

fn all() -> ScanRequest {
    ScanRequest { start: Bytes::new(), end: Bytes::from_static(b"\xFF"), limit: 1000, fold: None }
}

async fn put(meta: &SqliteMeta, key: &str, size: usize) {
    let mut commit = Commit::default();
    commit.put(key.to_owned(), vec![7; size]);
    meta.commit(commit).await.unwrap();
}

#[tokio::test]
async fn a_database_is_open_once() {
    let world = World::new();
    let meta = world.open();
    assert_eq!(open(&world.path()).err(), Some(MetaErrorKind::Unavailable));
    put(&meta, "k", 1).await;
    drop(meta);
    assert!(world.open().get(b"k").await.unwrap().is_some());
}

#[tokio::test]
async fn foreign_and_later_files_are_refused_and_left_as_they_are() {
    let world = World::new();
    std::fs::write(world.path(), b"something else that is no database at all, and long enough").unwrap();
    assert_eq!(open(&world.path()).err(), Some(MetaErrorKind::Corrupt));
    std::fs::remove_file(world.path()).unwrap();

    Connection::open(world.path()).unwrap().execute_batch("CREATE TABLE t (a)").unwrap();
    assert_eq!(open(&world.path()).err(), Some(MetaErrorKind::Corrupt));
    std::fs::remove_file(world.path()).unwrap();

    world.open().close().unwrap();
    world.tamper("PRAGMA user_version = 2");
    assert_eq!(open(&world.path()).err(), Some(MetaErrorKind::Corrupt));
    world.tamper("PRAGMA user_version = 1");
    assert!(open(&world.path()).is_ok());
    world.tamper("UPDATE reserve SET revision = revision - 1");
    assert_eq!(open(&world.path()).err(), Some(MetaErrorKind::Corrupt));
}

#[tokio::test]
async fn a_changed_record_is_an_error_and_a_scrub_finds_it() {
    for (change, key) in [
        ("UPDATE record SET value = X'00' WHERE key = CAST('a' AS BLOB)", "a"),
        ("UPDATE record SET revision = revision + 1 WHERE key = CAST('a' AS BLOB)", "a"),
        ("UPDATE record SET crc = crc + 1 WHERE key = CAST('a' AS BLOB)", "a"),
        ("UPDATE record SET value = 'text' WHERE key = CAST('a' AS BLOB)", "a"),
        ("UPDATE record SET key = CAST('aa' AS BLOB) WHERE key = CAST('a' AS BLOB)", "aa"),
        ("UPDATE large SET value = zeroblob(5000)", "large"),
        ("DELETE FROM large", "large"),
    ] {
        let world = World::new();
        let meta = world.open();
        for (key, size) in [("a", 10), ("b", 10), ("large", 5000)] {
            put(&meta, key, size).await;
        }
        meta.close().unwrap();
        world.tamper(change);

        let meta = world.open();
        let kind = |outcome: Result<_, meta::MetaError>| outcome.err().map(|error| error.kind);
        assert_eq!(kind(meta.get(key.as_bytes()).await.map(drop)), Some(MetaErrorKind::Corrupt), "{change}");
        assert_eq!(kind(meta.scan(all()).await.map(drop)), Some(MetaErrorKind::Corrupt), "{change}");
        assert!(meta.get(b"b").await.unwrap().is_some());
        let page = meta.scrub(b"").await.unwrap();
        assert_eq!((page.checked, page.damaged, page.next), (3, vec![Bytes::from(key)], None), "{change}");
        assert_eq!(meta.stats().corrupt_records.get(), 3);
        assert_eq!(meta.check_structure().await.unwrap().is_empty(), change != "DELETE FROM large");
    }
}

#[tokio::test]
async fn a_scrub_goes_on_where_it_stopped_across_restarts() {
    let world = World::new();
    let mut meta = world.open();
    let mut commit = Commit::default();
    for number in 0..2500u32 {
        commit.put(number.to_be_bytes().to_vec(), "v");
    }
    meta.commit(commit).await.unwrap();
    let (mut from, mut checked) = (Some(Bytes::new()), 0);
    while let Some(start) = from {
        let page = meta.scrub(&start).await.unwrap();
        assert!(page.damaged.is_empty());
        checked += page.checked;
        from = page.next;
        meta.close().unwrap();
        meta = world.open();
    }
    assert_eq!(checked, 2500);
    assert!(meta.check_structure().await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_stays_within_its_ceiling_whatever_a_snapshot_holds() {
    let world = World::new();
    let log_bytes = 256 * 1024;
    let options = SqliteOptions { log_bytes, ..SqliteOptions::default() };
    let meta = SqliteMeta::open(&world.path(), options).unwrap();
    put(&meta, "k", 10).await;
    let view = meta.snapshot().await.unwrap();
    assert!(view.get(b"k").await.unwrap().is_some());
    let ceiling = log_bytes * SqliteOptions::LOG_CEILING_FACTOR;
    for number in 0..1000 {
        put(&meta, &format!("{number}"), 5000).await;
        assert!(world.log_bytes() < ceiling + 128 * 1024);
    }
    assert_eq!(view.get(b"k").await.unwrap_err().kind, MetaErrorKind::Unavailable);
    assert_eq!(meta.stats().expired_snapshots.get(), 1);
    drop(view);
    assert!(meta.snapshot().await.unwrap().get(b"k").await.unwrap().is_some());
}

#[tokio::test]
async fn closing_answers_what_is_queued_and_empties_the_log() {
    let world = World::new();
    let meta = Arc::new(world.open());
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..100 {
        let meta = meta.clone();
        tasks.spawn(async move { put(&meta, &format!("{number}"), 100).await });
    }
    let view = meta.snapshot().await.unwrap();
    assert_eq!(tasks.join_all().await.len(), 100);
    Arc::into_inner(meta).unwrap().close().unwrap();
    assert!(!world.path().with_extension("db-wal").exists());
    assert_eq!(view.get(b"1").await.unwrap_err().kind, MetaErrorKind::Unavailable);
    assert_eq!(world.open().scan(all()).await.unwrap().items.len(), 100);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commits_of_many_callers_share_transactions() {
    const CALLERS: u64 = 64;
    const COMMITS: u64 = 20;
    let world = World::new();
    let meta = Arc::new(world.open());
    let (mut commits, mut fewest) = (0, u64::MAX);
    // How many callers wait at a time is the scheduler's choice.
    for round in 0..20 {
        let before = meta.stats().batches.get();
        let mut tasks = tokio::task::JoinSet::new();
        for task in 0..CALLERS {
            let meta = meta.clone();
            tasks.spawn(async move {
                for number in 0..COMMITS {
                    put(&meta, &format!("{round}/{task}/{number}"), 100).await;
                }
            });
        }
        tasks.join_all().await;
        commits += CALLERS * COMMITS;
        fewest = fewest.min(meta.stats().batches.get() - before);
        if fewest < CALLERS * COMMITS / 4 {
            break;
        }
    }
    assert!(fewest < CALLERS * COMMITS / 4, "{fewest} transactions");
    let stats = meta.stats();
    assert_eq!(stats.commits.get(), commits);
    assert_eq!(stats.commit_duration.snapshot().buckets.iter().sum::<u64>(), commits);
    assert!(stats.sync_duration.snapshot().sum > Duration::ZERO);
}

#[tokio::test]
async fn replaced_and_deleted_large_values_leave_nothing_behind() {
    let world = World::new();
    let meta = world.open();
    for size in [5000, 10, 6000, 7000, 20] {
        put(&meta, "k", size).await;
        assert_eq!(meta.get(b"k").await.unwrap().unwrap().value.len(), size);
        assert!(meta.check_structure().await.unwrap().is_empty());
    }
    put(&meta, "k", 5000).await;
    let mut commit = Commit::default();
    commit.delete("k").put("k", vec![1; 5000]).put("k", vec![2; 5000]).delete("other");
    meta.commit(commit).await.unwrap();
    assert!(meta.check_structure().await.unwrap().is_empty());
    let mut commit = Commit::default();
    commit.delete("k");
    meta.commit(commit).await.unwrap();
    meta.close().unwrap();
    let large: i64 = Connection::open(world.path())
        .unwrap()
        .query_row("SELECT count(*) FROM large", [], |row| row.get(0))
        .unwrap();
    assert_eq!(large, 0);
}

#[tokio::test]
async fn room_of_deleted_records_is_given_back() {
    const COMMITS: u32 = 10;
    let world = World::new();
    let options = SqliteOptions { log_bytes: 128 * 1024, ..SqliteOptions::default() };
    let meta = SqliteMeta::open(&world.path(), options).unwrap();
    let key = |commit: u32, number: u32| format!("{commit}/{number}");
    for commit in 0..COMMITS {
        let mut puts = Commit::default();
        for number in 0..900 {
            puts.put(key(commit, number), vec![7; 4000]);
        }
        meta.commit(puts).await.unwrap();
    }
    let size = || std::fs::metadata(world.path()).unwrap().len();
    let full = size();
    for commit in 0..COMMITS {
        let mut deletes = Commit::default();
        for number in 0..900 {
            deletes.delete(key(commit, number));
        }
        meta.commit(deletes).await.unwrap();
    }
    // Some of it each time the log begins anew, which is as often as the device allows.
    let mut puts = 0;
    while size() >= full * 2 / 3 {
        assert!(puts < 10_000, "{} of {full} bytes", size());
        put(&meta, &format!("{}", puts % 300), 4000).await;
        puts += 1;
    }
    assert!(meta.check_structure().await.unwrap().is_empty());
}

#[tokio::test]
async fn revisions_are_reserved_even_when_the_first_commit_of_a_process_is_refused() {
    let world = World::new();
    let mut last = 0;
    for _ in 0..3 {
        let meta = world.open();
        let mut refused = Commit::default();
        refused.check(meta::Check::Equals(Bytes::from_static(b"none"), 1)).put("k", "v");
        assert_eq!(meta.commit(refused).await.unwrap_err().kind, MetaErrorKind::Conflict(0));
        let mut commit = Commit::default();
        commit.put("k", "v");
        let revision = meta.commit(commit).await.unwrap();
        assert!(revision > last, "{revision} after {last}");
        last = revision;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn steady_reads_do_not_keep_the_log_from_beginning_anew() {
    const LOG_BYTES: u64 = 512 * 1024;
    const CEILING_BYTES: u64 = LOG_BYTES * SqliteOptions::LOG_CEILING_FACTOR;
    // On a busy machine the log is moved late now and then, as it is without reads; hardly ever each time.
    let mut longest = Vec::new();
    while longest.iter().all(|bytes| *bytes >= CEILING_BYTES / 2) {
        assert!(longest.len() < 10, "{longest:?} bytes");
        longest.push(log_beside_steady_reads(LOG_BYTES).await);
        assert!(longest.iter().all(|bytes| *bytes < CEILING_BYTES + LOG_BYTES), "{longest:?} bytes");
    }
}

/// Were the index lengthened later, on a full device, the store could not be written any more.
#[tokio::test]
async fn the_logs_index_has_its_room_from_the_beginning() {
    /// More frames than one page of the index covers.
    const LOG_BYTES: u64 = 5000 * 4120;
    let world = World::new();
    let index = || std::fs::metadata(world.path().with_extension("db-shm")).unwrap();
    for _ in 0..2 {
        let meta = world.open();
        let size_bytes = index().len();
        assert!(index().blocks() * 512 >= size_bytes, "{} blocks for {size_bytes} bytes", index().blocks());
        // While it is held, the log does not begin anew.
        let view = meta.snapshot().await.unwrap();
        view.get(b"k").await.unwrap();
        while world.log_bytes() < LOG_BYTES {
            put(&meta, "k", 1_000_000).await;
        }
        assert_eq!(index().len(), size_bytes);
    }
}

/// The longest log of many commits beside reads without a pause. A log that has grown keeps its file.
async fn log_beside_steady_reads(log_bytes: u64) -> u64 {
    let world = World::new();
    let options = SqliteOptions { log_bytes, ..SqliteOptions::default() };
    let meta = Arc::new(SqliteMeta::open(&world.path(), options).unwrap());
    put(&meta, "k", 10).await;
    let readers: Vec<_> = (0..3)
        .map(|_| {
            let meta = meta.clone();
            tokio::spawn(async move {
                while meta.get(b"end").await.unwrap().is_none() {
                    meta.get(b"k").await.unwrap().unwrap();
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    for number in 0..3000 {
        put(&meta, &format!("{number}"), 5000).await;
    }
    put(&meta, "end", 1).await;
    for reader in readers {
        reader.await.unwrap();
    }
    world.log_bytes()
}
