//! Part tables: which parts an object was uploaded in, and where their bytes are.

use bytes::Bytes;
use meta::MetaRead;
use store::{PartProblem, StoreError, StoreErrorKind};
use types::ByteRange;

use crate::error::{During, contradiction};
use crate::ids::DataId;
use crate::keys::{self, Family};
use crate::record::{PAGE_PARTS, PageStart, PartEntry, PartPage, TableRef};

/// A part table before it is written.
pub(crate) struct NewTable {
    /// What the object's record says of it.
    pub(crate) table: TableRef,
    /// The rows to write.
    pub(crate) rows: Vec<(Bytes, Bytes)>,
}

impl NewTable {
    /// Lays parts out in pages.
    pub(crate) fn of(id: DataId, parts: Vec<PartEntry>) -> Self {
        let part_count = u32::try_from(parts.len()).unwrap_or(u32::MAX);
        let (mut pages, mut rows, mut offset) = (Vec::new(), Vec::new(), 0);
        for (number, chunk) in (0..).zip(parts.chunks(PAGE_PARTS)) {
            let page = PartPage { offset, parts: chunk.to_vec() };
            pages.push(PageStart { first_number: chunk[0].number, offset });
            offset += chunk.iter().map(|part| part.size_bytes).sum::<u64>();
            rows.push((keys::numbered(Family::PartPage, id, number), page.encode()));
        }
        Self { table: TableRef { id, part_count, pages }, rows }
    }
}

/// A part and where in its object it lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PlacedPart {
    pub(crate) entry: PartEntry,
    pub(crate) range: ByteRange,
}

impl TableRef {
    /// The page that holds the byte at `offset`.
    pub(crate) fn page_of_offset(&self, offset: u64) -> usize {
        self.pages.partition_point(|page| page.offset <= offset).saturating_sub(1)
    }

    /// The page that holds the part of this number, or would.
    pub(crate) fn page_of_number(&self, number: u32) -> usize {
        self.pages.partition_point(|page| page.first_number <= number).saturating_sub(1)
    }

    /// Reads a page; `None` where its row is gone.
    pub(crate) async fn page(
        &self,
        meta: &dyn MetaRead,
        page: usize,
        operation: &'static str,
    ) -> Result<Option<Vec<PlacedPart>>, StoreError> {
        let number = u32::try_from(page).map_err(|_| contradiction(operation))?;
        let row = keys::numbered(Family::PartPage, self.id, number);
        let Some(record) = meta.get(&row).await.during(operation)? else { return Ok(None) };
        PartPage::decode(&record.value).map(|page| Some(placed(page))).during(operation)
    }

    /// Finds the part of this number; `None` where its page is gone.
    pub(crate) async fn find(
        &self,
        meta: &dyn MetaRead,
        number: u32,
        operation: &'static str,
    ) -> Result<Option<PlacedPart>, StoreError> {
        let Some(page) = self.page(meta, self.page_of_number(number), operation).await? else {
            return Ok(None);
        };
        let found = page.into_iter().find(|part| part.entry.number == number);
        found.map(Some).ok_or_else(|| no_such_part(operation))
    }
}

/// The object has no part of the number that was asked for.
pub(crate) fn no_such_part(operation: &'static str) -> StoreError {
    StoreError::new(StoreErrorKind::Part(PartProblem::NoSuchPart), operation)
}

fn placed(page: PartPage) -> Vec<PlacedPart> {
    let mut start = page.offset;
    let place = |entry: PartEntry| {
        let range = ByteRange { start, end: start + entry.size_bytes };
        start = range.end;
        PlacedPart { entry, range }
    };
    page.parts.into_iter().map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Place;

    #[test]
    fn each_offset_and_number_leads_to_its_page() {
        let part = |number| PartEntry {
            number,
            size_bytes: 10,
            place: Place::Empty,
            place_offset: 0,
            md5: None,
            checksum: None,
        };
        let parts: Vec<_> = (0..1030).map(|index| part(2 * index + 1)).collect();
        let new = NewTable::of(DataId::from_bytes([0; 16]), parts);
        assert_eq!((new.rows.len(), new.table.part_count), (3, 1030));
        for (offset, page) in [(0, 0), (5119, 0), (5120, 1), (10_239, 1), (10_240, 2), (10_299, 2)] {
            assert_eq!(new.table.page_of_offset(offset), page, "offset {offset}");
        }
        for (number, page) in [(1, 0), (1023, 0), (1024, 0), (1025, 1), (2048, 1), (2049, 2), (9999, 2)] {
            assert_eq!(new.table.page_of_number(number), page, "number {number}");
        }
    }
}
