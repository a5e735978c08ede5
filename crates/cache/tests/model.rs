//! Seeded histories of reads, writes through the cache and behind its back, restarts, a store that fails, lies about lengths and goes
//! away, against a plain model: never other bytes than the store had, never older ones than the mode allows.

#![allow(clippy::unwrap_used, reason = "a world that cannot be made is a failed test")]

mod common;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use cache::{BLOCK_MIN_BYTES, Cache, LayerOptions, Mode, PurgeScope};
use common::far::{Far, Fault};
use common::{Desk, HandClock, MIB, Native, Near, cached, key, options, pattern};
use proptest::test_runner::{RngSeed, TestRunner};
use proptest::{prelude::*, test_runner};
use store::{DeleteOptions, ListEntry, ListObjects, Missing, OpenOptions, SharedStore, StoreErrorKind};
use types::{ByteRange, Context, RangeSpec, Timestamp};

const KEYS: usize = 3;
/// How long objects, absence and listings are believed where the mode believes for a time, in seconds.
const TTL_SECS: u64 = 30;

#[derive(Debug, Clone)]
enum Step {
    Put {
        key: usize,
        size: usize,
    },
    /// As another client of the store does it.
    PutBehind {
        key: usize,
        size: usize,
    },
    Delete {
        key: usize,
    },
    DeleteBehind {
        key: usize,
    },
    Get {
        key: usize,
    },
    GetRange {
        key: usize,
        first: u64,
        length: u64,
    },
    Suffix {
        key: usize,
        length: u64,
    },
    Head {
        key: usize,
    },
    List,
    Wait {
        seconds: u64,
    },
    Fault {
        fault: Fault,
    },
    Away {
        is_away: bool,
    },
    /// Readers side by side, one of which leaves.
    Crowd {
        key: usize,
    },
    Restart,
    Purge,
}

fn size() -> impl Strategy<Value = usize> {
    prop_oneof![
        Just(0),
        Just(1),
        1..5000_usize,
        Just(65_536),
        Just(65_537),
        100_000..400_000_usize,
        Just(3 * MIB as usize),
        Just(9 * MIB as usize),
    ]
}

fn fault() -> impl Strategy<Value = Fault> {
    prop_oneof![
        Just(Fault::Refused),
        (0..300_000_u64).prop_map(Fault::BreaksAfter),
        (0..300_000_u64).prop_map(Fault::EndsAfter),
        Just(Fault::TooMany),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let key = 0..KEYS;
    prop_oneof![
        3 => (key.clone(), size()).prop_map(|(key, size)| Step::Put { key, size }),
        2 => (key.clone(), size()).prop_map(|(key, size)| Step::PutBehind { key, size }),
        1 => key.clone().prop_map(|key| Step::Delete { key }),
        1 => key.clone().prop_map(|key| Step::DeleteBehind { key }),
        8 => key.clone().prop_map(|key| Step::Get { key }),
        6 => (key.clone(), 0..400_000_u64, 1..200_000_u64)
            .prop_map(|(key, first, length)| Step::GetRange { key, first, length }),
        1 => (key.clone(), 1..100_000_u64).prop_map(|(key, length)| Step::Suffix { key, length }),
        3 => key.clone().prop_map(|key| Step::Head { key }),
        2 => Just(Step::List),
        3 => (1..20_u64).prop_map(|seconds| Step::Wait { seconds }),
        3 => fault().prop_map(|fault| Step::Fault { fault }),
        1 => any::<bool>().prop_map(|is_away| Step::Away { is_away }),
        2 => key.prop_map(|key| Step::Crowd { key }),
        1 => Just(Step::Restart),
        1 => Just(Step::Purge),
    ]
}

/// What was under a key from a moment on.
type History = Vec<(Timestamp, Option<Bytes>)>;

struct World {
    near: Near,
    clock: Arc<HandClock>,
    mode: LayerOptions,
    far: Arc<Far>,
    middle: SharedStore,
    cache: Option<Cache>,
    desk: Desk,
    behind: Desk,
    histories: BTreeMap<usize, History>,
    next_seed: u64,
    /// Whether an answer may be missing: the store was told to fail.
    may_fail: bool,
}

impl World {
    async fn new(mode: LayerOptions) -> Self {
        let clock = Arc::<HandClock>::default();
        let near = Near { size_bytes: 24 * MIB, memory_bytes: 1 << 20, ..Near::new(clock.clone()) };
        let native: SharedStore = Native::default().open();
        let (far, middle) = Far::around(&native);
        let cache = near.open();
        let desk = Desk::over(cached(&cache, mode.clone(), &middle), &native).await;
        let behind = desk.through(native);
        let histories = (0..KEYS).map(|key| (key, vec![(Timestamp::default(), None)])).collect();
        let cache = Some(cache);
        Self { near, clock, mode, far, middle, cache, desk, behind, histories, next_seed: 0, may_fail: false }
    }

    fn now(&self) -> Timestamp {
        types::Clock::now(&*self.clock)
    }

    fn is_away(&self) -> bool {
        self.far.is_away.load(Ordering::SeqCst)
    }

    /// Writes through the cache are seen at once: nothing older counts any more.
    fn wrote(&mut self, key: usize, content: Option<Bytes>) {
        let now = self.now();
        self.histories.insert(key, vec![(now, content)]);
    }

    fn wrote_behind(&mut self, key: usize, content: Option<Bytes>) {
        let now = self.now();
        if let Some(history) = self.histories.get_mut(&key) {
            history.push((now, content));
        }
    }

    /// What the mode allows to be read of a key now.
    fn allowed(&self, key: usize) -> Vec<Option<Bytes>> {
        let (now, history) = (self.now(), &self.histories[&key]);
        let believed = match self.mode.mode {
            Mode::Strict => 0,
            Mode::Ttl => TTL_SECS,
            Mode::Offline if !self.is_away() => TTL_SECS,
            Mode::Offline | Mode::Immutable => u64::MAX,
        };
        let ended = |place: usize| history.get(place + 1).map(|(ended_at, _)| *ended_at);
        let is_allowed = |place: usize| ended(place).is_none_or(|at| now.since(at).as_secs() < believed);
        (0..history.len()).filter(|place| is_allowed(*place)).map(|place| history[place].1.clone()).collect()
    }

    fn seeded(&mut self, size: usize) -> Bytes {
        self.next_seed += 1;
        pattern(self.next_seed, size)
    }

    async fn play(&mut self, step: Step) {
        match step {
            Step::Put { key, size } if !self.is_away() => {
                let bytes = self.seeded(size);
                self.desk.put(&name(key), bytes.clone()).await;
                self.wrote(key, Some(bytes));
            }
            Step::PutBehind { key, size } => {
                let bytes = self.seeded(size);
                self.behind.put(&name(key), bytes.clone()).await;
                self.wrote_behind(key, Some(bytes));
            }
            Step::Delete { key } if !self.is_away() => {
                delete(&self.desk, key).await;
                self.wrote(key, None);
            }
            Step::DeleteBehind { key } => {
                delete(&self.behind, key).await;
                self.wrote_behind(key, None);
            }
            // A write that fails while the store is away leaves everything as it was.
            Step::Put { .. } | Step::Delete { .. } => {}
            Step::Get { key } => self.get(key, None).await,
            Step::GetRange { key, first, length } => {
                self.get(key, Some(RangeSpec::FromTo { first, last: first + length - 1 })).await;
            }
            Step::Suffix { key, length } => self.get(key, Some(RangeSpec::Suffix(length))).await,
            Step::Head { key } => self.head(key).await,
            Step::List => self.list().await,
            Step::Wait { seconds } => self.clock.forward(Duration::from_secs(seconds)),
            Step::Fault { fault } => {
                self.far.faults.lock().push_back(fault);
                self.may_fail = true;
            }
            Step::Away { is_away } => self.far.is_away.store(is_away, Ordering::SeqCst),
            Step::Crowd { key } => self.crowd(key).await,
            Step::Restart => self.restart().await,
            Step::Purge => {
                let mut purge = self.cache.as_ref().unwrap().purge(PurgeScope::default());
                while purge.next().await.is_some() {}
            }
        }
        let stats = self.cache.as_ref().unwrap().disk_stats();
        assert!(stats.used_bytes <= stats.ceiling_bytes);
    }

    async fn get(&mut self, key: usize, hint: Option<RangeSpec>) {
        let read = read(&self.desk, key, hint).await;
        self.hold(key, hint, read);
    }

    /// Holds what was read to what may be.
    fn hold(&self, key: usize, hint: Option<RangeSpec>, read: Result<Option<Bytes>, StoreErrorKind>) {
        match read {
            Ok(found) => {
                let allowed = self.allowed(key);
                let of = |content: &Bytes| cut(content, hint);
                assert!(
                    allowed.iter().any(|content| content.as_ref().map(of) == found),
                    "key {key}, {hint:?}"
                );
            }
            // An object may turn into another while it is read from a store that has what is cached no more.
            Err(kind) => assert!(
                self.may_fail || self.is_away() || self.histories[&key].len() > 1,
                "key {key}, {hint:?}: {kind:?}"
            ),
        }
    }

    async fn head(&mut self, key: usize) {
        let (cx, named) = (Context::background(), common::key(&name(key)));
        match self.desk.store.head(&cx, &self.desk.bucket, &named, OpenOptions::default()).await {
            Ok(info) => {
                let sizes = self.allowed(key).into_iter().flatten().map(|content| content.len() as u64);
                assert!(sizes.into_iter().any(|size| size == info.size_bytes), "key {key}");
            }
            Err(error) if matches!(error.kind, StoreErrorKind::Missing(Missing::Key)) => {
                assert!(self.allowed(key).contains(&None), "key {key}");
            }
            Err(_) => assert!(self.is_away()),
        }
    }

    async fn list(&mut self) {
        let options = ListObjects { limit: 100, ..ListObjects::default() };
        let listed = self.desk.store.list(&Context::background(), &self.desk.bucket, options).await;
        let Ok(page) = listed else { return assert!(self.is_away()) };
        let mut sizes = BTreeMap::new();
        for entry in page.entries {
            let ListEntry::Object(object) = entry else { panic!("no delimiter was named") };
            sizes.insert(object.key.as_str().to_owned(), object.size_bytes);
        }
        for key in 0..KEYS {
            let found = sizes.get(&name(key)).copied();
            let allowed = self.allowed_in_listing(key);
            assert!(allowed.contains(&found), "key {key}: {found:?} of {allowed:?}");
        }
    }

    /// Listings are believed for their own time in every mode but strict.
    fn allowed_in_listing(&self, key: usize) -> Vec<Option<u64>> {
        let (now, history) = (self.now(), &self.histories[&key]);
        let believed = match self.mode.mode {
            Mode::Strict => 0,
            Mode::Offline if self.is_away() => u64::MAX,
            _ => TTL_SECS,
        };
        let ended = |place: usize| history.get(place + 1).map(|(ended_at, _)| *ended_at);
        (0..history.len())
            .filter(|place| ended(*place).is_none_or(|at| now.since(at).as_secs() < believed))
            .map(|place| history[place].1.as_ref().map(|content| content.len() as u64))
            .collect()
    }

    async fn crowd(&mut self, key: usize) {
        let readers: Vec<_> = (0..6)
            .map(|_| {
                let desk = self.desk.clone();
                tokio::spawn(async move { read(&desk, key, None).await })
            })
            .collect();
        tokio::task::yield_now().await;
        for (place, reader) in readers.into_iter().enumerate() {
            if place == 0 {
                reader.abort();
            }
            match reader.await {
                Ok(read) => self.hold(key, None, read),
                Err(ended) => assert!(ended.is_cancelled()),
            }
        }
    }

    async fn restart(&mut self) {
        let cache = self.cache.take().unwrap();
        cache.run(std::future::ready(())).await;
        self.desk.store = self.behind.store.clone();
        drop(cache);
        let cache = self.near.reopen().await;
        self.desk.store = cached(&cache, self.mode.clone(), &self.middle);
        self.cache = Some(cache);
    }
}

fn name(key: usize) -> String {
    format!("k{key}")
}

fn cut(content: &Bytes, hint: Option<RangeSpec>) -> Bytes {
    let size = content.len() as u64;
    let range = match hint {
        None => ByteRange::whole(size),
        Some(hint) => hint.resolve(size).unwrap_or(ByteRange { start: 0, end: 0 }),
    };
    content.slice(range.start as usize..range.end as usize)
}

async fn delete(desk: &Desk, key: usize) {
    let cx = Context::background();
    desk.store.delete(&cx, &desk.bucket, &common::key(&name(key)), DeleteOptions::default()).await.unwrap();
}

async fn read(desk: &Desk, name_of: usize, hint: Option<RangeSpec>) -> Result<Option<Bytes>, StoreErrorKind> {
    let cx = Context::background();
    let options = OpenOptions { range_hint: hint, ..OpenOptions::default() };
    let opened = match desk.store.open(&cx, &desk.bucket, &key(&name(name_of)), options).await {
        Ok(opened) => opened,
        Err(error) if matches!(error.kind, StoreErrorKind::Missing(Missing::Key)) => return Ok(None),
        Err(error) => return Err(error.kind),
    };
    let size = opened.info.size_bytes;
    let range = match hint {
        None => ByteRange::whole(size),
        Some(hint) => hint.resolve(size).unwrap_or(ByteRange { start: 0, end: 0 }),
    };
    let body = opened.content.read(range).await.map_err(|error| error.kind)?;
    body.collect(1 << 30).await.map(Some).map_err(StoreErrorKind::Body)
}

fn play(mode: Mode, block_bytes: u64) {
    let times = match mode {
        Mode::Strict => Duration::ZERO,
        _ => Duration::from_secs(TTL_SECS),
    };
    let mode = LayerOptions { block_bytes, negative_ttl: times, list_ttl: times, ..options(mode) };
    let config = test_runner::Config {
        cases: 24,
        rng_seed: RngSeed::Fixed(7),
        failure_persistence: None,
        max_shrink_iters: 200,
        ..test_runner::Config::default()
    };
    let mut runner = TestRunner::new(config);
    let steps = proptest::collection::vec(step(), 1..60);
    let played = runner.run(&steps, |steps| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut world = World::new(mode.clone()).await;
            for step in steps {
                world.play(step).await;
            }
        });
        Ok(())
    });
    played.unwrap_or_else(|failure| panic!("{failure}"));
}

#[test]
fn strict_histories_match() {
    play(Mode::Strict, BLOCK_MIN_BYTES);
}

#[test]
fn strict_histories_in_large_blocks_match() {
    play(Mode::Strict, 8 * MIB);
}

#[test]
fn ttl_histories_match() {
    play(Mode::Ttl, MIB);
}

#[test]
fn immutable_histories_match() {
    play(Mode::Immutable, BLOCK_MIN_BYTES);
}

#[test]
fn offline_histories_match() {
    play(Mode::Offline, MIB);
}
