use std::ffi::c_int;
use std::sync::Arc;

use meta::{Commit, MetaErrorKind, MetaRead, MetaStore, Revision};
use parking_lot::Mutex;
use rusqlite::ffi::{SQLITE_FULL, SQLITE_IOERR_FSYNC, SQLITE_IOERR_WRITE};
use tempfile::TempDir;

use super::device::{Device, Request, Role};
use super::open_on;
use crate::{SqliteMeta, SqliteOptions};

/// Fails requests of one kind to one file, while it is told to.
#[derive(Default)]
struct Faulty {
    fault: Option<Fault>,
    failed: u32,
    /// Writes to the database itself.
    moved: u32,
}

#[derive(Clone, Copy)]
enum Fault {
    Write(Role, c_int),
    /// Writes from this offset on.
    WriteFrom(Role, u64, c_int),
    Sync(Role, c_int),
}

impl Device for Faulty {
    fn handle(&mut self, role: Role, request: Request<'_>, forward: &mut dyn FnMut() -> c_int) -> c_int {
        self.moved += u32::from(role == Role::Database && matches!(request, Request::Write { .. }));
        let code = match (self.fault, request) {
            (Some(Fault::Write(at, code)), Request::Write { .. }) if at == role => code,
            (Some(Fault::WriteFrom(at, from, code)), Request::Write { offset, data })
                if at == role && offset + data.len() as u64 > from =>
            {
                code
            }
            (Some(Fault::Sync(at, code)), Request::Sync) if at == role => code,
            _ => return forward(),
        };
        self.failed += 1;
        code
    }
}

struct World {
    _directory: TempDir,
    path: std::path::PathBuf,
    device: Arc<Mutex<Faulty>>,
}

impl World {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        Self { path: directory.path().join("meta.db"), _directory: directory, device: Arc::default() }
    }

    fn open(&self) -> SqliteMeta {
        open_on(
            self.device.clone(),
            &self.path,
            SqliteOptions { log_bytes: 256 * 1024, ..SqliteOptions::default() },
        )
    }

    fn fail(&self, fault: Option<Fault>) {
        self.device.lock().fault = fault;
    }

    fn failed(&self) -> u32 {
        self.device.lock().failed
    }
}

async fn put(meta: &SqliteMeta, key: &str, size: usize) -> Result<Revision, MetaErrorKind> {
    let mut commit = Commit::default();
    commit.put(key.to_owned(), vec![7; size]);
    meta.commit(commit).await.map_err(|error| error.kind)
}

async fn has(meta: &SqliteMeta, key: &str) -> bool {
    meta.get(key.as_bytes()).await.unwrap().is_some()
}

#[tokio::test]
async fn a_failed_sync_makes_the_store_read_only_until_it_is_reopened() {
    let world = World::new();
    let meta = world.open();
    put(&meta, "before", 10).await.unwrap();
    world.fail(Some(Fault::Sync(Role::Log, SQLITE_IOERR_FSYNC)));
    assert_eq!(put(&meta, "failed", 10).await, Err(MetaErrorKind::Io));
    world.fail(None);
    assert!(meta.is_read_only());
    assert_eq!(put(&meta, "after", 10).await, Err(MetaErrorKind::ReadOnly));
    assert!(has(&meta, "before").await && !has(&meta, "failed").await);
    let moved = world.device.lock().moved;
    drop(meta);
    assert_eq!(world.device.lock().moved, moved, "a log that may be damaged is left to the next opening");

    let meta = world.open();
    assert!(has(&meta, "before").await && !has(&meta, "after").await);
    put(&meta, "again", 10).await.unwrap();
}

#[tokio::test]
async fn a_failed_write_makes_the_store_read_only_until_it_is_reopened() {
    let world = World::new();
    let meta = world.open();
    put(&meta, "before", 10).await.unwrap();
    world.fail(Some(Fault::Write(Role::Log, SQLITE_IOERR_WRITE)));
    assert_eq!(put(&meta, "failed", 10).await, Err(MetaErrorKind::Io));
    world.fail(None);
    assert_eq!(put(&meta, "after", 10).await, Err(MetaErrorKind::ReadOnly));
    drop(meta);
    let meta = world.open();
    assert!(has(&meta, "before").await && !has(&meta, "failed").await);
}

#[tokio::test]
async fn a_full_device_refuses_the_commit_and_recovers_when_there_is_room() {
    let world = World::new();
    let meta = world.open();
    put(&meta, "before", 10).await.unwrap();
    world.fail(Some(Fault::Write(Role::Log, SQLITE_FULL)));
    for _ in 0..3 {
        assert_eq!(put(&meta, "refused", 9000).await, Err(MetaErrorKind::Full));
    }
    assert!(!meta.is_read_only() && !has(&meta, "refused").await);
    world.fail(None);
    put(&meta, "after", 9000).await.unwrap();
    drop(meta);
    let meta = world.open();
    assert!(has(&meta, "before").await && has(&meta, "after").await && !has(&meta, "refused").await);
}

#[tokio::test]
async fn one_commit_that_does_not_fit_takes_no_other_down() {
    let world = World::new();
    let meta = Arc::new(world.open());
    put(&meta, "before", 10).await.unwrap();
    let room = std::fs::metadata(world.path.with_extension("db-wal")).unwrap().len() + 512 * 1024;
    world.fail(Some(Fault::WriteFrom(Role::Log, room, SQLITE_FULL)));
    let mut commits = tokio::task::JoinSet::new();
    for number in 0..8 {
        let meta = meta.clone();
        let size = if number == 3 { 1024 * 1024 } else { 1000 };
        commits.spawn(async move { (number, put(&meta, &format!("{number}"), size).await) });
    }
    for (number, outcome) in commits.join_all().await {
        match number {
            3 => assert_eq!(outcome, Err(MetaErrorKind::Full)),
            _ => assert!(outcome.is_ok(), "{outcome:?}"),
        }
    }
}

#[tokio::test]
async fn a_full_device_under_the_log_only_lets_the_log_grow() {
    let world = World::new();
    let meta = world.open();
    world.fail(Some(Fault::Write(Role::Database, SQLITE_FULL)));
    for number in 0..100 {
        put(&meta, &format!("{number}"), 9000).await.unwrap();
    }
    assert!(world.failed() > 0, "the log was to be moved");
    world.fail(None);
    for number in 100..200 {
        put(&meta, &format!("{number}"), 9000).await.unwrap();
    }
    meta.close().unwrap();
    assert!(!world.path.with_extension("db-wal").exists());
    assert!(has(&world.open(), "99").await);
}

#[tokio::test]
async fn a_failed_sync_of_the_database_makes_the_store_read_only_and_loses_nothing() {
    let world = World::new();
    let meta = world.open();
    world.fail(Some(Fault::Sync(Role::Database, SQLITE_IOERR_FSYNC)));
    let mut stored = 0;
    while put(&meta, &format!("{stored}"), 9000).await.is_ok() {
        stored += 1;
        assert!(stored < 10_000, "the log is moved long before");
    }
    assert!(meta.is_read_only() && world.failed() > 0);
    world.fail(None);
    drop(meta);
    let meta = world.open();
    for number in 0..stored {
        assert!(has(&meta, &format!("{number}")).await, "{number} of {stored}");
    }
}
