use store::{ListVersions, Position, StoreError, VersionEntry, VersionPage, VersionState, VersionSummary};
use types::{ObjectKey, VersionId};

use super::place::{Place, fold};
use super::rows::Rows;
use super::walk::summary;
use crate::journal::{Journal, KeyState, ListedVersion, Sequence, Version, What, parse_version_id};

/// Noncurrent versions that one read of the journal takes.
const OLDER_BATCH: usize = 1_000;

/// One page of versions of a bucket of which the journal knows every key.
pub(super) async fn page(
    journal: &Journal,
    handle: u64,
    options: &ListVersions,
) -> Result<VersionPage, StoreError> {
    let mut walk = Walk {
        journal,
        handle,
        options,
        rows: Rows::new(journal, handle, &options.prefix, options.limit.saturating_add(1)),
        passed: options.after.clone(),
        older: Vec::new(),
        older_of: None,
        page: VersionPage::default(),
    };
    if let (Some(Position::Key(key)), Some(behind)) = (&options.after, &options.after_version) {
        walk.rest_of(key, behind).await?;
    }
    while !walk.page.more && walk.step().await? {}
    Ok(walk.page)
}

struct Walk<'a> {
    journal: &'a Journal,
    handle: u64,
    options: &'a ListVersions,
    rows: Rows<'a>,
    passed: Option<Position>,
    /// Noncurrent versions that were read ahead, the next one last.
    older: Vec<ListedVersion>,
    /// Up to which key they are all there; `None` where none were read.
    older_of: Option<Option<ObjectKey>>,
    page: VersionPage,
}

impl Walk<'_> {
    /// The next key; false where none is left.
    async fn step(&mut self) -> Result<bool, StoreError> {
        let from = Place::behind(&self.options.prefix, self.passed.as_ref());
        let Some((key, state)) = self.rows.peek(&from).await?.cloned() else { return Ok(false) };
        let Some(current) = state.version() else {
            self.passed = Some(Position::Key(key.as_str().to_owned()));
            return Ok(true);
        };
        if let Some(prefix) = fold(key.as_str(), &self.options.prefix, self.options.delimiter.as_deref()) {
            self.passed = Some(Position::Prefix(prefix.clone()));
            self.add(VersionEntry::Prefix(prefix));
            return Ok(true);
        }
        self.passed = Some(Position::Key(key.as_str().to_owned()));
        self.add(entry(&key, current, true));
        for version in self.older_than_current(&key).await? {
            self.add(entry(&key, &version, false));
        }
        Ok(true)
    }

    /// The versions of a key behind one of them, as far as the page has room for.
    async fn rest_of(&mut self, key: &str, behind: &VersionId) -> Result<(), StoreError> {
        let Ok(key) = ObjectKey::new(key) else { return Ok(()) };
        let Some(state) = self.journal.key(self.handle, &key).await? else { return Ok(()) };
        let behind = match behind {
            VersionId::Null => null_sequence(&state),
            VersionId::Id(text) => parse_version_id(text).map(|(sequence, _)| sequence),
        };
        let Some(behind) = behind.filter(|_| key.as_str().starts_with(&self.options.prefix)) else {
            return Ok(());
        };
        if fold(key.as_str(), &self.options.prefix, self.options.delimiter.as_deref()).is_some() {
            return Ok(());
        }
        let limit = self.options.limit.saturating_add(1);
        for version in self.journal.noncurrent_of(self.handle, &key, Some(behind), limit).await? {
            self.add(entry(&key, &version, false));
        }
        Ok(())
    }

    /// Noncurrent versions of a key, newest first, as many as the page could still show and one more.
    async fn older_than_current(&mut self, key: &ObjectKey) -> Result<Vec<Version>, StoreError> {
        let complete = |known: &Option<Option<ObjectKey>>| match known {
            None => false,
            Some(None) => true,
            Some(Some(last)) => key < last,
        };
        if !complete(&self.older_of) {
            let (mut read, more) = self.journal.noncurrent_in(self.handle, key, OLDER_BATCH).await?;
            self.older_of = Some(read.last().filter(|_| more).map(|(last, _)| last.clone()));
            read.reverse();
            self.older = read;
        }
        if !complete(&self.older_of) {
            self.older_of = None;
            let room = self.options.limit.saturating_add(1) - self.page.entries.len();
            return self.journal.noncurrent_of(self.handle, key, None, room).await;
        }
        let mut versions = Vec::new();
        while self.older.last().is_some_and(|(of, _)| of <= key) {
            versions.extend(self.older.pop().filter(|(of, _)| of == key).map(|(_, version)| version));
        }
        Ok(versions)
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
