use std::sync::Arc;
use std::time::Duration;

use meta::MetaError;
use rusqlite::wal::CheckpointMode;
use rusqlite::{Connection, ErrorCode};

use crate::error::OrMeta;
use crate::mover::{Mover, checkpoint};
use crate::pool::Pool;
use crate::schema::PAGE_SIZE_BYTES;
use crate::snapshot::Snapshots;
use crate::{SqliteOptions, SqliteStats};

/// Bytes of log that one page takes: the page and SQLite's frame header.
pub(crate) const FRAME_BYTES: u64 = PAGE_SIZE_BYTES as u64 + 24;
/// The least bound of the log: below, hardly a commit would pass without a checkpoint.
const LOG_MIN_BYTES: u64 = 64 * 1024;
/// How long the writer waits for reads that still need the log: a page of results.
const READ_WAIT: Duration = Duration::from_millis(10);
/// How long it waits at most when earlier attempts came to nothing; each waits twice as long as the one before.
const READ_WAIT_MAX: Duration = Duration::from_millis(250);
/// How long it waits at the ceiling, after all snapshots have been ended.
const CEILING_WAIT: Duration = Duration::from_secs(2);
/// The log begins anew once no more than this part of its bound is left to be moved: the writer stands still meanwhile.
const REST_DIVISOR: u64 = 16;
/// Passes beside the writer, after which the rest is moved however large it is.
const PASSES_MAX: u32 = 3;
/// After a failed attempt to begin anew, the log grows by this part of its bound before the next.
const RETRY_DIVISOR: u64 = 4;
/// Free pages below which giving room back to the file system is not worth the writes.
const FREE_PAGES_MIN: i64 = 4096;
/// Pages given back at once, between two batches.
const VACUUM_PAGES: i64 = 512;

/// Keeps the write-ahead log below its bound. Most of the log is moved into the database beside the writer; only the rest
/// that came meanwhile is moved between two batches, whereupon the log begins anew.
pub(crate) struct LogKeeper {
    bound_bytes: u64,
    next_bytes: u64,
    passes: u32,
    /// How long the next attempt to begin anew waits.
    wait: Duration,
    mover: Mover,
    pool: Arc<Pool>,
    snapshots: Arc<Snapshots>,
    stats: Arc<SqliteStats>,
}

/// Bytes of the log.
struct LogState {
    used_bytes: u64,
    unmoved_bytes: u64,
}

impl LogKeeper {
    pub(crate) fn new(
        options: &SqliteOptions,
        mover: Mover,
        pool: Arc<Pool>,
        snapshots: Arc<Snapshots>,
        stats: Arc<SqliteStats>,
    ) -> Self {
        let bound_bytes = options.log_bytes.max(LOG_MIN_BYTES);
        Self {
            bound_bytes,
            next_bytes: bound_bytes,
            passes: 0,
            wait: READ_WAIT,
            mover,
            pool,
            snapshots,
            stats,
        }
    }

    /// Looks after the log; called after every batch.
    ///
    /// # Errors
    /// `Io` where the device failed. A full device or a reader in the way is no error: the log is kept, and tried again.
    pub(crate) fn keep(&mut self, connection: &Connection) -> Result<(), MetaError> {
        let log = log_state(connection)?;
        if log.used_bytes < self.next_bytes {
            return Ok(());
        }
        self.pool.end_idle_views();
        if log.used_bytes >= self.bound_bytes.saturating_mul(SqliteOptions::LOG_CEILING_FACTOR) {
            self.mover.wait()?;
            self.stats.expired_snapshots.add(self.snapshots.expire_all());
            return self.begin_anew(connection, &log, CEILING_WAIT);
        }
        if self.mover.is_busy()? {
            return Ok(());
        }
        if log.unmoved_bytes > self.bound_bytes / REST_DIVISOR && self.passes < PASSES_MAX {
            self.passes += 1;
            self.mover.start();
            return Ok(());
        }
        self.begin_anew(connection, &log, self.wait)
    }

    /// Moves what is left, so that the next batch writes at the beginning of the log.
    fn begin_anew(
        &mut self,
        connection: &Connection,
        log: &LogState,
        wait: Duration,
    ) -> Result<(), MetaError> {
        const OPERATION: &str = "begin the log anew";
        connection.busy_timeout(wait).or_meta(OPERATION)?;
        let is_new = checkpoint(connection, CheckpointMode::RESTART, &self.stats);
        connection.busy_timeout(CEILING_WAIT).or_meta(OPERATION)?;
        self.passes = 0;
        self.pool.keep_idle_views();
        if is_new? {
            self.next_bytes = self.bound_bytes;
            self.wait = READ_WAIT;
            give_back_free_pages(connection)
        } else {
            self.next_bytes = log.used_bytes + self.bound_bytes / RETRY_DIVISOR;
            self.wait = (self.wait * 2).min(READ_WAIT_MAX);
            Ok(())
        }
    }

    /// Moves the whole log into the database and cuts it to nothing.
    ///
    /// # Errors
    /// As [`LogKeeper::keep`].
    pub(crate) fn empty(&mut self, connection: &Connection) -> Result<(), MetaError> {
        self.mover.wait()?;
        checkpoint(connection, CheckpointMode::TRUNCATE, &self.stats).map(drop)
    }
}

fn log_state(connection: &Connection) -> Result<LogState, MetaError> {
    let (frames, moved) =
        connection.wal_checkpoint_v2(Some("main"), CheckpointMode::NOOP).or_meta("measure the log")?;
    let bytes = |frames| u64::try_from(frames).unwrap_or(0) * FRAME_BYTES;
    Ok(LogState { used_bytes: bytes(frames), unmoved_bytes: bytes(frames - moved) })
}

/// Shortens the file by a few pages when a quarter of it is free.
fn give_back_free_pages(connection: &Connection) -> Result<(), MetaError> {
    const OPERATION: &str = "give free pages back";
    let pragma =
        |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).or_meta(OPERATION);
    let (free, all) = (pragma("freelist_count")?, pragma("page_count")?);
    if free < FREE_PAGES_MIN.max(all / 4) {
        return Ok(());
    }
    match vacuum(connection) {
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::DiskFull) => Ok(()),
        other => other.or_meta(OPERATION),
    }
}

fn vacuum(connection: &Connection) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(&format!("PRAGMA incremental_vacuum({VACUUM_PAGES})"))?;
    let mut pages = statement.query([])?;
    // Each step gives one page back.
    while pages.next()?.is_some() {}
    Ok(())
}
