use std::sync::atomic::Ordering;
use std::time::Duration;

use rustix::io::Errno;
use sim::SimClock;
use types::BodyErrorKind;

use crate::disk::testing::{MemDisk, Strike, bytes, clock, key, open, options, options_by};
use crate::disk::{BlockStore, Condition, DiskErrorKind};

const CEILING: u64 = 8 << 20;
/// How often a directory that is well again may be found to be not.
const PROBES: usize = 3;

/// Lets pauses pass until a probe finds the directory well.
async fn recovered(store: &BlockStore, clock: &SimClock) {
    for _ in 0..PROBES {
        clock.advance(Duration::from_secs(61));
        assert!(store.get(&key("asks")).is_none());
        let _ = store.begin(&key("asks"), 1).await;
        while store.shared.is_probing.load(Ordering::Acquire) {
            tokio::task::spawn_blocking(|| {}).await.unwrap();
        }
        if store.condition() == Condition::Open {
            return;
        }
    }
    panic!("the directory is {:?} still", store.condition());
}

#[tokio::test]
async fn a_device_that_refuses_writes_serves_what_is_there_and_recovers() {
    for (errno, condition) in [(Errno::NOSPC, Condition::Full), (Errno::ROFS, Condition::ReadOnly)] {
        let (disk, clock) = (MemDisk::new(), clock());
        let store = open(&disk, options_by(CEILING, clock.clone())).unwrap();
        assert!(store.fill(&key("before"), bytes(1, 100_000)).await);
        disk.fail(Strike::Writes, errno);
        assert!(!store.fill(&key("after"), bytes(2, 300_000)).await);
        assert_eq!(store.condition(), condition);
        assert!(store.begin(&key("after"), 10).await.is_none());
        assert_eq!(store.bytes_of(&key("before")).await.unwrap().unwrap(), bytes(1, 100_000));
        clock.advance(Duration::from_secs(2));
        assert!(store.begin(&key("after"), 10).await.is_none(), "the call that asks is refused still");
        store.settle().await;
        assert_eq!(store.condition(), condition);
        disk.heal();
        recovered(&store, &clock).await;
        assert!(store.fill(&key("after"), bytes(2, 300_000)).await);
        assert_eq!(store.stats().counters.recoveries.get(), 1);
        assert!(store.stats().counters.device_failures.get() >= 1);
        assert!(store.stats().counters.refused_fills.get() >= 3);
        let again = open(&disk.copy(), options(CEILING)).unwrap();
        assert_eq!(again.bytes_of(&key("after")).await.unwrap().unwrap(), bytes(2, 300_000));
        assert_eq!(again.bytes_of(&key("before")).await.unwrap().unwrap(), bytes(1, 100_000));
    }
}

#[tokio::test]
async fn a_device_that_fails_reads_is_passed_by_until_it_is_well() {
    let (disk, clock) = (MemDisk::new(), clock());
    let store = open(&disk, options_by(CEILING, clock.clone())).unwrap();
    assert!(store.fill(&key("a"), bytes(1, 100_000)).await);
    assert!(store.fill(&key("b"), bytes(2, 100_000)).await);
    disk.fail(Strike::Reads, Errno::IO);
    assert_eq!(store.bytes_of(&key("a")).await, Some(Err(BodyErrorKind::Storage)));
    assert_eq!(store.condition(), Condition::Failing);
    assert!(store.get(&key("b")).is_none() && !store.contains(&key("b")));
    assert!(store.begin(&key("c"), 10).await.is_none());
    clock.advance(Duration::from_secs(5));
    assert!(store.get(&key("b")).is_none());
    store.settle().await;
    disk.heal();
    recovered(&store, &clock).await;
    assert_eq!(store.bytes_of(&key("b")).await.unwrap().unwrap(), bytes(2, 100_000));
    assert!(store.get(&key("a")).is_none(), "what could not be read was dropped");
}

#[tokio::test]
async fn a_torn_write_loses_the_block_and_nothing_else() {
    let (disk, clock) = (MemDisk::new(), clock());
    let store = open(&disk, options_by(CEILING, clock.clone())).unwrap();
    assert!(store.fill(&key("a"), bytes(1, 100_000)).await);
    disk.fail(Strike::TornWrites, Errno::NOSPC);
    assert!(!store.fill(&key("b"), bytes(2, 100_000)).await);
    assert!(!store.contains(&key("b")));
    disk.heal();
    recovered(&store, &clock).await;
    assert!(store.fill(&key("b"), bytes(2, 100_000)).await);
    store.settle().await;
    let again = open(&disk.copy(), options(CEILING)).unwrap();
    for (name, seed) in [("a", 1), ("b", 2)] {
        assert_eq!(again.bytes_of(&key(name)).await.unwrap().unwrap(), bytes(seed, 100_000));
    }
}

#[tokio::test]
async fn a_record_that_is_not_written_is_made_up_for_when_the_device_is_well() {
    let (disk, clock) = (MemDisk::new(), clock());
    let store = open(&disk, options_by(CEILING, clock.clone())).unwrap();
    let writing = store.begin(&key("a"), 100_000).await.unwrap();
    writing.write_at(0, bytes(1, 100_000).into()).await.unwrap();
    // The footer is written, the record is not.
    disk.end_after(2);
    let committed = writing.commit().await;
    assert!(committed.is_some());
    assert_eq!(store.condition(), Condition::Failing);
    disk.heal();
    recovered(&store, &clock).await;
    let again = open(&disk.copy(), options(CEILING)).unwrap();
    assert_eq!(again.bytes_of(&key("a")).await.unwrap().unwrap(), bytes(1, 100_000));
}

#[tokio::test]
async fn a_full_device_is_opened_and_a_broken_one_is_not() {
    let (disk, clock) = (MemDisk::new(), clock());
    disk.fail(Strike::Writes, Errno::NOSPC);
    let store = open(&disk, options_by(CEILING, clock.clone())).unwrap();
    assert_eq!(store.condition(), Condition::Full);
    assert!(store.begin(&key("a"), 10).await.is_none());
    disk.heal();
    recovered(&store, &clock).await;
    assert!(store.fill(&key("a"), bytes(1, 10)).await);
    let broken = MemDisk::new();
    broken.fail(Strike::Writes, Errno::ROFS);
    assert!(matches!(open(&broken, options(CEILING)), Err(DiskErrorKind::Unusable(_))));
}

#[test]
fn a_directory_is_used_by_one_store_at_a_time() {
    let temporary = tempfile::tempdir().unwrap();
    let store = BlockStore::open(temporary.path(), options(CEILING)).unwrap();
    let second = BlockStore::open(temporary.path(), options(CEILING));
    assert!(matches!(second.map(drop).unwrap_err().kind, DiskErrorKind::InUse));
    drop(store);
    drop(BlockStore::open(temporary.path(), options(CEILING)).unwrap());
}
