use std::sync::Arc;
use std::time::{Duration, Instant};

use meta::MetaError;
use rusqlite::wal::CheckpointMode;
use rusqlite::{Connection, ErrorCode};

use crate::error::OrMeta;
use crate::schema::PAGE_SIZE_BYTES;
use crate::snapshot::Snapshots;
use crate::{SqliteOptions, SqliteStats};

/// Bytes of log that one page takes: the page and SQLite's frame header.
const FRAME_BYTES: u64 = PAGE_SIZE_BYTES as u64 + 24;
/// How long an ordinary checkpoint waits for reads that still need the log: a page of results.
const READ_WAIT: Duration = Duration::from_millis(10);
/// How long a checkpoint waits at the ceiling, after all snapshots have been ended.
const CEILING_WAIT: Duration = Duration::from_secs(2);
/// After a checkpoint that could not empty the log, it grows by this part of the bound before the next.
const RETRY_DIVISOR: u64 = 4;
/// Free pages below which giving room back to the file system is not worth the writes.
const FREE_PAGES_MIN: i64 = 4096;
/// Pages given back at once, between two batches.
const VACUUM_PAGES: i64 = 512;

/// Keeps the write-ahead log below its bound by moving it into the database between two batches.
pub(crate) struct LogKeeper {
    log_bytes: u64,
    next_bytes: u64,
    snapshots: Arc<Snapshots>,
    stats: Arc<SqliteStats>,
}

impl LogKeeper {
    pub(crate) fn new(options: &SqliteOptions, snapshots: Arc<Snapshots>, stats: Arc<SqliteStats>) -> Self {
        Self { log_bytes: options.log_bytes, next_bytes: options.log_bytes, snapshots, stats }
    }

    /// Looks after the log; called after every batch.
    ///
    /// # Errors
    /// `Io` where the device failed. A full device or a reader in the way is no error: the log is kept, and tried again.
    pub(crate) fn keep(&mut self, connection: &Connection) -> Result<(), MetaError> {
        let used = log_bytes(connection)?;
        if used < self.next_bytes {
            return Ok(());
        }
        let at_ceiling = used >= self.log_bytes.saturating_mul(SqliteOptions::LOG_CEILING_FACTOR);
        if at_ceiling {
            self.stats.expired_snapshots.add(self.snapshots.expire_all());
        }
        let wait = if at_ceiling { CEILING_WAIT } else { READ_WAIT };
        let emptied = self.checkpoint(connection, CheckpointMode::RESTART, wait)?;
        self.next_bytes = if emptied { self.log_bytes } else { used + self.log_bytes / RETRY_DIVISOR };
        if emptied { give_back_free_pages(connection) } else { Ok(()) }
    }

    /// Moves the whole log into the database and cuts it to nothing.
    ///
    /// # Errors
    /// As [`LogKeeper::keep`].
    pub(crate) fn empty(&self, connection: &Connection) -> Result<(), MetaError> {
        self.checkpoint(connection, CheckpointMode::TRUNCATE, CEILING_WAIT).map(drop)
    }

    /// Whether the log could be moved as a whole.
    fn checkpoint(
        &self,
        connection: &Connection,
        mode: CheckpointMode,
        wait: Duration,
    ) -> Result<bool, MetaError> {
        const OPERATION: &str = "move the log into the metadata database";
        let begun = Instant::now();
        connection.busy_timeout(wait).or_meta(OPERATION)?;
        let outcome = connection.wal_checkpoint_v2(Some("main"), mode);
        connection.busy_timeout(CEILING_WAIT).or_meta(OPERATION)?;
        self.stats.checkpoint_duration.observe(begun.elapsed());
        self.stats.checkpoints.add(1);
        match outcome {
            Ok(_) => Ok(true),
            Err(error) => match error.sqlite_error_code() {
                Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::DiskFull) => Ok(false),
                _ => Err(error).or_meta(OPERATION),
            },
        }
    }
}

fn log_bytes(connection: &Connection) -> Result<u64, MetaError> {
    let (frames, _) =
        connection.wal_checkpoint_v2(Some("main"), CheckpointMode::NOOP).or_meta("measure the log")?;
    Ok(u64::try_from(frames).unwrap_or(0) * FRAME_BYTES)
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
    let vacuum = connection.execute_batch(&format!("PRAGMA incremental_vacuum({VACUUM_PAGES})"));
    match vacuum {
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::DiskFull) => Ok(()),
        other => other.or_meta(OPERATION),
    }
}
