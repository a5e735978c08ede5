use std::future::Future;
use std::pin::Pin;

use store::{ListEntry, ListObjects, ListPage, ObjectSummary, Position, StoreError};
use types::ObjectKey;

use super::base::{Entries, Targets};
use super::place::{Place, fold};
use super::rows::Rows;
use crate::journal::{Current, Facts, Journal, KeyState, Version};

/// Steps after which a page that is not empty ends, however few entries it has: the bound of the work that keys cause
/// which were removed while a target owes the removal.
const STEPS_MAX: usize = 20_000;

/// Where the keys of one bucket are known from.
#[derive(Clone, Copy)]
pub(super) struct Sources<'a> {
    pub(super) journal: &'a Journal,
    pub(super) handle: u64,
    /// The targets, where the journal does not know every key.
    pub(super) targets: Option<&'a dyn Targets>,
}

/// What one step of a walk comes to.
enum Step {
    /// This is next.
    Found(ListEntry),
    /// A key was passed under which nothing stands.
    Nothing,
    /// No key is left.
    End,
}

/// One page of what stands in the bucket. The journal has the last word on each key that it knows.
pub(super) async fn page(sources: Sources<'_>, options: &ListObjects) -> Result<ListPage, StoreError> {
    let mut walk = Walk::new(sources, options);
    let mut page = ListPage::default();
    let mut steps = 0;
    loop {
        match walk.step().await? {
            Step::End => break,
            Step::Nothing => {}
            Step::Found(_) if page.entries.len() == options.limit => {
                page.more = true;
                break;
            }
            Step::Found(entry) => page.entries.push(entry),
        }
        steps += 1;
        if steps >= STEPS_MAX && !page.entries.is_empty() {
            page.more = true;
            break;
        }
    }
    Ok(page)
}

/// A walk over the keys of a bucket in order, folded as asked.
struct Walk<'a> {
    sources: Sources<'a>,
    prefix: String,
    delimiter: Option<String>,
    /// The position passed last.
    passed: Option<Position>,
    rows: Rows<'a>,
    entries: Option<Entries<'a, ListEntry>>,
}

impl<'a> Walk<'a> {
    fn new(sources: Sources<'a>, options: &ListObjects) -> Self {
        let wanted = options.limit.saturating_add(1);
        Self {
            sources,
            prefix: options.prefix.clone(),
            delimiter: options.delimiter.clone(),
            passed: options.after.clone(),
            rows: Rows::new(sources.journal, sources.handle, &options.prefix, wanted),
            entries: sources.targets.map(|targets| Entries::new(targets, options.clone())),
        }
    }

    async fn step(&mut self) -> Result<Step, StoreError> {
        let from = Place::behind(&self.prefix, self.passed.as_ref());
        let row = self.rows.peek(&from).await?.cloned();
        let (entry, listed_by) = match &mut self.entries {
            Some(entries) => (entries.peek().await?.cloned(), entries.target()),
            None => (None, None),
        };
        match (row, entry) {
            (None, None) => Ok(Step::End),
            (row, Some(ListEntry::Prefix(prefix)))
                if row.as_ref().is_none_or(|(key, _)| *key.as_str() >= *prefix) =>
            {
                self.prefix_listed(prefix, row.map(|(key, _)| key)).await
            }
            (row, Some(ListEntry::Object(object)))
                if row.as_ref().is_none_or(|(key, _)| *key > object.key) =>
            {
                self.pass(Position::Key(object.key.as_str().to_owned()));
                Ok(Step::Found(ListEntry::Object(object)))
            }
            (Some((key, state)), entry) => {
                let listed = match entry {
                    Some(ListEntry::Object(object)) if object.key == key => Some(object),
                    _ => None,
                };
                let listed_by = listed_by.filter(|target| !state.owes(*target));
                let found = self.known(&key, &state, listed_by.map(|_| listed)).await?;
                Ok(self.found(&key, found))
            }
            (None, Some(_)) => unreachable!("an entry without a row before it was taken above"),
        }
    }

    /// A target lists a common prefix, and the first row that is left may lie under it.
    async fn prefix_listed(&mut self, prefix: String, row: Option<ObjectKey>) -> Result<Step, StoreError> {
        let known = row.is_some_and(|key| key.as_str().starts_with(&prefix));
        let holds = !known || self.holds(&prefix).await?;
        self.pass(Position::Prefix(prefix.clone()));
        Ok(if holds { Step::Found(ListEntry::Prefix(prefix)) } else { Step::Nothing })
    }

    /// Whether any key with this prefix is there, behind what was passed.
    fn holds(&self, prefix: &str) -> Pin<Box<dyn Future<Output = Result<bool, StoreError>> + Send + 'a>> {
        let inside = Place::behind("", self.passed.as_ref()) > Place::At(prefix.as_bytes().to_vec());
        let options = ListObjects {
            prefix: prefix.to_owned(),
            delimiter: None,
            after: self.passed.clone().filter(|_| inside),
            limit: 1,
        };
        let mut walk = Walk::new(self.sources, &options);
        Box::pin(async move {
            loop {
                match walk.step().await? {
                    Step::Found(_) => return Ok(true),
                    Step::Nothing => {}
                    Step::End => return Ok(false),
                }
            }
        })
    }

    /// What stands under a key that the journal knows. `listed` is what a target that may be believed lists there.
    async fn known(
        &self,
        key: &ObjectKey,
        state: &KeyState,
        listed: Option<Option<ObjectSummary>>,
    ) -> Result<Option<ObjectSummary>, StoreError> {
        match &state.current {
            Current::Version(version) => Ok(version.facts().map(|facts| summary(key, version, facts))),
            Current::Absent => Ok(None),
            Current::Unrecorded => match (listed, self.sources.targets) {
                (Some(listed), _) => Ok(listed),
                (None, Some(targets)) => targets.look(key).await,
                (None, None) => Ok(None),
            },
        }
    }

    fn found(&mut self, key: &ObjectKey, found: Option<ObjectSummary>) -> Step {
        let Some(found) = found else {
            self.pass(Position::Key(key.as_str().to_owned()));
            return Step::Nothing;
        };
        match fold(key.as_str(), &self.prefix, self.delimiter.as_deref()) {
            Some(prefix) => {
                self.pass(Position::Prefix(prefix.clone()));
                Step::Found(ListEntry::Prefix(prefix))
            }
            None => {
                self.pass(Position::Key(key.as_str().to_owned()));
                Step::Found(ListEntry::Object(found))
            }
        }
    }

    fn pass(&mut self, position: Position) {
        if let Some(entries) = &mut self.entries {
            entries.pass(&position);
        }
        self.passed = Some(position);
    }
}

/// What a listing shows of a version that the journal knows.
pub(super) fn summary(key: &ObjectKey, version: &Version, facts: &Facts) -> ObjectSummary {
    ObjectSummary {
        key: key.clone(),
        etag: facts.etag.clone(),
        size_bytes: facts.size_bytes,
        modified_at: version.modified_at,
        storage_class: facts.storage_class,
        checksum: facts.checksum.as_ref().map(|checksum| (checksum.algorithm, checksum.kind)),
    }
}
