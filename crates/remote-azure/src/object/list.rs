use std::pin::Pin;

use remote::Pages;
use store::{Bucket, ListEntry, ListObjects, ListPage, ObjectSummary, Position, StoreError, StoreErrorKind};
use types::{Context, ObjectKey};

use super::look::add_record;
use super::markers::{Marker, PageEnd};
use crate::api::{Entry, ListRequest, Seen};
use crate::store::Azure;

const OPERATION: &str = "list objects";
/// The most entries in one of the service's pages.
const SERVICE_PAGE_MAX: usize = 5_000;
/// The most of the service's pages that one listing walks through: ten million keys.
const PAGES_MAX: usize = 2_000;

/// The service's pages from some place on.
struct Walk<'a> {
    azure: &'a Azure,
    cx: &'a Context,
    bucket: &'a Bucket,
    prefix: &'a str,
    delimiter: Option<&'a str>,
    folds: Folds,
    after: Option<&'a Position>,
    /// Where the page at hand begins; none is the beginning.
    marker: Option<String>,
    next: Option<String>,
}

/// Who folds keys to common prefixes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Folds {
    /// The service.
    There,
    /// This store: delimiters of several characters, which not every endpoint knows.
    Here,
}

/// How an entry lies to the position behind which a listing goes on.
enum Place {
    Before,
    Behind,
    /// A folded prefix around the position: it depends on what is in it.
    Around,
}

impl Azure {
    pub(crate) async fn list(
        &self,
        cx: &Context,
        bucket: &Bucket,
        options: &ListObjects,
    ) -> Result<ListPage, StoreError> {
        // No key has them, so nothing begins or folds by them, and the service refuses to be asked.
        if options.prefix.chars().any(char::is_control) {
            return Ok(ListPage::default());
        }
        let delimiter = options.delimiter.as_deref();
        let delimiter = delimiter.filter(|text| !text.is_empty() && !text.chars().any(char::is_control));
        let after = options.after.as_ref();
        let writes = self.gates.writes(&bucket.name);
        let remembered = after.and_then(|after| {
            self.markers.find(&PageEnd::new(&bucket.name, &options.prefix, delimiter, after))
        });
        let is_known = remembered.is_some() || after.is_none();
        let marker =
            remembered.and_then(|found| if found.writes == writes { found.exact } else { found.safe });
        let folds = match delimiter {
            Some(text) if text.chars().count() > 1 => Folds::Here,
            _ => Folds::There,
        };
        let prefix = &options.prefix;
        let mut walk = Walk { azure: self, cx, bucket, prefix, delimiter, folds, after, marker, next: None };
        // Entries before the position, and keys that are folded here, come in the largest pages that there are.
        let all_count = is_known && folds == Folds::There;
        let (found, more) = walk.collect(options.limit, all_count, writes).await?;
        Ok(ListPage { entries: self.listed(bucket, found).await?, more })
    }

    /// Entries as a store lists them, with what the ledger knows.
    async fn listed(&self, bucket: &Bucket, mut found: Vec<Entry>) -> Result<Vec<ListEntry>, StoreError> {
        let lacks = |seen: &Seen| seen.has_more() && seen.checksum().is_none();
        let asked: Vec<(ObjectKey, String)> = found
            .iter()
            .filter_map(|entry| match entry {
                Entry::Blob(key, seen) if lacks(seen) => Some((key.clone(), seen.azure_etag.clone())),
                _ => None,
            })
            .collect();
        if !asked.is_empty() {
            let mut records = self.ledger.identities(&bucket.name, &asked).await?.into_iter();
            for entry in &mut found {
                if let Entry::Blob(_, seen) = entry
                    && lacks(seen)
                    && let Some(Some(record)) = records.next()
                {
                    add_record(seen, &record);
                }
            }
        }
        Ok(found.into_iter().map(listed).collect())
    }
}

fn listed(entry: Entry) -> ListEntry {
    match entry {
        Entry::Prefix(prefix) => ListEntry::Prefix(prefix),
        Entry::Blob(key, seen) => ListEntry::Object(ObjectSummary {
            key,
            checksum: seen.checksum().map(|checksum| (checksum.algorithm, checksum.kind)),
            etag: seen.etag,
            size_bytes: seen.size_bytes,
            modified_at: seen.modified_at,
            storage_class: seen.metadata.storage_class,
        }),
    }
}

impl Walk<'_> {
    /// At most `limit` entries, and whether there are more. `all_count` says that every entry of the service's is one of the
    /// answer's.
    async fn collect(
        &mut self,
        limit: usize,
        all_count: bool,
        writes: u64,
    ) -> Result<(Vec<Entry>, bool), StoreError> {
        let mut found: Vec<Entry> = Vec::new();
        let mut pages = Pages::new(self.marker.clone());
        for _ in 0..PAGES_MAX {
            let wanted = if all_count { (limit - found.len()).max(1) } else { SERVICE_PAGE_MAX };
            let mut entries = self.page(wanted).await?.into_iter();
            let count = entries.len();
            let mut is_cut = false;
            while let Some(entry) = self.next_behind(&mut entries).await? {
                let entry = self.fold(entry);
                if matches!((&entry, found.last()), (Entry::Prefix(one), Some(Entry::Prefix(last))) if one == last)
                {
                    continue;
                }
                if found.len() == limit {
                    is_cut = true;
                    break;
                }
                found.push(entry);
            }
            let is_full = all_count && limit > 0 && found.len() == limit && self.next.is_some();
            if is_cut || is_full || self.next.is_none() {
                self.remember(&found, !is_cut, writes);
                return Ok((found, is_cut || is_full));
            }
            pages.turn(self.next.take(), count).map_err(|error| error.into_store(OPERATION))?;
            self.marker = pages.token().cloned();
        }
        Err(StoreError::new(StoreErrorKind::Unavailable, OPERATION))
    }

    /// Folds a key by a delimiter that the service is not asked for.
    fn fold(&self, entry: Entry) -> Entry {
        let (Folds::Here, Some(delimiter), Entry::Blob(key, _)) = (self.folds, self.delimiter, &entry) else {
            return entry;
        };
        let rest = key.as_str().get(self.prefix.len()..).unwrap_or_default();
        match rest.find(delimiter) {
            Some(place) => {
                let end = self.prefix.len() + place + delimiter.len();
                Entry::Prefix(key.as_str()[..end].to_owned())
            }
            None => entry,
        }
    }

    async fn page(&mut self, wanted: usize) -> Result<Vec<Entry>, StoreError> {
        let list = ListRequest {
            container: self.bucket.name.as_str(),
            prefix: self.prefix,
            delimiter: self.delimiter.filter(|_| self.folds == Folds::There),
            marker: self.marker.as_deref(),
            max: wanted.min(SERVICE_PAGE_MAX),
        };
        let page = self.azure.api.list(self.cx, list).await.map_err(|failure| {
            self.azure.note_missing(self.bucket, &failure);
            failure.into_store(OPERATION)
        })?;
        self.next = page.next;
        Ok(page.entries)
    }

    /// The next entry that lies behind the position.
    async fn next_behind(
        &self,
        entries: &mut std::vec::IntoIter<Entry>,
    ) -> Result<Option<Entry>, StoreError> {
        for entry in entries {
            let Some(after) = self.after else { return Ok(Some(entry)) };
            let is_behind = match place(&entry, after) {
                Place::Before => false,
                Place::Behind => true,
                Place::Around => self.any_behind(entry.name(), after).await?,
            };
            if is_behind {
                return Ok(Some(entry));
            }
        }
        Ok(None)
    }

    /// Whether any key that begins so lies behind the position.
    fn any_behind(
        &self,
        prefix: &str,
        after: &Position,
    ) -> Pin<Box<dyn Future<Output = Result<bool, StoreError>> + Send + '_>> {
        let (prefix, after) = (prefix.to_owned(), Some(after.clone()));
        Box::pin(async move {
            let options = ListObjects { prefix, delimiter: None, after, limit: 1 };
            Ok(!self.azure.list(self.cx, self.bucket, &options).await?.entries.is_empty())
        })
    }

    /// Remembers how to go on behind the page's last entry. `is_consumed` says that the service's page ends with it.
    fn remember(&self, found: &[Entry], is_consumed: bool, writes: u64) {
        let after = match found.last() {
            None => return,
            Some(Entry::Blob(key, _)) => Position::Key(key.as_str().to_owned()),
            Some(Entry::Prefix(prefix)) => Position::Prefix(prefix.clone()),
        };
        let exact = if is_consumed && self.next.is_some() { self.next.clone() } else { self.marker.clone() };
        let end = PageEnd::new(&self.bucket.name, self.prefix, self.delimiter, &after);
        self.azure.markers.remember(end, Marker { exact, safe: self.marker.clone(), writes });
    }
}

fn place(entry: &Entry, after: &Position) -> Place {
    let by = |is_behind: bool| if is_behind { Place::Behind } else { Place::Before };
    match (entry, after) {
        (Entry::Blob(key, _), Position::Key(after)) => by(key.as_str() > after.as_str()),
        (Entry::Blob(key, _), Position::Prefix(after)) => {
            by(key.as_str() > after.as_str() && !key.as_str().starts_with(after.as_str()))
        }
        (Entry::Prefix(prefix), Position::Key(after)) if after.starts_with(prefix.as_str()) => Place::Around,
        (Entry::Prefix(prefix), Position::Key(after)) => by(prefix > after),
        (Entry::Prefix(prefix), Position::Prefix(after)) if prefix.starts_with(after.as_str()) => {
            Place::Before
        }
        (Entry::Prefix(prefix), Position::Prefix(after)) if after.starts_with(prefix.as_str()) => {
            Place::Around
        }
        (Entry::Prefix(prefix), Position::Prefix(after)) => by(prefix > after),
    }
}
