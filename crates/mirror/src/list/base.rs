use std::collections::VecDeque;

use async_trait::async_trait;
use store::{
    ListEntry, ListObjects, ListPage, ListVersions, Position, StoreError, VersionEntry, VersionPage,
};
use types::ObjectKey;

use super::place::Place;
use crate::target::TargetNumber;

/// The fewest entries that a page of a target is asked for, so that a page that is mostly corrected still gets on.
const PAGE_MIN_ENTRIES: usize = 100;
/// The most.
const PAGE_MAX_ENTRIES: usize = 1_000;

/// The targets that list what the journal does not know: of a bucket that was there before the mirror.
#[async_trait]
pub(super) trait Targets: Send + Sync {
    /// One page of one target, and which one it was; all pages of a walk come from one while it answers.
    async fn page(&self, options: ListObjects) -> Result<(TargetNumber, ListPage), StoreError>;

    /// What stands under a key of which the journal only says who owes it.
    async fn look(&self, key: &ObjectKey) -> Result<Option<store::ObjectSummary>, StoreError>;

    /// As [`Targets::page`], of versions; `besides` names targets that are not asked.
    async fn versions(
        &self,
        options: ListVersions,
        besides: &[TargetNumber],
    ) -> Result<(TargetNumber, VersionPage), StoreError>;
}

/// An entry of a target's listing.
pub(super) trait Entry: Clone + Send {
    /// What asks for a page of such entries.
    type Options: Clone + Send + Sync;

    /// The key or prefix.
    fn name(&self) -> Name<'_>;

    /// The options for the page behind this entry.
    fn behind(&self, options: &mut Self::Options);

    /// The options for the page behind this position.
    fn pass(options: &mut Self::Options, position: &Position);

    /// Asks for a page.
    fn page<'a>(
        targets: &'a dyn Targets,
        options: Self::Options,
    ) -> impl Future<Output = Result<(TargetNumber, Vec<Self>, bool), StoreError>> + Send + 'a;
}

/// The key or prefix of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Name<'a> {
    Key(&'a ObjectKey),
    Prefix(&'a str),
}

/// What a target lists, entry by entry, from wherever it is asked.
pub(super) struct Entries<'a, E: Entry> {
    targets: &'a dyn Targets,
    /// The options of the next page.
    options: E::Options,
    held: VecDeque<E>,
    target: Option<TargetNumber>,
    more: bool,
}

impl<'a, E: Entry> Entries<'a, E> {
    pub(super) fn new(targets: &'a dyn Targets, options: E::Options) -> Self {
        Self { targets, options, held: VecDeque::new(), target: None, more: true }
    }

    /// Which target listed what was peeked at.
    pub(super) fn target(&self) -> Option<TargetNumber> {
        self.target
    }

    /// Goes on behind this position, which lies behind all that were peeked at.
    pub(super) fn pass(&mut self, position: &Position) {
        let from = Place::past(position);
        while self.held.front().is_some_and(|entry| !is_before(&from, &entry.name())) {
            self.held.pop_front();
        }
        if self.held.is_empty() {
            E::pass(&mut self.options, position);
        }
    }

    /// Takes the first entry, and no other of its key.
    pub(super) fn pop(&mut self) -> Option<E> {
        let entry = self.held.pop_front()?;
        entry.behind(&mut self.options);
        Some(entry)
    }

    /// The first entry that was not passed.
    pub(super) async fn peek(&mut self) -> Result<Option<&E>, StoreError> {
        if self.held.is_empty() && self.more {
            let (target, entries, more) = E::page(self.targets, self.options.clone()).await?;
            self.more = more && !entries.is_empty();
            self.target = Some(target);
            self.held = entries.into();
        }
        Ok(self.held.front())
    }
}

/// Whether something of the entry lies behind the place: of a prefix, any key under it.
fn is_before(from: &Place, name: &Name<'_>) -> bool {
    match name {
        Name::Key(key) => from.is_before(key.as_str()),
        Name::Prefix(prefix) => *from < Place::end_of(prefix),
    }
}

/// How many entries a page of a target is asked for, where so many are wanted.
fn page_limit(wanted: usize) -> usize {
    wanted.saturating_add(1).clamp(PAGE_MIN_ENTRIES, PAGE_MAX_ENTRIES)
}

impl Entry for ListEntry {
    type Options = ListObjects;

    fn name(&self) -> Name<'_> {
        match self {
            Self::Object(object) => Name::Key(&object.key),
            Self::Prefix(prefix) => Name::Prefix(prefix),
        }
    }

    fn behind(&self, options: &mut ListObjects) {
        options.after = Some(position(&self.name()));
    }

    fn pass(options: &mut ListObjects, position: &Position) {
        options.after = Some(position.clone());
    }

    async fn page(
        targets: &dyn Targets,
        mut options: ListObjects,
    ) -> Result<(TargetNumber, Vec<Self>, bool), StoreError> {
        options.limit = page_limit(options.limit);
        let (target, page) = targets.page(options).await?;
        Ok((target, page.entries, page.more))
    }
}

impl Entry for VersionEntry {
    type Options = ListVersions;

    fn name(&self) -> Name<'_> {
        match self {
            Self::Version(version) => Name::Key(&version.key),
            Self::Prefix(prefix) => Name::Prefix(prefix),
        }
    }

    fn behind(&self, options: &mut ListVersions) {
        options.after = Some(position(&self.name()));
        options.after_version = match self {
            Self::Version(version) => Some(version.version_id.clone()),
            Self::Prefix(_) => None,
        };
    }

    fn pass(options: &mut ListVersions, position: &Position) {
        options.after = Some(position.clone());
        options.after_version = None;
    }

    async fn page(
        targets: &dyn Targets,
        mut options: ListVersions,
    ) -> Result<(TargetNumber, Vec<Self>, bool), StoreError> {
        options.limit = page_limit(options.limit);
        let (target, page) = targets.versions(options, &[]).await?;
        Ok((target, page.entries, page.more))
    }
}

fn position(name: &Name<'_>) -> Position {
    match name {
        Name::Key(key) => Position::Key(key.as_str().to_owned()),
        Name::Prefix(prefix) => Position::Prefix((*prefix).to_owned()),
    }
}
