//! Which blocks there are, in memory: a table by hash, and the queues of eviction.
//!
//! Eviction is S3-FIFO: Yang, Zhang, Qiu, Yue, Rashmi, "FIFO queues are all you need for cache eviction", SOSP 2023. See
//! `docs/decisions/0096-s3-fifo-evicts.md`.

mod entry;
mod ghost;
mod queue;
mod slab;

#[cfg(test)]
pub(super) use entry::REACH_WHOLE;
pub(super) use entry::{Entry, QueueName, reach};

use ghost::Ghost;
use hashbrown::HashTable;
use queue::Queue;
use slab::Slab;

use super::layout::{Extent, Place};

/// The share of all room that new blocks may take before they must have been used to stay: a tenth, as the paper has it.
const SMALL_SHARE: u64 = 10;

/// A slot of the index; it is another block's when that one is gone.
pub(super) type Slot = u32;

/// A block that comes into the index.
#[derive(Debug, Clone, Copy)]
pub(super) struct NewEntry {
    pub(super) hash: u64,
    pub(super) scope: u32,
    pub(super) extent: Extent,
    /// Whether it is a record of what is known, whose removal may have to last.
    pub(super) is_state: bool,
    /// How far its filler's readers have read, as [`reach`] says it.
    pub(super) reach: u16,
}

/// What eviction did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// A block was used again while it was new: it stays, in the main queue.
    Promoted(Slot),
    /// A block has been used since its turn came last: it gets another.
    Kept,
    /// A block was taken out of the index.
    Evicted(Entry),
}

/// The blocks that can be read.
pub(super) struct Index {
    slab: Slab,
    table: HashTable<Slot>,
    small: Queue,
    main: Queue,
    ghost: Ghost,
    bytes: u64,
}

impl Index {
    pub(super) fn new() -> Self {
        Self {
            slab: Slab::default(),
            table: HashTable::new(),
            small: Queue::default(),
            main: Queue::default(),
            ghost: Ghost::default(),
            bytes: 0,
        }
    }

    /// How many blocks there are.
    pub(super) fn len(&self) -> usize {
        self.table.len()
    }

    /// Bytes of data in all of them.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// One past the last slot in use.
    pub(super) fn slots_end(&self) -> Slot {
        self.slab.end()
    }

    /// The memory that all of it takes, in bytes.
    pub(super) fn memory_bytes(&self) -> usize {
        self.slab.memory_bytes() + self.table.allocation_size() + self.ghost.memory_bytes()
    }

    /// The slot of the block with this hash.
    pub(super) fn find(&self, hash: u64) -> Option<Slot> {
        self.table.find(hash, |slot| self.slab.get(*slot).hash() == hash).copied()
    }

    /// The block in a slot, where there is one.
    pub(super) fn entry(&self, slot: Slot) -> Option<&Entry> {
        self.slab.get_checked(slot).filter(|entry| entry.queue() != QueueName::None)
    }

    /// The block in a slot if it is the one at `place`.
    pub(super) fn entry_at(&self, slot: Slot, place: Place) -> Option<&Entry> {
        self.entry(slot).filter(|entry| entry.extent().place == place)
    }

    /// Takes a block in; into the main queue where it was evicted as new not long ago. There must be none of its hash.
    pub(super) fn insert(&mut self, new: NewEntry) -> (Slot, QueueName) {
        self.ghost.fit(self.table.len() + 1);
        let queue = if self.ghost.take(new.hash) { QueueName::Main } else { QueueName::Small };
        (self.insert_into(new, queue), queue)
    }

    /// Takes a block into a queue.
    pub(super) fn insert_into(&mut self, new: NewEntry, queue: QueueName) -> Slot {
        debug_assert!(self.find(new.hash).is_none(), "one block of a hash");
        let slot = self.slab.insert(Entry::new(new));
        let slab = &self.slab;
        self.table.insert_unique(new.hash, slot, |slot| slab.get(*slot).hash());
        self.bytes += u64::from(new.extent.length);
        self.push(slot, queue);
        slot
    }

    /// Takes a block out.
    pub(super) fn remove(&mut self, slot: Slot) -> Option<Entry> {
        let entry = *self.entry(slot)?;
        let hash = entry.hash();
        if let Ok(found) = self.table.find_entry(hash, |found| *found == slot) {
            found.remove();
        }
        self.unlink(slot);
        self.slab.remove(slot);
        self.bytes -= u64::from(entry.extent().length);
        Some(entry)
    }

    /// Notes that `start..end` of a block is being read. A read that goes on where earlier ones ended is part of the same
    /// use; one that begins before is a use of its own.
    pub(super) fn touch(&mut self, slot: Slot, place: Place, start: u32, end: u32) {
        if self.entry_at(slot, place).is_some() {
            self.slab.get_mut(slot).touch(start, end);
        }
    }

    /// Moves a block into the main queue, as an earlier eviction did.
    pub(super) fn promote(&mut self, slot: Slot) {
        if self.entry(slot).is_some_and(|entry| entry.queue() == QueueName::Small) {
            self.unlink(slot);
            self.push(slot, QueueName::Main);
        }
    }

    /// One step towards room; `None` where there is no block. Each step that takes no block out takes a use from one, so there
    /// are at most four to each that does.
    pub(super) fn evict(&mut self) -> Option<Step> {
        let all = self.small.pages + self.main.pages;
        let from_small = self.main.oldest.is_none() || self.small.pages * SMALL_SHARE >= all;
        if from_small && let Some(slot) = self.small.oldest {
            if self.slab.get(slot).uses() > 0 {
                self.slab.get_mut(slot).set_uses(0);
                self.promote(slot);
                return Some(Step::Promoted(slot));
            }
            let entry = self.remove(slot)?;
            self.ghost.put(entry.hash());
            return Some(Step::Evicted(entry));
        }
        let slot = self.main.oldest?;
        let uses = self.slab.get(slot).uses();
        if uses == 0 {
            return self.remove(slot).map(Step::Evicted);
        }
        self.slab.get_mut(slot).set_uses(uses - 1);
        self.unlink(slot);
        self.push(slot, QueueName::Main);
        Some(Step::Kept)
    }

    /// All slots in the order in which they would be evicted if nothing were used: of each queue, the oldest first.
    pub(super) fn slots_in_order(&self) -> Vec<Slot> {
        let mut slots = Vec::with_capacity(self.len());
        for queue in [&self.main, &self.small] {
            let mut next = queue.oldest;
            while let Some(slot) = next {
                slots.push(slot);
                next = self.slab.get(slot).newer();
            }
        }
        slots
    }

    fn push(&mut self, slot: Slot, queue: QueueName) {
        self.slab.get_mut(slot).set_queue(queue);
        match queue {
            QueueName::Small => self.small.push(&mut self.slab, slot),
            QueueName::Main => self.main.push(&mut self.slab, slot),
            QueueName::None => {}
        }
    }

    fn unlink(&mut self, slot: Slot) {
        match self.slab.get(slot).queue() {
            QueueName::Small => self.small.unlink(&mut self.slab, slot),
            QueueName::Main => self.main.unlink(&mut self.slab, slot),
            QueueName::None => {}
        }
        self.slab.get_mut(slot).set_queue(QueueName::None);
    }
}

#[cfg(test)]
mod tests;
