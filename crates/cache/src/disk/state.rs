use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use super::fs::{File, Holes};
use super::health::Health;
use super::index::{Entry, Index, NewEntry, Slot, Step};
use super::layout::{Extent, Place};
use super::options::DiskOptions;
use super::record::{RECORD_BYTES, Record};
use super::room::{Room, Taken};
use super::segments::Segments;

/// How many removals of records of what is known are told apart while they may not last; past it each one may.
const UNSYNCED_MAX: usize = 4096;

/// All that is known of the blocks. Changes here are changes in memory; what they mean for the disk waits in `pending` and
/// `releases`.
pub(super) struct State {
    pub(super) index: Index,
    pub(super) segments: Segments,
    pub(super) room: Room,
    pub(super) health: Health,
    /// Whether room can be given back out of the middle of a file.
    pub(super) holes: Holes,
    /// Room to give back.
    pub(super) releases: VecDeque<Release>,
    /// Records to write, in the order in which things happened.
    pub(super) pending: Vec<u8>,
    pub(super) unsynced: Unsynced,
}

/// Room to give back.
#[derive(Debug, Clone, Copy)]
pub(super) enum Release {
    /// That of a block.
    Block(Extent),
    /// A whole segment.
    Segment(u32),
}

/// What became of a wish for room.
pub(super) enum Reserved {
    Yes(Place, Arc<dyn File>),
    /// It would fit into a new segment.
    NeedsSegment,
    /// It would fit if others went.
    NoRoom,
    /// It never fits.
    TooLarge,
}

/// Removals that a power cut may undo.
#[derive(Debug, Default)]
pub(super) struct Unsynced {
    /// Grows with each removal.
    pub(super) removals: u64,
    /// Of each record of what is known, by its hash, which removal it was.
    hashes: HashMap<u64, u64>,
    /// The last one that is not among them for want of room.
    others: Option<u64>,
}

impl Unsynced {
    /// Whether the removal of a record with this hash may not last.
    pub(super) fn may_have(&self, hash: u64) -> bool {
        self.others.is_some() || self.hashes.contains_key(&hash)
    }

    /// All removals up to this one last.
    pub(super) fn synced(&mut self, removals: u64) {
        self.hashes.retain(|_, removal| *removal > removals);
        self.others = self.others.filter(|removal| *removal > removals);
    }

    /// Something was removed, and it is not known what.
    pub(super) fn add_unknown(&mut self) {
        self.removals += 1;
        self.others = Some(self.removals);
    }

    fn add(&mut self, entry: &Entry) {
        self.removals += 1;
        let has_room = self.hashes.len() < UNSYNCED_MAX;
        match entry.is_state() {
            true if has_room => drop(self.hashes.insert(entry.hash(), self.removals)),
            true => self.others = Some(self.removals),
            false => {}
        }
    }
}

impl State {
    pub(super) fn new(options: &DiskOptions) -> Self {
        Self {
            index: Index::new(),
            segments: Segments::new(options.ceiling_bytes),
            room: Room::new(options),
            health: Health::new(),
            holes: Holes::Punched,
            releases: VecDeque::new(),
            pending: Vec::new(),
            unsynced: Unsynced::default(),
        }
    }

    /// What is taken now.
    pub(super) fn taken(&self) -> Taken {
        Taken { held_bytes: self.segments.held_bytes(), entries: self.index.len() as u64 }
    }

    /// Bytes that all files take or are reserved to take.
    pub(super) fn used_bytes(&self) -> u64 {
        self.room.used_bytes(self.taken())
    }

    /// Gives out a place for a block of so many pages.
    pub(super) fn reserve(&mut self, extent: &Extent) -> Reserved {
        let bytes = Room::block_bytes(extent.room_bytes());
        if !self.room.could_hold(bytes) {
            return Reserved::TooLarge;
        }
        if !self.room.has(bytes, self.taken()) {
            return Reserved::NoRoom;
        }
        let Some((place, file)) = self.segments.allocate(extent.pages()) else {
            return Reserved::NeedsSegment;
        };
        self.room.writings += 1;
        self.room.free_bytes = self.room.free_bytes.saturating_sub(extent.room_bytes());
        Reserved::Yes(place, file)
    }

    /// Takes a block in that is complete, in place of any other of its hash.
    pub(super) fn insert(&mut self, new: NewEntry) -> Slot {
        self.room.writings -= 1;
        if let Some(slot) = self.index.find(new.hash) {
            self.remove_quietly(slot);
        }
        let (slot, queue) = self.index.insert(new);
        self.record(&Record::insert(&new, queue));
        slot
    }

    /// Gives up a place for which nothing was written, or not all.
    pub(super) fn give_up(&mut self, extent: Extent) {
        self.room.writings -= 1;
        self.release(extent);
    }

    /// Takes a block out.
    pub(super) fn remove(&mut self, slot: Slot) -> Option<Entry> {
        let entry = self.remove_quietly(slot)?;
        self.record(&Record::remove(&entry));
        Some(entry)
    }

    /// One step towards room; `None` where there is no block.
    pub(super) fn evict(&mut self) -> Option<Step> {
        let step = self.index.evict()?;
        match step {
            Step::Kept => {}
            Step::Promoted(slot) => {
                if let Some(entry) = self.index.entry(slot) {
                    let record = Record::promote(entry);
                    self.record(&record);
                }
            }
            Step::Evicted(entry) => {
                self.left(&entry);
                self.record(&Record::remove(&entry));
            }
        }
        Some(step)
    }

    /// Whether anything waits for the disk, or there is too little headroom.
    pub(super) fn has_work(&self) -> bool {
        !self.pending.is_empty()
            || !self.releases.is_empty()
            || self.room.is_index_long(self.index.len() as u64)
            || self.room.missing_headroom_bytes(self.taken()) > 0
    }

    fn remove_quietly(&mut self, slot: Slot) -> Option<Entry> {
        let entry = self.index.remove(slot)?;
        self.left(&entry);
        Some(entry)
    }

    fn left(&mut self, entry: &Entry) {
        self.unsynced.add(entry);
        self.release(entry.extent());
    }

    fn release(&mut self, extent: Extent) {
        let is_last = self.segments.bury(&extent);
        self.releases.push_back(match is_last {
            true => Release::Segment(extent.place.segment),
            false => Release::Block(extent),
        });
    }

    fn record(&mut self, record: &Record) {
        self.pending.extend_from_slice(&record.encode());
        self.room.index_bytes += RECORD_BYTES as u64;
    }
}
