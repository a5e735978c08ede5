use types::{BodyErrorKind, ByteRange};

use crate::disk::testing::{
    BLOCK_BYTES, MemDisk, budget, bytes, collected, key, open, options, source, source_of,
};
use crate::disk::{BlockKey, BlockKind, BlockStore, PIECE_BYTES};

const CEILING: u64 = 64 << 20;

fn store() -> BlockStore {
    open(&MemDisk::new(), options(CEILING)).unwrap()
}

fn range(start: u64, end: u64) -> ByteRange {
    ByteRange { start, end }
}

#[tokio::test]
async fn every_range_of_a_block_comes_back_from_memory_and_from_the_device() {
    for disk in [MemDisk::new(), MemDisk::new().without_memory()] {
        let store = open(&disk, options(CEILING)).unwrap();
        let piece = PIECE_BYTES as usize;
        for length in [1, 100, 4096, piece - 1, piece, piece + 1, 5 * piece + 17, BLOCK_BYTES as usize] {
            let (key, data) = (key(length), bytes(length as u64, length));
            assert!(store.fill(&key, data.clone()).await);
            let places = [0, 1, length / 2, length - 1, length, piece.min(length), (piece + 3).min(length)];
            for start in places {
                for end in places.into_iter().filter(|end| *end >= start) {
                    let found = store.get(&key).unwrap().read(range(start as u64, end as u64), &budget());
                    assert!(
                        collected(found).await.unwrap() == data[start..end],
                        "{start}..{end} of {length}"
                    );
                }
            }
        }
    }
}

#[tokio::test]
async fn pieces_come_in_any_order_and_can_be_read_at_once() {
    let store = store();
    let data = bytes(1, 4 * PIECE_BYTES as usize + 100);
    let key = key("a");
    let writing = store.begin(&key, data.len() as u32).await.unwrap();
    let piece = PIECE_BYTES as usize;
    let write = |from: usize, to: usize| {
        writing.write_at(from as u32, bytes::Bytes::copy_from_slice(&data[from..to]))
    };
    write(2 * piece, 3 * piece).await.unwrap();
    write(4 * piece, data.len()).await.unwrap();
    let read = |start: usize, end: usize| collected(writing.read(range(start as u64, end as u64), &budget()));
    assert_eq!(read(2 * piece + 5, 3 * piece - 5).await.unwrap(), data[2 * piece + 5..3 * piece - 5]);
    assert_eq!(read(4 * piece, data.len()).await.unwrap(), data[4 * piece..]);
    assert_eq!(read(0, 10).await, Err(BodyErrorKind::Storage));
    assert!(store.get(&key).is_none());
    assert!(writing.commit().await.is_none(), "not all is written");
    let writing = store.begin(&key, data.len() as u32).await.unwrap();
    let write = |from: usize, to: usize| {
        writing.write_at(from as u32, bytes::Bytes::copy_from_slice(&data[from..to]))
    };
    let written =
        tokio::join!(write(3 * piece, data.len()), write(0, 2 * piece), write(2 * piece, 3 * piece));
    assert_eq!(written, (Ok(()), Ok(()), Ok(())));
    let block = writing.commit().await.unwrap();
    assert_eq!(collected(block.read(range(7, data.len() as u64), &budget())).await.unwrap(), data[7..]);
    assert_eq!(store.bytes_of(&key).await.unwrap().unwrap(), data);
    assert!(writing.commit().await.is_none(), "it is complete already");
}

#[tokio::test]
async fn a_small_block_can_be_read_before_and_after_it_is_complete() {
    let store = store();
    let writing = store.begin(&key("a"), 100).await.unwrap();
    writing.write_at(0, bytes(3, 100).into()).await.unwrap();
    let read = || collected(writing.read(range(10, 90), &budget()));
    assert_eq!(read().await.unwrap(), bytes(3, 100)[10..90]);
    writing.clone().commit().await.unwrap();
    assert_eq!(read().await.unwrap(), bytes(3, 100)[10..90]);
}

#[tokio::test]
async fn what_is_not_whole_pieces_loses_the_block() {
    let store = store();
    let used_bytes = store.stats().used_bytes;
    let length = 2 * PIECE_BYTES + 10;
    for (offset, data_bytes) in [
        (1, PIECE_BYTES),
        (0, PIECE_BYTES - 1),
        (0, length + 1),
        (PIECE_BYTES, PIECE_BYTES + 11),
        (0, 0),
        (u32::MAX, 5),
    ] {
        let writing = store.begin(&key("a"), length).await.unwrap();
        assert!(writing.write_at(offset, bytes(0, data_bytes as usize).into()).await.is_err());
        assert!(writing.commit().await.is_none());
    }
    assert!(store.begin(&key("a"), 0).await.is_none());
    assert!(store.begin(&key("a"), crate::disk::BLOCK_MAX_BYTES + 1).await.is_none());
    store.settle().await;
    assert_eq!(store.stats().used_bytes, used_bytes, "all room was given back");
}

#[tokio::test]
async fn a_block_is_replaced_and_removed_for_readers_at_once() {
    let store = store();
    let key = key("a");
    assert!(store.fill(&key, bytes(1, 300_000)).await);
    let held = store.get(&key).unwrap();
    assert!(store.fill(&key, bytes(2, 10)).await);
    assert_eq!(store.bytes_of(&key).await.unwrap().unwrap(), bytes(2, 10));
    store.settle().await;
    let late = collected(held.read(range(0, 300_000), &budget())).await;
    assert_eq!(late, Err(BodyErrorKind::Storage), "it gave way, and no wrong byte is read");
    assert!(store.remove(&key));
    assert!(!store.remove(&key));
    assert!(store.get(&key).is_none() && !store.contains(&key));
    store.settle().await;
    let stats = store.stats();
    assert_eq!((stats.entries, stats.bytes, stats.counters.bad_blocks.get()), (0, 0, 0));
}

#[tokio::test]
async fn all_blocks_of_a_source_go_together() {
    let store = store();
    let (mine, other) = (source("mine"), source("other"));
    for number in 0..5 {
        assert!(store.fill(&BlockKey::new(&mine, number), bytes(1, 1000)).await);
        assert!(store.fill(&BlockKey::new(&other, number), bytes(1, 1000)).await);
    }
    let size_bytes = 4 * u64::from(BLOCK_BYTES) + 1000;
    assert_eq!(store.remove_source(&mine, size_bytes), 5);
    assert_eq!(store.remove_source(&mine, size_bytes), 0);
    assert!((0..5).all(|number| store.contains(&BlockKey::new(&other, number))));
}

#[tokio::test]
async fn a_damaged_block_is_dropped_counted_and_missed() {
    let disk = MemDisk::new();
    let store = open(&disk, options(CEILING)).unwrap();
    let data = bytes(1, 3 * PIECE_BYTES as usize);
    assert!(store.fill(&key("a"), data.clone()).await);
    let name = disk.names().into_iter().find(|name| name.starts_with("segment")).unwrap();
    drop(store);
    let mut found = disk.bytes(&name);
    found[2 * PIECE_BYTES as usize + 9] ^= 1;
    disk.replace(&name, &found);
    let store = open(&disk, options(CEILING)).unwrap();
    let block = store.get(&key("a")).unwrap();
    let whole_pieces = 2 * u64::from(PIECE_BYTES);
    assert_eq!(
        collected(block.read(range(0, whole_pieces), &budget())).await.unwrap(),
        data[..whole_pieces as usize],
        "what is whole is served"
    );
    let bad = collected(block.read(range(whole_pieces, whole_pieces + 1), &budget())).await;
    assert_eq!(bad, Err(BodyErrorKind::Corrupt));
    assert!(store.get(&key("a")).is_none());
    assert_eq!(store.stats().counters.bad_blocks.get(), 1);
    assert!(store.fill(&key("a"), data.clone()).await);
    assert_eq!(store.bytes_of(&key("a")).await.unwrap().unwrap(), data);
}

#[tokio::test]
async fn one_content_is_kept_once_under_many_names() {
    let store = store();
    let (first, second) =
        (source_of(BlockKind::Content, "b1", "k1"), source_of(BlockKind::Content, "b2", "k2"));
    assert!(store.fill(&BlockKey::new(&first, 0), bytes(1, 1000)).await);
    assert_eq!(store.bytes_of(&BlockKey::new(&second, 0)).await.unwrap().unwrap(), bytes(1, 1000));
    assert_eq!(store.stats().entries, 1);
}

#[tokio::test]
async fn hits_and_misses_are_counted_by_caller() {
    let store = store();
    let (near, far) = (store.for_caller("near"), store.for_caller("far"));
    assert!(near.fill(&key("a"), bytes(1, 1000)).await);
    near.bytes_of(&key("a")).await.unwrap().unwrap();
    store.for_caller("near").bytes_of(&key("a")).await.unwrap().unwrap();
    assert!(far.get(&key("b")).is_none());
    assert!(far.contains(&key("a")));
    let counted: Vec<_> = store
        .stats()
        .callers
        .iter()
        .map(|(name, counted)| {
            (name.to_string(), counted.hits.get(), counted.misses.get(), counted.bytes_read.get())
        })
        .collect();
    assert_eq!(counted, [("near".to_owned(), 2, 0, 2000), ("far".to_owned(), 0, 1, 0)]);
}

#[tokio::test]
async fn a_dropped_writing_gives_its_room_back() {
    let disk = MemDisk::new();
    let store = open(&disk, options(CEILING)).unwrap();
    let (before, used_bytes) = (disk.allocated_bytes(), store.stats().used_bytes);
    for number in 0..20 {
        let writing = store.begin(&key(number), BLOCK_BYTES).await.unwrap();
        writing.write_at(0, bytes(1, 512 << 10).into()).await.unwrap();
    }
    store.settle().await;
    assert_eq!(store.stats().used_bytes, used_bytes);
    assert!(disk.allocated_bytes() <= before + 4096);
}

#[tokio::test]
async fn a_read_outside_of_a_block_fails() {
    let store = store();
    assert!(store.fill(&key("a"), bytes(1, 1000)).await);
    let read = |start, end| collected(store.get(&key("a")).unwrap().read(range(start, end), &budget()));
    assert_eq!(read(0, 1001).await, Err(BodyErrorKind::Storage));
    assert_eq!(read(5000, 6000).await, Err(BodyErrorKind::Storage));
    assert_eq!(read(1000, 1000).await, Ok(Vec::new()));
    assert!(store.contains(&key("a")));
}
