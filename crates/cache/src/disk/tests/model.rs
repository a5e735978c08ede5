use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::disk::testing::{MemDisk, Strike, bytes, clock, key, open, options_by};

#[derive(Debug, Clone)]
enum Act {
    Fill(u8, u64, usize),
    Read(u8),
    Remove(u8),
    Forget(u8),
    Purge(u8),
    Settle,
    Reopen,
    Kill,
    Fail(usize),
    Heal,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let name = || 0..24_u8;
    let act = prop_oneof![
        10 => (name(), any::<u64>(), 1..150_000_usize).prop_map(|(name, seed, length)| Act::Fill(name, seed, length)),
        8 => name().prop_map(Act::Read),
        2 => name().prop_map(Act::Remove),
        1 => name().prop_map(Act::Forget),
        1 => (0..3_u8).prop_map(Act::Purge),
        1 => Just(Act::Settle),
        1 => Just(Act::Reopen),
        1 => Just(Act::Kill),
        1 => (0..4_usize).prop_map(Act::Fail),
        2 => Just(Act::Heal),
    ];
    proptest::collection::vec(act, 1..150)
}

/// A cache may lose anything at any time, so the model holds what it may give: what was last put under a name, or nothing.
/// After a crash or a fault an earlier content may come back: for that there are versions in keys, and `forget`.
struct World {
    disk: MemDisk,
    clock: std::sync::Arc<sim::SimClock>,
    store: crate::disk::BlockStore,
    may_give: BTreeMap<u8, Vec<(u64, usize)>>,
    is_exact: bool,
}

impl World {
    fn new() -> Self {
        let (disk, clock) = (MemDisk::new(), clock());
        let store = open(&disk, options_by(2 << 20, clock.clone())).unwrap();
        Self { disk, clock, store, may_give: BTreeMap::new(), is_exact: true }
    }

    async fn act(&mut self, act: Act) {
        match act {
            Act::Fill(name, seed, length) => {
                if self.store.fill(&key(name), bytes(seed, length)).await {
                    self.may_give.entry(name).or_default().push((seed, length));
                }
            }
            Act::Read(name) => self.read(name).await,
            Act::Remove(name) => {
                self.store.remove(&key(name));
                assert!(!self.store.contains(&key(name)));
            }
            Act::Forget(name) => {
                let _ = self.store.forget(&[key(name)]).await;
                assert!(!self.store.contains(&key(name)));
            }
            Act::Purge(digit) => {
                let key_prefix = digit.to_string();
                let scope = crate::disk::PurgeScope { key_prefix: key_prefix.clone(), ..Default::default() };
                let mut purge = self.store.purge(scope);
                while purge.next().await.is_some() {}
                let named = (0..24_u8).filter(|name| name.to_string().starts_with(&key_prefix));
                named.for_each(|name| assert!(!self.store.contains(&key(name)), "{name} was purged"));
            }
            Act::Settle => self.store.settle().await,
            Act::Reopen | Act::Kill => self.restart(matches!(act, Act::Kill)).await,
            Act::Fail(which) => {
                let strikes = [Strike::Writes, Strike::Reads, Strike::TornWrites, Strike::Syncs];
                self.is_exact = false;
                self.disk.fail(strikes[which], rustix::io::Errno::NOSPC);
            }
            Act::Heal => {
                self.disk.heal();
                self.clock.advance(std::time::Duration::from_secs(120));
                drop(self.store.begin(&key("asks"), 1).await);
            }
        }
    }

    async fn restart(&mut self, is_killed: bool) {
        self.disk.heal();
        if is_killed {
            self.is_exact = false;
            self.disk = self.disk.copy();
        } else {
            self.store.settle().await;
        }
        let empty = open(&MemDisk::new(), options_by(2 << 20, self.clock.clone())).unwrap();
        drop(std::mem::replace(&mut self.store, empty));
        self.store = open(&self.disk, options_by(2 << 20, self.clock.clone())).unwrap();
    }

    async fn read(&self, name: u8) {
        if let Some(Ok(found)) = self.store.bytes_of(&key(name)).await {
            let put = self.may_give.get(&name).unwrap_or_else(|| panic!("{name} was never filled"));
            let mut may_be = if self.is_exact { &put[put.len() - 1..] } else { put }.iter();
            assert!(may_be.any(|(seed, length)| found == bytes(*seed, *length)), "{name} holds other bytes");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_cache_gives_what_was_put_there_or_nothing(acts in acts()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut world = World::new();
            for act in acts {
                world.act(act).await;
            }
            world.disk.heal();
            for name in 0..24 {
                world.read(name).await;
            }
            assert!(world.disk.peak_bytes() <= 2 << 20);
        });
    }
}
