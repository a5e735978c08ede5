use bytes::Bytes;
use meta::{COMMIT_MAX_WRITES, Check, Commit, Revision, Write};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, params};

use crate::row::RawRecord;

/// The revision, and where a large value stands.
const FIND: &str =
    "SELECT revision, CASE typeof(value) WHEN 'integer' THEN value END FROM record WHERE key = ?1";
const ANY_IN_RANGE: &str = "SELECT 1 FROM record WHERE key >= ?1 AND key < ?2 LIMIT 1";
const INSERT: &str =
    "INSERT INTO record (key, revision, crc, value) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (key) DO NOTHING";
const UPDATE: &str = "UPDATE record SET revision = ?2, crc = ?3, value = ?4 WHERE key = ?1";
const DELETE: &str = "DELETE FROM record WHERE key = ?1";
const INSERT_LARGE: &str = "INSERT INTO large (id, value) VALUES (?1, ?2)";
const DELETE_LARGE: &str = "DELETE FROM large WHERE id = ?1";

/// What became of a commit inside its transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// All checks held and all writes are in the transaction.
    Applied(Revision),
    /// The check of this index did not hold; the transaction is as before.
    Refused(usize),
}

/// What stands under a key.
struct Found {
    revision: Revision,
    large: Option<i64>,
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
    for (index, write) in commit.writes.iter().enumerate() {
        match write {
            Write::Put { key, value } => {
                put(connection, RawRecord { key, revision, value }, large_id(revision, index))?;
            }
            Write::Delete { key } => delete(connection, key)?,
        }
    }
    Ok(Outcome::Applied(revision))
}

/// The id of a value in its own row: never used twice, and growing, so that values are appended to the table.
fn large_id(revision: Revision, index: usize) -> i64 {
    debug_assert!(index < COMMIT_MAX_WRITES);
    (revision * COMMIT_MAX_WRITES as u64) as i64 + index as i64
}

fn put(connection: &Connection, record: RawRecord<'_>, id: i64) -> rusqlite::Result<()> {
    // Most keys are new; one that is not costs a look-up more.
    if set(connection, INSERT, record, id)? == 0 {
        delete_large(connection, record.key)?;
        set(connection, UPDATE, record, id)?;
    }
    if record.is_small() {
        return Ok(());
    }
    connection.prepare_cached(INSERT_LARGE)?.execute(params![id, record.value]).map(drop)
}

/// How many rows `statement` has set to `record`.
fn set(connection: &Connection, statement: &str, record: RawRecord<'_>, id: i64) -> rusqlite::Result<usize> {
    let mut statement = connection.prepare_cached(statement)?;
    let (revision, crc) = (record.revision as i64, i64::from(record.crc()));
    if record.is_small() {
        statement.execute(params![record.key, revision, crc, record.value])
    } else {
        statement.execute(params![record.key, revision, crc, id])
    }
}

fn delete(connection: &Connection, key: &[u8]) -> rusqlite::Result<()> {
    delete_large(connection, key)?;
    connection.prepare_cached(DELETE)?.execute([key]).map(drop)
}

/// Removes the large value of the record under `key`, if there is one and it has one.
fn delete_large(connection: &Connection, key: &[u8]) -> rusqlite::Result<()> {
    match find(connection, key)? {
        Some(Found { large: Some(id), .. }) => {
            connection.prepare_cached(DELETE_LARGE)?.execute([id]).map(drop)
        }
        _ => Ok(()),
    }
}

fn holds(connection: &Connection, check: &Check) -> rusqlite::Result<bool> {
    let revision = |key: &Bytes| find(connection, key).map(|found| found.map(|found| found.revision));
    Ok(match check {
        Check::Absent(key) => revision(key)?.is_none(),
        Check::Equals(key, expected) | Check::Shared(key, expected) => revision(key)? == Some(*expected),
        Check::RangeEmpty { start, end } => {
            !connection.prepare_cached(ANY_IN_RANGE)?.exists([&start[..], &end[..]])?
        }
    })
}

fn find(connection: &Connection, key: &[u8]) -> rusqlite::Result<Option<Found>> {
    let mut statement = connection.prepare_cached(FIND)?;
    let mut rows = statement.query([key])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let large = match row.get_ref(1)? {
        ValueRef::Integer(id) => Some(id),
        _ => None,
    };
    Ok(Some(Found { revision: row.get::<_, i64>(0)? as Revision, large }))
}
