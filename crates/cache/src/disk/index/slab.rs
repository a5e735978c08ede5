use super::Slot;
use super::entry::Entry;

/// Entries per piece of memory. Growing by pieces copies nothing and leaves at most one piece unused.
const CHUNK_ENTRIES: usize = 4096;

/// Entries by slot.
#[derive(Default)]
pub(super) struct Slab {
    chunks: Vec<Box<[Entry]>>,
    /// Slots that were in use once.
    end: Slot,
    free: Option<Slot>,
}

impl Slab {
    pub(super) fn end(&self) -> Slot {
        self.end
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.chunks.len() * CHUNK_ENTRIES * size_of::<Entry>()
            + self.chunks.capacity() * size_of::<Box<[Entry]>>()
    }

    /// The entry of a slot that was given out.
    pub(super) fn get(&self, slot: Slot) -> &Entry {
        &self.chunks[slot as usize / CHUNK_ENTRIES][slot as usize % CHUNK_ENTRIES]
    }

    pub(super) fn get_mut(&mut self, slot: Slot) -> &mut Entry {
        &mut self.chunks[slot as usize / CHUNK_ENTRIES][slot as usize % CHUNK_ENTRIES]
    }

    /// The entry of any slot.
    pub(super) fn get_checked(&self, slot: Slot) -> Option<&Entry> {
        (slot < self.end).then(|| self.get(slot))
    }

    pub(super) fn insert(&mut self, entry: Entry) -> Slot {
        let slot = match self.free {
            Some(slot) => {
                self.free = self.get(slot).newer();
                slot
            }
            None => {
                if self.end as usize == self.chunks.len() * CHUNK_ENTRIES {
                    self.chunks.push(vec![Entry::free(None); CHUNK_ENTRIES].into());
                }
                self.end += 1;
                self.end - 1
            }
        };
        *self.get_mut(slot) = entry;
        slot
    }

    pub(super) fn remove(&mut self, slot: Slot) {
        *self.get_mut(slot) = Entry::free(self.free);
        self.free = Some(slot);
    }
}
