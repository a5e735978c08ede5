use crc_fast::{CrcAlgorithm, Digest};
use meta::{MetaError, MetaErrorKind, Revision};
use rusqlite::Row;
use rusqlite::types::ValueRef;

/// A record as it stands in a row of the table: key, revision, crc, value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RawRecord<'row> {
    pub(crate) key: &'row [u8],
    pub(crate) revision: Revision,
    pub(crate) value: &'row [u8],
}

impl<'row> RawRecord<'row> {
    /// Reads and verifies a row.
    ///
    /// # Errors
    /// `Corrupt` where the columns are not what this engine writes, or the checksum is another one.
    pub(crate) fn read(row: &'row Row<'_>, operation: &'static str) -> Result<Self, MetaError> {
        let columns = (row.get_ref(0), row.get_ref(1), row.get_ref(2), row.get_ref(3));
        if let (
            Ok(ValueRef::Blob(key)),
            Ok(ValueRef::Integer(revision)),
            Ok(ValueRef::Integer(crc)),
            Ok(ValueRef::Blob(value)),
        ) = columns
        {
            let record = Self { key, revision: revision as Revision, value };
            if i64::from(record.crc()) == crc {
                return Ok(record);
            }
        }
        Err(MetaError::new(MetaErrorKind::Corrupt, operation))
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
