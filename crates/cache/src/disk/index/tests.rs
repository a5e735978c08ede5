use super::entry::USES_MAX;
use super::*;
use crate::disk::layout::PAGE_BYTES;

fn new(hash: u64, pages: u32) -> NewEntry {
    let place = Place { segment: 1, page: hash as u32 };
    let extent = Extent { place, length: pages * PAGE_BYTES as u32 - 100, footer: 100 };
    NewEntry { hash: spread(hash), scope: 0, extent, is_state: false, reach: REACH_WHOLE }
}

fn spread(hash: u64) -> u64 {
    hash.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

impl Index {
    fn add(&mut self, hash: u64) -> QueueName {
        self.insert(new(hash, 1)).1
    }

    fn has(&self, hash: u64) -> bool {
        self.find(spread(hash)).is_some()
    }

    fn use_again(&mut self, hash: u64) {
        let slot = self.find(spread(hash)).expect("it is there");
        let extent = self.entry(slot).unwrap().extent();
        self.touch(slot, extent.place, 0, extent.length);
    }

    fn evict_one(&mut self) -> Option<Entry> {
        loop {
            if let Step::Evicted(entry) = self.evict()? {
                return Some(entry);
            }
        }
    }
}

#[test]
fn what_is_put_in_is_found_until_it_is_taken_out() {
    let mut index = Index::new();
    for hash in 0..10_000 {
        index.add(hash);
    }
    for hash in (0..10_000).step_by(2) {
        let slot = index.find(spread(hash)).unwrap();
        assert_eq!(index.remove(slot).unwrap().hash(), spread(hash));
        assert!(index.remove(slot).is_none());
    }
    assert_eq!(index.len(), 5_000);
    assert!((0..10_000).all(|hash| index.has(hash) == (hash % 2 == 1)));
    let end = index.slots_end();
    (0..10_000).step_by(2).for_each(|hash| {
        index.add(hash);
    });
    assert_eq!(index.slots_end(), end, "slots are used again");
    assert_eq!(index.slots_in_order().len(), 10_000);
}

#[test]
fn unused_blocks_leave_in_the_order_in_which_they_came() {
    let mut index = Index::new();
    (0..100).for_each(|hash| {
        index.add(hash);
    });
    for hash in 0..100 {
        assert_eq!(index.evict_one().unwrap().hash(), spread(hash));
    }
    assert!(index.evict().is_none());
    assert_eq!((index.len(), index.bytes()), (0, 0));
}

#[test]
fn a_pass_over_cold_blocks_leaves_hot_ones() {
    let mut index = Index::new();
    (0..1_000).for_each(|hash| {
        index.add(hash);
    });
    (0..500).for_each(|hash| index.use_again(hash));
    for cold in 10_000..110_000 {
        if index.len() >= 1_000 {
            index.evict_one().unwrap();
        }
        index.add(cold);
    }
    let kept = (0..500).filter(|hash| index.has(*hash)).count();
    assert_eq!(kept, 500);
}

#[test]
fn a_block_that_comes_back_soon_goes_to_the_main_queue() {
    let mut index = Index::new();
    (0..100).for_each(|hash| {
        index.add(hash);
    });
    assert_eq!(index.evict_one().unwrap().hash(), spread(0));
    assert_eq!(index.add(0), QueueName::Main);
    assert_eq!(index.add(1_000), QueueName::Small);
}

#[test]
fn main_blocks_are_evicted_at_last_however_often_they_were_used() {
    let mut index = Index::new();
    (0..100).for_each(|hash| {
        index.add(hash);
    });
    (0..10).for_each(|_| (0..100).for_each(|hash| index.use_again(hash)));
    let evicted = std::iter::from_fn(|| index.evict_one()).count();
    assert_eq!(evicted, 100);
}

#[test]
fn reading_a_block_in_ranges_is_one_use_and_reading_it_twice_is_two() {
    let uses = |reads: &[(u32, u32)]| {
        let mut index = Index::new();
        let mut entry = new(1, 4);
        entry.extent.length = 8 << 20;
        entry.reach = entry::reach(1 << 20, 8 << 20);
        let (slot, _) = index.insert(entry);
        reads.iter().for_each(|(start, end)| index.touch(slot, entry.extent.place, *start, *end));
        index.entry(slot).unwrap().uses()
    };
    let pass: Vec<_> = (1..8).map(|step| (step << 20, (step + 1) << 20)).collect();
    assert_eq!(uses(&pass), 0);
    assert_eq!(uses(&[pass.clone(), vec![(0, 8 << 20)]].concat()), 1);
    assert_eq!(uses(&[(0, 100), (0, 100)]), 2);
    assert_eq!(uses(&[(0, 8 << 20); 9]), USES_MAX);
}

#[test]
fn a_million_blocks_take_at_most_64_bytes_each() {
    const BLOCKS: u64 = 1_000_000;
    const PROMISED_BYTES: usize = 64;
    let mut index = Index::new();
    for hash in 0..BLOCKS {
        index.add(hash);
        // Wherever the table has just grown, it is at its emptiest.
        if hash >= 100_000 && (hash.is_multiple_of(1 << 14) || (hash - 1).is_multiple_of(1 << 14)) {
            assert!(index.memory_bytes() <= PROMISED_BYTES * (hash as usize + 1), "at {hash}");
        }
    }
    assert!(index.memory_bytes() <= PROMISED_BYTES * BLOCKS as usize, "{}", index.memory_bytes());
}
