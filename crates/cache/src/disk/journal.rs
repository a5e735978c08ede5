use std::io::{self, IoSlice};
use std::sync::Arc;

use parking_lot::Mutex;

use super::fs::{Directory, File};
use super::index::Slot;
use super::record::{Header, RECORD_BYTES, Record};
use super::state::State;

/// The name of the index on disk, and of one that is being written.
pub(super) const INDEX_NAME: &str = "index";
pub(super) const NEW_INDEX_NAME: &str = "index.new";

/// Blocks whose records are written at a time while the index is rewritten; others may use the index in between.
const BATCH_BLOCKS: usize = 8192;

/// The index on disk. Its lock is taken before the state's, and held over calls to the disk.
pub(super) struct Journal(Mutex<Inner>);

struct Inner {
    /// `None` where what is on disk does not go with what is in memory: it must be rewritten.
    file: Option<Arc<dyn File>>,
    length_bytes: u64,
    /// How many removals last.
    synced_removals: u64,
}

impl Journal {
    /// The index that is in `file`, its records `length_bytes` long; `None` where it must be rewritten.
    pub(super) fn new(file: Option<Arc<dyn File>>, length_bytes: u64) -> Self {
        Self(Mutex::new(Inner { file, length_bytes, synced_removals: 0 }))
    }

    /// Whether the index must be rewritten before anything can be added to it.
    pub(super) fn is_broken(&self) -> bool {
        self.0.lock().file.is_none()
    }

    /// Writes the records that wait. After an error, and until the index is rewritten, they are dropped.
    pub(super) fn flush(&self, state: &Mutex<State>) -> io::Result<()> {
        self.0.lock().flush(state)
    }

    /// Writes the records that wait and makes all up to that many removals last.
    pub(super) fn sync(&self, state: &Mutex<State>, removals: u64) -> io::Result<()> {
        let mut inner = self.0.lock();
        if inner.synced_removals >= removals {
            return Ok(());
        }
        let removals = state.lock().unsynced.removals;
        inner.flush(state)?;
        let Some(file) = &inner.file else {
            return Err(io::Error::other("the index on disk must be rewritten first"));
        };
        if let Err(error) = file.sync() {
            // What of it lasts is unknown, and a later sync does not tell.
            inner.file = None;
            return Err(error);
        }
        inner.synced(state, removals);
        Ok(())
    }

    /// Writes a new index of all that is there, durably, in place of the old one.
    pub(super) fn rewrite(&self, directory: &dyn Directory, state: &Mutex<State>) -> io::Result<()> {
        let mut inner = self.0.lock();
        let (removals, slots) = {
            let mut state = state.lock();
            // The new index has what these records say.
            state.pending.clear();
            (state.unsynced.removals, state.index.slots_in_order())
        };
        // Until it is there, the old one does not go with what is in memory.
        inner.file = None;
        let (file, length_bytes) = write_all(directory, state, &slots)?;
        inner.file = Some(file);
        inner.length_bytes = length_bytes;
        {
            let mut state = state.lock();
            state.room.index_bytes = length_bytes + state.pending.len() as u64;
        }
        inner.synced(state, removals);
        Ok(())
    }
}

impl Inner {
    fn flush(&mut self, state: &Mutex<State>) -> io::Result<()> {
        let pending = std::mem::take(&mut state.lock().pending);
        // Without a file they are not needed: the next rewriting has what they say.
        let Some(file) = self.file.as_ref().filter(|_| !pending.is_empty()) else { return Ok(()) };
        if let Err(error) = file.write_at(self.length_bytes, &[IoSlice::new(&pending)]) {
            self.file = None;
            return Err(error);
        }
        self.length_bytes += pending.len() as u64;
        Ok(())
    }

    fn synced(&mut self, state: &Mutex<State>, removals: u64) {
        self.synced_removals = removals;
        state.lock().unsynced.synced(removals);
    }
}

/// Writes the blocks in these slots to a new file, which then bears the index's name.
fn write_all(
    directory: &dyn Directory,
    state: &Mutex<State>,
    slots: &[Slot],
) -> io::Result<(Arc<dyn File>, u64)> {
    match directory.remove(NEW_INDEX_NAME) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let file = directory.create(NEW_INDEX_NAME)?;
    file.write_at(0, &[IoSlice::new(&Header::encode())])?;
    let mut length_bytes = RECORD_BYTES as u64;
    for batch in slots.chunks(BATCH_BLOCKS) {
        let mut bytes = Vec::with_capacity(batch.len() * RECORD_BYTES);
        {
            let state = state.lock();
            let entries = batch.iter().filter_map(|slot| state.index.entry(*slot));
            entries.for_each(|entry| bytes.extend_from_slice(&Record::of(entry).encode()));
        }
        file.write_at(length_bytes, &[IoSlice::new(&bytes)])?;
        length_bytes += bytes.len() as u64;
    }
    file.sync()?;
    directory.rename(NEW_INDEX_NAME, INDEX_NAME)?;
    directory.sync()?;
    Ok((file, length_bytes))
}
