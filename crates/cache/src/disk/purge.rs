use std::sync::Arc;

use super::footer::Footer;
use super::index::Slot;
use super::key::name_hash;
use super::layout::Extent;
use super::shared::{Shared, blocking};
use super::store::BlockStore;

/// Slots looked at per event where nothing has to be read.
const BATCH_SLOTS: u32 = 65_536;
/// Blocks whose names are read per event.
const BATCH_BLOCKS: usize = 1024;

/// Which blocks to take out: all that fit every part that is given.
///
/// Stores and buckets are told apart by 16 bits of a hash each, so that no block has to be read for them: blocks of another one
/// may go too, which costs that they are fetched again. Content that is known by its digest goes by the names under which it was
/// found first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PurgeScope {
    /// The store's name; any where there is none.
    pub store: Option<String>,
    /// The bucket's name; any where there is none.
    pub bucket: Option<String>,
    /// What the object's key begins with; empty for any, and for what is known about buckets.
    pub key_prefix: String,
}

impl PurgeScope {
    /// The bits of a scope that count, and what they must be.
    fn mask(&self) -> (u32, u32) {
        let part = |name: &Option<String>, shift: u32| match name {
            Some(name) => (0xffff << shift, u32::from(name_hash(name)) << shift),
            None => (0, 0),
        };
        let (store, bucket) = (part(&self.store, 16), part(&self.bucket, 0));
        (store.0 | bucket.0, store.1 | bucket.1)
    }
}

/// How far a purge is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PurgeProgress {
    /// Places of the index that were looked at.
    pub done: u64,
    /// Places of the index in all.
    pub total: u64,
    /// Blocks taken out.
    pub removed: u64,
    /// Their bytes.
    pub removed_bytes: u64,
}

/// A purge on its way: each call of [`Purge::next`] does a part of it. What is filled meanwhile may stay.
pub struct Purge {
    shared: Arc<Shared>,
    scope: Arc<PurgeScope>,
    next: Slot,
    end: Slot,
    progress: PurgeProgress,
}

impl BlockStore {
    /// Takes all blocks out that are in scope, part by part.
    #[must_use]
    pub fn purge(&self, scope: PurgeScope) -> Purge {
        let end = self.shared.state.lock().index.slots_end();
        let progress = PurgeProgress { total: u64::from(end), ..PurgeProgress::default() };
        Purge { shared: self.shared.clone(), scope: Arc::new(scope), next: 0, end, progress }
    }
}

impl Purge {
    /// Does a part; `None` when all is done.
    ///
    /// # Cancel safety
    /// The part is done at the next call.
    pub async fn next(&mut self) -> Option<PurgeProgress> {
        if self.next >= self.end {
            return None;
        }
        let (shared, scope, from, end) = (self.shared.clone(), self.scope.clone(), self.next, self.end);
        let part = blocking(move || shared.purge_part(&scope, from, end)).await?;
        self.next = part.next;
        self.progress.done = u64::from(part.next);
        self.progress.removed += part.removed;
        self.progress.removed_bytes += part.removed_bytes;
        self.shared.ask_upkeep();
        Some(self.progress)
    }
}

/// What a part of a purge did.
struct Part {
    next: Slot,
    removed: u64,
    removed_bytes: u64,
}

impl Shared {
    fn purge_part(&self, scope: &PurgeScope, from: Slot, end: Slot) -> Part {
        let (mask, wanted) = scope.mask();
        let mut part = Part { next: from, removed: 0, removed_bytes: 0 };
        let mut to_read = Vec::new();
        {
            let mut state = self.state.lock();
            let end = end.min(from.saturating_add(BATCH_SLOTS));
            while part.next < end && to_read.len() < BATCH_BLOCKS {
                let slot = part.next;
                part.next += 1;
                let Some(entry) = state.index.entry(slot).filter(|entry| entry.scope() & mask == wanted)
                else {
                    continue;
                };
                if !scope.key_prefix.is_empty() {
                    to_read.push((slot, entry.extent()));
                } else if let Some(entry) = state.remove(slot) {
                    part.count(&entry.extent());
                }
            }
        }
        to_read.sort_unstable_by_key(|(_, extent)| extent.place);
        for (slot, extent) in to_read {
            if self.is_named_so(extent, &scope.key_prefix) {
                let mut state = self.state.lock();
                if state.index.entry_at(slot, extent.place).is_some() && state.remove(slot).is_some() {
                    part.count(&extent);
                }
            }
        }
        part
    }

    /// Whether the key of the block begins so, as far as is known: one that cannot be read goes too.
    fn is_named_so(&self, extent: Extent, prefix: &str) -> bool {
        let bytes = self.footer_at(extent);
        let footer = bytes.as_deref().and_then(|bytes| Footer::decode(bytes, &extent));
        footer.and_then(|footer| footer.names()).is_none_or(|names| names.key.starts_with(prefix))
    }

    /// The bytes where a block's footer should be.
    pub(super) fn footer_at(&self, extent: Extent) -> Option<Vec<u8>> {
        let file = self.state.lock().segments.get(extent.place.segment)?.file.clone();
        let mut bytes = vec![0; usize::from(extent.footer)];
        let read = file.read_at(extent.footer_offset(), &mut bytes).ok()?;
        (read == bytes.len()).then_some(bytes)
    }
}

impl Part {
    fn count(&mut self, extent: &Extent) {
        self.removed += 1;
        self.removed_bytes += u64::from(extent.length);
    }
}
