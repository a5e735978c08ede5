//! The power goes: what was not made to last is there or not, page by page and name by name.

use std::collections::BTreeSet;

use proptest::prelude::*;
use sim::SimRandom;

use crate::disk::testing::{MemDisk, bytes, key, open, options, source_of};
use crate::disk::{BlockKey, BlockKind, BlockStore};

const CEILING: u64 = 2 << 20;

fn record(name: u64) -> BlockKey {
    BlockKey::new(&source_of(BlockKind::State, "b", &name.to_string()), 0)
}

#[derive(Debug, Clone)]
enum Act {
    Fill(u64, usize),
    Note(u64),
    Forget(u64),
    Remove(u64),
    Rewrite,
    Settle,
    Cut(u64),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        6 => (0..20_u64, 1..150_000_usize).prop_map(|(name, length)| Act::Fill(name, length)),
        4 => (0..10_u64).prop_map(Act::Note),
        3 => (0..10_u64).prop_map(Act::Forget),
        2 => (0..10_u64).prop_map(Act::Remove),
        1 => Just(Act::Rewrite),
        1 => Just(Act::Settle),
        2 => any::<u64>().prop_map(Act::Cut),
    ];
    proptest::collection::vec(act, 1..80)
}

async fn never_wrong(store: &BlockStore) {
    for name in 0..20_u64 {
        if let Some(Ok(found)) = store.bytes_of(&key(name)).await {
            assert!(found == bytes(name, found.len()), "wrong bytes in {name}");
        }
    }
}

async fn run(acts: Vec<Act>) {
    let mut disk = MemDisk::new();
    let mut store = open(&disk, options(CEILING)).unwrap();
    let mut forgotten = BTreeSet::new();
    for act in acts {
        match act {
            Act::Fill(name, length) => {
                store.fill(&key(name), bytes(name, length)).await;
            }
            Act::Note(name) => {
                forgotten.remove(&name);
                store.fill(&record(name), bytes(name, 300)).await;
            }
            Act::Forget(name) => {
                store.forget(&[record(name)]).await.unwrap();
                forgotten.insert(name);
            }
            Act::Remove(name) => {
                store.remove(&record(name));
            }
            Act::Rewrite => store.shared.rewrite_index().unwrap(),
            Act::Settle => store.settle().await,
            Act::Cut(seed) => {
                disk = disk.after_power_cut(&SimRandom::new(seed));
                store = open(&disk, options(CEILING)).unwrap();
                never_wrong(&store).await;
            }
        }
        let back = forgotten.iter().find(|name| store.contains(&record(**name)));
        assert_eq!(back, None, "it was forgotten and came back");
    }
    never_wrong(&store).await;
    assert!(disk.peak_bytes() <= CEILING);
}

/// The record is written, but not its length; then a shorter index grows over it, and only that lasts.
#[tokio::test]
async fn a_record_behind_the_end_of_the_index_does_not_come_back_with_it() {
    let (cut, again) = (5_897_475_063_826_698_162, 10_034_858_891_643_039_794);
    run(vec![Act::Note(4), Act::Cut(cut), Act::Fill(0, 295), Act::Forget(4), Act::Cut(again)]).await;
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_power_cut_gives_no_wrong_bytes_and_nothing_back_that_was_forgotten(acts in acts()) {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(run(acts));
    }
}
