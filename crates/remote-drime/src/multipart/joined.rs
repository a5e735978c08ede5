use assembly::Assembled;
use remote::PartRecord;
use store::{ObjectIdentity, StoreError, StoreErrorKind};

use crate::api::SentPart;
use crate::place::Identified;
use crate::table::{PartTable, TablePart};

/// An object as its parts make it.
pub(super) struct Joined {
    pub(super) identified: Identified,
    /// The parts as the storage knows them.
    pub(super) sent: Vec<SentPart>,
    pub(super) size_bytes: u64,
}

impl Joined {
    /// # Errors
    /// `Corrupt` where the record of a part does not say how the storage knows it.
    pub(super) fn of(assembled: Assembled<PartRecord>) -> Result<Self, StoreError> {
        let Assembled { parts, etag, checksum, size_bytes } = assembled;
        let table = parts.iter().map(|part| TablePart {
            number: part.number,
            size_bytes: part.size_bytes,
            checksum: part.checksum,
        });
        let table = PartTable { parts: table.collect() };
        let part_sizes = parts.iter().map(|part| part.size_bytes).collect();
        let sent = parts.into_iter().map(|part| {
            let etag = String::from_utf8(part.provider);
            let etag = etag.map_err(|_| StoreError::new(StoreErrorKind::Corrupt, "complete upload"))?;
            Ok(SentPart { etag, number: part.number })
        });
        let sent = sent.collect::<Result<_, StoreError>>()?;
        let identity = ObjectIdentity { etag, checksum, part_sizes };
        Ok(Self { identified: Identified { identity, table }, sent, size_bytes })
    }
}
