use std::ops::Range;

use bytes::Bytes;
use meta::{Record, Revision, SCAN_MAX_BYTES, ScanItem, ScanPage, ScanRequest};

use crate::row::RawRecord;

/// Collects a page's keys and values in one allocation, of which the items are slices.
pub(crate) struct PageBuilder {
    arena: Vec<u8>,
    spans: Vec<Span>,
    limit: usize,
}

enum Span {
    Record { key: Range<usize>, value: Range<usize>, revision: Revision },
    Prefix(Range<usize>),
}

/// Items for which room is made at once.
const ITEMS_AT_FIRST: usize = 1024;
/// Bytes for which room is made per record of the page.
const RECORD_BYTES_AT_FIRST: usize = 256;
/// Bytes for which room is made per prefix of the page.
const PREFIX_BYTES_AT_FIRST: usize = 64;

impl PageBuilder {
    /// A page that answers `request`.
    pub(crate) fn new(request: &ScanRequest) -> Self {
        let items = request.limit.min(ITEMS_AT_FIRST);
        let item_bytes = if request.fold.is_some() { PREFIX_BYTES_AT_FIRST } else { RECORD_BYTES_AT_FIRST };
        Self {
            arena: Vec::with_capacity(items * item_bytes),
            spans: Vec::with_capacity(items),
            limit: request.limit,
        }
    }

    /// Adds a record; `false`, and nothing added, where the page is full.
    pub(crate) fn push_record(&mut self, record: RawRecord<'_>) -> bool {
        if !self.has_room(record.key.len() + record.value.len()) {
            return false;
        }
        let key = self.append(record.key);
        let value = self.append(record.value);
        self.spans.push(Span::Record { key, value, revision: record.revision });
        true
    }

    /// Adds a prefix; `false`, and nothing added, where the page is full.
    pub(crate) fn push_prefix(&mut self, prefix: &[u8]) -> bool {
        if !self.has_room(prefix.len()) {
            return false;
        }
        let prefix = self.append(prefix);
        self.spans.push(Span::Prefix(prefix));
        true
    }

    /// The prefix that the last item is, if it is one.
    pub(crate) fn last_prefix(&self) -> Option<&[u8]> {
        match self.spans.last() {
            Some(Span::Prefix(range)) => Some(&self.arena[range.clone()]),
            _ => None,
        }
    }

    pub(crate) fn finish(self, more: bool) -> ScanPage {
        let arena = Bytes::from(self.arena);
        let item = |span| match span {
            Span::Record { key, value, revision } => {
                ScanItem::Record(Record { key: arena.slice(key), value: arena.slice(value), revision })
            }
            Span::Prefix(prefix) => ScanItem::Prefix(arena.slice(prefix)),
        };
        ScanPage { items: self.spans.into_iter().map(item).collect(), more }
    }

    fn has_room(&self, bytes: usize) -> bool {
        self.spans.len() < self.limit && (self.spans.is_empty() || self.arena.len() + bytes <= SCAN_MAX_BYTES)
    }

    fn append(&mut self, bytes: &[u8]) -> Range<usize> {
        let start = self.arena.len();
        self.arena.extend_from_slice(bytes);
        start..self.arena.len()
    }
}
