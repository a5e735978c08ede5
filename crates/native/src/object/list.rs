use bytes::{Bytes, BytesMut};
use meta::{Fold, ScanItem, ScanRequest};
use store::{Bucket, ListEntry, ListObjects, ListPage, Position, StoreError, VersionState};
use types::ObjectKey;

use crate::error::{During, contradiction};
use crate::keys::{self, BUCKET_PREFIX_LEN, Family, KeyRange};
use crate::native::Native;
use crate::record::summarize;

const OPERATION: &str = "list objects";
/// The most entries in one page, whatever the caller asks.
const PAGE_MAX_ENTRIES: usize = 10_000;

/// What a listing asks of one family of rows.
pub(crate) struct Window {
    pub(crate) range: KeyRange,
    pub(crate) fold: Option<Fold>,
}

/// How a family of rows writes object keys.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Writing {
    /// As they are, ending the row.
    Plain,
    /// Escaped, with more behind.
    Escaped,
}

impl Window {
    /// The rows of keys that begin with `prefix` and lie behind `after`.
    pub(crate) fn new(
        family: Family,
        bucket: &Bucket,
        prefix: &str,
        delimiter: Option<&str>,
        after: Option<&Position>,
    ) -> Self {
        let writing = match family {
            Family::Version | Family::Upload => Writing::Escaped,
            _ => Writing::Plain,
        };
        let row = |text: &str| {
            let mut row = keys::in_bucket(family, bucket.handle);
            match writing {
                Writing::Plain => row.extend_from_slice(text.as_bytes()),
                Writing::Escaped => keys::put_escaped(&mut row, text.as_bytes()),
            }
            row.freeze()
        };
        let prefix = row(prefix);
        let from = prefix.len();
        let mut range = KeyRange::of_prefix(&prefix);
        let start = after.map(|after| match (after, writing) {
            (Position::Prefix(prefix), _) => keys::behind_prefix(&row(prefix)),
            (Position::Key(key), Writing::Plain) => keys::behind_key(&row(key)),
            (Position::Key(key), Writing::Escaped) => {
                keys::behind_prefix(&keys::escaped(family, bucket, key))
            }
        });
        range.start = start.map_or(range.start.clone(), |start| start.max(range.start));
        let fold = delimiter.filter(|delimiter| !delimiter.is_empty()).map(|delimiter| {
            let mut written = BytesMut::new();
            match writing {
                Writing::Plain => written.extend_from_slice(delimiter.as_bytes()),
                Writing::Escaped => keys::put_escaped(&mut written, delimiter.as_bytes()),
            }
            Fold { delimiter: written.freeze(), from }
        });
        Self { range, fold }
    }

    /// The same rows from a row on.
    pub(crate) fn starting_at(mut self, row: Bytes) -> Self {
        self.range.start = self.range.start.max(row);
        self
    }

    /// The scan for at most `limit` of them.
    pub(crate) fn scan(self, limit: usize) -> ScanRequest {
        ScanRequest { start: self.range.start, end: self.range.end, limit, fold: self.fold }
    }
}

/// How many entries a page may have.
pub(crate) fn page_limit(asked: usize) -> usize {
    asked.min(PAGE_MAX_ENTRIES)
}

/// A folded prefix as text.
pub(crate) fn prefix_text(row: &[u8], operation: &'static str) -> Result<String, StoreError> {
    let text = row.get(BUCKET_PREFIX_LEN..).and_then(|text| std::str::from_utf8(text).ok());
    text.map(str::to_owned).ok_or_else(|| contradiction(operation))
}

/// The object key of a row that ends with it.
pub(crate) fn plain_key(row: &[u8], operation: &'static str) -> Result<ObjectKey, StoreError> {
    let text = row.get(BUCKET_PREFIX_LEN..).and_then(|text| std::str::from_utf8(text).ok());
    let key = text.and_then(|text| ObjectKey::new(text).ok());
    key.ok_or_else(|| contradiction(operation))
}

impl Native {
    pub(crate) async fn list(&self, bucket: &Bucket, options: ListObjects) -> Result<ListPage, StoreError> {
        let delimiter = options.delimiter.as_deref();
        let window = Window::new(Family::Current, bucket, &options.prefix, delimiter, options.after.as_ref());
        if window.range.start >= window.range.end {
            return Ok(ListPage::default());
        }
        let limit = page_limit(options.limit);
        if limit == 0 {
            let more = !self.is_empty(&window.range, OPERATION).await?;
            return Ok(ListPage { entries: Vec::new(), more });
        }
        let page = self.meta.scan(window.scan(limit)).await.during(OPERATION)?;
        let entries = page.items.iter().map(entry).collect::<Result<_, _>>()?;
        Ok(ListPage { entries, more: page.more })
    }
}

fn entry(item: &ScanItem) -> Result<ListEntry, StoreError> {
    match item {
        ScanItem::Prefix(row) => prefix_text(row, OPERATION).map(ListEntry::Prefix),
        ScanItem::Record(record) => {
            let key = plain_key(&record.key, OPERATION)?;
            match summarize(&record.value, key).during(OPERATION)? {
                (_, _, VersionState::Object(summary)) => Ok(ListEntry::Object(summary)),
                (_, _, VersionState::DeleteMarker) => Err(contradiction(OPERATION)),
            }
        }
    }
}
