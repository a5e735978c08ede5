use std::collections::HashMap;
use std::sync::Arc;

use store::StoreError;
use tokio::sync::OnceCell;
use tokio::time::Instant;

use super::claim::End;
use super::group::{Group, Item, Limits, Upload, Usage};

/// What an account knows.
#[derive(Debug, Default)]
pub(super) struct Book {
    pub(super) phase: Phase,
    /// What the bucket holds, with what writes under way may bring beyond that.
    pub(super) used: Usage,
    pub(super) groups: HashMap<Item, Group>,
    /// Bytes of the parts of each unfinished upload.
    pub(super) uploads: HashMap<Upload, u64>,
    /// Writes under way; a count needs that there are none.
    pub(super) under_way: usize,
    /// Something may have taken effect or not: `used` may be too high.
    pub(super) is_doubtful: bool,
    pub(super) counted_at: Option<Instant>,
    /// Whether the log has been told that the bucket cannot be counted.
    pub(super) failure_is_told: bool,
    next_id: u64,
}

#[derive(Debug, Default, Clone)]
pub(super) enum Phase {
    #[default]
    Unknown,
    Counting,
    Known,
    /// The last count failed; why.
    Failed(Arc<StoreError>),
}

/// What is left to do when a write has left its group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Left {
    Nothing,
    /// To look at what the item holds, as it was when so many had joined.
    Look(u64),
}

impl Book {
    /// Adds a write to those of a item; to none but its own without one. Gives the write's number, and where it is known what
    /// the item held before.
    pub(super) fn join(&mut self, item: Option<Item>) -> (Item, u64, Arc<OnceCell<Usage>>) {
        self.next_id += 1;
        let id = self.next_id;
        // What is added replaces nothing.
        let before = item.is_none().then_some(Usage::NOTHING);
        let item = item.unwrap_or(Item::Own(id));
        let group = self.groups.entry(item.clone()).or_insert_with(|| Group::behind(before));
        group.joined += 1;
        group.members.push((id, Usage::NOTHING));
        let before = group.before.clone();
        (item, id, before)
    }

    /// Reserves room for what a write may bring; as before where there is none.
    pub(super) fn reserve(
        &mut self,
        item: &Item,
        id: u64,
        wanted: Usage,
        limits: &Limits,
    ) -> Result<(), &'static str> {
        let Some(group) = self.groups.get_mut(item) else { return Ok(()) };
        let Some(place) = group.members.iter().position(|(member, _)| *member == id) else { return Ok(()) };
        let (before, reserved) = (group.extra(), group.members[place].1);
        group.members[place].1 = wanted;
        let used = self.used.plus(group.extra()).less(before);
        if let Some(full) = used.excess(self.used, limits) {
            group.members[place].1 = reserved;
            return Err(full);
        }
        self.used = used;
        Ok(())
    }

    /// Ends a write, which may have made an object of the parts of an upload. The last one of a item settles what the item
    /// holds, by a look where it cannot tell.
    pub(super) fn leave(&mut self, item: &Item, id: u64, end: End, parts_of: Option<&Upload>) -> Left {
        let parts_bytes = parts_of.and_then(|upload| self.uploads.get(upload)).copied().unwrap_or(0);
        let Some(group) = self.groups.get_mut(item) else { return Left::Nothing };
        let before = group.extra();
        let place = group.members.iter().position(|(member, _)| *member == id);
        let reserved = place.map_or(Usage::NOTHING, |place| group.members.swap_remove(place).1);
        group.is_unsure |= group.joined > 1 || end == End::Unknown;
        match end {
            End::Unchanged => {}
            End::Holds(usage) => (group.peak, group.last) = (group.peak.max(usage), Some(usage)),
            // Parts that have become an object are counted with their upload until that is known to have ended, and then no more.
            End::Unknown => {
                let may_hold = reserved.max(Usage { bytes: parts_bytes, objects: 0 });
                group.peak = group.peak.max(may_hold);
            }
        }
        self.used = self.used.plus(group.extra()).less(before);
        if !group.members.is_empty() {
            return Left::Nothing;
        }
        if group.is_unsure {
            return Left::Look(group.joined);
        }
        let holds = group.last.unwrap_or(group.held_before());
        self.settle(item, holds);
        Left::Nothing
    }

    /// Settles what a item holds by what was seen, unless somebody has joined since then. Where nothing was seen, room stays
    /// reserved for the largest that it can be.
    pub(super) fn looked(&mut self, item: &Item, joined: u64, seen: Option<Usage>) {
        let Some(group) = self.groups.get(item) else { return };
        if group.joined != joined || !group.members.is_empty() {
            return;
        }
        self.is_doubtful |= seen.is_none();
        let holds = seen.unwrap_or(group.held_before().plus(group.extra()));
        self.settle(item, holds);
    }

    fn settle(&mut self, item: &Item, holds: Usage) {
        let Some(group) = self.groups.remove(item) else { return };
        let (before, extra) = (group.held_before(), group.extra());
        let mut holds = holds;
        if let Item::Part(upload, _) = item {
            match self.uploads.get_mut(upload) {
                Some(bytes) => *bytes = bytes.saturating_add(holds.bytes).saturating_sub(before.bytes),
                // The upload has ended meanwhile, and what it held with it.
                None => {
                    self.is_doubtful |= holds != before;
                    holds = before;
                }
            }
        }
        self.used = self.used.plus(holds).less(before).less(extra);
    }
}
