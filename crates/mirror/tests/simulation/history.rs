use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use store::{Bucket, ListEntry, OpenOptions, WriteCondition};
use types::VersionId;

use crate::life::Life;
use crate::look::{self, CONTENT_MIN_BYTES, Look};
use crate::model::{Content, Model};
use crate::play::{Act, Client, Effect, Effects, meant, settle};
use crate::target::PART_MIN_BYTES;
use crate::trace::Trace;
use crate::world::{Nature, Process, World, bucket_name, cx};

/// Keys that fold, and keys that lie beside those.
const KEYS: [&str; 8] = ["a", "a/b", "a/c", "a0", "b/x/1", "b/x/2", "c", "c/"];
/// How many rounds of acts side by side a history has.
const ROUNDS: u64 = 14;
/// How long a write that nobody waited for is left to itself before somebody looks: longer than a call of a target may take.
const SETTLING: Duration = Duration::from_secs(700);
/// How long debts may take once every target behaves.
const REPAIRED_WITHIN: Duration = Duration::from_secs(3600);

/// One history of a world, checked at every step.
pub(crate) struct History {
    world: World,
    process: Option<Process>,
    bucket: Option<Arc<Bucket>>,
    model: Model,
    /// Versions that were acknowledged and not removed, with what they hold.
    versions: BTreeMap<(String, VersionId), Content>,
    /// All that was ever written to each key: what may come to light when a version is removed.
    written_to: BTreeMap<String, BTreeSet<Content>>,
    written: u64,
    trace: Trace,
}

impl History {
    /// Plays the history of a seed to its end.
    pub(crate) async fn play(seed: u64, trace: Trace) {
        let nature = Nature::of(seed);
        trace.note(format!("{nature:?}"));
        let mut history = Self {
            world: World::new(nature),
            process: None,
            bucket: None,
            model: Model::default(),
            versions: BTreeMap::new(),
            written_to: BTreeMap::new(),
            written: 0,
            trace,
        };
        history.open(Life::long()).await;
        let bucket = history.world.make_bucket(history.process()).await;
        history.bucket = Some(Arc::new(bucket));
        for _ in 0..ROUNDS {
            history.round().await;
        }
        history.end().await;
    }

    fn process(&self) -> &Process {
        self.process.as_ref().expect("a process serves between rounds")
    }

    fn bucket(&self) -> &Arc<Bucket> {
        self.bucket.as_ref().expect("made at the beginning")
    }

    /// Opens the mirror; where the life ends meanwhile, again for a long one.
    async fn open(&mut self, life: Life) {
        self.process = match self.world.begin(life).await {
            Some(process) => Some(process),
            None => self.world.begin(Life::long()).await,
        };
    }

    async fn round(&mut self) {
        if self.world.once_in(2) {
            self.world.change_a_mood();
            self.trace.note(format!("moods {:?}", self.world.moods()));
        }
        if self.world.once_in(4) {
            self.reopen().await;
        }
        let acts: Vec<Act> = (0..1 + self.world.random.below(4)).map(|_| self.act()).collect();
        let alive = self.perform(&acts).await;
        if !alive {
            self.trace.note("the process has ended");
            if let Some(process) = self.process.take() {
                process.kill();
            }
            self.open(Life::long()).await;
        }
        tokio::time::sleep(SETTLING).await;
        self.look_at_all().await;
        self.look_at_listings().await;
    }

    /// Ends the process, in order or at once, and opens the next one, which may end at any step.
    async fn reopen(&mut self) {
        if let Some(process) = self.process.take() {
            if self.world.once_in(3) { process.stop().await } else { process.kill() }
        }
        self.trace.note("the process is opened anew");
        let life = Life::of(1 + self.world.random.below(120) as i64);
        self.open(life).await;
    }

    fn key(&self) -> String {
        KEYS[self.world.random.below(KEYS.len() as u64) as usize].to_owned()
    }

    fn content(&mut self, least_bytes: usize) -> Content {
        self.written += 1;
        let size_bytes = least_bytes + self.world.random.below(5000) as usize;
        Content { number: self.written, size_bytes }
    }

    fn act(&mut self) -> Act {
        let key = self.key();
        match self.world.random.below(16) {
            0..5 => {
                let content = self.content(CONTENT_MIN_BYTES);
                let condition = match self.world.random.below(6) {
                    0 => WriteCondition::IfAbsent,
                    1 => WriteCondition::IfPresent,
                    _ => WriteCondition::Always,
                };
                Act::Put { key, content, condition }
            }
            5 | 6 => Act::Parts { key, content: self.content(2 * PART_MIN_BYTES as usize) },
            7 => Act::Copy { from: key, to: self.key() },
            8 | 9 => Act::Delete { key },
            10 => Act::DeleteMany { keys: vec![key, "a0".into()] },
            11 => Act::Tag { key },
            12 => match self.a_version() {
                Some((key, version_id)) => Act::DeleteVersion { key, version_id },
                None => Act::Delete { key },
            },
            _ => {
                Act::Read { key, first: self.world.random.below(3000), length: self.world.random.below(3000) }
            }
        }
    }

    fn a_version(&self) -> Option<(String, VersionId)> {
        let count = self.versions.len() as u64;
        let place = (count > 0).then(|| self.world.random.below(count) as usize)?;
        self.versions.keys().nth(place).cloned()
    }

    /// Performs acts side by side; false where the process ended before they were all done.
    async fn perform(&mut self, acts: &[Act]) -> bool {
        let patience = if self.world.once_in(6) { self.world.random.below(100) } else { 600_000 };
        let client = Client {
            store: self.process().store.clone(),
            bucket: self.bucket().clone(),
            patience: Duration::from_millis(patience),
            trusting: self.world.is_truthful(),
        };
        let mut outcomes: Vec<Option<Effects>> = vec![None; acts.len()];
        let all = async {
            let each = acts.iter().zip(&mut outcomes).map(|(act, outcome)| {
                let client = &client;
                async move { *outcome = Some(client.act(act).await) }
            });
            futures_util::future::join_all(each).await;
        };
        let alive = self.process().within(all).await.is_some();
        let told = acts.iter().zip(outcomes).flat_map(|(act, outcome)| {
            let outcome = outcome.unwrap_or_else(|| self.may_have_done(act, acts));
            self.trace.note(format!("{act:?}: {outcome:?}"));
            outcome
        });
        let told = told.collect();
        self.note(acts, told);
        alive
    }

    /// What an act may have left whose outcome was not told. A copy is of anything that its source held meanwhile.
    fn may_have_done(&self, act: &Act, beside: &[Act]) -> Effects {
        let Act::Copy { from, to } = act else { return meant(act) };
        let written = beside.iter().flat_map(meant).filter(|(key, _)| key == from);
        let written = written.filter_map(|(_, effect)| match effect {
            Effect::Doubtful(state) => Some(state),
            Effect::Acknowledged(..) | Effect::Nothing => None,
        });
        let states = self.model.allowed(from).into_iter().chain(written).filter(Option::is_some);
        states.map(|state| (to.clone(), Effect::Doubtful(state))).collect()
    }

    fn note(&mut self, acts: &[Act], effects: Effects) {
        for act in acts {
            if let Act::DeleteVersion { key, version_id } = act {
                self.versions.remove(&(key.clone(), version_id.clone()));
                let mut states = self.model.allowed(key);
                states.extend(self.written_to.get(key).into_iter().flatten().map(|content| Some(*content)));
                states.push(None);
                self.model.one_of(key, states);
            }
        }
        for (key, effect) in &effects {
            if let Effect::Acknowledged(Some(content), _) | Effect::Doubtful(Some(content)) = effect {
                self.written_to.entry(key.clone()).or_default().insert(*content);
            }
            if let Effect::Acknowledged(Some(content), Some(version_id)) = effect {
                self.versions.insert((key.clone(), version_id.clone()), *content);
            }
        }
        let allowed = settle(|key| self.model.allowed(key), effects);
        for (key, states) in allowed {
            self.model.one_of(&key, states);
        }
    }

    /// Looks at every key, and at a version.
    async fn look_at_all(&mut self) {
        let store = self.process().store.clone();
        for key in KEYS {
            let looking = look::look(&store, self.bucket(), key, None);
            let Some(look) = self.process().within(looking).await else { return };
            match look {
                Look::Found(state, _) => {
                    self.trace.note(format!("look at {key:?}: {state:?}"));
                    if let Err(wrong) = self.model.seen(key, state) {
                        panic!("{wrong}");
                    }
                }
                Look::Failed(why) => {
                    assert!(!self.world.is_well(), "all targets are well, but {key:?}: {why}")
                }
            }
        }
        let Some((key, version_id)) = self.a_version() else { return };
        let looking = look::look(&store, self.bucket(), &key, Some(version_id.clone()));
        if let Some(Look::Found(state, _)) = self.process().within(looking).await {
            let content = self.versions[&(key.clone(), version_id.clone())];
            assert_eq!(state, Some(content), "version {version_id} of {key:?} is lost");
        }
    }

    /// Holds listings against heads and against each other.
    async fn look_at_listings(&self) {
        let store = self.process().store.clone();
        let looking = async {
            let limit = 1 + self.world.random.below(4) as usize;
            let flat = match look::list(&store, self.bucket(), None, limit).await {
                Ok(flat) => flat,
                Err(error) => {
                    assert!(!self.world.is_well(), "all targets are well, but a listing: {error}");
                    return;
                }
            };
            let shown = look::shown(&flat);
            for key in KEYS {
                self.compare(key, shown.get(key)).await;
            }
            let Ok(delimited) = look::list(&store, self.bucket(), Some("/"), limit).await else { return };
            // What is in doubt may have been settled between the two.
            if KEYS.iter().any(|key| self.model.allowed(key).len() > 1) {
                return;
            }
            let names: Vec<&str> = delimited.iter().map(look::name).collect();
            assert_eq!(names, look::folded(shown.keys(), '/'), "pages of {limit}");
            for entry in &delimited {
                let folds = look::name(entry).contains('/');
                assert_eq!(matches!(entry, ListEntry::Prefix(_)), folds);
            }
        };
        let _ended = self.process().within(looking).await;
    }

    async fn compare(&self, key: &str, listed: Option<&crate::model::Shown>) {
        let allowed = self.model.allowed(key);
        let fits = allowed.iter().any(|state| {
            state.map(|content| content.size_bytes as u64) == listed.map(|shown| shown.size_bytes)
        });
        assert!(fits, "{key:?} is listed as {listed:?}, and may hold {allowed:?}");
        let (cx, name) = (cx(), look::key(key));
        let head = self.process().store.head(&cx, self.bucket(), &name, OpenOptions::default());
        match head.await {
            Ok(info) => {
                let shown = crate::model::Shown {
                    etag: info.etag,
                    size_bytes: info.size_bytes,
                    modified_at: info.modified_at,
                };
                assert_eq!(Some(&shown), listed, "{key:?} is listed as it is shown");
            }
            // A removal in doubt may have been settled since.
            Err(error) if look::is_absent(&error) && allowed.len() > 1 => {
                assert!(allowed.contains(&None), "{key:?} is not there, and may hold {allowed:?}");
            }
            Err(error) if look::is_absent(&error) => {
                assert_eq!(listed, None, "{key:?} is listed and not there");
            }
            Err(error) => assert!(!self.world.is_well(), "all targets are well, but {key:?}: {error}"),
        }
    }

    /// Heals the world, waits until nothing is owed, and compares what the targets hold.
    async fn end(&mut self) {
        self.world.heal();
        if let Some(process) = self.process.take() {
            process.kill();
        }
        self.open(Life::long()).await;
        let drained = async {
            // What was begun and is not settled yet is not owed yet.
            while self.process().mirror.recover().await.expect("the journal is well") > 0
                || self.process().owed_operations().await > 0
            {
                tokio::time::sleep(Duration::from_secs(5)).await;
            }
        };
        let in_time = tokio::time::timeout(REPAIRED_WITHIN, drained).await;
        assert!(in_time.is_ok(), "debts are left: {:?}", self.process().mirror.status().await);
        self.look_at_all().await;
        self.look_at_listings().await;
        if let Some(process) = self.process.take() {
            process.stop().await;
        }
        self.compare_targets().await;
    }

    async fn compare_targets(&mut self) {
        let mut first: Option<Vec<(String, Vec<Content>)>> = None;
        for (place, target) in self.world.targets.iter().enumerate() {
            let bucket =
                target.store.bucket(&cx(), &bucket_name()).await.expect("the bucket is at every target");
            let held = crate::hold::everything(&target.store, &bucket, self.world.nature.versioned).await;
            for key in KEYS {
                let state = match look::look(&target.store, &bucket, key, None).await {
                    Look::Found(state, _) => state,
                    Look::Failed(why) => panic!("target {place}: {why}"),
                };
                if let Err(wrong) = self.model.seen(key, state) {
                    panic!("target {place}: {wrong}");
                }
            }
            match &first {
                None => first = Some(held),
                Some(first) => assert_eq!(&held, first, "target {place} holds what the first one holds"),
            }
        }
    }
}
