use std::collections::VecDeque;

use async_trait::async_trait;
use store::{ListEntry, ListObjects, ListPage, Position, StoreError};
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
}

/// What a target lists, entry by entry, from wherever it is asked.
pub(super) struct Entries<'a> {
    targets: &'a dyn Targets,
    prefix: String,
    delimiter: Option<String>,
    wanted: usize,
    held: VecDeque<ListEntry>,
    target: Option<TargetNumber>,
    after: Option<Position>,
    more: bool,
}

impl<'a> Entries<'a> {
    pub(super) fn new(targets: &'a dyn Targets, options: &ListObjects) -> Self {
        Self {
            targets,
            prefix: options.prefix.clone(),
            delimiter: options.delimiter.clone(),
            wanted: options.limit.saturating_add(1).clamp(PAGE_MIN_ENTRIES, PAGE_MAX_ENTRIES),
            held: VecDeque::new(),
            target: None,
            after: options.after.clone(),
            more: true,
        }
    }

    /// Which target listed what was peeked at.
    pub(super) fn target(&self) -> Option<TargetNumber> {
        self.target
    }

    /// Goes on behind this position, which lies behind all that were peeked at.
    pub(super) fn pass(&mut self, position: &Position) {
        let from = Place::past(position);
        while self.held.front().is_some_and(|entry| !is_before(&from, entry)) {
            self.held.pop_front();
        }
        if self.held.is_empty() {
            self.after = Some(position.clone());
        }
    }

    /// The first entry that was not passed.
    pub(super) async fn peek(&mut self) -> Result<Option<&ListEntry>, StoreError> {
        if self.held.is_empty() && self.more {
            let options = ListObjects {
                prefix: self.prefix.clone(),
                delimiter: self.delimiter.clone(),
                after: self.after.clone(),
                limit: self.wanted,
            };
            let (target, page) = self.targets.page(options).await?;
            self.more = page.more && !page.entries.is_empty();
            self.target = Some(target);
            self.held = page.entries.into();
        }
        Ok(self.held.front())
    }
}

/// Whether something of the entry lies behind the place: of a prefix, any key under it.
fn is_before(from: &Place, entry: &ListEntry) -> bool {
    match entry {
        ListEntry::Object(object) => from.is_before(object.key.as_str()),
        ListEntry::Prefix(prefix) => *from < Place::end_of(prefix),
    }
}
