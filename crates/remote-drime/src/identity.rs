//! What an object is recognised by: what the ledger keeps of those that were written here, and what is made up for others.

use hash::Md5;
use remote::IdentityRecord;
use store::{ObjectInfo, OpenOptions, PartProblem, PartSpan, StoreError, StoreErrorKind};
use types::{ByteRange, ETag, ObjectHeaders, ObjectMetadata};

use crate::api::Entry;
use crate::table::{PartTable, TablePart};

/// The tag of a file that was not written here: the same everywhere and always, until the file's content changes. It is
/// shaped as that of an object in parts, so that nobody takes it for the MD5 of the bytes.
pub(crate) fn dressed(entry: &Entry) -> ETag {
    if entry.is_folder || entry.size_bytes == 0 {
        // Nothing is known of the bytes of other files; of no bytes everything is.
        return ETag::from_md5(Md5::digest(b""));
    }
    let facts = format!("drime\0{}\0{}\0{}", entry.id, entry.size_bytes, entry.hash);
    ETag::multipart(Md5::digest(facts.as_bytes()), 1)
}

/// What is known of an object.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) entry: Entry,
    pub(crate) identity: Option<IdentityRecord>,
}

impl Known {
    pub(crate) fn etag(&self) -> ETag {
        self.identity.as_ref().map_or_else(|| dressed(&self.entry), |identity| identity.etag.clone())
    }

    pub(crate) fn metadata(&self) -> ObjectMetadata {
        let kept = self.identity.as_ref().and_then(|identity| identity.metadata.clone());
        kept.unwrap_or_else(|| ObjectMetadata {
            headers: ObjectHeaders { content_type: self.entry.mime.clone(), ..ObjectHeaders::default() },
            ..ObjectMetadata::default()
        })
    }

    /// The parts, where it was uploaded in parts.
    pub(crate) fn parts(&self, operation: &'static str) -> Result<Vec<TablePart>, StoreError> {
        let Some(identity) = &self.identity else { return Ok(Vec::new()) };
        let table = PartTable::decode(&identity.provider)
            .ok_or_else(|| StoreError::new(StoreErrorKind::Corrupt, operation))?;
        if !table.parts.is_empty() {
            return Ok(table.parts);
        }
        let sizes = (1..).zip(&identity.part_sizes);
        Ok(sizes.map(|(number, size)| TablePart { number, size_bytes: *size, checksum: None }).collect())
    }

    pub(crate) fn info(
        &self,
        options: &OpenOptions,
        operation: &'static str,
    ) -> Result<ObjectInfo, StoreError> {
        let part_count = self.identity.as_ref().map_or(0, |identity| identity.part_sizes.len());
        let part = options.part_number.map(|number| self.part(number, operation)).transpose()?;
        Ok(ObjectInfo {
            etag: self.etag(),
            size_bytes: self.entry.size_bytes,
            modified_at: self.entry.updated_at,
            version_id: None,
            metadata: self.metadata(),
            checksum: self.identity.as_ref().and_then(|identity| identity.checksum),
            part_count: u32::try_from(part_count).ok().filter(|count| *count > 0),
            part,
        })
    }

    fn part(&self, number: u32, operation: &'static str) -> Result<PartSpan, StoreError> {
        let spans = self.spans(operation)?;
        let none = || StoreError::new(StoreErrorKind::Part(PartProblem::NoSuchPart), operation);
        if spans.is_empty() && number == 1 {
            let checksum = self.identity.as_ref().and_then(|identity| identity.checksum);
            return Ok(PartSpan { number, range: ByteRange::whole(self.entry.size_bytes), checksum });
        }
        spans.into_iter().find(|span| span.number == number).ok_or_else(none)
    }

    /// Where each part lies.
    pub(crate) fn spans(&self, operation: &'static str) -> Result<Vec<PartSpan>, StoreError> {
        let mut start = 0;
        let span = |part: TablePart| {
            let range = ByteRange { start, end: start + part.size_bytes };
            start = range.end;
            PartSpan { number: part.number, range, checksum: part.checksum }
        };
        Ok(self.parts(operation)?.into_iter().map(span).collect())
    }
}
