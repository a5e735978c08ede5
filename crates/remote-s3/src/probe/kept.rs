use std::collections::HashMap;

use parking_lot::Mutex;
use types::{BucketName, ChecksumAlgorithm};

use crate::probe::{Proven, Trait};

/// How many buckets' results are kept in memory; the ledger has them all.
const MAX_BUCKETS: usize = 4096;

/// What a service does with a checksum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Checksums {
    /// It does not look at it, or refuses it.
    Ignored,
    /// It refuses a wrong one, and does not tell a right one.
    Verified,
    /// It refuses a wrong one, and keeps a right one with the object.
    Kept,
}

impl Checksums {
    pub(super) fn to_byte(self) -> u8 {
        match self {
            Self::Ignored => 0,
            Self::Verified => 1,
            Self::Kept => 2,
        }
    }

    pub(super) fn from_byte(byte: u8) -> Option<Self> {
        [Self::Ignored, Self::Verified, Self::Kept].into_iter().find(|found| found.to_byte() == byte)
    }
}

/// What probes have shown. One probe runs at a time.
#[derive(Default)]
pub(crate) struct Probes {
    found: Mutex<Found>,
    running: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Found {
    conditions: HashMap<BucketName, Proven>,
    /// What the last bucket showed: its neighbours are likely to be alike.
    last: Option<Proven>,
    checksums: HashMap<ChecksumAlgorithm, Checksums>,
    traits: HashMap<Trait, bool>,
}

impl Probes {
    /// Waits for its turn to probe.
    pub(super) async fn running(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.running.lock().await
    }

    pub(super) fn conditions(&self, bucket: &BucketName) -> Option<Proven> {
        self.found.lock().conditions.get(bucket).copied()
    }

    /// What is known or, for a bucket that was not asked yet, likely.
    pub(crate) fn likely_conditions(&self, bucket: &BucketName) -> Option<Proven> {
        let found = self.found.lock();
        found.conditions.get(bucket).copied().or(found.last)
    }

    pub(super) fn keep_conditions(&self, bucket: &BucketName, proven: Proven) {
        let mut found = self.found.lock();
        if found.conditions.len() >= MAX_BUCKETS {
            found.conditions.clear();
        }
        found.conditions.insert(bucket.clone(), proven);
        found.last = Some(proven);
    }

    pub(crate) fn forget(&self, bucket: &BucketName) {
        self.found.lock().conditions.remove(bucket);
    }

    pub(super) fn checksums(&self, algorithm: ChecksumAlgorithm) -> Option<Checksums> {
        self.found.lock().checksums.get(&algorithm).copied()
    }

    pub(super) fn keep_checksums(&self, algorithm: ChecksumAlgorithm, found: Checksums) {
        self.found.lock().checksums.insert(algorithm, found);
    }

    pub(super) fn keep_trait(&self, of: Trait, shown: bool) {
        self.found.lock().traits.insert(of, shown);
    }

    /// Whether the service was seen to lack something.
    pub(crate) fn lacks(&self, of: Trait) -> bool {
        self.found.lock().traits.get(&of) == Some(&false)
    }

    /// Whether no checksum was seen to be lost.
    pub(crate) fn keeps_checksums(&self) -> bool {
        self.found.lock().checksums.values().all(|found| *found == Checksums::Kept)
    }
}
