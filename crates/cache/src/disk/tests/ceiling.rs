use std::os::unix::fs::MetadataExt;
use std::path::Path;

use proptest::prelude::*;

use crate::disk::segments::SEGMENTS_MAX;
use crate::disk::testing::{MemDisk, bytes, clock, key, open, options, options_by};
use crate::disk::{BlockStore, CEILING_MIN_BYTES, Condition, DiskErrorKind, DiskOptions, Watermarks};

/// Bytes that all files of a directory take.
fn allocated_bytes(directory: &Path) -> u64 {
    let files = std::fs::read_dir(directory).unwrap();
    // One may go between the look at its name and the look at its size.
    files.filter_map(|file| Some(file.ok()?.metadata().ok()?.blocks() * 512)).sum()
}

#[tokio::test]
async fn a_device_never_holds_more_than_the_ceiling() {
    let temporary = tempfile::tempdir().unwrap();
    let ceiling_bytes = 4 << 20;
    let free = Watermarks { low_bytes: 0, high_bytes: 0 };
    let store = BlockStore::open(temporary.path(), DiskOptions { free, ..options(ceiling_bytes) }).unwrap();
    for round in 0..600_u64 {
        let length = 1 + (round * 7919) % 300_000;
        store.fill(&key(round), bytes(round, length as usize)).await;
        if round % 3 == 0 {
            store.bytes_of(&key(round / 2)).await;
        }
        let allocated = allocated_bytes(temporary.path());
        assert!(allocated <= ceiling_bytes, "{allocated} in round {round}");
    }
    let stats = store.stats();
    assert!(stats.counters.evictions.get() > 100, "{:?}", stats.counters);
    assert!(stats.bytes > ceiling_bytes / 2, "most of the ceiling is used: {}", stats.bytes);
}

#[tokio::test]
async fn many_small_blocks_with_holes_between_stay_below_the_ceiling() {
    let temporary = tempfile::tempdir().unwrap();
    let ceiling_bytes = 8 << 20;
    let free = Watermarks { low_bytes: 0, high_bytes: 0 };
    let store = BlockStore::open(temporary.path(), DiskOptions { free, ..options(ceiling_bytes) }).unwrap();
    for round in 0..4000_u64 {
        assert!(store.fill(&key(round), bytes(round, 3000)).await);
        if round % 2 == 0 {
            store.remove(&key(round));
        }
        if round % 100 == 0 {
            let allocated = allocated_bytes(temporary.path());
            assert!(allocated <= ceiling_bytes, "{allocated} in round {round}");
        }
    }
    store.settle().await;
    assert!(allocated_bytes(temporary.path()) <= ceiling_bytes);
}

#[tokio::test]
async fn a_pass_over_a_cold_set_leaves_what_is_hot() {
    let store = open(&MemDisk::new(), options(16 << 20)).unwrap();
    let hot = 0..60_u64;
    for name in hot.clone() {
        assert!(store.fill(&key(name), bytes(name, 100_000)).await);
    }
    for _ in 0..3 {
        for name in hot.clone() {
            store.bytes_of(&key(name)).await.unwrap().unwrap();
        }
    }
    for cold in 1000..3000_u64 {
        assert!(store.fill(&key(cold), bytes(cold, 100_000)).await);
        store.bytes_of(&key(cold)).await.unwrap().unwrap();
    }
    let kept = hot.clone().filter(|name| store.contains(&key(name))).count();
    assert_eq!(kept, hot.count(), "of hot blocks after 200 MB of cold ones through 16 MiB");
}

#[tokio::test]
async fn without_holes_whole_segments_go_and_the_ceiling_holds() {
    let disk = MemDisk::new().without_holes();
    let ceiling_bytes = 8 << 20;
    let store = open(&disk, options(ceiling_bytes)).unwrap();
    for round in 0..1000_u64 {
        assert!(store.fill(&key(round), bytes(round, 50_000)).await, "round {round}");
        assert!(disk.allocated_bytes() <= ceiling_bytes);
    }
    assert!(disk.peak_bytes() <= ceiling_bytes, "{}", disk.peak_bytes());
    assert_eq!(store.bytes_of(&key(999)).await.unwrap().unwrap(), bytes(999, 50_000));
    assert!(store.stats().entries > 40, "{}", store.stats().entries);
}

#[tokio::test]
async fn segments_of_few_blocks_are_given_up_before_there_are_too_many() {
    let disk = MemDisk::new();
    let store = open(&disk, options(4 << 20)).unwrap();
    for round in 0..400_u64 {
        assert!(store.fill(&key(format!("hot{round}")), bytes(round, 1000)).await);
        for _ in 0..3 {
            store.bytes_of(&key(format!("hot{round}"))).await.unwrap().unwrap();
        }
        assert!(store.fill(&key(round), bytes(round, 60_000)).await);
        let segments = disk.names().iter().filter(|name| name.starts_with("segment-")).count();
        assert!(segments <= SEGMENTS_MAX, "{segments} in round {round}");
    }
    let hot = (0..400_u64).filter(|round| store.contains(&key(format!("hot{round}")))).count();
    assert!(hot >= 200, "{hot}");
    assert!(disk.peak_bytes() <= 4 << 20);
}

#[tokio::test]
async fn a_lower_ceiling_holds_from_the_start_on() {
    let disk = MemDisk::new();
    let store = open(&disk, options(32 << 20)).unwrap();
    for name in 0..100_u64 {
        assert!(store.fill(&key(name), bytes(name, 250_000)).await);
    }
    drop(store);
    assert!(disk.allocated_bytes() > 20 << 20);
    let store = open(&disk, options(4 << 20)).unwrap();
    assert!(disk.allocated_bytes() <= 4 << 20, "{}", disk.allocated_bytes());
    assert!(store.contains(&key(99)));
    assert!(matches!(open(&disk, options(CEILING_MIN_BYTES - 1)), Err(DiskErrorKind::CeilingTooLow)));
}

#[tokio::test]
async fn what_is_being_written_counts_and_what_never_fits_is_refused() {
    for disk in [MemDisk::new(), MemDisk::new().without_holes()] {
        being_written(&disk).await;
    }
}

async fn being_written(disk: &MemDisk) {
    let store = open(disk, options(4 << 20)).unwrap();
    assert!(store.fill(&key("first"), bytes(1, 300_000)).await);
    let mut writings = Vec::new();
    while let Some(writing) = store.begin(&key(writings.len()), 300_000).await {
        writings.push(writing);
        assert!(writings.len() < 14, "more than fits");
    }
    assert!(writings.len() >= 11, "{}", writings.len());
    assert!(store.begin(&key("large"), 5 << 20).await.is_none());
    assert_eq!(store.stats().counters.refused_fills.get(), 2);
    assert_eq!(store.condition(), Condition::Open);
    writings.clear();
    assert!(store.begin(&key("again"), 300_000).await.is_some());
}

#[tokio::test]
async fn the_file_systems_low_water_evicts_then_refuses_and_recovers() {
    let disk = MemDisk::new();
    let clock = clock();
    let store = open(&disk, options_by(16 << 20, clock.clone())).unwrap();
    disk.set_free_bytes(6 << 20);
    store.settle().await;
    for name in 0..40_u64 {
        assert!(store.fill(&key(name), bytes(name, 200_000)).await, "{name}");
        // With 1 MiB to be left free, and a look at it after each 16 MiB.
        assert!(disk.allocated_bytes() <= 6 << 20);
        store.settle().await;
    }
    assert!(store.stats().counters.evictions.get() > 5);
    assert!(disk.allocated_bytes() <= 5 << 20);
    // Others fill the device while nothing is fetched.
    disk.set_free_bytes(3 << 20);
    store.tend().await;
    assert!(disk.allocated_bytes() <= 1 << 20, "{}", disk.allocated_bytes());
    disk.set_free_bytes(disk.allocated_bytes() + (100 << 10));
    store.settle().await;
    // Others take what is given back.
    disk.set_free_bytes(disk.allocated_bytes() + (100 << 10));
    store.settle().await;
    disk.set_free_bytes(100 << 10);
    store.settle().await;
    assert!(!store.fill(&key("more"), bytes(1, 200_000)).await);
    assert_eq!(store.condition(), Condition::Full);
    disk.set_free_bytes(50 << 20);
    assert!(!store.fill(&key("more"), bytes(1, 200_000)).await, "not before the pause is over");
    while store.condition() != Condition::Open {
        clock.advance(std::time::Duration::from_secs(120));
        let _asks = store.begin(&key("more"), 1).await;
        tokio::task::yield_now().await;
    }
    assert!(store.fill(&key("more"), bytes(1, 200_000)).await);
    assert_eq!(store.stats().counters.recoveries.get(), 1);
}

#[derive(Debug, Clone)]
enum Act {
    Fill(u8, u32),
    Abort(u8, u32),
    Read(u8),
    Remove(u8),
    Reopen,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let length = prop_oneof![1..10_000_u32, 1..200_000_u32, 100_000..700_000_u32];
    let act = prop_oneof![
        8 => (any::<u8>(), length.clone()).prop_map(|(name, length)| Act::Fill(name, length)),
        1 => (any::<u8>(), length).prop_map(|(name, length)| Act::Abort(name, length)),
        3 => any::<u8>().prop_map(Act::Read),
        1 => any::<u8>().prop_map(Act::Remove),
        1 => Just(Act::Reopen),
    ];
    proptest::collection::vec(act, 1..120)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn no_call_ever_takes_more_than_the_ceiling(acts in acts(), with_holes: bool, mebibytes in 1..6_u64) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let disk = if with_holes { MemDisk::new() } else { MemDisk::new().without_holes() };
            let mut store = open(&disk, options(mebibytes << 20)).unwrap();
            for act in acts {
                match act {
                    Act::Fill(name, length) => drop(store.fill(&key(name), bytes(name.into(), length as usize)).await),
                    Act::Abort(name, length) => drop(store.begin(&key(name), length).await),
                    Act::Read(name) => drop(store.bytes_of(&key(name)).await),
                    Act::Remove(name) => drop(store.remove(&key(name))),
                    Act::Reopen => {
                        store.settle().await;
                        drop(store);
                        store = open(&disk, options(mebibytes << 20)).unwrap();
                    }
                }
            }
            assert!(disk.peak_bytes() <= mebibytes << 20, "{} of {mebibytes} MiB", disk.peak_bytes());
        });
    }
}
