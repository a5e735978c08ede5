use std::collections::HashMap;
use std::sync::Arc;

use meta::{Check, Commit};
use store::{StoreError, StoreErrorKind};

use super::encode::{decode_cursor, decode_target, encode_cursor, encode_target};
use super::keys::{self, Family, KeyRange};
use super::rows::read;
use super::{DebtCounts, Journal};
use crate::target::TargetNumber;

/// The most targets that one journal has ever known.
const TARGETS_EVER: usize = 1_000;

impl Journal {
    /// Opens the journal in this engine and gives each of `names` its number.
    pub(crate) async fn open(
        meta: Arc<dyn meta::MetaStore>,
        names: &[Arc<str>],
    ) -> Result<(Self, Vec<TargetNumber>), StoreError> {
        let journal = Self { meta, counts: Arc::default() };
        let (rows, more) =
            journal.scan(KeyRange::of_prefix(&keys::family(Family::Target)), TARGETS_EVER).await?;
        let mut known = HashMap::new();
        for row in &rows {
            known.insert(row.key.slice(1..), read(decode_target(&row.value))?);
        }
        let mut next = known.values().map(|number| number.0).max().map_or(0, |last| last.saturating_add(1));
        let (mut numbers, mut commit) = (Vec::with_capacity(names.len()), Commit::default());
        for name in names {
            if let Some(number) = known.get(name.as_bytes()) {
                numbers.push(*number);
                continue;
            }
            if more || usize::from(next) >= TARGETS_EVER {
                return Err(StoreError::new(
                    StoreErrorKind::Full("the journal knows too many targets"),
                    "open the journal",
                ));
            }
            let row = keys::named(Family::Target, name.as_bytes());
            commit.check(Check::Absent(row.clone())).put(row, encode_target(TargetNumber(next)));
            numbers.push(TargetNumber(next));
            next += 1;
        }
        journal.commit(commit).await?;
        journal.load_counts(&numbers).await?;
        Ok((journal, numbers))
    }

    /// How many debts each target has.
    pub(crate) fn counts(&self) -> &Arc<DebtCounts> {
        &self.counts
    }

    /// What was kept under this name by [`Journal::set_cursor`].
    pub(crate) async fn cursor(&self, name: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        match self.row(&keys::named(Family::Cursor, name)).await? {
            Some(row) => Ok(Some(read(decode_cursor(&row.value))?.to_vec())),
            None => Ok(None),
        }
    }

    /// Keeps where an audit or a back-fill stands; `None` forgets it.
    pub(crate) async fn set_cursor(&self, name: &[u8], value: Option<&[u8]>) -> Result<(), StoreError> {
        let mut commit = Commit::default();
        write_cursor(&mut commit, name, value);
        self.commit(commit).await
    }

    /// What is kept under names that begin with `prefix`, in their order.
    pub(crate) async fn cursors(&self, prefix: &[u8]) -> Result<Vec<(Vec<u8>, Vec<u8>)>, StoreError> {
        let range = KeyRange::of_prefix(&keys::named(Family::Cursor, prefix));
        let (rows, _) = self.scan(range, super::rows::BATCH_ROWS).await?;
        rows.iter()
            .map(|row| Ok((row.key[1..].to_vec(), read(decode_cursor(&row.value))?.to_vec())))
            .collect()
    }
}

/// Puts or removes where an audit or a back-fill stands.
pub(crate) fn write_cursor(commit: &mut Commit, name: &[u8], value: Option<&[u8]>) {
    let row = keys::named(Family::Cursor, name);
    match value {
        Some(value) => commit.put(row, encode_cursor(value)),
        None => commit.delete(row),
    };
}
