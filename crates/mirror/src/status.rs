use std::sync::Arc;
use std::time::Duration;

use store::StoreError;
use types::{BucketName, ObjectKey, Timestamp};

use crate::Mirror;
use crate::backfill::{self, BackfillProgress};
use crate::core::Core;
use crate::health::TargetHealth;
use crate::journal::{KeyState, OwedKey};
use crate::target::TargetNumber;

/// Owed keys of one target that a status looks at one by one.
pub const STATUS_KEYS_MAX: usize = 10_000;
/// Owed keys that are read at once.
const PAGE: usize = 1_000;
/// Owed buckets and uploads that are counted at most.
const FEW: usize = 1_000;

/// How a mirror is at a moment.
#[derive(Debug, Clone, PartialEq)]
pub struct MirrorStatus {
    /// Its name.
    pub name: Arc<str>,
    /// Its targets, in their order.
    pub targets: Vec<TargetStatus>,
    /// Writes whose end nobody saw and that are not settled yet.
    pub unsettled: u64,
}

/// How a target is at a moment.
#[derive(Debug, Clone, PartialEq)]
pub struct TargetStatus {
    /// Its name.
    pub name: Arc<str>,
    /// Whether it is asked, and how it answers.
    pub health: TargetHealth,
    /// What it owes: keys, buckets, and uploads to be aborted.
    pub owed_operations: u64,
    /// Of these, keys.
    pub owed_keys: u64,
    /// Bytes of the current objects that it owes, of at most [`STATUS_KEYS_MAX`] keys.
    pub owed_bytes: u64,
    /// How long it has owed the oldest of these.
    pub lag: Duration,
    /// The buckets that are being filled in, with how far that has come.
    pub filling: Vec<(BucketName, BackfillProgress)>,
}

impl Mirror {
    /// How the mirror is now: what each target owes, since when, and whether it answers.
    ///
    /// # Errors
    /// Failures of the journal.
    pub async fn status(&self) -> Result<MirrorStatus, StoreError> {
        let core = &self.0;
        let cursors = core.journal.cursors(backfill::NAMES).await?;
        let filling = cursors.iter().filter_map(|(name, value)| {
            let (target, bucket) = backfill::parse_name(name)?;
            Some((target, bucket, BackfillProgress::decode(value)?))
        });
        let filling: Vec<_> = filling.collect();
        let mut targets = Vec::with_capacity(core.targets.len());
        for place in 0..core.targets.len() {
            let mut status = core.target_status(place).await?;
            let number = core.targets[place].number;
            let of_this = filling.iter().filter(|(target, ..)| *target == number);
            status.filling =
                of_this.map(|(_, bucket, progress)| (bucket.clone(), progress.clone())).collect();
            targets.push(status);
        }
        let unsettled = core.all_unsettled().len() as u64;
        Ok(MirrorStatus { name: core.name.clone(), targets, unsettled })
    }
}

impl Core {
    async fn target_status(&self, place: usize) -> Result<TargetStatus, StoreError> {
        let target = &self.targets[place];
        let buckets = self.journal.bucket_debts(target.number, None, FEW).await?;
        let aborts = self.journal.aborts(target.number, FEW).await?.len();
        let mut oldest = buckets.iter().map(|(_, debt)| debt.since).min();
        let owed_bytes = self.owed_bytes(target.number, &mut oldest).await?;
        let owed_keys = self.journal.counts().of(target.number);
        Ok(TargetStatus {
            name: target.name.clone(),
            health: self.health.of(place),
            owed_operations: owed_keys + (buckets.len() + aborts) as u64,
            owed_keys,
            owed_bytes,
            lag: oldest.map_or(Duration::ZERO, |oldest| self.now().since(oldest)),
            filling: Vec::new(),
        })
    }

    /// Bytes that a target owes; `oldest` comes to the time of its oldest debt.
    async fn owed_bytes(
        &self,
        target: TargetNumber,
        oldest: &mut Option<Timestamp>,
    ) -> Result<u64, StoreError> {
        let (mut bytes, mut looked_at, mut after): (u64, usize, Option<OwedKey>) = (0, 0, None);
        while looked_at < STATUS_KEYS_MAX {
            let page = self.journal.owed(target, after.as_ref(), PAGE).await?;
            looked_at += page.len();
            for of_bucket in page.chunk_by(|one, other| one.handle == other.handle) {
                let keys: Vec<ObjectKey> = of_bucket.iter().map(|owed| owed.key.clone()).collect();
                let states = self.journal.keys(of_bucket[0].handle, &keys).await?;
                bytes += states.iter().flatten().map(|state| bytes_owed(state, target)).sum::<u64>();
            }
            let since = page.iter().map(|owed| owed.since).min();
            *oldest = since.into_iter().chain(*oldest).min();
            if page.len() < PAGE {
                break;
            }
            after = page.into_iter().next_back();
        }
        Ok(bytes)
    }
}

fn bytes_owed(state: &KeyState, target: TargetNumber) -> u64 {
    let owed = state.version().filter(|version| version.held_at(target).is_none());
    owed.and_then(|version| version.facts()).map_or(0, |facts| facts.size_bytes)
}
