use crc_fast::{CrcAlgorithm, Digest};
use meta::{MetaError, MetaErrorKind, Revision};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};

/// Bytes of key and value up to which the value stands in the record's own row. Beyond, SQLite would put a part of the row
/// on further pages, and read those whenever it compares the key on its way to another one.
pub(crate) const ROW_MAX_BYTES: usize = 960;

const LARGE: &str = "SELECT value FROM large WHERE id = ?1";

/// A record as it stands in a row of the table: key, revision, crc, value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RawRecord<'row> {
    pub(crate) key: &'row [u8],
    pub(crate) revision: Revision,
    pub(crate) value: &'row [u8],
}

impl RawRecord<'_> {
    /// Whether the value stands in the record's own row.
    pub(crate) fn is_small(&self) -> bool {
        self.key.len() + self.value.len() <= ROW_MAX_BYTES
    }

    /// CRC-32C over the length of the key, the key, the revision and the value.
    pub(crate) fn crc(&self) -> u32 {
        let mut digest = Digest::new(CrcAlgorithm::Crc32Iscsi);
        digest.update(&(self.key.len() as u32).to_le_bytes());
        digest.update(self.key);
        digest.update(&self.revision.to_le_bytes());
        digest.update(self.value);
        digest.finalize() as u32
    }
}

/// The key of a row.
///
/// # Errors
/// `Corrupt` where it is not what this engine writes.
pub(crate) fn key<'row>(row: &'row Row<'_>, operation: &'static str) -> Result<&'row [u8], MetaError> {
    match row.get_ref(0) {
        Ok(ValueRef::Blob(key)) => Ok(key),
        _ => Err(MetaError::new(MetaErrorKind::Corrupt, operation)),
    }
}

/// Reads and verifies the row of `key`, fetches its value where that stands elsewhere, and hands the record to `visit`. The
/// row's statement being under way, both reads are of one moment.
///
/// # Errors
/// `Corrupt` where the columns are not what this engine writes, or the checksum is another one.
pub(crate) fn read<T>(
    connection: &Connection,
    (row, key): (&Row<'_>, &[u8]),
    operation: &'static str,
    visit: impl FnOnce(RawRecord<'_>) -> T,
) -> Result<T, MetaError> {
    let corrupt = || MetaError::new(MetaErrorKind::Corrupt, operation);
    let columns = (row.get_ref(1), row.get_ref(2), row.get_ref(3));
    let (Ok(ValueRef::Integer(revision)), Ok(ValueRef::Integer(crc)), Ok(value)) = columns else {
        return Err(corrupt());
    };
    let visit_verified = |value| {
        let record = RawRecord { key, revision: revision as Revision, value };
        if i64::from(record.crc()) == crc { Ok(visit(record)) } else { Err(corrupt()) }
    };
    match value {
        ValueRef::Blob(value) => visit_verified(value),
        ValueRef::Integer(id) => {
            let failed = |error| MetaError::with_source(crate::error::kind_of(&error), operation, error);
            let mut statement = connection.prepare_cached(LARGE).map_err(failed)?;
            let mut rows = statement.query([id]).map_err(failed)?;
            let row = rows.next().map_err(failed)?.ok_or_else(corrupt)?;
            visit_verified(row.get_ref(0).ok().and_then(|value| value.as_blob().ok()).ok_or_else(corrupt)?)
        }
        _ => Err(corrupt()),
    }
}
