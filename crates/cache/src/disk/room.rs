//! How much room there is: below the ceiling, and on the file system.

use super::options::{DiskOptions, Watermarks};
use super::record::RECORD_BYTES;

/// Room for what is beside blocks and index: the directory, a probe, records that are written before the index is rewritten,
/// and the ends of files up to the next page.
const FIXED_BYTES: u64 = 128 * 1024;
/// The share of the ceiling that is left to the file system's own notes on where a file lies. Where every second page of a
/// file is a hole, ext4 notes up to 340 pieces in a page.
const TABLES_SHARE: u64 = 128;
/// Room for the index on disk, per block: it holds at most two records per block before it is rewritten, one while it is, and
/// one more comes meanwhile.
const INDEX_SHARE_BYTES: u64 = 4 * RECORD_BYTES as u64;
/// The index on disk is rewritten when it has more records than two per block and so many.
const RECORDS_SPARE: u64 = 2048;
/// What is evicted ahead of need: a share of the limit, and at most so many bytes.
const HEADROOM_SHARE: u64 = 32;
const HEADROOM_MAX_BYTES: u64 = 64 << 20;

/// The bytes that may be taken, and by what.
#[derive(Debug)]
pub(super) struct Room {
    pub(super) ceiling_bytes: u64,
    /// What blocks and index may take.
    limit_bytes: u64,
    pub(super) watermarks: Watermarks,
    /// The length of the index on disk, with the records that are about to be written.
    pub(super) index_bytes: u64,
    /// Blocks being written.
    pub(super) writings: u64,
    /// What the file system has free, as far as is known.
    pub(super) free_bytes: u64,
}

/// What is taken now.
#[derive(Debug, Clone, Copy)]
pub(super) struct Taken {
    /// Bytes of segments.
    pub(super) held_bytes: u64,
    /// Blocks in the index.
    pub(super) entries: u64,
}

impl Room {
    pub(super) fn new(options: &DiskOptions) -> Self {
        let ceiling_bytes = options.ceiling_bytes;
        let limit_bytes = ceiling_bytes.saturating_sub(ceiling_bytes / TABLES_SHARE + FIXED_BYTES);
        let (index_bytes, writings) = (0, 0);
        Self {
            ceiling_bytes,
            limit_bytes,
            watermarks: options.free,
            index_bytes,
            writings,
            free_bytes: u64::MAX,
        }
    }

    /// What a block of so much room takes, with its share of the index.
    pub(super) fn block_bytes(room_bytes: u64) -> u64 {
        room_bytes + INDEX_SHARE_BYTES
    }

    /// What segments and index take or are reserved to take.
    pub(super) fn used_bytes(&self, taken: Taken) -> u64 {
        let blocks = taken.entries + self.writings;
        let rewritten = self.index_bytes + blocks * RECORD_BYTES as u64;
        taken.held_bytes + rewritten.max(blocks * INDEX_SHARE_BYTES)
    }

    /// Whether so much could be taken if nothing else were.
    pub(super) fn could_hold(&self, bytes: u64) -> bool {
        bytes <= self.limit_bytes
    }

    /// Whether so much can be taken now.
    pub(super) fn has(&self, bytes: u64, taken: Taken) -> bool {
        self.used_bytes(taken) + bytes <= self.limit_bytes && !self.is_file_system_low(bytes)
    }

    /// Whether the file system would have too little left.
    pub(super) fn is_file_system_low(&self, bytes: u64) -> bool {
        self.free_bytes < self.watermarks.low_bytes.saturating_add(bytes)
    }

    /// How many bytes must be given back so that `bytes` can be taken, with some headroom for what comes next.
    pub(super) fn missing_bytes(&self, bytes: u64, taken: Taken) -> u64 {
        let below_limit = (self.used_bytes(taken) + bytes).saturating_sub(self.limit_bytes);
        let for_limit = if below_limit == 0 { 0 } else { below_limit + self.headroom_bytes() };
        for_limit.max(self.missing_free_bytes(bytes))
    }

    /// How much is missing to the headroom, once half of it is used up.
    pub(super) fn missing_headroom_bytes(&self, taken: Taken) -> u64 {
        let used_bytes = self.used_bytes(taken);
        let is_short = used_bytes + self.headroom_bytes() / 2 > self.limit_bytes;
        let for_limit =
            if is_short { (used_bytes + self.headroom_bytes()).saturating_sub(self.limit_bytes) } else { 0 };
        for_limit.max(self.missing_free_bytes(0))
    }

    /// Below the low water, what is missing to the high water.
    fn missing_free_bytes(&self, bytes: u64) -> u64 {
        let high_bytes = self.watermarks.high_bytes.max(self.watermarks.low_bytes).saturating_add(bytes);
        if self.is_file_system_low(bytes) { high_bytes.saturating_sub(self.free_bytes) } else { 0 }
    }

    /// Whether the index on disk is to be rewritten.
    pub(super) fn is_index_long(&self, entries: u64) -> bool {
        self.index_bytes > (2 * entries + RECORDS_SPARE) * RECORD_BYTES as u64
    }

    fn headroom_bytes(&self) -> u64 {
        (self.limit_bytes / HEADROOM_SHARE).min(HEADROOM_MAX_BYTES)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn room(ceiling_bytes: u64) -> Room {
        let free = Watermarks { low_bytes: 1000, high_bytes: 5000 };
        Room::new(&DiskOptions { ceiling_bytes, free, clock: Arc::new(types::SystemClock) })
    }

    #[test]
    fn the_limit_leaves_room_for_what_is_beside_blocks() {
        let room = room(1 << 30);
        assert_eq!(room.limit_bytes, (1 << 30) - (1 << 23) - (128 << 10));
        let nothing = Taken { held_bytes: 0, entries: 0 };
        assert!(room.has(room.limit_bytes, nothing));
        assert!(!room.has(room.limit_bytes + 1, nothing));
    }

    #[test]
    fn a_long_index_counts_until_it_is_rewritten() {
        let mut room = room(1 << 30);
        let taken = Taken { held_bytes: 0, entries: 10 };
        assert_eq!(room.used_bytes(taken), 10 * INDEX_SHARE_BYTES);
        room.index_bytes = 1 << 20;
        assert_eq!(room.used_bytes(taken), (1 << 20) + 320);
        assert!(room.is_index_long(10));
        assert!(!room.is_index_long(1 << 20));
    }

    #[test]
    fn below_the_low_water_all_up_to_the_high_water_is_missing() {
        let mut room = room(1 << 30);
        let taken = Taken { held_bytes: 0, entries: 0 };
        room.free_bytes = 1100;
        assert_eq!(room.missing_bytes(100, taken), 0);
        assert_eq!(room.missing_bytes(101, taken), 5000 + 101 - 1100);
    }
}
