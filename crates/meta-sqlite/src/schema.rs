use std::fs::File;
use std::path::Path;

use meta::{MetaError, MetaErrorKind, Revision};
use rusqlite::{Connection, OptionalExtension, params};

use crate::error::{OrMeta, from_io};

/// SQLite's `application_id` of our databases: "SlMd".
pub(crate) const APPLICATION_ID: i64 = 0x536C_4D64;
/// The layout that this code writes and reads; SQLite's `user_version`.
pub(crate) const FORMAT_VERSION: i64 = 1;
/// Bytes of a page, fixed for the life of a database. A put rewrites the leaf of its key, so small pages keep the log short.
pub(crate) const PAGE_SIZE_BYTES: usize = 4096;

const TABLES: &str = "
CREATE TABLE record (
    key BLOB PRIMARY KEY NOT NULL,
    revision INTEGER NOT NULL,
    crc INTEGER NOT NULL,
    value NOT NULL
) WITHOUT ROWID;
CREATE TABLE large (
    id INTEGER PRIMARY KEY,
    value BLOB NOT NULL
);
CREATE TABLE reserve (
    id INTEGER PRIMARY KEY CHECK (id = 0),
    revision INTEGER NOT NULL,
    crc INTEGER NOT NULL
);
";

const OPERATION: &str = "open the metadata database";

/// Makes the tables in a new database; holds an old one to what this code can read. Returns the revision up to which
/// an earlier opening may have given revisions away.
///
/// # Errors
/// `Corrupt` for a file that is no database of ours, is of a later version, or is damaged.
pub(crate) fn prepare(connection: &mut Connection, path: &Path) -> Result<Revision, MetaError> {
    if is_new(connection)? {
        create(connection, path)?;
    }
    verify(connection)?;
    reserved(connection)
}

/// A file without any content, or with no more than creating it left there before a cut.
fn is_new(connection: &Connection) -> Result<bool, MetaError> {
    let objects: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .or_meta(OPERATION)?;
    Ok(objects == 0 && number(connection, "application_id")? == 0 && number(connection, "user_version")? == 0)
}

fn create(connection: &mut Connection, path: &Path) -> Result<(), MetaError> {
    const OPERATION: &str = "create the metadata database";
    connection.pragma_update(None, "page_size", PAGE_SIZE_BYTES as i64).or_meta(OPERATION)?;
    connection.pragma_update(None, "auto_vacuum", "INCREMENTAL").or_meta(OPERATION)?;
    log_mode(connection)?;
    let transaction = connection.transaction().or_meta(OPERATION)?;
    transaction.execute_batch(TABLES).or_meta(OPERATION)?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID).or_meta(OPERATION)?;
    transaction.pragma_update(None, "user_version", FORMAT_VERSION).or_meta(OPERATION)?;
    reserve(&transaction, 0).or_meta(OPERATION)?;
    transaction.commit().or_meta(OPERATION)?;
    // SQLite synchronises the directory for its logs only, not for the database itself.
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let directory = File::open(directory.unwrap_or(Path::new(".")));
    directory.and_then(|directory| directory.sync_all()).map_err(|error| from_io(error, OPERATION))
}

fn verify(connection: &Connection) -> Result<(), MetaError> {
    let application = number(connection, "application_id")?;
    if application != APPLICATION_ID {
        return Err(refused(format!("application id {application:#x} is not that of a metadata database")));
    }
    let version = number(connection, "user_version")?;
    if version != FORMAT_VERSION {
        return Err(refused(format!(
            "format version {version} is unknown; this release reads {FORMAT_VERSION}"
        )));
    }
    log_mode(connection)
}

/// The write-ahead log; a mode that SQLite keeps in the file.
fn log_mode(connection: &Connection) -> Result<(), MetaError> {
    let mode: String =
        connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0)).or_meta(OPERATION)?;
    if mode.eq_ignore_ascii_case("wal") {
        return Ok(());
    }
    Err(MetaError::with_source(MetaErrorKind::Io, OPERATION, "no write-ahead log on this file system"))
}

/// Writes down that revisions up to `revision` may be given away.
pub(crate) fn reserve(connection: &Connection, revision: Revision) -> rusqlite::Result<()> {
    let mut statement =
        connection.prepare_cached("INSERT OR REPLACE INTO reserve (id, revision, crc) VALUES (0, ?1, ?2)")?;
    statement.execute(params![revision as i64, i64::from(reserve_crc(revision))])?;
    Ok(())
}

fn reserved(connection: &Connection) -> Result<Revision, MetaError> {
    let row = connection.query_row("SELECT revision, crc FROM reserve WHERE id = 0", [], |row| {
        Ok((row.get::<_, i64>(0)? as Revision, row.get::<_, i64>(1)?))
    });
    match row.optional().or_meta(OPERATION)? {
        Some((revision, crc)) if crc == i64::from(reserve_crc(revision)) => Ok(revision),
        _ => Err(refused("the reserve of revisions is damaged".to_owned())),
    }
}

fn reserve_crc(revision: Revision) -> u32 {
    crc_fast::checksum(crc_fast::CrcAlgorithm::Crc32Iscsi, &revision.to_le_bytes()) as u32
}

fn number(connection: &Connection, pragma: &str) -> Result<i64, MetaError> {
    connection.pragma_query_value(None, pragma, |row| row.get(0)).or_meta(OPERATION)
}

fn refused(why: String) -> MetaError {
    MetaError::with_source(MetaErrorKind::Corrupt, OPERATION, why)
}
