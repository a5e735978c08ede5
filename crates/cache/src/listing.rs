use std::sync::Arc;

use parking_lot::Mutex;
use store::{Bucket, ListEntry};
use store::{ListObjects, ListPage, ListVersions, Position, VersionEntry, VersionPage};
use types::Timestamp;

use crate::error::Shared;
use crate::flight::Flights;
use crate::name::Id;
use crate::pool::Pool;

/// About how much memory pages of listings take at most, in bytes.
const PAGES_MAX_BYTES: u64 = 16 * 1024 * 1024;
/// What an entry takes beside its texts, in bytes.
const ENTRY_BYTES: u64 = 160;

/// A page of one of the two listings.
#[derive(Debug, Clone)]
pub(crate) enum Page {
    Objects(Arc<ListPage>),
    Versions(Arc<VersionPage>),
}

/// A page as it was told.
#[derive(Debug, Clone)]
pub(crate) struct Listed {
    pub(crate) page: Page,
    /// When the store was asked.
    pub(crate) seen_at: Timestamp,
}

struct Kept {
    bucket_id: Id,
    prefix: String,
    listed: Listed,
}

/// Pages of listings that are believed for a while.
pub(crate) struct Listings {
    pages: Mutex<Pool<Id, Kept>>,
    pub(crate) flights: Arc<Flights<Result<Listed, Shared>>>,
}

/// Which page of a bucket.
#[derive(Debug, Clone)]
pub(crate) struct PageName {
    pub(crate) id: Id,
    pub(crate) bucket_id: Id,
    pub(crate) prefix: String,
}

impl PageName {
    pub(crate) fn of_objects(bucket_id: Id, bucket: &Bucket, options: &ListObjects) -> Self {
        let names = Names::new("objects", bucket, &options.prefix, options.delimiter.as_deref());
        let id = names.id(bucket_id, options.after.as_ref(), "", options.limit);
        Self { id, bucket_id, prefix: options.prefix.clone() }
    }

    pub(crate) fn of_versions(bucket_id: Id, bucket: &Bucket, options: &ListVersions) -> Self {
        let names = Names::new("versions", bucket, &options.prefix, options.delimiter.as_deref());
        let version = options.after_version.as_ref().map_or("", |version| version.as_str());
        let id = names.id(bucket_id, options.after.as_ref(), version, options.limit);
        Self { id, bucket_id, prefix: options.prefix.clone() }
    }
}

struct Names<'a> {
    kind: &'static str,
    handle: [u8; 8],
    versioning: u8,
    prefix: &'a str,
    delimiter: Option<&'a str>,
}

impl<'a> Names<'a> {
    fn new(kind: &'static str, bucket: &Bucket, prefix: &'a str, delimiter: Option<&'a str>) -> Self {
        Self {
            kind,
            handle: bucket.handle.to_le_bytes(),
            versioning: bucket.versioning as u8,
            prefix,
            delimiter,
        }
    }

    fn id(&self, bucket_id: Id, after: Option<&Position>, version: &str, limit: usize) -> Id {
        let (place, after): (&[u8], &str) = match after {
            None => (b"start", ""),
            Some(Position::Key(key)) => (b"key", key),
            Some(Position::Prefix(prefix)) => (b"prefix", prefix),
        };
        let delimiter = self.delimiter.unwrap_or_default().as_bytes();
        Id::of(
            self.kind,
            &[
                &bucket_id.0.to_le_bytes(),
                &self.handle,
                &[self.versioning],
                self.prefix.as_bytes(),
                delimiter,
                place,
                after.as_bytes(),
                version.as_bytes(),
                &(limit as u64).to_le_bytes(),
            ],
        )
    }
}

impl Default for Listings {
    fn default() -> Self {
        Self { pages: Mutex::new(Pool::new(PAGES_MAX_BYTES)), flights: Arc::default() }
    }
}

impl Listings {
    pub(crate) fn get(&self, name: &PageName) -> Option<Listed> {
        self.pages.lock().get(&name.id).map(|kept| kept.listed.clone())
    }

    /// Keeps a page where `holds` says so once nobody can take it out meanwhile.
    pub(crate) fn put(&self, name: PageName, listed: Listed, holds: impl FnOnce() -> bool) {
        let weight = weight(&listed.page) + name.prefix.len() as u64;
        let mut pages = self.pages.lock();
        if holds() {
            let PageName { id, bucket_id, prefix } = name;
            pages.put(id, Kept { bucket_id, prefix, listed }, weight);
        }
    }

    /// Drops the pages of a bucket on which one of these keys may stand.
    pub(crate) fn forget(&self, bucket_id: Id, keys: &[&str]) {
        self.pages.lock().remove_where(|_, kept| {
            kept.bucket_id == bucket_id && keys.iter().any(|key| key.starts_with(&kept.prefix))
        });
    }

    /// Drops all pages of a bucket; of all where none is named.
    pub(crate) fn forget_bucket(&self, bucket_id: Option<Id>) {
        self.pages.lock().remove_where(|_, kept| bucket_id.is_none_or(|id| id == kept.bucket_id));
    }

    pub(crate) fn len(&self) -> usize {
        self.pages.lock().len()
    }
}

fn weight(page: &Page) -> u64 {
    let texts: usize = match page {
        Page::Objects(page) => page
            .entries
            .iter()
            .map(|entry| match entry {
                ListEntry::Object(object) => object.key.as_bytes().len() + object.etag.as_str().len(),
                ListEntry::Prefix(prefix) => prefix.len(),
            })
            .sum(),
        Page::Versions(page) => page
            .entries
            .iter()
            .map(|entry| match entry {
                VersionEntry::Version(version) => 2 * version.key.as_bytes().len() + 96,
                VersionEntry::Prefix(prefix) => prefix.len(),
            })
            .sum(),
    };
    let entries = match page {
        Page::Objects(page) => page.entries.len(),
        Page::Versions(page) => page.entries.len(),
    };
    texts as u64 + (entries as u64 + 1) * ENTRY_BYTES
}
