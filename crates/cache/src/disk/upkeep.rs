//! What is done on disk because of what happened in memory: records, holes, room for new blocks. All of it blocks.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::block::OpenBlock;
use super::fs::{File, Holes};
use super::health::condition_of;
use super::index::Step;
use super::key::BlockKey;
use super::layout::Extent;
use super::probe::probe_in;
use super::room::Room;
use super::segments::{SEGMENTS_MAX, segment_name};
use super::shared::Shared;
use super::state::{Release, Reserved};
use super::stats::Condition;

/// Steps of eviction, and of giving room back, between which others may use the index.
const BATCH_STEPS: usize = 256;
/// Slots looked at between which others may use the index.
const BATCH_SLOTS: u32 = 65_536;
/// How often room is made for one block before the fill is refused: others may take it in between.
const ROOM_ATTEMPTS: usize = 3;
/// How often the work that waits is done before others are let at the thread.
const UPKEEP_ROUNDS: usize = 64;

impl Shared {
    /// Gives out a place for a block, for which others may have to go.
    pub(super) fn reserve_blocking(&self, key: &BlockKey, wanted: Extent) -> Option<OpenBlock> {
        let needed_bytes = Room::block_bytes(wanted.room_bytes());
        let mut attempts = 0;
        while attempts < ROOM_ATTEMPTS {
            match self.reserve(key, wanted) {
                Ok(block) => return Some(block),
                Err(Reserved::NeedsSegment) => self.begin_segment(wanted.pages())?,
                Err(Reserved::NoRoom) => {
                    self.make_room(needed_bytes);
                    attempts += 1;
                }
                Err(Reserved::Yes(..) | Reserved::TooLarge) => return None,
            }
        }
        if self.state.lock().room.is_file_system_low(needed_bytes) {
            self.close(Condition::Full);
        }
        None
    }

    /// Does what waits, until nothing does.
    pub(super) fn upkeep(self: &Arc<Self>) {
        for _ in 0..UPKEEP_ROUNDS {
            self.upkeep_asked.store(false, Ordering::Release);
            self.make_room(0);
            let entries = self.write_records();
            let state = self.state.lock();
            let is_done = !state.has_work() || state.health.condition() != Condition::Open;
            if entries.is_err() || is_done {
                return;
            }
        }
    }

    /// Writes the records that wait, and the whole index where it has grown long.
    pub(super) fn write_records(&self) -> io::Result<()> {
        let written = self.journal.flush(&self.state).and_then(|()| {
            let is_long = {
                let state = self.state.lock();
                state.room.is_index_long(state.index.len() as u64)
            };
            if is_long { self.rewrite_index() } else { Ok(()) }
        });
        if let Err(error) = &written {
            self.device_failed(error);
        }
        written
    }

    pub(super) fn rewrite_index(&self) -> io::Result<()> {
        self.counters.compactions.add(1);
        self.journal.rewrite(&*self.directory, &self.state)
    }

    /// Evicts until so much room is there, with headroom; or for nothing but headroom.
    pub(super) fn make_room(&self, needed_bytes: u64) {
        let _one_at_a_time = self.making_room.lock();
        loop {
            self.look_at_file_system();
            if self.give_back().is_err() {
                return;
            }
            let state = self.state.lock();
            let taken = state.taken();
            let missing_bytes = match needed_bytes {
                0 => state.room.missing_headroom_bytes(taken),
                needed_bytes => state.room.missing_bytes(needed_bytes, taken),
            };
            if missing_bytes == 0 {
                return;
            }
            let is_punching = state.holes == Holes::Punched;
            let is_dead_enough =
                state.segments.dead_bytes() >= missing_bytes + state.segments.segment_bytes();
            drop(state);
            let has_moved = !is_punching && is_dead_enough && self.retire_deadest()
                || self.evict_batch(missing_bytes)
                || !is_punching && self.retire_deadest();
            if !has_moved {
                return;
            }
        }
    }

    /// Takes blocks out worth so many bytes, or some of them; whether it came any further.
    fn evict_batch(&self, missing_bytes: u64) -> bool {
        let mut state = self.state.lock();
        let mut freed_bytes = 0;
        let mut has_moved = false;
        for _ in 0..BATCH_STEPS {
            if freed_bytes >= missing_bytes {
                break;
            }
            let Some(step) = state.evict() else { break };
            has_moved = true;
            if let Step::Evicted(entry) = step {
                freed_bytes += Room::block_bytes(entry.extent().room_bytes());
                self.counters.evictions.add(1);
                self.counters.bytes_evicted.add(u64::from(entry.extent().length));
            }
        }
        has_moved
    }

    pub(super) fn look_at_file_system(&self) {
        if let Ok(free_bytes) = self.directory.free_bytes() {
            self.state.lock().room.free_bytes = free_bytes;
        }
    }

    /// Gives back all room that waits for it.
    fn give_back(&self) -> io::Result<()> {
        loop {
            let releases: Vec<_> = {
                let mut state = self.state.lock();
                let count = state.releases.len().min(BATCH_STEPS);
                state.releases.drain(..count).collect()
            };
            if releases.is_empty() {
                return Ok(());
            }
            for (done, release) in releases.iter().enumerate() {
                let given = match release {
                    Release::Block(extent) => self.punch(extent),
                    Release::Segment(number) => self.drop_segment(*number),
                };
                if let Err(error) = given {
                    let mut state = self.state.lock();
                    releases[done..].iter().rev().for_each(|release| state.releases.push_front(*release));
                    drop(state);
                    self.device_failed(&error);
                    return Err(error);
                }
            }
        }
    }

    fn punch(&self, extent: &Extent) -> io::Result<()> {
        let file = {
            let state = self.state.lock();
            let segment = state.segments.get(extent.place.segment);
            // The whole segment goes soon, where nothing of it is needed.
            segment.filter(|_| state.holes == Holes::Punched).map(|segment| segment.file.clone())
        };
        let Some(file) = file else { return Ok(()) };
        let holes = file.punch(extent.range())?;
        let mut state = self.state.lock();
        match holes {
            Holes::Punched => {
                state.segments.punched(extent);
                state.room.free_bytes = state.room.free_bytes.saturating_add(extent.room_bytes());
            }
            Holes::Unsupported => state.holes = Holes::Unsupported,
        }
        Ok(())
    }

    fn drop_segment(&self, number: u32) -> io::Result<()> {
        let Some(file) = self.state.lock().segments.emptied(number) else { return Ok(()) };
        // Who has it open still would else keep its room.
        file.truncate(0)?;
        match self.directory.remove(&segment_name(number)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        self.state.lock().segments.dropped(number);
        Ok(())
    }

    /// Makes the file that blocks go into from now on.
    fn begin_segment(&self, pages: u32) -> Option<()> {
        let _one_at_a_time = self.making_room.lock();
        if self.state.lock().segments.fits(pages) {
            return Some(());
        }
        // The number could be one that the index on disk knows blocks of.
        if self.journal.is_broken() {
            return None;
        }
        let is_crowded = self.state.lock().segments.len() >= SEGMENTS_MAX;
        if is_crowded {
            let sparsest = self.state.lock().segments.sparsest();
            sparsest.map(|number| self.retire(number));
            self.give_back().ok()?;
        }
        let number = self.state.lock().segments.next_number()?;
        match self.directory.create(&segment_name(number)) {
            Ok(file) => self.use_segment(number, file),
            Err(error) => {
                self.device_failed(&error);
                return None;
            }
        }
        Some(())
    }

    fn use_segment(&self, number: u32, file: Arc<dyn File>) {
        let mut state = self.state.lock();
        if let Some(emptied) = state.segments.begin(number, file) {
            state.releases.push_back(Release::Segment(emptied));
        }
    }

    /// Takes out what is left in the segment of which the least is needed, so that it can go as a whole; whether it came any
    /// further.
    fn retire_deadest(&self) -> bool {
        let (number, is_emptied) = {
            let mut state = self.state.lock();
            let Some((number, is_active)) = state.segments.deadest() else { return false };
            let emptied = if is_active { state.segments.seal() } else { None };
            state.releases.extend(emptied.map(Release::Segment));
            (number, emptied.is_some())
        };
        self.retire(number) > 0 || is_emptied
    }

    /// Takes all blocks of a segment out; how many there were.
    fn retire(&self, number: u32) -> u64 {
        let (mut slot, mut retired) = (0, 0);
        loop {
            let mut state = self.state.lock();
            let end = state.index.slots_end().min(slot + BATCH_SLOTS);
            for slot in slot..end {
                let is_here =
                    state.index.entry(slot).is_some_and(|entry| entry.extent().place.segment == number);
                if is_here && let Some(entry) = state.remove(slot) {
                    retired += 1;
                    self.counters.evictions.add(1);
                    self.counters.bytes_evicted.add(u64::from(entry.extent().length));
                }
            }
            if end == state.index.slots_end() {
                return retired;
            }
            slot = end;
        }
    }

    /// Finds out whether a device that failed is well again.
    pub(super) fn probe(self: &Arc<Self>) {
        self.look_at_file_system();
        let probed = probe_in(&*self.directory).and_then(|()| match self.journal.is_broken() {
            true => self.rewrite_index(),
            false => Ok(()),
        });
        let now = self.clock.now();
        let mut state = self.state.lock();
        match probed {
            Err(error) => state.health.still_failing(condition_of(&error), now),
            Ok(()) if state.room.is_file_system_low(0) && state.index.len() == 0 => {
                state.health.still_failing(Condition::Full, now);
            }
            Ok(()) => {
                if state.health.recovered() {
                    self.counters.recoveries.add(1);
                }
                drop(state);
                self.ask_upkeep();
            }
        }
    }
}
