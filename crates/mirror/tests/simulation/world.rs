use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use meta::MemoryMeta;
use mirror::{Mirror, MirrorOptions, ReadPolicy, Target, WritePolicy};
use sim::SimRandom;
use store::{Bucket, SharedStore, Versioning};
use tokio::sync::oneshot;
use types::{BucketName, CanonicalId, Clock, Context, Owner, TagSet};

use crate::clock::RuntimeClock;
use crate::faults::Mood;
use crate::journal::JournalInLife;
use crate::life::Life;
use crate::target::SimTarget;

/// What a world is like.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Nature {
    pub(crate) seed: u64,
    pub(crate) targets: usize,
    pub(crate) write: WritePolicy,
    pub(crate) read: ReadPolicy,
    pub(crate) hedge: Option<Duration>,
    pub(crate) versioned: bool,
}

impl Nature {
    /// The world of a seed.
    pub(crate) fn of(seed: u64) -> Self {
        let random = SimRandom::new(seed ^ 0x6d69_7272_6f72);
        Self {
            seed,
            targets: 2 + random.below(2) as usize,
            write: [WritePolicy::All, WritePolicy::Quorum, WritePolicy::Any][random.below(3) as usize],
            read: if random.coin() { ReadPolicy::Order } else { ReadPolicy::Latency },
            hedge: random.coin().then(|| Duration::from_millis(50)),
            versioned: random.below(3) == 0,
        }
    }
}

/// All that outlives the process: targets, the journal, time and chance.
pub(crate) struct World {
    pub(crate) nature: Nature,
    pub(crate) random: Arc<SimRandom>,
    pub(crate) targets: Vec<SimTarget>,
    pub(crate) journal: MemoryMeta,
    clock: Arc<dyn Clock>,
}

/// A process that serves.
pub(crate) struct Process {
    pub(crate) mirror: Mirror,
    pub(crate) store: SharedStore,
    life: Life,
    stop: Option<oneshot::Sender<()>>,
    background: tokio::task::JoinHandle<()>,
}

pub(crate) fn cx() -> Context {
    Context::background()
}

pub(crate) fn bucket_name() -> BucketName {
    BucketName::new("simulated").expect("a legal name")
}

impl World {
    pub(crate) fn new(nature: Nature) -> Self {
        let random = Arc::new(SimRandom::new(nature.seed));
        let clock: Arc<dyn Clock> = Arc::new(RuntimeClock::new());
        let targets = (0..nature.targets).map(|_| SimTarget::new(clock.clone(), random.clone())).collect();
        Self { nature, random, targets, journal: MemoryMeta::default(), clock }
    }

    /// Opens the mirror for one life and lets it work in the background.
    pub(crate) async fn begin(&self, life: Life) -> Option<Process> {
        self.begin_with(&self.targets, life).await
    }

    /// Opens a mirror of these targets; `None` where the life ended before it was open.
    pub(crate) async fn begin_with(&self, targets: &[SimTarget], life: Life) -> Option<Process> {
        let named = targets.iter().enumerate();
        let targets = named
            .map(|(place, target)| Target {
                name: format!("target-{place}").into(),
                store: target.in_life(&life),
            })
            .collect();
        let options = MirrorOptions {
            name: "mirror".into(),
            targets,
            write: self.nature.write,
            read: self.nature.read,
            hedge: self.nature.hedge,
            budget: types::Budget::new(64 * types::FRAME_MAX_BYTES),
            journal: JournalInLife::new(&self.journal, &life),
            clock: self.clock.clone(),
            random: Arc::new(SimRandom::new(self.random.number())),
        };
        let mirror = within(&life, Mirror::open(options)).await?.expect("a mirror opens");
        let (stop, stopped) = oneshot::channel::<()>();
        let worker = mirror.clone();
        let background = tokio::spawn(async move {
            worker
                .run(async {
                    let _ = stopped.await;
                })
                .await;
        });
        Some(Process { store: Arc::new(mirror.clone()), mirror, life, stop: Some(stop), background })
    }

    /// Makes the bucket that all clients use.
    pub(crate) async fn make_bucket(&self, process: &Process) -> Bucket {
        let bucket = process
            .store
            .create_bucket(&cx(), &bucket_name(), &owner(), &TagSet::default())
            .await
            .expect("all targets are well");
        if !self.nature.versioned {
            return bucket;
        }
        let enabled = store::BucketUpdate::Versioning(Versioning::Enabled);
        process.store.update_bucket(&cx(), &bucket, enabled).await.expect("all targets are well")
    }

    /// Gives one target another mood; never do all targets lie.
    pub(crate) fn change_a_mood(&self) {
        let place = self.random.below(self.targets.len() as u64) as usize;
        let mood = match self.random.below(12) {
            0..5 => Mood::Well,
            5 => Mood::Down,
            6 => Mood::Slow(Duration::from_millis(self.random.below(400))),
            7 => Mood::Hanging,
            8 => Mood::Flaky,
            9 => Mood::Breaking,
            10 => Mood::Short,
            _ => Mood::Lying,
        };
        self.targets[place].faults.set(mood);
    }

    /// A target has lost all that it held.
    pub(crate) fn replace_disk(&mut self, place: usize) {
        self.targets[place] = SimTarget::new(self.clock.clone(), self.random.clone());
    }

    /// Every target behaves from now on.
    pub(crate) fn heal(&self) {
        for target in &self.targets {
            target.faults.set(Mood::Well);
        }
    }

    /// Whether every target behaves.
    pub(crate) fn is_well(&self) -> bool {
        self.targets.iter().all(|target| target.faults.mood() == Mood::Well)
    }

    /// How the targets behave now.
    pub(crate) fn moods(&self) -> Vec<Mood> {
        self.targets.iter().map(|target| target.faults.mood()).collect()
    }

    /// Whether no target gives wrong bytes.
    pub(crate) fn is_truthful(&self) -> bool {
        self.targets.iter().all(|target| target.faults.mood() != Mood::Lying)
    }

    /// True once in so many times.
    pub(crate) fn once_in(&self, times: u64) -> bool {
        self.random.below(times) == 0
    }
}

pub(crate) fn owner() -> Owner {
    Owner { id: CanonicalId::from_text(&"a".repeat(64)), display_name: "owner".into() }
}

/// What a future comes to, or `None` where the life ends first.
pub(crate) async fn within<T>(life: &Life, work: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        biased;
        () = life.ended() => None,
        done = work => Some(done),
    }
}

impl Process {
    /// What a future comes to, or `None` where the process ends first.
    pub(crate) async fn within<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        within(&self.life, work).await
    }

    /// How many operations the targets still owe.
    pub(crate) async fn owed_operations(&self) -> u64 {
        let status = self.mirror.status().await.expect("the journal is well");
        status.targets.iter().map(|target| target.owed_operations).sum()
    }

    /// Ends the process as `kill -9` does.
    pub(crate) fn kill(self) {
        self.life.end();
        self.background.abort();
    }

    /// Ends the process as an operator does.
    pub(crate) async fn stop(mut self) {
        drop(self.stop.take());
        (&mut self.background).await.expect("the background work ends when told");
    }
}
