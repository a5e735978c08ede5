use super::Slot;
use super::slab::Slab;

/// A queue of blocks, linked through their entries.
#[derive(Debug, Default)]
pub(super) struct Queue {
    pub(super) oldest: Option<Slot>,
    newest: Option<Slot>,
    /// Room of all its blocks, in pages.
    pub(super) pages: u64,
}

impl Queue {
    /// Puts a block at the new end.
    pub(super) fn push(&mut self, slab: &mut Slab, slot: Slot) {
        let entry = slab.get_mut(slot);
        entry.set_newer(None);
        entry.set_older(self.newest);
        self.pages += u64::from(entry.extent().pages());
        match self.newest.replace(slot) {
            Some(before) => slab.get_mut(before).set_newer(Some(slot)),
            None => self.oldest = Some(slot),
        }
    }

    /// Takes a block of this queue out of it.
    pub(super) fn unlink(&mut self, slab: &mut Slab, slot: Slot) {
        let entry = *slab.get(slot);
        self.pages -= u64::from(entry.extent().pages());
        match entry.older() {
            Some(older) => slab.get_mut(older).set_newer(entry.newer()),
            None => self.oldest = entry.newer(),
        }
        match entry.newer() {
            Some(newer) => slab.get_mut(newer).set_older(entry.older()),
            None => self.newest = entry.older(),
        }
    }
}
