use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashSet, VecDeque};
use std::ops::Bound;

use bytes::Bytes;
use smallvec::SmallVec;

use crate::{Check, Record, Revision, SCAN_MAX_BYTES, ScanItem, ScanPage, ScanRequest, Write, after_prefix};

/// What a record costs beside its key and value: the tree's entry, the version and two reference counts.
const RECORD_OVERHEAD_BYTES: u64 = 128;

/// One state of a record. Without a value it says that the record was removed, for snapshots that still see it.
struct Version {
    revision: Revision,
    value: Option<Bytes>,
}

/// The states of one record, oldest first; more than one only while a snapshot may ask for the older ones.
type Versions = SmallVec<[Version; 1]>;

/// All records with as much of their history as living snapshots need.
#[derive(Default)]
pub(super) struct State {
    records: BTreeMap<Bytes, Versions>,
    revision: Revision,
    /// How many snapshots see each revision.
    snapshots: BTreeMap<Revision, usize>,
    /// Keys with history, by the revision that made it history.
    superseded: VecDeque<(Revision, Bytes)>,
}

impl State {
    pub(super) fn revision(&self) -> Revision {
        self.revision
    }

    /// Never goes back.
    pub(super) fn raise_revision(&mut self, revision: Revision) {
        self.revision = self.revision.max(revision);
    }

    pub(super) fn get(&self, key: &[u8], view: Revision) -> Option<Record> {
        let (key, versions) = self.records.get_key_value(key)?;
        record_at(key, versions, view)
    }

    pub(super) fn scan(&self, request: &ScanRequest, view: Revision) -> ScanPage {
        let mut page = ScanPage::default();
        let mut size_bytes = 0;
        let mut start = Some(request.start.clone());
        while let Some(from) = start.take() {
            for record in self.range(&from, &request.end, view) {
                let prefix_len = request.fold.as_ref().and_then(|fold| fold.prefix_len(&record.key));
                size_bytes += prefix_len.unwrap_or(record.key.len() + record.value.len());
                let is_too_large = size_bytes > SCAN_MAX_BYTES && !page.items.is_empty();
                if page.items.len() == request.limit || is_too_large {
                    page.more = true;
                    return page;
                }
                let Some(len) = prefix_len else {
                    page.items.push(ScanItem::Record(record));
                    continue;
                };
                start = after_prefix(&record.key[..len]).map(Bytes::from);
                page.items.push(ScanItem::Prefix(record.key.slice(..len)));
                break;
            }
        }
        page
    }

    /// The records of `start..end` that `view` sees.
    fn range<'a>(
        &'a self,
        start: &Bytes,
        end: &Bytes,
        view: Revision,
    ) -> impl Iterator<Item = Record> + use<'a> {
        // A range that ends before it begins is an error of `BTreeMap::range`, and merely empty here.
        let end = end.max(start);
        let range = self.records.range::<Bytes, _>((Bound::Included(start), Bound::Excluded(end)));
        range.filter_map(move |(key, versions)| record_at(key, versions, view))
    }

    /// The index of the first check that does not hold.
    pub(super) fn failed_check(&self, checks: &[Check]) -> Option<usize> {
        checks.iter().position(|check| !self.holds(check))
    }

    fn holds(&self, check: &Check) -> bool {
        let current = |key: &Bytes| {
            let newest = self.records.get(key).and_then(|versions| versions.last());
            newest.filter(|version| version.value.is_some()).map(|version| version.revision)
        };
        match check {
            Check::Absent(key) => current(key).is_none(),
            Check::Equals(key, revision) | Check::Shared(key, revision) => current(key) == Some(*revision),
            Check::RangeEmpty { start, end } => self.range(start, end, self.revision).next().is_none(),
        }
    }

    /// Bytes that `writes` would take, and those that they would free at once.
    pub(super) fn cost(&self, writes: &[&Write]) -> (u64, u64) {
        let keeps_history = !self.snapshots.is_empty();
        writes.iter().fold((0, 0), |(taken, freed), write| {
            let put = match write {
                Write::Put { key, value } => record_bytes(key, value),
                Write::Delete { .. } => 0,
            };
            let replaced = self.records.get(write.key()).filter(|_| !keeps_history).map_or(0, |versions| {
                versions.iter().map(|version| version_bytes(write.key(), version)).sum()
            });
            (taken + put, freed + replaced)
        })
    }

    /// Bytes of everything held, history included.
    pub(super) fn held_bytes(&self) -> u64 {
        let of_record = |(key, versions): (&Bytes, &Versions)| -> u64 {
            versions.iter().map(|version| version_bytes(key, version)).sum()
        };
        self.records.iter().map(of_record).sum()
    }

    /// Makes `writes` the next revision. They concern different keys.
    pub(super) fn apply(&mut self, writes: &[&Write]) -> Revision {
        let revision = self.revision + 1;
        self.revision = revision;
        for write in writes {
            // The bytes handed in may be a slice of a far larger frame: only a copy is what it seems to cost.
            let value = match write {
                Write::Put { value, .. } => Some(Bytes::copy_from_slice(value)),
                Write::Delete { .. } => None,
            };
            self.set(write.key(), Version { revision, value });
        }
        revision
    }

    /// Puts a record as it was once stored.
    pub(super) fn restore(&mut self, record: &Record) {
        self.raise_revision(record.revision);
        let value = Some(Bytes::copy_from_slice(&record.value));
        self.set(&record.key, Version { revision: record.revision, value });
    }

    fn set(&mut self, key: &Bytes, version: Version) {
        let keeps_history = !self.snapshots.is_empty();
        let Some(versions) = self.records.get_mut(key) else {
            if version.value.is_some() {
                self.records.insert(Bytes::copy_from_slice(key), SmallVec::from_buf([version]));
            }
            return;
        };
        if keeps_history {
            self.superseded.push_back((version.revision, Bytes::copy_from_slice(key)));
            versions.push(version);
        } else if version.value.is_some() {
            *versions = SmallVec::from_buf([version]);
        } else {
            self.records.remove(key);
        }
    }

    /// Keeps what the present revision sees until [`State::release`].
    pub(super) fn hold(&mut self) -> Revision {
        *self.snapshots.entry(self.revision).or_default() += 1;
        self.revision
    }

    /// Ends a [`State::hold`]; returns the bytes of history that nobody sees any more and that are now gone.
    pub(super) fn release(&mut self, view: Revision) -> u64 {
        if let Entry::Occupied(mut holders) = self.snapshots.entry(view) {
            *holders.get_mut() -= 1;
            if *holders.get() == 0 {
                holders.remove();
            }
        }
        let oldest = self.snapshots.first_key_value().map_or(self.revision, |(view, _)| *view);
        let mut freed = 0;
        while self.superseded.front().is_some_and(|(revision, _)| *revision <= oldest) {
            let Some((_, key)) = self.superseded.pop_front() else { break };
            freed += self.prune(&key, oldest);
        }
        freed
    }

    /// Drops the states of a record that no view from `oldest` on sees.
    fn prune(&mut self, key: &Bytes, oldest: Revision) -> u64 {
        let Some(versions) = self.records.get_mut(key) else { return 0 };
        let seen = versions.iter().rposition(|version| version.revision <= oldest).unwrap_or(0);
        let freed = versions.drain(..seen).map(|version| version_bytes(key, &version)).sum();
        if versions.first().is_some_and(|first| first.value.is_none() && first.revision <= oldest) {
            versions.remove(0);
        }
        if versions.is_empty() {
            self.records.remove(key);
        }
        freed
    }
}

/// The last write of each key: the only ones that take effect.
pub(super) fn effective(writes: &[Write]) -> Vec<&Write> {
    if writes.len() < 2 {
        return writes.iter().collect();
    }
    let mut seen = HashSet::with_capacity(writes.len());
    writes.iter().rev().filter(|write| seen.insert(write.key())).collect()
}

/// Bytes that a record counts for under the ceiling.
pub(super) fn record_bytes(key: &[u8], value: &[u8]) -> u64 {
    key.len() as u64 + value.len() as u64 + RECORD_OVERHEAD_BYTES
}

fn version_bytes(key: &[u8], version: &Version) -> u64 {
    version.value.as_ref().map_or(0, |value| record_bytes(key, value))
}

fn record_at(key: &Bytes, versions: &Versions, view: Revision) -> Option<Record> {
    let version = versions.iter().rev().find(|version| version.revision <= view)?;
    let value = version.value.clone()?;
    Some(Record { key: key.clone(), value, revision: version.revision })
}
