use std::collections::VecDeque;

use store::StoreError;

use super::place::Place;
use crate::journal::{Journal, ListedKey};

/// The most rows that one read of the journal takes.
const ROWS_MAX: usize = 1_000;
/// The fewest: how many follow where the last read was mostly in vain, as among folded keys.
const ROWS_MIN: usize = 2;

/// What the journal knows of a bucket's keys, in order, from wherever it is asked.
pub(super) struct Rows<'a> {
    journal: &'a Journal,
    handle: u64,
    end: Place,
    held: VecDeque<ListedKey>,
    /// Where what is held ends.
    read_to: Place,
    batch: usize,
}

impl<'a> Rows<'a> {
    /// The keys with this prefix.
    pub(super) fn new(journal: &'a Journal, handle: u64, prefix: &str, wanted: usize) -> Self {
        Self {
            journal,
            handle,
            end: Place::end_of(prefix),
            held: VecDeque::new(),
            read_to: Place::behind(prefix, None),
            batch: wanted.clamp(ROWS_MIN, ROWS_MAX),
        }
    }

    /// The first known key not before `from`, which never goes back.
    pub(super) async fn peek(&mut self, from: &Place) -> Result<Option<&ListedKey>, StoreError> {
        let held = self.held.len();
        while self.held.front().is_some_and(|(key, _)| !from.is_before(key.as_str())) {
            self.held.pop_front();
        }
        if self.held.is_empty() {
            let in_vain = held > 1 && *from > self.read_to;
            self.batch = if in_vain { ROWS_MIN } else { (self.batch * 4).min(ROWS_MAX) };
            self.read(from).await?;
        }
        Ok(self.held.front())
    }

    async fn read(&mut self, from: &Place) -> Result<(), StoreError> {
        let start = self.read_to.clone().max(from.clone());
        let Some(first) = start.bytes().filter(|_| start < self.end) else { return Ok(()) };
        let (rows, more) =
            self.journal.known_between(self.handle, (first, self.end.bytes()), self.batch).await?;
        self.read_to = match rows.last() {
            Some((last, _)) if more => Place::At([last.as_str().as_bytes(), &[0]].concat()),
            _ => self.end.clone(),
        };
        self.held = rows.into();
        Ok(())
    }
}
