use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use meta::MetaStore;
use store::{Bucket, Missing, SharedStore, StoreError, StoreErrorKind};
use tokio::sync::Notify;
use types::{BucketName, Budget, Clock, Context, ObjectKey, Random, TargetOutcome, Timestamp};

use crate::health::{Gate, Health, HealthOptions, ReadPolicy};
use crate::journal::{BucketRecord, Journal};
use crate::locks::{LockName, Locks};
use crate::policy::WritePolicy;
use crate::repair::Passes;
use crate::stats::Stats;
use crate::target::{Target, TargetNumber};
use crate::write::Leftovers;

/// How long a write waits for a target once enough others have it, and for a target that takes no more of a body.
pub const PATIENCE: Duration = Duration::from_secs(1);
/// Records of targets' buckets that are kept; past it all are asked for again.
const BUCKETS_KEPT: usize = 10_000;

/// What a mirror is made of.
pub struct MirrorOptions {
    /// Its name in messages.
    pub name: Arc<str>,
    /// The stores, each with its own layers; at least one.
    pub targets: Vec<Target>,
    /// How many of them must have a write before it is acknowledged.
    pub write: WritePolicy,
    /// Which of them a read asks first.
    pub read: ReadPolicy,
    /// The engine of the journal, which is the mirror's own.
    pub journal: Arc<dyn MetaStore>,
    /// After how long a read asks a second target beside the first; `None` only after a failure.
    pub hedge: Option<Duration>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes ids that cannot be guessed.
    pub random: Arc<dyn Random>,
    /// What bodies on their way may hold: it bounds how many are copied from one target to another at once.
    pub budget: Budget,
}

/// A store made of stores that hold the same. Cloning shares it.
///
/// It must be the only writer of its targets. [`Mirror::run`] is to run beside it: it settles what a crash left and works
/// off what targets owe.
#[derive(Clone)]
pub struct Mirror(pub(crate) Arc<Core>);

impl Mirror {
    /// Opens the mirror. Asks no target anything.
    ///
    /// # Errors
    /// Failures of the journal's engine.
    pub async fn open(options: MirrorOptions) -> Result<Self, StoreError> {
        let names: Vec<Arc<str>> = options.targets.iter().map(|target| target.name.clone()).collect();
        let (journal, numbers) = Journal::open(options.journal, &names).await?;
        let targets: Vec<Place> = options
            .targets
            .into_iter()
            .zip(numbers)
            .map(|(target, number)| Place { name: target.name, store: target.store, number })
            .collect();
        let core = Core {
            name: options.name,
            health: Health::new(targets.len(), HealthOptions::default(), options.clock.clone()),
            stats: Arc::new(Stats::new(names.into_iter())),
            targets,
            write: options.write,
            read: options.read,
            hedge: options.hedge,
            journal,
            locks: Arc::default(),
            clock: options.clock,
            random: options.random,
            budget: options.budget,
            target_buckets: Mutex::default(),
            running: Arc::default(),
            removing: Arc::default(),
            unsettled: Mutex::default(),
            work: Notify::new(),
            passes: Passes::default(),
            leftovers: Leftovers::default(),
        };
        core.load_unsettled().await?;
        Ok(Self(Arc::new(core)))
    }

    /// What the mirror has done since it was opened.
    #[must_use]
    pub fn stats(&self) -> &Arc<Stats> {
        &self.0.stats
    }

    /// The health of its targets.
    #[must_use]
    pub fn health(&self) -> &Health {
        &self.0.health
    }
}

/// A target as the mirror knows it.
pub(crate) struct Place {
    pub(crate) name: Arc<str>,
    pub(crate) store: SharedStore,
    pub(crate) number: TargetNumber,
}

/// What all clones of a [`Mirror`] share.
pub(crate) struct Core {
    pub(crate) name: Arc<str>,
    pub(crate) targets: Vec<Place>,
    pub(crate) write: WritePolicy,
    pub(crate) read: ReadPolicy,
    pub(crate) hedge: Option<Duration>,
    pub(crate) journal: Journal,
    pub(crate) locks: Arc<Locks>,
    pub(crate) health: Health,
    pub(crate) stats: Arc<Stats>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) budget: Budget,
    target_buckets: Mutex<HashMap<(usize, BucketName), Bucket>>,
    /// Keys at targets where a call that changes them is under way, though nobody may wait for it any more.
    running: Arc<Mutex<HashSet<(usize, BucketName, ObjectKey)>>>,
    /// Removed buckets at targets where what is left of them is being removed, though nobody may wait for it any more.
    removing: Arc<Mutex<HashSet<(usize, BucketName)>>>,
    /// Keys with an intent that no call under way will settle.
    unsettled: Mutex<HashSet<(u64, ObjectKey)>>,
    /// There is something for repair to do.
    pub(crate) work: Notify,
    /// Where repair stopped at each target.
    pub(crate) passes: Passes,
    /// Which targets hold more than the journal knows.
    pub(crate) leftovers: Leftovers,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Core {
    /// There is something to repair.
    pub(crate) fn wake(&self) {
        self.work.notify_waiters();
    }

    /// How many targets must have a write.
    pub(crate) fn needed(&self) -> usize {
        self.write.needed(self.targets.len())
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The place of the target of this number, where it still is one of the mirror's.
    pub(crate) fn place_of(&self, number: TargetNumber) -> Option<usize> {
        self.targets.iter().position(|target| target.number == number)
    }

    /// A bucket's record, which must still be of the bucket that the caller was handed.
    pub(crate) async fn record(
        &self,
        bucket: &Bucket,
        operation: &'static str,
    ) -> Result<BucketRecord, StoreError> {
        let record = self.journal.bucket(&bucket.name).await?;
        record
            .filter(|record| record.handle == bucket.handle)
            .ok_or_else(|| StoreError::missing(Missing::Bucket, operation))
    }

    /// A target's own record of a bucket.
    pub(crate) async fn target_bucket(&self, target: usize, name: &BucketName) -> Result<Bucket, StoreError> {
        if let Some(bucket) = locked(&self.target_buckets).get(&(target, name.clone())) {
            return Ok(bucket.clone());
        }
        let bucket = self.targets[target].store.bucket(&Context::background(), name).await?;
        self.keep_target_bucket(target, bucket.clone());
        Ok(bucket)
    }

    /// Keeps a target's record of a bucket as it told it last.
    pub(crate) fn keep_target_bucket(&self, target: usize, bucket: Bucket) {
        let mut kept = locked(&self.target_buckets);
        if kept.len() >= BUCKETS_KEPT {
            kept.clear();
        }
        kept.insert((target, bucket.name.clone()), bucket);
    }

    /// A target's record of a bucket is to be asked for again.
    pub(crate) fn forget_target_bucket(&self, target: usize, name: &BucketName) {
        locked(&self.target_buckets).remove(&(target, name.clone()));
    }

    /// The targets that have a bucket and take writes in it, of those that are in or due for a probe; all that have it where
    /// those are too few for the policy.
    pub(crate) fn writable(&self, record: &BucketRecord) -> Vec<usize> {
        let has = |place: &usize| record.takes_writes(self.targets[*place].number);
        let having: Vec<usize> = (0..self.targets.len()).filter(has).collect();
        let due: Vec<usize> =
            having.iter().copied().filter(|place| self.health.gate(*place) != Gate::Closed).collect();
        if due.len() >= self.needed() { due } else { having }
    }

    /// Says that calls on these keys at a target are under way, until what comes back is dropped.
    pub(crate) fn running(&self, target: usize, bucket: &BucketName, keys: &[ObjectKey]) -> Running {
        let names: Vec<_> = keys.iter().map(|key| (target, bucket.clone(), key.clone())).collect();
        locked(&self.running).extend(names.iter().cloned());
        Running { table: self.running.clone(), names }
    }

    /// Whether a call on the key at the target is under way.
    pub(crate) fn is_running(&self, target: usize, bucket: &BucketName, key: &ObjectKey) -> bool {
        locked(&self.running).contains(&(target, bucket.clone(), key.clone()))
    }

    /// Whether a call on any key of a bucket at the target is under way.
    pub(crate) fn is_running_in(&self, target: usize, bucket: &BucketName) -> bool {
        locked(&self.running).iter().any(|(place, name, _)| *place == target && name == bucket)
    }

    /// Says that what is left of a bucket is being removed at a target, until what comes back is dropped. `None` while that is
    /// said already: the target's bucket of the name is not to be touched until then.
    pub(crate) fn removing(&self, target: usize, bucket: &BucketName) -> Option<Removing> {
        let name = (target, bucket.clone());
        let is_first = locked(&self.removing).insert(name.clone());
        is_first.then(|| Removing { table: self.removing.clone(), name })
    }

    /// Waits until no write to the key is in the middle of its commit.
    pub(crate) async fn wait(&self, bucket: &BucketName, key: &ObjectKey) {
        drop(self.locks.shared(LockName::Key(bucket.clone(), key.clone())).await);
    }

    async fn load_unsettled(&self) -> Result<(), StoreError> {
        const PAGE: usize = 1_000;
        let mut after: Option<(u64, ObjectKey)> = None;
        loop {
            let page = self.journal.intents(after.as_ref().map(|(handle, key)| (*handle, key)), PAGE).await?;
            let more = page.len() == PAGE;
            let mut unsettled = locked(&self.unsettled);
            for (handle, key, _) in page {
                unsettled.insert((handle, key.clone()));
                after = Some((handle, key));
            }
            if !more {
                return Ok(());
            }
        }
    }

    /// An intent is left that no call will settle.
    pub(crate) fn leave_unsettled(&self, handle: u64, key: &ObjectKey) {
        locked(&self.unsettled).insert((handle, key.clone()));
        self.wake();
    }

    /// Whether an intent of the key is left that no call will settle.
    pub(crate) fn is_unsettled(&self, handle: u64, key: &ObjectKey) -> bool {
        let unsettled = locked(&self.unsettled);
        !unsettled.is_empty() && unsettled.contains(&(handle, key.clone()))
    }

    /// The intent of the key is settled.
    pub(crate) fn has_settled(&self, handle: u64, key: &ObjectKey) {
        locked(&self.unsettled).remove(&(handle, key.clone()));
    }

    /// All keys with an intent that no call will settle.
    pub(crate) fn all_unsettled(&self) -> Vec<(u64, ObjectKey)> {
        let mut all: Vec<_> = locked(&self.unsettled).iter().cloned().collect();
        all.sort();
        all
    }

    /// Says in the request's notes and in the counters which targets have a write.
    pub(crate) fn note(&self, cx: &Context, done: impl Fn(usize) -> bool) {
        for (place, target) in self.targets.iter().enumerate() {
            let outcome = if done(place) { TargetOutcome::Done } else { TargetOutcome::Owed };
            cx.notes.target(&target.name, outcome);
            self.stats.targets[place].count(outcome);
        }
    }

    /// Too few targets have a write.
    pub(crate) fn unmet(&self, operation: &'static str) -> StoreError {
        self.stats.unmet.add(1);
        StoreError::new(StoreErrorKind::Unavailable, operation)
    }
}

/// Calls on keys at a target are under way while this lives.
pub(crate) struct Running {
    table: Arc<Mutex<HashSet<(usize, BucketName, ObjectKey)>>>,
    names: Vec<(usize, BucketName, ObjectKey)>,
}

impl Drop for Running {
    fn drop(&mut self) {
        let mut table = locked(&self.table);
        self.names.iter().for_each(|name| {
            table.remove(name);
        });
    }
}

/// What is left of a bucket is being removed at a target while this lives.
pub(crate) struct Removing {
    table: Arc<Mutex<HashSet<(usize, BucketName)>>>,
    name: (usize, BucketName),
}

impl Drop for Removing {
    fn drop(&mut self) {
        locked(&self.table).remove(&self.name);
    }
}
