use std::path::PathBuf;
use std::time::Duration;

use meta::MetaError;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::error::OrMeta;
use crate::{Durability, SqliteOptions};

/// Idle readers that are kept for the next read, and among which the readers' share of the cache is divided.
pub(crate) const IDLE_READERS_MAX: usize = 8;
/// Statements that one connection keeps prepared: all that this engine has.
const STATEMENTS_MAX: usize = 32;
/// A connection that only moves pages hardly reads any.
const MOVER_CACHE_BYTES: usize = 64 * 1024;
/// How long a connection waits for a lock that another one of this process holds for a moment.
const LOCK_WAIT: Duration = Duration::from_secs(2);

/// Opens connections to one database.
#[derive(Debug, Clone)]
pub(crate) struct Connector {
    pub(crate) path: PathBuf,
    pub(crate) options: SqliteOptions,
    /// The virtual file system to go through; SQLite's own where none is named.
    pub(crate) vfs: Option<&'static str>,
}

impl Connector {
    /// The connection that writes; makes the file where there is none.
    pub(crate) fn writer(&self) -> Result<Connection, MetaError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        let connection = self.open(flags, self.options.cache_bytes / 3)?;
        let synchronous = match self.options.durability {
            Durability::Strict => "FULL",
            Durability::Relaxed => "NORMAL",
        };
        connection.pragma_update(None, "synchronous", synchronous).or_meta("set synchronous")?;
        connection.pragma_update(None, "wal_autocheckpoint", 0).or_meta("set wal_autocheckpoint")?;
        Ok(connection)
    }

    /// A connection that moves the log into the database.
    pub(crate) fn mover(&self) -> Result<Connection, MetaError> {
        let connection = self.open(OpenFlags::SQLITE_OPEN_READ_WRITE, MOVER_CACHE_BYTES)?;
        connection.pragma_update(None, "synchronous", "NORMAL").or_meta("set synchronous")?;
        keep_log_on_close(&connection)?;
        Ok(connection)
    }

    /// A connection that reads.
    pub(crate) fn reader(&self) -> Result<Connection, MetaError> {
        let connection = self
            .open(OpenFlags::SQLITE_OPEN_READ_WRITE, self.options.cache_bytes / 3 * 2 / IDLE_READERS_MAX)?;
        connection.pragma_update(None, "query_only", true).or_meta("set query_only")?;
        keep_log_on_close(&connection)?;
        Ok(connection)
    }

    fn open(&self, flags: OpenFlags, cache_bytes: usize) -> Result<Connection, MetaError> {
        const OPERATION: &str = "open the metadata database";
        // One thread at a time uses a connection, so SQLite needs no lock of its own.
        let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = match self.vfs {
            Some(vfs) => Connection::open_with_flags_and_vfs(&self.path, flags, vfs),
            None => Connection::open_with_flags(&self.path, flags),
        }
        .or_meta(OPERATION)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
        connection.busy_timeout(LOCK_WAIT).or_meta(OPERATION)?;
        // Negative: KiB instead of pages.
        let cache_kib = -(i64::try_from(cache_bytes / 1024).unwrap_or(i64::MAX));
        connection.pragma_update(None, "cache_size", cache_kib).or_meta(OPERATION)?;
        connection.pragma_update(None, "mmap_size", 0).or_meta(OPERATION)?;
        connection.pragma_update(None, "temp_store", "MEMORY").or_meta(OPERATION)?;
        // A page that was read from a damaged file must end in an error, not in a walk outside it.
        connection.pragma_update(None, "cell_size_check", true).or_meta(OPERATION)?;
        Ok(connection)
    }
}

/// Lets a connection leave the log as it is even when it is the last to close.
pub(crate) fn keep_log_on_close(connection: &Connection) -> Result<(), MetaError> {
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)
        .map(drop)
        .or_meta("keep the log on closing")
}
