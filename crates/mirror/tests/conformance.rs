//! The suite of all stores, on mirrors of native stores in memory.

#![allow(clippy::unwrap_used, reason = "a world that cannot be made is a failed test")]

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use blob::MemoryBlobs;
use conformance::store::StoreWorld;
use conformance::store_suite;
use meta::MemoryMeta;
use mirror::{Mirror, MirrorOptions, ReadPolicy, Target, WritePolicy};
use native::{NativeOptions, NativeStore};
use sim::SimRandom;
use store::SharedStore;
use types::{Ceiling, SystemClock};

/// Small parts, so that cases with many of them stay quick.
const PART_MIN_BYTES: u64 = 1024;

/// Targets and a journal in memory; opened again, the mirror finds both.
struct World {
    targets: Vec<(MemoryMeta, MemoryBlobs)>,
    journal: MemoryMeta,
    write: WritePolicy,
    read: ReadPolicy,
}

impl World {
    fn of(targets: usize, write: WritePolicy, read: ReadPolicy) -> Self {
        let target = |_| (MemoryMeta::default(), MemoryBlobs::new(Ceiling::unlimited()));
        Self { targets: (0..targets).map(target).collect(), journal: MemoryMeta::default(), write, read }
    }

    fn target(&self, place: usize) -> Target {
        let (meta, blobs) = self.targets[place].clone();
        let options = NativeOptions {
            part_min_bytes: PART_MIN_BYTES,
            ..NativeOptions::new(Arc::new(SimRandom::new(place as u64)))
        };
        let store = NativeStore::new(Arc::new(meta), Arc::new(blobs), options);
        let collector = store.clone();
        tokio::spawn(async move { collector.run_collector(std::future::pending()).await });
        Target { name: format!("target-{place}").into(), store: Arc::new(store) }
    }
}

#[async_trait]
impl StoreWorld for World {
    async fn open(&self) -> SharedStore {
        let options = MirrorOptions {
            name: "mirror".into(),
            targets: (0..self.targets.len()).map(|place| self.target(place)).collect(),
            write: self.write,
            read: self.read,
            hedge: Some(Duration::from_secs(1)),
            budget: types::Budget::new(64 * types::FRAME_MAX_BYTES),
            journal: Arc::new(self.journal.clone()),
            clock: Arc::new(SystemClock),
            random: Arc::new(SimRandom::new(99)),
        };
        let mirror = Mirror::open(options).await.unwrap();
        let worker = mirror.clone();
        tokio::spawn(async move { worker.run(std::future::pending()).await });
        Arc::new(mirror)
    }

    fn part_min_bytes(&self) -> u64 {
        PART_MIN_BYTES
    }

    fn is_lasting(&self) -> bool {
        true
    }
}

mod of_one_target {
    use super::*;

    store_suite!(World::of(1, WritePolicy::All, ReadPolicy::Order));
}

mod of_two_that_must_both_have_it {
    use super::*;

    store_suite!(World::of(2, WritePolicy::All, ReadPolicy::Order));
}

mod of_three_of_which_any_may_have_it {
    use super::*;

    store_suite!(World::of(3, WritePolicy::Any, ReadPolicy::Latency));
}
