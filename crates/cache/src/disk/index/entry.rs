use super::{NewEntry, Slot};
use crate::disk::layout::{Extent, Place};

/// How often a block was used again is counted up to here; more does not keep it longer.
pub(super) const USES_MAX: u8 = 3;
/// A block that has been read to its end.
pub(in crate::disk) const REACH_WHOLE: u16 = u16::MAX;

/// No slot.
const NO_SLOT: Slot = Slot::MAX;

const QUEUE_MASK: u8 = 0b0000_0011;
const USES_SHIFT: u8 = 2;
const USES_MASK: u8 = 0b0000_1100;
const STATE_BIT: u8 = 0b0001_0000;

/// In which queue a block stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::disk) enum QueueName {
    /// In none: the slot is free.
    None,
    /// Among the new ones.
    Small,
    /// Among those that were used.
    Main,
}

/// A block in the index. A million of them are in memory, so every byte counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::disk) struct Entry {
    /// Two halves, so that the entry is aligned to four bytes and not padded.
    hash: [u32; 2],
    place: Place,
    length: u32,
    scope: u32,
    newer: Slot,
    older: Slot,
    footer: u16,
    /// Queue, uses and kind.
    flags: u8,
    /// How far the block has been read since the last use began, in 65,535ths of its length.
    reach: u16,
}

const _: () = assert!(size_of::<Entry>() == 40, "the memory of the index is promised");

impl Entry {
    pub(super) fn new(new: NewEntry) -> Self {
        Self {
            hash: [new.hash as u32, (new.hash >> 32) as u32],
            place: new.extent.place,
            length: new.extent.length,
            scope: new.scope,
            newer: NO_SLOT,
            older: NO_SLOT,
            footer: new.extent.footer,
            flags: if new.is_state { STATE_BIT } else { 0 },
            reach: new.reach,
        }
    }

    /// A slot that holds no block, and the free one after it.
    pub(super) fn free(next: Option<Slot>) -> Self {
        let place = Place { segment: 0, page: 0 };
        let extent = Extent { place, length: 0, footer: 0 };
        let mut entry = Self::new(NewEntry { hash: 0, scope: 0, extent, is_state: false, reach: 0 });
        entry.newer = next.unwrap_or(NO_SLOT);
        entry
    }

    /// The hash of the block's key.
    pub(in crate::disk) fn hash(&self) -> u64 {
        u64::from(self.hash[1]) << 32 | u64::from(self.hash[0])
    }

    /// Where it lies.
    pub(in crate::disk) fn extent(&self) -> Extent {
        Extent { place: self.place, length: self.length, footer: self.footer }
    }

    /// The hashes of its store and bucket.
    pub(in crate::disk) fn scope(&self) -> u32 {
        self.scope
    }

    /// Whether it is a record of what is known.
    pub(in crate::disk) fn is_state(&self) -> bool {
        self.flags & STATE_BIT != 0
    }

    /// In which queue it stands.
    pub(in crate::disk) fn queue(&self) -> QueueName {
        match self.flags & QUEUE_MASK {
            1 => QueueName::Small,
            2 => QueueName::Main,
            _ => QueueName::None,
        }
    }

    pub(super) fn set_queue(&mut self, queue: QueueName) {
        let bits = match queue {
            QueueName::None => 0,
            QueueName::Small => 1,
            QueueName::Main => 2,
        };
        self.flags = self.flags & !QUEUE_MASK | bits;
    }

    pub(super) fn uses(&self) -> u8 {
        (self.flags & USES_MASK) >> USES_SHIFT
    }

    pub(super) fn set_uses(&mut self, uses: u8) {
        self.flags = self.flags & !USES_MASK | uses.min(USES_MAX) << USES_SHIFT;
    }

    pub(super) fn touch(&mut self, start: u32, end: u32) {
        let (start, end) = (reach(start, self.length), reach(end, self.length));
        if start < self.reach {
            self.set_uses(self.uses() + 1);
        }
        self.reach = end.max(1);
    }

    pub(super) fn newer(&self) -> Option<Slot> {
        Some(self.newer).filter(|slot| *slot != NO_SLOT)
    }

    pub(super) fn older(&self) -> Option<Slot> {
        Some(self.older).filter(|slot| *slot != NO_SLOT)
    }

    pub(super) fn set_newer(&mut self, slot: Option<Slot>) {
        self.newer = slot.unwrap_or(NO_SLOT);
    }

    pub(super) fn set_older(&mut self, slot: Option<Slot>) {
        self.older = slot.unwrap_or(NO_SLOT);
    }
}

/// A position in a block in 65,535ths of its length.
pub(in crate::disk) fn reach(position: u32, length: u32) -> u16 {
    let share = u64::from(position.min(length)) * u64::from(REACH_WHOLE) / u64::from(length.max(1));
    share as u16
}
