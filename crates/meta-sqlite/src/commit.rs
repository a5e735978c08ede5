use bytes::Bytes;
use meta::{Check, Commit, Revision, Write};
use rusqlite::{Connection, OptionalExtension, params};

use crate::row::RawRecord;

const REVISION: &str = "SELECT revision FROM record WHERE key = ?1";
const ANY_IN_RANGE: &str = "SELECT 1 FROM record WHERE key >= ?1 AND key < ?2 LIMIT 1";
const PUT: &str = "INSERT INTO record (key, revision, crc, value) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (key) DO UPDATE SET revision = ?2, crc = ?3, value = ?4";
const DELETE: &str = "DELETE FROM record WHERE key = ?1";

/// What became of a commit inside its transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// All checks held and all writes are in the transaction.
    Applied(Revision),
    /// The check of this index did not hold; the transaction is as before.
    Refused(usize),
}

/// Puts a commit into the open transaction, if its checks hold there.
pub(crate) fn apply(
    connection: &Connection,
    commit: &Commit,
    revision: Revision,
) -> rusqlite::Result<Outcome> {
    for (index, check) in commit.checks.iter().enumerate() {
        if !holds(connection, check)? {
            return Ok(Outcome::Refused(index));
        }
    }
    for write in &commit.writes {
        match write {
            Write::Put { key, value } => put(connection, RawRecord { key, revision, value })?,
            Write::Delete { key } => {
                connection.prepare_cached(DELETE)?.execute([&key[..]])?;
            }
        }
    }
    Ok(Outcome::Applied(revision))
}

fn put(connection: &Connection, record: RawRecord<'_>) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(PUT)?;
    statement.execute(params![record.key, record.revision as i64, i64::from(record.crc()), record.value])?;
    Ok(())
}

fn holds(connection: &Connection, check: &Check) -> rusqlite::Result<bool> {
    Ok(match check {
        Check::Absent(key) => revision_of(connection, key)?.is_none(),
        Check::Equals(key, revision) | Check::Shared(key, revision) => {
            revision_of(connection, key)? == Some(*revision)
        }
        Check::RangeEmpty { start, end } => {
            !connection.prepare_cached(ANY_IN_RANGE)?.exists([&start[..], &end[..]])?
        }
    })
}

fn revision_of(connection: &Connection, key: &Bytes) -> rusqlite::Result<Option<Revision>> {
    let mut statement = connection.prepare_cached(REVISION)?;
    statement
        .query_row([&key[..]], |row| row.get::<_, i64>(0))
        .optional()
        .map(|found| found.map(|n| n as Revision))
}
