use std::io::IoSlice;
use std::time::{Duration, Instant};

use crate::disk::fs::{Directory, OsDirectory};
use crate::disk::index::QueueName;
use crate::disk::layout::{Extent, PAGE_BYTES, Place};
use crate::disk::record::{Header, Kept, Record};
use crate::disk::testing::{budget, bytes, key, options, source};
use crate::disk::{BlockKey, BlockStore, DiskOptions};

const BLOCKS: u32 = 1_000_000;
const SEGMENTS: u32 = 64;
/// The promise is two seconds in a release; code that is not optimised and a busy machine take longer.
const BOUND: Duration = Duration::from_secs(if cfg!(debug_assertions) { 30 } else { 2 });
const MEMORY_MAX_BYTES: u64 = 64;

/// A directory with an index of a million blocks. The segments are holes: no block is looked at.
fn make(directory: &OsDirectory) {
    let per_segment = BLOCKS / SEGMENTS;
    for segment in 1..=SEGMENTS {
        let file = directory.create(&format!("segment-{segment:08x}")).unwrap();
        file.truncate(u64::from(per_segment) * PAGE_BYTES).unwrap();
    }
    let mut index = Header::encode().to_vec();
    for number in 0..BLOCKS {
        let place = Place { segment: 1 + number / per_segment, page: number % per_segment };
        let extent = Extent { place, length: 3000, footer: 200 };
        let hash = u64::from(number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let kept = Kept { hash, scope: 0, extent, is_state: false };
        index.extend_from_slice(&Record::Insert(kept, QueueName::Small).encode());
    }
    directory.create("index").unwrap().write_at(0, &[IoSlice::new(&index)]).unwrap();
}

fn opened() -> (Duration, BlockStore, tempfile::TempDir) {
    let temporary = tempfile::tempdir().unwrap();
    make(&OsDirectory::unheld(temporary.path()).unwrap());
    let options = DiskOptions { ceiling_bytes: 64 << 30, ..options(64 << 30) };
    let begun = Instant::now();
    let store = BlockStore::open(temporary.path(), options).unwrap();
    (begun.elapsed(), store, temporary)
}

#[test]
fn a_million_blocks_are_known_again_at_once() {
    let (took, store, _directory) = opened();
    let stats = store.stats();
    assert_eq!(stats.entries, u64::from(BLOCKS));
    assert!(stats.index_memory_bytes <= MEMORY_MAX_BYTES * stats.entries, "{}", stats.index_memory_bytes);
    assert!(took <= BOUND, "{took:?}");
}

#[test]
#[ignore = "prints a figure: cargo test --release -p cache -- --ignored --nocapture a_million"]
#[allow(clippy::print_stdout, reason = "the figure is what it is for")]
fn a_million_blocks_take_so_long() {
    let (took, store, _directory) = opened();
    let bytes = store.stats().index_memory_bytes;
    println!("{BLOCKS} blocks known in {took:?}, {} bytes of memory each", bytes / u64::from(BLOCKS));
}

#[tokio::test]
#[ignore = "prints figures: cargo test --release -p cache -- --ignored --nocapture --test-threads=1 reading_takes"]
#[allow(clippy::print_stdout, reason = "the figures are what it is for")]
async fn reading_takes_so_long() {
    const ROUNDS: u32 = 30;
    const SMALL_ROUNDS: u32 = 200_000;
    let temporary = tempfile::tempdir().unwrap();
    let store = BlockStore::open(temporary.path(), options(1 << 30)).unwrap();
    let budget = budget();
    let keys: Vec<_> = (0..8).map(|number| BlockKey::new(&source("large"), number)).collect();
    for key in &keys {
        assert!(store.fill(key, bytes(1, 8 << 20)).await);
    }
    let begun = Instant::now();
    for _ in 0..ROUNDS {
        for key in &keys {
            read_all(&store, key, &budget).await;
        }
    }
    let seconds = begun.elapsed().as_secs_f64() / f64::from(ROUNDS);
    let inline = store.stats().counters.reads_inline.get();
    println!("64 MiB: {:.2} ms, {:.1} GB/s, {inline} reads inline", seconds * 1e3, 0.067_108_864 / seconds);
    let small = key("small");
    assert!(store.fill(&small, bytes(1, 4096)).await);
    let begun = Instant::now();
    for _ in 0..SMALL_ROUNDS {
        read_all(&store, &small, &budget).await;
    }
    println!("4 KiB: {:.2} us", begun.elapsed().as_secs_f64() / f64::from(SMALL_ROUNDS) * 1e6);
    let begun = Instant::now();
    for name in 0..10_000_u64 {
        assert!(store.fill(&key(name), bytes(name, 4096)).await);
    }
    println!("4 KiB fills: {:.1} us", begun.elapsed().as_secs_f64() / 1e4 * 1e6);
    let block = bytes::Bytes::from(bytes(7, 8 << 20));
    let begun = Instant::now();
    for number in 0..200 {
        let writing = store.begin(&BlockKey::new(&source("filled"), number), 8 << 20).await.unwrap();
        for offset in (0..8 << 20).step_by(256 << 10) {
            writing
                .write_at(offset, block.slice(offset as usize..offset as usize + (256 << 10)))
                .await
                .unwrap();
        }
        assert!(writing.commit().await.is_some());
    }
    let seconds = begun.elapsed().as_secs_f64();
    println!("8 MiB fills by 256 KiB, evicting: {:.2} GB/s", 200.0 * 0.008_388_608 / seconds);
}

async fn read_all(store: &BlockStore, key: &BlockKey, budget: &types::Budget) {
    let block = store.get(key).unwrap();
    let mut body = block.read(types::ByteRange::whole(block.length_bytes().into()), budget);
    while let Some(frame) = body.next_frame().await {
        frame.unwrap();
    }
}
