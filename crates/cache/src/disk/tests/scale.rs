use std::io::IoSlice;
use std::time::{Duration, Instant};

use crate::disk::fs::{Directory, OsDirectory};
use crate::disk::index::QueueName;
use crate::disk::layout::{Extent, PAGE_BYTES, Place};
use crate::disk::record::{Header, Kept, Record};
use crate::disk::testing::options;
use crate::disk::{BlockStore, DiskOptions};

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
