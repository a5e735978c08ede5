use proptest::prelude::*;

use crate::disk::testing::{MemDisk, Strike, bytes, key, open, options};
use crate::disk::{BlockStore, DiskErrorKind};

const CEILING: u64 = 8 << 20;

/// What the blocks under `names` hold; panics on a wrong byte.
async fn held(store: &BlockStore, names: std::ops::Range<u64>) -> Vec<u64> {
    let mut held = Vec::new();
    for name in names {
        if let Some(Ok(found)) = store.bytes_of(&key(name)).await {
            assert!(found == bytes(name, found.len()), "wrong bytes in {name}");
            held.push(name);
        }
    }
    held
}

#[tokio::test]
async fn all_is_known_again_after_the_process_was_killed() {
    let disk = MemDisk::new();
    let store = open(&disk, options(CEILING)).unwrap();
    for name in 0..60_u64 {
        assert!(store.fill(&key(name), bytes(name, 20_000 + name as usize)).await);
    }
    // What a kill leaves is what was written so far; nothing of this store is written afterwards.
    let killed = disk.copy();
    let again = open(&killed, options(CEILING)).unwrap();
    assert_eq!(held(&again, 0..60).await.len(), 60);
    assert_eq!(again.stats().counters.bad_blocks.get(), 0);
    assert_eq!(again.stats().bytes, store.stats().bytes);
}

#[tokio::test]
async fn hot_blocks_stay_hot_over_a_restart() {
    let disk = MemDisk::new();
    let store = open(&disk, options(CEILING)).unwrap();
    for name in 0..20_u64 {
        assert!(store.fill(&key(name), bytes(name, 100_000)).await);
        store.bytes_of(&key(name)).await.unwrap().unwrap();
        store.bytes_of(&key(name)).await.unwrap().unwrap();
    }
    for cold in 100..200_u64 {
        store.fill(&key(cold), bytes(cold, 100_000)).await;
    }
    let again = open(&disk.copy(), options(CEILING)).unwrap();
    for cold in 200..400_u64 {
        again.fill(&key(cold), bytes(cold, 100_000)).await;
    }
    assert_eq!(held(&again, 0..20).await.len(), 20);
}

#[tokio::test]
async fn a_process_may_end_at_any_call() {
    let mut calls = 0;
    loop {
        let disk = MemDisk::new();
        disk.end_after(calls);
        let mut filled = 0;
        if let Ok(store) = open(&disk, options(1 << 20)) {
            for name in 0..25_u64 {
                filled += u64::from(store.fill(&key(name), bytes(name, 60_000)).await);
                store.remove(&key(name / 3));
            }
            store.settle().await;
        }
        disk.heal();
        let store =
            open(&disk, options(1 << 20)).unwrap_or_else(|error| panic!("after {calls} calls: {error:?}"));
        held(&store, 0..25).await;
        for name in 30..50_u64 {
            assert!(store.fill(&key(name), bytes(name, 60_000)).await, "after {calls} calls");
        }
        assert!(disk.peak_bytes() <= 1 << 20, "{} after {calls} calls", disk.peak_bytes());
        assert!(!held(&store, 30..50).await.is_empty());
        if filled == 25 {
            return;
        }
        calls += 1;
        assert!(calls < 1000, "the work ends");
    }
}

#[tokio::test]
async fn a_process_may_end_at_any_call_of_rewriting_the_index() {
    for calls in 0..20 {
        let disk = MemDisk::new();
        let store = open(&disk, options(CEILING)).unwrap();
        for name in 0..15_u64 {
            assert!(store.fill(&key(name), bytes(name, 3_000)).await);
        }
        store.remove(&key(14));
        store.settle().await;
        disk.end_after(calls);
        let is_rewritten = store.shared.rewrite_index().is_ok();
        let ended = disk.copy();
        let again = open(&ended, options(CEILING)).unwrap();
        assert_eq!(held(&again, 0..15).await.len(), 14, "after {calls} calls");
        assert!(!ended.names().contains(&"index.new".to_owned()));
        if is_rewritten {
            return;
        }
    }
    panic!("the index was never rewritten");
}

#[tokio::test]
async fn an_index_that_is_cut_anywhere_loses_only_its_end() {
    let disk = MemDisk::new();
    let store = open(&disk, options(CEILING)).unwrap();
    for name in 0..12_u64 {
        assert!(store.fill(&key(name), bytes(name, 5_000)).await);
    }
    let index = disk.bytes("index");
    for length in 0..=index.len() {
        let cut = disk.copy();
        cut.replace("index", &index[..length]);
        let store = open(&cut, options(CEILING)).unwrap();
        let whole = (length / 32).saturating_sub(1) as u64;
        assert_eq!(held(&store, 0..12).await, (0..whole).collect::<Vec<_>>(), "cut at {length}");
        // What the index does not know takes no room.
        assert!(cut.allocated_bytes() <= (whole + 1) * 8192 + 65_536 + 4096);
    }
}

#[tokio::test]
async fn a_damaged_record_loses_one_block() {
    let disk = MemDisk::new();
    let store = open(&disk, options(CEILING)).unwrap();
    for name in 0..12_u64 {
        assert!(store.fill(&key(name), bytes(name, 5_000)).await);
    }
    drop(store);
    let mut index = disk.bytes("index");
    index[32 * 4 + 9] ^= 0x40;
    disk.replace("index", &index);
    let store = open(&disk, options(CEILING)).unwrap();
    assert_eq!(held(&store, 0..12).await, [0, 1, 2, 4, 5, 6, 7, 8, 9, 10, 11]);
    drop(store);
    let store = open(&disk, options(CEILING)).unwrap();
    assert_eq!(held(&store, 0..12).await.len(), 11, "the index was rewritten whole");
}

#[tokio::test]
async fn an_index_that_is_older_than_the_blocks_never_gives_wrong_bytes() {
    let disk = MemDisk::new();
    let store = open(&disk, options(1 << 20)).unwrap();
    for name in 0..8_u64 {
        assert!(store.fill(&key(name), bytes(name, 80_000)).await);
    }
    let old = disk.bytes("index");
    for name in 8..40_u64 {
        assert!(store.fill(&key(name), bytes(name, 80_000)).await);
    }
    store.settle().await;
    drop(store);
    disk.replace("index", &old);
    let store = open(&disk, options(1 << 20)).unwrap();
    held(&store, 0..40).await;
    for name in 100..120_u64 {
        assert!(store.fill(&key(name), bytes(name, 80_000)).await);
    }
    assert!(disk.peak_bytes() <= 1 << 20);
    assert!(held(&store, 100..120).await.len() > 5);
}

#[tokio::test]
async fn a_block_that_is_another_ones_is_a_miss() {
    let disk = MemDisk::new();
    let store = open(&disk, options(CEILING)).unwrap();
    assert!(store.fill(&key("a"), bytes(1, 5_000)).await);
    assert!(store.fill(&key("b"), bytes(2, 5_000)).await);
    drop(store);
    // The places of two blocks of one length change hands, as if the index were of another time.
    let mut index = disk.bytes("index");
    let (first, second) = (32..64, 64..96);
    let swapped: Vec<_> =
        index[first.clone()].iter().zip(&index[second.clone()]).map(|(a, b)| (*a, *b)).collect();
    for (at, (a, b)) in swapped.into_iter().enumerate().filter(|(at, _)| (12..20).contains(at)) {
        (index[32 + at], index[64 + at]) = (b, a);
    }
    for record in [first, second] {
        let sum = crate::disk::layout::crc(&index[record.start..record.end - 4]);
        index[record.end - 4..record.end].copy_from_slice(&sum.to_le_bytes());
    }
    disk.replace("index", &index);
    let store = open(&disk, options(CEILING)).unwrap();
    assert!(store.bytes_of(&key("a")).await.unwrap().is_err());
    assert!(store.bytes_of(&key("b")).await.unwrap().is_err());
    assert!(store.get(&key("a")).is_none());
}

#[tokio::test]
async fn what_is_forgotten_does_not_come_back() {
    use crate::disk::BlockKey;
    use crate::disk::BlockKind::State;
    use crate::disk::testing::source_of;
    let disk = MemDisk::new();
    let store = open(&disk, options(CEILING)).unwrap();
    let record = |name: &str| BlockKey::new(&source_of(State, "b", name), 0);
    assert!(store.fill(&record("a"), bytes(1, 300)).await);
    assert!(store.fill(&record("b"), bytes(1, 300)).await);
    store.forget(&[record("a")]).await.unwrap();
    store.forget(&[record("unknown")]).await.unwrap();
    let cut = disk.copy();
    assert!(store.get(&record("a")).is_none());
    assert!(open(&cut, options(CEILING)).unwrap().get(&record("a")).is_none());
    disk.fail(Strike::Syncs, rustix::io::Errno::IO);
    store.forget(&[record("unknown")]).await.expect("there is nothing to make last");
    assert!(store.remove(&record("b")));
    assert!(store.forget(&[record("b")]).await.is_err(), "its removal is not known to last");
    disk.heal();
    store.forget(&[record("b")]).await.unwrap();
    assert!(open(&disk.copy(), options(CEILING)).unwrap().get(&record("b")).is_none());
}

#[tokio::test]
async fn a_later_releases_index_is_an_error_and_a_stranger_is_left_alone() {
    let disk = MemDisk::new();
    drop(open(&disk, options(CEILING)).unwrap());
    let mut index = disk.bytes("index");
    index[8] = 2;
    let sum = crate::disk::layout::crc(&index[..28]);
    index[28..32].copy_from_slice(&sum.to_le_bytes());
    disk.replace("index", &index);
    assert!(matches!(open(&disk, options(CEILING)), Err(DiskErrorKind::UnknownVersion(2))));
    let disk = MemDisk::new();
    for stranger in ["lock", "notes.txt", "segment-1", "segment-zzzzzzzz"] {
        disk.replace(stranger, b"mine");
    }
    for leftover in ["index.new", "probe", "segment-00000009"] {
        disk.replace(leftover, b"left over");
    }
    drop(open(&disk, options(CEILING)).unwrap());
    assert_eq!(disk.names(), ["index", "lock", "notes.txt", "segment-1", "segment-zzzzzzzz"]);
}

/// A directory with blocks in it, of which some were removed.
async fn used() -> MemDisk {
    let disk = MemDisk::new();
    let store = open(&disk, options(CEILING)).unwrap();
    for name in 0..20_u64 {
        assert!(store.fill(&key(name), bytes(name, 30_000)).await);
    }
    (0..20_u64).step_by(3).for_each(|name| assert!(store.remove(&key(name))));
    store.settle().await;
    drop(store);
    disk
}

#[derive(Debug, Clone)]
enum Damage {
    Flip(prop::sample::Index, u8),
    Cut(prop::sample::Index),
    Zero(prop::sample::Index, u16),
    Swap(prop::sample::Index, prop::sample::Index),
    Noise(Vec<u8>),
    /// A record that is whole and says anything.
    Record(Vec<u8>),
}

fn damage() -> impl Strategy<Value = Damage> {
    let place = any::<prop::sample::Index>;
    prop_oneof![
        (place(), 1..=255_u8).prop_map(|(at, mask)| Damage::Flip(at, mask)),
        place().prop_map(Damage::Cut),
        (place(), any::<u16>()).prop_map(|(at, length)| Damage::Zero(at, length)),
        (place(), place()).prop_map(|(one, other)| Damage::Swap(one, other)),
        proptest::collection::vec(any::<u8>(), 0..200).prop_map(Damage::Noise),
        proptest::collection::vec(any::<u8>(), 28).prop_map(Damage::Record),
    ]
}

impl Damage {
    fn strike(&self, bytes: &mut Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        match self {
            Self::Flip(at, mask) => {
                let at = at.index(bytes.len());
                bytes[at] ^= mask;
            }
            Self::Cut(at) => bytes.truncate(at.index(bytes.len())),
            Self::Zero(at, length) => {
                let at = at.index(bytes.len());
                let end = bytes.len().min(at + usize::from(*length));
                bytes[at..end].fill(0);
            }
            Self::Swap(one, other) => {
                let pages = bytes.len() / 32;
                if pages > 0 {
                    let (one, other) = (one.index(pages) * 32, other.index(pages) * 32);
                    (0..32).for_each(|at| bytes.swap(one + at, other + at));
                }
            }
            Self::Noise(noise) => bytes.extend_from_slice(noise),
            Self::Record(record) => {
                let mut record = record.clone();
                record[0] = record[0] % 3 + 1;
                record[1] %= 4;
                // Most lie in the one segment that there is.
                record[12..16].copy_from_slice(&[1, 0, 0, 0]);
                record[17..20].fill(0);
                record[22..24].fill(0);
                let sum = crate::disk::layout::crc(&record);
                bytes.extend_from_slice(&record);
                bytes.extend_from_slice(&sum.to_le_bytes());
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_damage_is_opened_and_never_gives_wrong_bytes(
        damages in proptest::collection::vec((any::<prop::sample::Index>(), damage()), 1..8),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let disk = used().await;
            let names = disk.names();
            for (file, damage) in &damages {
                // Half of it strikes the index.
                let name = if file.index(2) == 0 { "index" } else { &names[file.index(names.len())] };
                let mut content = disk.bytes(name);
                damage.strike(&mut content);
                disk.replace(name, &content);
            }
            let Ok(store) = open(&disk, options(CEILING)) else { return };
            held(&store, 0..20).await;
            let mut verify = store.verify(None, &crate::disk::testing::budget());
            while verify.next().await.is_some() {}
            for name in 100..110_u64 {
                assert!(store.fill(&key(name), bytes(name, 30_000)).await);
            }
            assert_eq!(held(&store, 100..110).await.len(), 10);
            held(&store, 0..20).await;
        });
    }
}
