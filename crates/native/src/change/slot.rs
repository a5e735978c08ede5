use bytes::Bytes;
use meta::{Check, Commit, Record, Revision};

use crate::record::Malformed;

/// One row as it was read, and as a change leaves it.
pub(super) struct Slot<T> {
    /// The revision read; none where there was no row.
    read: Option<Revision>,
    value: Option<T>,
    changed: bool,
    /// Whether the row was really read: one that is only written is not checked.
    seen: bool,
}

impl<T> Slot<T> {
    /// A row that was read.
    pub(super) fn read(
        record: Option<Record>,
        decode: impl FnOnce(&[u8]) -> Result<T, Malformed>,
    ) -> Result<Self, Malformed> {
        let read = record.as_ref().map(|record| record.revision);
        let value = record.map(|record| decode(&record.value)).transpose()?;
        Ok(Self { read, value, changed: false, seen: true })
    }

    /// A row that is written without having been looked at.
    pub(super) fn unseen() -> Self {
        Self { read: None, value: None, changed: false, seen: false }
    }

    pub(super) fn get(&self) -> Option<&T> {
        self.value.as_ref()
    }

    pub(super) fn take(&mut self) -> Option<T> {
        self.changed |= self.value.is_some();
        self.value.take()
    }

    pub(super) fn set(&mut self, value: Option<T>) {
        self.changed = true;
        self.value = value;
    }

    /// Empties the row where its value says nothing.
    pub(super) fn clear_if(&mut self, says_nothing: impl FnOnce(&T) -> bool) {
        if self.value.as_ref().is_some_and(says_nothing) {
            self.value = None;
        }
    }

    /// Adds the row's check and write to a commit.
    pub(super) fn finish(self, row: Bytes, commit: &mut Commit, encode: impl FnOnce(&T) -> Bytes) {
        if self.seen {
            commit.check(match self.read {
                Some(revision) => Check::Equals(row.clone(), revision),
                None => Check::Absent(row.clone()),
            });
        }
        match self.value {
            Some(value) if self.changed => commit.put(row, encode(&value)),
            None if self.changed && (self.read.is_some() || !self.seen) => commit.delete(row),
            _ => commit,
        };
    }
}

impl<T: Default + PartialEq + Clone> Slot<T> {
    /// The value for changing it, which counts as a change only where it comes out another one.
    pub(super) fn update(&mut self, change: impl FnOnce(&mut T)) {
        let before = self.value.clone().unwrap_or_default();
        let mut after = before.clone();
        change(&mut after);
        if before != after {
            self.set(Some(after));
        }
    }
}
