//! The store beneath fails at any step, or its answers are lost: no acknowledged write is lost, nothing half-written shows,
//! and whatever is read is what was written once.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use common::between::Between;
use common::desk::{as_it_is, key, pattern, read};
use common::{Counting, Layered, Setup};
use crypt::{Algorithm, Names};
use meta::MemoryMeta;
use proptest::prelude::*;
use store::{
    Bucket, CompleteOptions, CompletedPart, CopySource, Layer, ListEntry, ListObjects, Missing, OpenOptions,
    PutOptions, SharedStore, StoreErrorKind, UploadRef, WriteCondition,
};
use types::{Body, BucketName, ByteRange, CanonicalId, Context, Owner, TagSet};

const KEYS: [&str; 3] = ["a", "folder/b", "folder/c"];

/// A step, and how many calls of the store beneath go well in it.
#[derive(Debug, Clone)]
enum Step {
    Put { key: usize, seed: u64, size: usize, good: usize },
    PutIfMatch { key: usize, seed: u64, good: usize },
    Upload { key: usize, seed: u64, good: usize },
    Copy { from: usize, to: usize, good: usize },
    Delete { key: usize, good: usize },
    LoseState,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let (key, good) = (0..KEYS.len(), prop_oneof![3 => Just(usize::MAX), 2 => 0..8_usize]);
    let size = prop_oneof![Just(0_usize), 1..200_usize, 65_530..65_540_usize];
    let step = prop_oneof![
        4 => (key.clone(), 0..50_u64, size, good.clone())
            .prop_map(|(key, seed, size, good)| Step::Put { key, seed, size, good }),
        2 => (key.clone(), 0..50_u64, good.clone())
            .prop_map(|(key, seed, good)| Step::PutIfMatch { key, seed, good }),
        2 => (key.clone(), 0..50_u64, good.clone()).prop_map(|(key, seed, good)| Step::Upload { key, seed, good }),
        2 => (key.clone(), key.clone(), good.clone()).prop_map(|(from, to, good)| Step::Copy { from, to, good }),
        2 => (key, good).prop_map(|(key, good)| Step::Delete { key, good }),
        1 => Just(Step::LoseState),
    ];
    prop::collection::vec(step, 1..24)
}

struct Play {
    setup: Setup,
    between: Arc<Between>,
    store: SharedStore,
    random: Arc<Counting>,
    bucket: Bucket,
    cx: Context,
    /// What each key may hold: one thing, unless a write's outcome is not known.
    may: BTreeMap<&'static str, BTreeSet<Option<Bytes>>>,
}

impl Play {
    async fn new(setup: Setup, bare: bool, lost_answer: bool) -> Self {
        let world = Layered::new(Vec::new());
        let between = Arc::new(Between { bare, lost_answer, ..Between::new(world.inner()) });
        let random = Counting::new(11);
        let store = setup.layer(MemoryMeta::default(), random.clone()).wrap(between.clone());
        let cx = Context::background();
        let owner = Owner { id: CanonicalId::from_text(&"a".repeat(64)), display_name: "alice".into() };
        let name = BucketName::new("bucket").unwrap();
        let bucket = store.create_bucket(&cx, &name, &owner, &TagSet::default()).await.unwrap();
        let may = KEYS.into_iter().map(|key| (key, BTreeSet::from([None]))).collect();
        Self { setup, between, store, random, bucket, cx, may }
    }

    fn good_calls(&self, good: usize) {
        self.between.good.store(good, Ordering::Relaxed);
    }

    /// What a write of `bytes` leaves, by its outcome.
    fn wrote(&mut self, name: &'static str, bytes: Option<Bytes>, done: bool) {
        let may = self.may.get_mut(name).unwrap();
        if done {
            may.clear();
        }
        may.insert(bytes);
    }

    async fn put(&self, name: &str, bytes: Bytes, condition: WriteCondition) -> bool {
        let options = PutOptions { condition, ..PutOptions::default() };
        self.store.put(&self.cx, &self.bucket, &key(name), Body::from_bytes(bytes), options).await.is_ok()
    }

    async fn upload(&self, name: &str, bodies: &[Bytes]) -> Option<()> {
        let key = key(name);
        let id = self.store.create_upload(&self.cx, &self.bucket, &key, Default::default()).await.ok()?;
        let upload = UploadRef { bucket: &self.bucket, key: &key, id: &id };
        let mut parts = Vec::new();
        for (number, body) in (1..).zip(bodies) {
            let body = Body::from_bytes(body.clone());
            let part = self.store.put_part(&self.cx, upload, number, body, Default::default()).await.ok()?;
            parts.push(CompletedPart { number, etag: part.etag, checksum: part.checksum });
        }
        let options = CompleteOptions::default();
        self.store.complete_upload(&self.cx, upload, parts, options).await.ok().map(drop)
    }

    async fn step(&mut self, step: Step) {
        match step {
            Step::Put { key, seed, size, good } => {
                let bytes = pattern(seed, size);
                self.good_calls(good);
                let done = self.put(KEYS[key], bytes.clone(), WriteCondition::Always).await;
                self.wrote(KEYS[key], Some(bytes), done);
            }
            Step::PutIfMatch { key: place, seed, good } => {
                let options = OpenOptions::default();
                let head = self.store.head(&self.cx, &self.bucket, &key(KEYS[place]), options).await;
                let Ok(head) = head else { return };
                let bytes = pattern(seed, 100);
                self.good_calls(good);
                let done = self.put(KEYS[place], bytes.clone(), WriteCondition::IfMatch(head.etag)).await;
                self.wrote(KEYS[place], Some(bytes), done);
                let wrong = WriteCondition::IfMatch(types::ETag::from_text("other"));
                self.good_calls(usize::MAX);
                assert!(!self.put(KEYS[place], pattern(99, 9), wrong).await);
            }
            Step::Upload { key, seed, good } => {
                let bodies = [pattern(seed, 1100), pattern(seed + 1, 30)];
                self.good_calls(good);
                let done = self.upload(KEYS[key], &bodies).await.is_some();
                self.wrote(KEYS[key], Some(bodies.concat().into()), done);
            }
            Step::Copy { from, to, good } => {
                let (cx, bucket, name) = (&self.cx, &self.bucket, key(KEYS[from]));
                let Ok((info, bytes)) = read(&self.store, cx, bucket, KEYS[from]).await else { return };
                let source = CopySource {
                    bucket: Arc::new(bucket.clone()),
                    key: name,
                    version_id: None,
                    etag: info.etag,
                };
                self.good_calls(good);
                let copied = self.store.copy(cx, &source, bucket, &key(KEYS[to]), as_it_is()).await;
                self.wrote(KEYS[to], Some(Bytes::copy_from_slice(&bytes)), copied.is_ok());
            }
            Step::Delete { key: place, good } => {
                self.good_calls(good);
                let deleted =
                    self.store.delete(&self.cx, &self.bucket, &key(KEYS[place]), Default::default()).await;
                self.wrote(KEYS[place], None, deleted.is_ok());
            }
            Step::LoseState => {
                let layer = self.setup.layer(MemoryMeta::default(), self.random.clone());
                self.store = layer.wrap(self.between.clone());
            }
        }
        self.good_calls(usize::MAX);
    }

    /// Every key holds something that was written, wholly, and listings agree.
    async fn compare(&mut self) {
        let options = ListObjects { limit: 100, ..ListObjects::default() };
        let page = self.store.list(&self.cx, &self.bucket, options).await.unwrap();
        for (name, may) in &mut self.may {
            let listed = page.entries.iter().find_map(|entry| match entry {
                ListEntry::Object(object) if object.key == key(name) => Some(object),
                _ => None,
            });
            let holds = match read(&self.store, &self.cx, &self.bucket, name).await {
                Ok((info, bytes)) => {
                    let listed = listed.expect("what can be read is listed");
                    assert_eq!((&listed.etag, listed.size_bytes), (&info.etag, bytes.len() as u64));
                    // A copy, so that no frame of the budget is kept.
                    Some(Bytes::copy_from_slice(&bytes))
                }
                Err(error) => {
                    assert!(matches!(error.kind, StoreErrorKind::Missing(Missing::Key)), "{error}");
                    assert!(listed.is_none());
                    None
                }
            };
            assert!(may.contains(&holds), "{name} holds what was never written to it");
            *may = BTreeSet::from([holds]);
        }
    }
}

fn play(setup: Setup, bare: bool, lost_answer: bool, steps: Vec<Step>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let mut play = Play::new(setup, bare, lost_answer).await;
        for step in steps {
            play.step(step).await;
            play.compare().await;
        }
        assert_eq!(play.setup.budget.used_bytes(), 0);
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn no_acknowledged_write_is_lost_and_nothing_half_written_shows(
        steps in steps(),
        (bare, lost_answer, encrypted) in (any::<bool>(), any::<bool>(), any::<bool>()),
    ) {
        let names = if encrypted { Names::Encrypted } else { Names::Plain };
        let algorithm = if bare { Algorithm::ChaCha20Poly1305 } else { Algorithm::Aes256Gcm };
        play(Setup { names, algorithm, ..Setup::default() }, bare, lost_answer, steps);
    }
}

#[tokio::test]
async fn a_range_asks_for_no_more_than_its_segments() {
    let desk = common::desk::Desk::new(Layered::new(vec![Setup::default()])).await;
    let plain = pattern(1, 1_000_000);
    desk.put("k", plain.clone()).await;
    let opened = desk.store.open(&desk.cx, &desk.bucket, &key("k"), OpenOptions::default()).await.unwrap();
    let (_, raw) = desk.raw("k").await;
    // All but two segments are broken: what is asked of the others is read all the same.
    let place = |segment: usize| crypt::format::HEADER_BYTES + segment * crypt::format::SEALED_SEGMENT_BYTES;
    let mut broken = vec![0; raw.len()];
    broken[place(4)..place(6)].copy_from_slice(&raw[place(4)..place(6)]);
    let (info, _) = desk.raw("k").await;
    desk.forge("k", &info, broken).await;
    drop(opened);
    let opened = desk.store.open(&desk.cx, &desk.bucket, &key("k"), OpenOptions::default()).await.unwrap();
    let range = ByteRange { start: 4 * 65_536, end: 6 * 65_536 };
    let read = opened.content.read(range).await.unwrap().collect(1 << 20).await.unwrap();
    assert_eq!(read, plain[4 * 65_536..6 * 65_536]);
    let range = ByteRange { start: 4 * 65_536 - 1, end: 6 * 65_536 };
    let refused = opened.content.read(range).await.unwrap().collect(1 << 20).await;
    assert_eq!(refused.unwrap_err().kind, types::BodyErrorKind::Corrupt);
}

#[tokio::test]
async fn an_open_of_a_known_object_is_one_call_and_so_is_a_copy() {
    let setup = Setup::default();
    let play = Play::new(setup, false, false).await;
    assert!(play.put("a", pattern(1, 100_000), WriteCondition::Always).await);
    play.between.take_calls();
    read(&play.store, &play.cx, &play.bucket, "a").await.unwrap();
    assert_eq!(play.between.take_calls(), ["open"]);
    let info = play.store.head(&play.cx, &play.bucket, &key("a"), OpenOptions::default()).await.unwrap();
    assert_eq!(play.between.take_calls(), ["head"]);
    let source = CopySource {
        bucket: Arc::new(play.bucket.clone()),
        key: key("a"),
        version_id: None,
        etag: info.etag,
    };
    play.store.copy(&play.cx, &source, &play.bucket, &key("b"), as_it_is()).await.unwrap();
    assert_eq!(play.between.take_calls(), ["head", "copy"]);
    assert!(play.put("c", pattern(2, 10), WriteCondition::Always).await);
    assert_eq!(play.between.take_calls(), ["put"]);
}

#[tokio::test]
async fn copies_that_pass_through_never_hold_the_whole_budget() {
    let budget = types::Budget::new(1 << 20);
    let setup = Setup { budget: budget.clone(), ..Setup::default() };
    let play = Arc::new(Play::new(setup, true, false).await);
    assert!(play.put("from", pattern(1, 700_000), WriteCondition::Always).await);
    let info = play.store.head(&play.cx, &play.bucket, &key("from"), OpenOptions::default()).await.unwrap();
    let tasks: Vec<_> = (0..24)
        .map(|n| {
            let (play, etag) = (play.clone(), info.etag.clone());
            tokio::spawn(async move {
                let bucket = Arc::new(play.bucket.clone());
                let source = CopySource { bucket, key: key("from"), version_id: None, etag };
                let to = key(&format!("to-{n}"));
                play.store.copy(&play.cx, &source, &play.bucket, &to, as_it_is()).await.map(drop)
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(read(&play.store, &play.cx, &play.bucket, "to-23").await.unwrap().1, pattern(1, 700_000));
    assert_eq!(budget.used_bytes(), 0);
}
