use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use blob::BlobId;
use bytes::Bytes;
use meta::{MetaErrorKind, ScanItem, ScanRequest};
use store::{ListBuckets, StoreError};
use types::BucketName;

use super::cursor::{Place, ScrubCursor};
use super::damage::Damage;
use crate::NativeStore;
use crate::error::During;
use crate::keys::{self, KeyRange};
use crate::native::Native;

pub(super) const OPERATION: &str = "scrub";
/// How many records one step looks at.
const STEP_RECORDS: usize = 256;
/// How many records are counted at a time.
const COUNT_RECORDS: usize = 4096;
/// Buckets whose names are read at a time.
const NAMES: usize = 1000;

/// How deep a scrub looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScrubDepth {
    /// All records, and that what they refer to is there.
    Records,
    /// Every byte of every blob as well.
    Bytes,
}

/// What one step of a scrub has seen. Counts run from where this scrub began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScrubStep {
    /// Where to go on.
    pub cursor: ScrubCursor,
    /// Whether everything has been looked at.
    pub done: bool,
    /// Records looked at.
    pub records: u64,
    /// Blobs read whole.
    pub blobs: u64,
    /// Bytes of those.
    pub bytes: u64,
    /// What this step found damaged.
    pub damages: Vec<Damage>,
}

/// A walk over everything that is stored, in steps. The store may be in use meanwhile: what changes under the scrub is
/// looked at again before it is called damaged.
pub struct Scrub {
    pub(super) native: Arc<Native>,
    depth: ScrubDepth,
    place: Place,
    pub(super) buckets: HashMap<u64, BucketName>,
    records: u64,
    pub(super) blobs: u64,
    pub(super) bytes: u64,
    /// Blobs that were listed and are still to be read, in order.
    pub(super) listed: VecDeque<BlobId>,
    /// The key whose version rows were looked at last.
    pub(super) last_version_key: Option<Bytes>,
}

impl NativeStore {
    /// Begins a scrub, or goes on with one.
    #[must_use]
    pub fn scrub(&self, from: Option<ScrubCursor>, depth: ScrubDepth) -> Scrub {
        Scrub {
            native: self.0.clone(),
            depth,
            place: from.map_or_else(|| Place::Records(Bytes::new()), |cursor| cursor.0),
            buckets: HashMap::new(),
            records: 0,
            blobs: 0,
            bytes: 0,
            listed: VecDeque::new(),
            last_version_key: None,
        }
    }
}

fn all_from(start: Bytes) -> KeyRange {
    KeyRange { start, end: Bytes::from_static(&[u8::MAX]) }
}

impl Scrub {
    /// How many records are still to be looked at, for a progress bar. Reads them all once.
    ///
    /// # Errors
    /// Failures of the metadata engine; a damaged record makes the rest uncountable.
    pub async fn records_left(&self) -> Result<u64, StoreError> {
        let Place::Records(start) = &self.place else { return Ok(0) };
        let mut range = all_from(start.clone());
        let mut count = 0;
        loop {
            let (start, end) = (range.start.clone(), range.end.clone());
            let request = ScanRequest { start, end, limit: COUNT_RECORDS, fold: None };
            let page = self.native.meta.scan(request).await.during(OPERATION)?;
            count += page.items.len() as u64;
            let Some(last) = page.items.last().filter(|_| page.more) else { return Ok(count) };
            let last = last.key().clone();
            range = range.behind(&last);
        }
    }

    /// Looks at the next records, or the next blob.
    ///
    /// # Errors
    /// Failures of the engines that say nothing about what is stored. The scrub can go on behind them.
    pub async fn step(&mut self) -> Result<ScrubStep, StoreError> {
        if self.buckets.is_empty() {
            self.read_names().await?;
        }
        let mut damages = Vec::new();
        let done = match self.place.clone() {
            Place::Records(start) => {
                let more = self.step_records(start, &mut damages).await?;
                !more && self.depth == ScrubDepth::Records
            }
            Place::Blobs(after) => match self.step_blob(after, &mut damages).await? {
                Some(blob) => {
                    self.place = Place::Blobs(Some(blob));
                    false
                }
                None => true,
            },
        };
        let (cursor, records) = (ScrubCursor(self.place.clone()), self.records);
        Ok(ScrubStep { cursor, done, records, blobs: self.blobs, bytes: self.bytes, damages })
    }

    /// Looks at some records; false where there are no more.
    async fn step_records(&mut self, start: Bytes, damages: &mut Vec<Damage>) -> Result<bool, StoreError> {
        let range = all_from(start.clone());
        let request = |limit| {
            let (start, end) = (range.start.clone(), range.end.clone());
            ScanRequest { start, end, limit, fold: None }
        };
        let mut page = self.native.meta.scan(request(STEP_RECORDS)).await;
        if page.as_ref().is_err_and(|error| error.kind == MetaErrorKind::Corrupt) {
            page = self.native.meta.scan(request(1)).await;
        }
        if page.as_ref().is_err_and(|error| error.kind == MetaErrorKind::Corrupt) {
            let damaged = self.locate(&range).await?;
            damages.push(self.unreadable(&damaged));
            self.records += 1;
            self.place = Place::Records(keys::behind_key(&damaged));
            return Ok(true);
        }
        let page = page.during(OPERATION)?;
        let mut last = None;
        for item in page.items {
            let ScanItem::Record(record) = item else { continue };
            last = Some(record.key.clone());
            self.records += 1;
            self.look_at(record, damages).await?;
        }
        self.place = match last.filter(|_| page.more) {
            Some(last) => Place::Records(keys::behind_key(&last)),
            None => Place::Blobs(None),
        };
        Ok(page.more)
    }

    async fn read_names(&mut self) -> Result<(), StoreError> {
        let mut after = None;
        loop {
            let options = ListBuckets { prefix: String::new(), after, limit: NAMES };
            // Where a bucket's record is damaged the names stay unknown; the walk reports the record itself.
            let Ok(page) = self.native.list_buckets(options).await else { return Ok(()) };
            after = page.buckets.last().map(|bucket| bucket.name.as_str().to_owned());
            let names = page.buckets.into_iter().map(|bucket| (bucket.handle, bucket.name));
            self.buckets.extend(names);
            if !page.more {
                return Ok(());
            }
        }
    }
}
