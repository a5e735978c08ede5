use std::future::Future;
use std::pin::Pin;

use store::{ListVersions, Position, StoreError, VersionEntry, VersionPage, VersionState, VersionSummary};
use types::{ObjectKey, VersionId};

use super::base::{Entries, Entry, Name};
use super::older::Older;
use super::place::{Place, fold};
use super::rows::Rows;
use super::walk::{Sources, summary};
use crate::journal::{Current, KeyState, Sequence, Version, What, parse_version_id};

/// Versions of one key that a target is asked for where the one that lists owes the key.
const ONE_KEY_VERSIONS: usize = 1_000;

/// One page of the versions of a bucket. The journal has the last word on each key that it knows.
pub(super) async fn page(sources: Sources<'_>, options: &ListVersions) -> Result<VersionPage, StoreError> {
    let mut walk = Walk::new(sources, options.clone());
    if let (Some(Position::Key(key)), Some(behind)) = (&options.after, &options.after_version) {
        walk.rest_of(key, behind).await?;
    }
    while !walk.page.more && walk.step().await? {}
    Ok(walk.page)
}

struct Walk<'a> {
    sources: Sources<'a>,
    options: ListVersions,
    rows: Rows<'a>,
    entries: Option<Entries<'a, VersionEntry>>,
    older: Older<'a>,
    /// The position passed last.
    passed: Option<Position>,
    page: VersionPage,
}

impl<'a> Walk<'a> {
    fn new(sources: Sources<'a>, options: ListVersions) -> Self {
        let Sources { journal, handle, targets } = sources;
        Self {
            sources,
            rows: Rows::new(journal, handle, &options.prefix, options.limit.saturating_add(1)),
            entries: targets.map(|targets| Entries::new(targets, options.clone())),
            older: Older::new(journal, handle),
            passed: options.after.clone(),
            page: VersionPage::default(),
            options,
        }
    }

    /// The next key or prefix; false where none is left.
    async fn step(&mut self) -> Result<bool, StoreError> {
        let from = Place::behind(&self.options.prefix, self.passed.as_ref());
        let row = self.rows.peek(&from).await?.cloned();
        let (entry, listed_by) = match &mut self.entries {
            Some(entries) => (entries.peek().await?.cloned(), entries.target()),
            None => (None, None),
        };
        match (row, entry) {
            (None, None) => return Ok(false),
            (row, Some(entry)) if comes_first(&entry, row.as_ref().map(|(key, _)| key)) => {
                self.listed(entry, row.map(|(key, _)| key)).await?;
            }
            (Some((key, state)), entry) => {
                let believed = listed_by.is_some_and(|target| !state.owes(target));
                let here = entry.is_some_and(|entry| entry.name() == Name::Key(&key));
                match (&state.current, believed) {
                    (Current::Unrecorded, true) if here => self.take_listed(&key).await?,
                    (Current::Unrecorded, false) if self.sources.targets.is_some() => {
                        self.take_from_another(&key, &state).await?;
                    }
                    _ => self.take_from_journal(&key, &state).await?,
                }
            }
            (None, Some(_)) => unreachable!("an entry without a row before it comes first"),
        }
        Ok(true)
    }

    /// A target lists this before the first row that is left, which may lie under it where it is a prefix.
    async fn listed(&mut self, entry: VersionEntry, row: Option<ObjectKey>) -> Result<(), StoreError> {
        match entry.name() {
            Name::Key(key) => {
                let key = key.clone();
                self.take_listed(&key).await
            }
            Name::Prefix(prefix) => {
                let known = row.is_some_and(|key| key.as_str().starts_with(prefix));
                let holds = !known || self.holds(prefix).await?;
                self.pass(Position::Prefix(prefix.to_owned()));
                if holds {
                    self.add(entry);
                }
                Ok(())
            }
        }
    }

    /// Takes what the target lists of a key of which the journal says nothing.
    async fn take_listed(&mut self, key: &ObjectKey) -> Result<(), StoreError> {
        let Some(entries) = &mut self.entries else { return Ok(()) };
        let mut versions = Vec::new();
        while versions.len() <= self.options.limit
            && entries.peek().await?.is_some_and(|entry| entry.name() == Name::Key(key))
        {
            versions.extend(entries.pop());
        }
        self.pass(Position::Key(key.as_str().to_owned()));
        versions.into_iter().for_each(|version| self.add(version));
        Ok(())
    }

    /// A key that the target that lists owes: as another one has it.
    async fn take_from_another(&mut self, key: &ObjectKey, state: &KeyState) -> Result<(), StoreError> {
        let Some(targets) = self.sources.targets else { return Ok(()) };
        let owing: Vec<_> = state.debts.iter().map(|debt| debt.target).collect();
        let options = ListVersions {
            prefix: key.as_str().to_owned(),
            limit: ONE_KEY_VERSIONS,
            ..ListVersions::default()
        };
        let (_, page) = targets.versions(options, &owing).await?;
        let versions = page.entries.into_iter().filter(|entry| entry.name() == Name::Key(key));
        let versions: Vec<VersionEntry> = versions.collect();
        self.found(key, versions);
        Ok(())
    }

    async fn take_from_journal(&mut self, key: &ObjectKey, state: &KeyState) -> Result<(), StoreError> {
        let Some(current) = state.version() else {
            self.found(key, Vec::new());
            return Ok(());
        };
        if self.folded(key) {
            return Ok(());
        }
        let room = self.options.limit.saturating_add(1) - self.page.entries.len();
        let older = self.older.of(key, room).await?;
        let versions = older.iter().map(|version| entry(key, version, false));
        let versions = std::iter::once(entry(key, current, true)).chain(versions).collect();
        self.found(key, versions);
        Ok(())
    }

    /// Adds the versions of a key, or the prefix that it folds to where it has any.
    fn found(&mut self, key: &ObjectKey, versions: Vec<VersionEntry>) {
        if versions.is_empty() || !self.folded(key) {
            self.pass(Position::Key(key.as_str().to_owned()));
            versions.into_iter().for_each(|version| self.add(version));
        }
    }

    /// Adds the prefix that a key folds to, if it folds.
    fn folded(&mut self, key: &ObjectKey) -> bool {
        match fold(key.as_str(), &self.options.prefix, self.options.delimiter.as_deref()) {
            None => false,
            Some(prefix) => {
                self.pass(Position::Prefix(prefix.clone()));
                self.add(VersionEntry::Prefix(prefix));
                true
            }
        }
    }

    /// Whether any key with this prefix has a version, behind what was passed.
    fn holds(&self, prefix: &str) -> Pin<Box<dyn Future<Output = Result<bool, StoreError>> + Send + 'a>> {
        let inside = Place::behind("", self.passed.as_ref()) > Place::At(prefix.as_bytes().to_vec());
        let options = ListVersions {
            prefix: prefix.to_owned(),
            delimiter: None,
            after: self.passed.clone().filter(|_| inside),
            after_version: None,
            limit: 1,
        };
        let sources = self.sources;
        Box::pin(async move { Ok(!page(sources, &options).await?.entries.is_empty()) })
    }

    /// The versions of a key behind one of them, as far as the page has room for, where the journal knows the key; else
    /// the target goes on behind that version.
    async fn rest_of(&mut self, key: &str, behind: &VersionId) -> Result<(), StoreError> {
        let Ok(key) = ObjectKey::new(key) else { return Ok(()) };
        let Some(state) = self.sources.journal.key(self.sources.handle, &key).await? else { return Ok(()) };
        if state.current == Current::Unrecorded {
            return Ok(());
        }
        self.pass(Position::Key(key.as_str().to_owned()));
        if !key.as_str().starts_with(&self.options.prefix)
            || fold(key.as_str(), &self.options.prefix, self.options.delimiter.as_deref()).is_some()
        {
            return Ok(());
        }
        // A null version that was removed meanwhile leaves no place to go on from: the key is begun again.
        let behind = match behind {
            VersionId::Null => null_sequence(&state).or(Some(Sequence(u64::MAX))),
            VersionId::Id(text) => parse_version_id(text).map(|(sequence, _)| sequence),
        };
        let Some(behind) = behind else { return Ok(()) };
        // The one behind may have become the current one, those before it having been removed.
        if let Some(current) = state.version().filter(|version| version.sequence < behind) {
            self.add(entry(&key, current, true));
        }
        let limit = self.options.limit.saturating_add(1);
        let Sources { journal, handle, .. } = self.sources;
        for version in journal.noncurrent_of(handle, &key, Some(behind), limit).await? {
            self.add(entry(&key, &version, false));
        }
        Ok(())
    }

    fn pass(&mut self, position: Position) {
        if let Some(entries) = &mut self.entries {
            entries.pass(&position);
        }
        self.passed = Some(position);
    }

    /// Adds an entry, or says that there are more.
    fn add(&mut self, entry: VersionEntry) {
        if self.page.entries.len() < self.options.limit {
            self.page.entries.push(entry);
        } else {
            self.page.more = true;
        }
    }
}

/// Whether a target's entry comes before the first row that is left: a prefix also before the keys under it.
fn comes_first(entry: &VersionEntry, row: Option<&ObjectKey>) -> bool {
    match (entry.name(), row) {
        (_, None) => true,
        (Name::Key(key), Some(row)) => key < row,
        (Name::Prefix(prefix), Some(row)) => prefix <= row.as_str(),
    }
}

fn null_sequence(state: &KeyState) -> Option<Sequence> {
    let current = state.version().filter(|version| version.random.is_none());
    current.map(|version| version.sequence).or(state.null)
}

fn entry(key: &ObjectKey, version: &Version, is_latest: bool) -> VersionEntry {
    let state = match &version.what {
        What::Object(facts) => VersionState::Object(summary(key, version, facts)),
        What::Marker => VersionState::DeleteMarker,
    };
    VersionEntry::Version(VersionSummary {
        key: key.clone(),
        version_id: version.id(),
        is_latest,
        modified_at: version.modified_at,
        state,
    })
}
