use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use types::Timestamp;

use super::group_sync::GroupSync;
use super::name;
use super::options::{Durability, FileOptions};
use crate::fs::FileSystem;
use crate::{BlobId, BlobStats};

/// The most blobs of one epoch: a directory that lists in one go.
const EPOCH_MAX_BLOBS: u16 = 4096;
/// How long an epoch takes new blobs.
const EPOCH_MAX_AGE: Duration = Duration::from_secs(60 * 60);
/// Directories remembered before those that nobody uses are forgotten.
const DIRECTORIES_MAX_IDLE: usize = 64;

/// The directory of one epoch, as everyone at work in it shares it.
pub(super) struct Epoch {
    pub(super) number: u64,
    path: PathBuf,
    sync: GroupSync,
}

/// The epochs: which one takes new blobs, and who syncs which directory.
pub(super) struct Epochs {
    fs: Arc<dyn FileSystem>,
    options: FileOptions,
    stats: Arc<BlobStats>,
    /// The first epoch that this process may have made.
    pub(super) first_own: u64,
    state: Mutex<State>,
    used: Mutex<HashMap<u64, Weak<Epoch>>>,
}

struct State {
    current: Option<Current>,
    /// The number of the next epoch to make. Never used before, not even by a directory that a power cut took.
    next: u64,
    /// The latest epoch that is durable in the root. It stays, though it be empty: the next process counts on from it.
    latest: Option<u64>,
}

struct Current {
    epoch: Arc<Epoch>,
    made_at: Timestamp,
    issued: u16,
}

impl Epochs {
    /// Counts on from the latest epoch in the root, and from the watermark below which all epochs are settled.
    pub(super) fn new(
        fs: Arc<dyn FileSystem>,
        options: FileOptions,
        stats: Arc<BlobStats>,
        watermark: u64,
    ) -> io::Result<Self> {
        let latest = list(&*fs)?.last().copied();
        let first_own = latest.map_or(0, |latest| latest + 1).max(watermark);
        let state = Mutex::new(State { current: None, next: first_own, latest });
        Ok(Self { fs, options, stats, first_own, state, used: Mutex::default() })
    }

    /// Issues an id in the current epoch, making a new one where that is full, old or failed. Blocks.
    pub(super) fn issue(&self) -> io::Result<(BlobId, Arc<Epoch>)> {
        let mut state = self.state.lock();
        let now = self.options.clock.now();
        if !state.current.as_ref().is_some_and(|current| current.takes_blobs(now)) {
            state.current = None;
            let number = state.next;
            state.next += 1;
            self.make(number)?;
            state.latest = Some(number);
            state.current = Some(Current { epoch: self.epoch(number), made_at: now, issued: 0 });
        }
        let current = state.current.as_mut().expect("made just above where it was missing");
        let id = name::issue(current.epoch.number, current.issued, &*self.options.random);
        current.issued += 1;
        Ok((id, current.epoch.clone()))
    }

    fn make(&self, number: u64) -> io::Result<()> {
        let path = name::epoch_path(number);
        self.fs.create_directory(&path)?;
        if self.options.durability == Durability::Strict {
            self.fs.sync_directory(Path::new("")).inspect_err(|_| {
                // Left where it is it would do no harm, but each further try would leave another one.
                let _ = self.fs.remove_directory(&path);
            })?;
        }
        Ok(())
    }

    /// An epoch by number, shared with everyone at work in it.
    pub(super) fn epoch(&self, number: u64) -> Arc<Epoch> {
        let mut used = self.used.lock();
        if let Some(epoch) = used.get(&number).and_then(Weak::upgrade) {
            return epoch;
        }
        if used.len() >= DIRECTORIES_MAX_IDLE {
            used.retain(|_, epoch| epoch.strong_count() > 0);
        }
        let path = name::epoch_path(number);
        let epoch = Arc::new(Epoch { number, path, sync: GroupSync::default() });
        used.insert(number, Arc::downgrade(&epoch));
        epoch
    }

    /// Makes the changes in the epoch's directory durable, together with those of others. Blocks. Does nothing where
    /// durability is relaxed.
    ///
    /// # Errors
    /// The device's. The epoch then takes no new blobs.
    pub(super) fn sync(&self, epoch: &Epoch) -> io::Result<()> {
        if self.options.durability == Durability::Relaxed {
            return Ok(());
        }
        self.stats.directory_sync_waiters.add(1);
        let result = epoch.sync.sync(|| {
            let begun = Instant::now();
            let result = self.fs.sync_directory(&epoch.path);
            self.stats.directory_syncs.observe(begun.elapsed());
            result
        });
        if result.is_err() {
            self.close(epoch.number);
        }
        result
    }

    /// Makes removals from the epoch's directory durable. An empty epoch may have been removed meanwhile: then it is that
    /// which must last.
    pub(super) fn sync_removals(&self, epoch: &Epoch) -> io::Result<()> {
        match self.sync(epoch) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.fs.sync_directory(Path::new("")),
            result => result,
        }
    }

    /// Makes durable what is seen of these epochs, and which epochs there are. What an earlier process removed without a sync
    /// is not seen any more and could still come back: a sweep has not looked at it.
    pub(super) fn make_as_seen(&self, epochs: impl Iterator<Item = u64>) -> io::Result<()> {
        if self.options.durability == Durability::Relaxed {
            return Ok(());
        }
        for number in epochs {
            self.sync_removals(&self.epoch(number))?;
        }
        self.fs.sync_directory(Path::new(""))
    }

    /// Takes no new blobs into the epoch.
    pub(super) fn close(&self, number: u64) {
        let mut state = self.state.lock();
        if state.current.as_ref().is_some_and(|current| current.epoch.number == number) {
            state.current = None;
        }
    }

    /// Removes the epoch's directory where it is empty and takes no more blobs. A power cut may bring it back, empty.
    pub(super) fn remove_if_empty(&self, number: u64) {
        let latest = self.state.lock().latest;
        if latest.is_some_and(|latest| number < latest) {
            // Not empty, or gone already: both are as good as removed.
            let _ = self.fs.remove_directory(&name::epoch_path(number));
        }
    }
}

impl Current {
    fn takes_blobs(&self, now: Timestamp) -> bool {
        self.issued < EPOCH_MAX_BLOBS && now.since(self.made_at) < EPOCH_MAX_AGE
    }
}

/// The epochs in the root, in order.
pub(super) fn list(fs: &dyn FileSystem) -> io::Result<Vec<u64>> {
    let entries = fs.list(Path::new(""))?;
    let directories = entries.into_iter().filter(|entry| entry.is_directory);
    let mut epochs: Vec<_> = directories.filter_map(|entry| name::parse_epoch(&entry.name)).collect();
    epochs.sort_unstable();
    Ok(epochs)
}
