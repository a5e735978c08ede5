//! Many who use one directory at a time.

use std::task::{Context, Waker};
use std::{os::unix::fs::MetadataExt, pin::pin};

use types::{Budget, ByteRange};

use crate::disk::testing::{BLOCK_BYTES, MemDisk, bytes, key, open, options};
use crate::disk::{BlockStore, DiskOptions, Watermarks};

/// What a task does with names that others use too; the bytes of a name are always the same.
async fn work(store: BlockStore, seed: u64) {
    for step in 0..150_u64 {
        let name = (seed * 31 + step * 17) % 60;
        let data = bytes(name, 1 + (name as usize * 9_973) % 300_000);
        match (seed + step) % 5 {
            0 => drop(store.remove(&key(name))),
            1 | 2 => drop(store.fill(&key(name), data).await),
            _ => {
                if let Some(Ok(found)) = store.bytes_of(&key(name)).await {
                    assert!(found == data, "wrong bytes in {name}");
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fills_reads_and_removals_side_by_side_never_give_wrong_bytes() {
    let temporary = tempfile::tempdir().unwrap();
    let ceiling_bytes = 3 << 20;
    let free = Watermarks { low_bytes: 0, high_bytes: 0 };
    let store = BlockStore::open(temporary.path(), DiskOptions { free, ..options(ceiling_bytes) }).unwrap();
    let tasks: Vec<_> = (0..8).map(|seed| tokio::spawn(work(store.clone(), seed))).collect();
    while tasks.iter().any(|task| !task.is_finished()) {
        let files = std::fs::read_dir(temporary.path()).unwrap();
        let allocated: u64 = files.filter_map(|file| Some(file.ok()?.metadata().ok()?.blocks() * 512)).sum();
        assert!(allocated <= ceiling_bytes, "{allocated}");
        tokio::task::yield_now().await;
    }
    for task in tasks {
        task.await.unwrap();
    }
    store.settle().await;
    let stats = store.stats();
    assert_eq!(stats.counters.bad_blocks.get(), 0, "{stats:?}");
    assert!(stats.counters.evictions.get() > 0 && stats.counters.device_failures.get() == 0);
    let mut verify = store.verify(None, &Budget::new(1 << 20));
    let mut last = None;
    while let Some(progress) = verify.next().await {
        last = Some(progress);
    }
    assert_eq!(last.map(|last| (last.bad, last.done)), Some((0, stats.entries)));
}

#[tokio::test]
async fn readers_share_a_small_budget() {
    let store = open(&MemDisk::new().without_memory(), options(64 << 20)).unwrap();
    let data = bytes(5, BLOCK_BYTES as usize);
    assert!(store.fill(&key("a"), data.clone()).await);
    let budget = Budget::new(1 << 20);
    // Each copies its frames out before it asks for the next, as one that sends them does.
    let readers: Vec<_> = (0..20).map(|_| tokio::spawn(stream(store.clone(), budget.clone()))).collect();
    for reader in readers {
        assert!(reader.await.unwrap() == data);
    }
    assert_eq!(budget.used_bytes(), 0);
}

async fn stream(store: BlockStore, budget: Budget) -> Vec<u8> {
    let mut body = store.get(&key("a")).unwrap().read(ByteRange::whole(BLOCK_BYTES.into()), &budget);
    let mut found = Vec::new();
    while let Some(frame) = body.next_frame().await {
        if let types::Frame::Data(data) = frame.unwrap() {
            found.extend_from_slice(&data);
        }
    }
    found
}

#[tokio::test]
async fn room_that_is_waited_for_and_not_wanted_any_more_is_given_back() {
    let store = open(&MemDisk::new(), options(2 << 20)).unwrap();
    for name in 0..10 {
        assert!(store.fill(&key(name), bytes(name, 180_000)).await);
    }
    for name in 20..40 {
        let asked = key(name);
        let mut begun = pin!(store.begin(&asked, 500_000));
        // It is under way on another thread, or there already.
        let _ = begun.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    }
    while store.begin(&key("last"), 1_000_000).await.is_none() {
        tokio::task::yield_now().await;
    }
}
