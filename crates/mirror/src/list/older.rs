use std::collections::VecDeque;

use store::StoreError;
use types::ObjectKey;

use crate::journal::{Journal, ListedVersion, Version};

/// Noncurrent versions that one read of the journal takes.
const BATCH: usize = 1_000;

/// The noncurrent versions of a bucket's keys, read ahead for keys that are asked for in order.
pub(super) struct Older<'a> {
    journal: &'a Journal,
    handle: u64,
    held: VecDeque<ListedVersion>,
    complete: Complete,
}

/// Of which keys all versions are held.
enum Complete {
    None,
    Before(ObjectKey),
    All,
}

impl<'a> Older<'a> {
    pub(super) fn new(journal: &'a Journal, handle: u64) -> Self {
        Self { journal, handle, held: VecDeque::new(), complete: Complete::None }
    }

    /// Noncurrent versions of a key, newest first: all, or at least `wanted` of them.
    pub(super) async fn of(&mut self, key: &ObjectKey, wanted: usize) -> Result<Vec<Version>, StoreError> {
        if !self.is_complete(key) {
            let (read, more) = self.journal.noncurrent_in(self.handle, key, BATCH).await?;
            self.complete = match read.last() {
                Some((last, _)) if more => Complete::Before(last.clone()),
                _ => Complete::All,
            };
            self.held = read.into();
        }
        if !self.is_complete(key) {
            return self.journal.noncurrent_of(self.handle, key, None, wanted).await;
        }
        let mut versions = Vec::new();
        while self.held.front().is_some_and(|(of, _)| of <= key) {
            versions.extend(self.held.pop_front().filter(|(of, _)| of == key).map(|(_, version)| version));
        }
        Ok(versions)
    }

    fn is_complete(&self, key: &ObjectKey) -> bool {
        match &self.complete {
            Complete::None => false,
            Complete::Before(last) => key < last,
            Complete::All => true,
        }
    }
}
