use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};

use parking_lot::Mutex;

use super::block::{Block, OpenBlock};
use super::error::{DiskError, DiskErrorKind};
use super::footer::footer_bytes;
use super::fs::{Directory, OsDirectory};
use super::health::{Gate, condition_of};
use super::key::{BlockKey, Source};
use super::layout::{BLOCK_MAX_BYTES, Extent, Place};
use super::load::{LoadError, Loaded, load};
use super::options::{CEILING_MIN_BYTES, DiskOptions};
use super::probe::probe_in;
use super::shared::{Shared, blocking};
use super::state::Reserved;
use super::stats::{CallerStats, Condition, DiskStats};
use super::writing::{Fill, Writing};

/// Blocks of a source that are taken out before others may use the index.
const REMOVE_BATCH: u32 = 1024;

/// Blocks on a local directory, below a ceiling. Cloning shares it, and counts for the same caller.
///
/// Whatever happens to the device, callers are told only that a block is not there: no call but
/// [`BlockStore::open`] and [`BlockStore::forget`] fails.
#[derive(Clone)]
pub struct BlockStore {
    pub(super) shared: Arc<Shared>,
    caller: Arc<CallerStats>,
}

impl BlockStore {
    /// Opens a directory, which is made where it is missing, and holds it against others. What an earlier process completed
    /// there is known again, whichever way it ended. Blocks.
    ///
    /// # Errors
    /// [`DiskError`]; a device that is only full is no error, and is tried again later.
    pub fn open(directory: &Path, options: DiskOptions) -> Result<Self, DiskError> {
        let error = |kind| DiskError { directory: directory.to_owned(), kind };
        let held = OsDirectory::open(directory).map_err(|found| error(DiskErrorKind::Unusable(found)))?;
        let held = held.ok_or_else(|| error(DiskErrorKind::InUse))?;
        Self::open_in(Box::new(held), options).map_err(error)
    }

    /// Opens what is in `directory`.
    pub(super) fn open_in(
        directory: Box<dyn Directory>,
        options: DiskOptions,
    ) -> Result<Self, DiskErrorKind> {
        if options.ceiling_bytes < CEILING_MIN_BYTES {
            return Err(DiskErrorKind::CeilingTooLow);
        }
        let Loaded { state, journal } = load(&*directory, &options).map_err(|error| match error {
            LoadError::Io(error) => DiskErrorKind::Unusable(error),
            LoadError::UnknownVersion(version) => DiskErrorKind::UnknownVersion(version),
        })?;
        let shared = Arc::new(Shared {
            directory,
            state: Mutex::new(state),
            journal,
            making_room: Mutex::new(()),
            upkeep_asked: AtomicBool::new(false),
            is_probing: AtomicBool::new(false),
            since_look_bytes: AtomicU64::new(0),
            clock: options.clock,
            counters: Arc::default(),
            callers: Mutex::new(Vec::new()),
        });
        shared.make_room(0);
        shared.begin_use().map_err(DiskErrorKind::Unusable)?;
        Ok(Self { shared, caller: Arc::default() })
    }

    /// The same blocks, with what is got of them counted under `name`.
    #[must_use]
    pub fn for_caller(&self, name: &str) -> Self {
        let mut callers = self.shared.callers.lock();
        let known = callers.iter().find(|(known, _)| **known == *name).map(|(_, caller)| caller.clone());
        let caller = known.unwrap_or_else(|| {
            let caller = Arc::<CallerStats>::default();
            callers.push((name.into(), caller.clone()));
            caller
        });
        Self { shared: self.shared.clone(), caller }
    }

    /// Whether a block is there. Looks into memory only, and counts nothing.
    #[must_use]
    pub fn contains(&self, key: &BlockKey) -> bool {
        let state = self.shared.state.lock();
        state.health.condition() != Condition::Failing && state.index.find(key.hash()).is_some()
    }

    /// As [`BlockStore::contains`], and a use of the block, as if all of it had been read: it stays the longer for it.
    pub(crate) fn touch(&self, key: &BlockKey) -> bool {
        let mut state = self.shared.state.lock();
        if state.health.condition() == Condition::Failing {
            return false;
        }
        let found = state.index.find(key.hash());
        let Some((slot, extent)) = found.and_then(|slot| Some((slot, state.index.entry(slot)?.extent())))
        else {
            return false;
        };
        state.index.touch(slot, extent.place, 0, extent.length);
        true
    }

    /// The block, where it is there. Looks into memory only, and counts a hit or a miss; whose block it is, is found out when
    /// it is read.
    #[must_use]
    pub fn get(&self, key: &BlockKey) -> Option<Block> {
        let found = self.find(key);
        match found {
            Some(_) => self.caller.hits.add(1),
            None => self.caller.misses.add(1),
        }
        found
    }

    fn find(&self, key: &BlockKey) -> Option<Block> {
        let mut state = self.shared.state.lock();
        let gate = state.health.reads(|| self.shared.clock.now());
        if gate != Gate::Pass {
            drop(state);
            self.shared.pass(gate);
            return None;
        }
        let slot = state.index.find(key.hash())?;
        let extent = state.index.entry(slot)?.extent();
        let file = state.segments.get(extent.place.segment)?.file.clone();
        drop(state);
        let open = Arc::new(OpenBlock::found(key.clone(), extent, file));
        Some(Block { shared: self.shared.clone(), caller: self.caller.clone(), open, slot })
    }

    /// Reserves room for a block of `length_bytes`, for which others may have to go. `None` where it cannot be had, where the
    /// device is not fit, and for a length of zero or above [`BLOCK_MAX_BYTES`]: then what is fetched passes by.
    ///
    /// # Cancel safety
    /// The room is given back.
    pub async fn begin(&self, key: &BlockKey, length_bytes: u32) -> Option<Writing> {
        let fill = match length_bytes {
            1..=BLOCK_MAX_BYTES if self.shared.may_fill() => self.reserve(key, length_bytes).await,
            _ => None,
        };
        if fill.is_none() {
            self.shared.counters.refused_fills.add(1);
        }
        fill.map(Writing::new)
    }

    async fn reserve(&self, key: &BlockKey, length: u32) -> Option<Fill> {
        let nowhere = Place { segment: 0, page: 0 };
        let wanted = Extent { place: nowhere, length, footer: footer_bytes(key, length) };
        let (shared, caller) = (self.shared.clone(), self.caller.clone());
        match shared.reserve(key, wanted) {
            Ok(block) => Some(Fill::new(shared, caller, block)),
            Err(Reserved::TooLarge) => None,
            Err(_) => {
                let key = key.clone();
                let reserve = move || {
                    let block = shared.reserve_blocking(&key, wanted)?;
                    Some(Fill::new(shared, caller, block))
                };
                blocking(reserve).await.flatten()
            }
        }
    }

    /// Takes a block out; whether it was there. It is gone for readers when this returns.
    pub fn remove(&self, key: &BlockKey) -> bool {
        let is_removed = self.take_out(key);
        if is_removed {
            self.shared.ask_upkeep();
        }
        is_removed
    }

    fn take_out(&self, key: &BlockKey) -> bool {
        let mut state = self.shared.state.lock();
        let slot = state.index.find(key.hash());
        slot.is_some_and(|slot| state.remove(slot).is_some())
    }

    /// Takes all blocks of a source out whose bytes are `size_bytes` in all; how many were there. They are gone for readers
    /// when this returns.
    pub fn remove_source(&self, source: &Source, size_bytes: u64) -> u64 {
        let blocks = size_bytes.div_ceil(u64::from(source.block_bytes()).max(1));
        let end = u32::try_from(blocks).unwrap_or(u32::MAX);
        let mut removed = 0;
        let mut number = 0;
        while number < end {
            let batch_end = end.min(number.saturating_add(REMOVE_BATCH));
            let mut state = self.shared.state.lock();
            for number in number..batch_end {
                let slot = state.index.find(BlockKey::new(source, number).hash());
                removed += u64::from(slot.is_some_and(|slot| state.remove(slot).is_some()));
            }
            number = batch_end;
        }
        if removed > 0 {
            self.shared.ask_upkeep();
        }
        removed
    }

    /// Takes records of what is known ([`BlockKind::State`](super::BlockKind::State)) out so that no crash brings them back,
    /// with one sync for all of them. Costs nothing where there were none lately.
    ///
    /// # Errors
    /// The device's: the records are gone, but may come back when the directory is opened again.
    ///
    /// # Cancel safety
    /// The records are gone; whether for good is not known.
    pub async fn forget(&self, keys: &[BlockKey]) -> io::Result<()> {
        let mut last_removal = None;
        for batch in keys.chunks(REMOVE_BATCH as usize) {
            let mut state = self.shared.state.lock();
            for hash in batch.iter().map(BlockKey::hash) {
                let slot = state.index.find(hash);
                let is_removed = slot.is_some_and(|slot| state.remove(slot).is_some());
                if is_removed || state.unsynced.may_have(hash) {
                    last_removal = Some(state.unsynced.removals);
                }
            }
        }
        let Some(removals) = last_removal else { return Ok(()) };
        let shared = self.shared.clone();
        let synced = blocking(move || shared.make_removals_last(removals)).await;
        self.shared.ask_upkeep();
        synced.unwrap_or_else(|| Err(io::Error::other("the process is shutting down")))
    }

    /// Looks at the file system, and does what follows: evicts where it has become full by others, tries a device anew that
    /// failed. To be called now and then; fills do the same, but only while there are any.
    ///
    /// # Cancel safety
    /// What is begun is done.
    pub async fn tend(&self) {
        let shared = self.shared.clone();
        if shared.may_fill() {
            let _ = blocking(move || shared.upkeep()).await;
        }
    }

    /// In which state the directory is.
    #[must_use]
    pub fn condition(&self) -> Condition {
        self.shared.state.lock().health.condition()
    }

    /// What the directory holds and has done.
    #[must_use]
    pub fn stats(&self) -> DiskStats {
        let callers = self.shared.callers.lock().clone();
        let state = self.shared.state.lock();
        DiskStats {
            entries: state.index.len() as u64,
            bytes: state.index.bytes(),
            used_bytes: state.used_bytes(),
            ceiling_bytes: state.room.ceiling_bytes,
            index_memory_bytes: state.index.memory_bytes() as u64,
            condition: state.health.condition(),
            counters: self.shared.counters.clone(),
            callers,
        }
    }
}

impl std::fmt::Debug for BlockStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BlockStore").field("condition", &self.condition()).finish_non_exhaustive()
    }
}

impl Shared {
    /// Finds out whether the directory can be written to, and makes the index on disk fit for new records.
    fn begin_use(&self) -> io::Result<()> {
        let begun = probe_in(&*self.directory).and_then(|()| match self.journal.is_broken() {
            true => self.rewrite_index(),
            false => self.journal.flush(&self.state),
        });
        match begun {
            Err(error) if condition_of(&error) == Condition::Full => {
                self.close(Condition::Full);
                Ok(())
            }
            begun => begun,
        }
    }

    fn make_removals_last(&self, removals: u64) -> io::Result<()> {
        let synced = match self.journal.is_broken() {
            true => self.rewrite_index(),
            false => self.journal.sync(&self.state, removals),
        };
        if let Err(error) = &synced {
            self.device_failed(error);
        }
        synced
    }
}
