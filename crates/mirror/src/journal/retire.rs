use meta::Commit;
use store::StoreError;

use super::Journal;
use super::encode::decode_target;
use super::keys::{self, Family, KeyRange};
use super::rows::{BATCH_ROWS, read};
use crate::target::TargetNumber;

impl Journal {
    /// The numbers of all targets that the journal has ever known.
    pub(crate) async fn numbers(&self) -> Result<Vec<TargetNumber>, StoreError> {
        let (rows, _) = self.scan(KeyRange::of_prefix(&keys::family(Family::Target)), BATCH_ROWS).await?;
        rows.iter().map(|row| read(decode_target(&row.value))).collect()
    }

    /// Forgets uploads to be aborted and versions to be removed at a target, and how far its back-fills have come.
    pub(crate) async fn forget_chores(&self, target: TargetNumber) -> Result<(), StoreError> {
        let cursors = keys::named(Family::Cursor, &crate::backfill::names_of(target));
        let leftovers =
            keys::named(Family::Cursor, &[crate::write::LEFTOVERS, &target.0.to_be_bytes()].concat());
        let aborts = keys::of_target(Family::Abort, target).freeze();
        let removals = keys::of_target(Family::Removal, target).freeze();
        for prefix in [cursors, leftovers, aborts, removals] {
            loop {
                let (rows, more) = self.scan(KeyRange::of_prefix(&prefix), BATCH_ROWS).await?;
                let mut commit = Commit::default();
                rows.into_iter().for_each(|row| {
                    commit.delete(row.key);
                });
                self.commit(commit).await?;
                if !more {
                    break;
                }
            }
        }
        Ok(())
    }
}
