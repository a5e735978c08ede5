use std::sync::Arc;

use meta::MemoryMeta;
use mirror::{Mirror, MirrorOptions, ReadPolicy, Target, WritePolicy};
use sim::SimRandom;
use store::{Bucket, BucketStore, BucketUpdate, Versioning};
use types::{BucketName, CanonicalId, Clock, Context, Owner, TagSet};

use crate::clock::RuntimeClock;
use crate::compare::{Shown, shown};
use crate::journal::JournalInLife;
use crate::life::Life;
use crate::target::SimTarget;
use crate::work::{Work, put, set_up};

/// Targets of each world.
const TARGETS: usize = 3;
/// Passes of repair until nothing may be owed any more.
const PASSES: usize = 3;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Nature {
    pub(crate) write: WritePolicy,
    pub(crate) versioning: Versioning,
}

/// All that outlives the process.
pub(crate) struct World {
    nature: Nature,
    targets: Vec<SimTarget>,
    journal: MemoryMeta,
    clock: Arc<dyn Clock>,
}

pub(crate) fn cx() -> Context {
    Context::background()
}

pub(crate) fn bucket_name() -> BucketName {
    BucketName::new("crashes").unwrap()
}

impl World {
    pub(crate) fn new(nature: Nature) -> Self {
        let random = Arc::new(SimRandom::new(11));
        let clock: Arc<dyn Clock> = Arc::new(RuntimeClock::new());
        let targets = (0..TARGETS).map(|_| SimTarget::new(clock.clone(), random.clone())).collect();
        Self { nature, targets, journal: MemoryMeta::default(), clock }
    }

    async fn open(&self, life: &Life) -> Mirror {
        let target = |(place, target): (usize, &SimTarget)| Target {
            name: format!("target-{place}").into(),
            store: target.in_life(life),
        };
        let options = MirrorOptions {
            name: "mirror".into(),
            targets: self.targets.iter().enumerate().map(target).collect(),
            write: self.nature.write,
            read: ReadPolicy::Order,
            hedge: None,
            budget: types::Budget::new(64 * types::FRAME_MAX_BYTES),
            journal: JournalInLife::new(&self.journal, life),
            clock: self.clock.clone(),
            random: Arc::new(SimRandom::new(17)),
        };
        Mirror::open(options).await.unwrap()
    }

    /// Makes what every write begins from, and tells what it looks like.
    pub(crate) async fn prepared(&self) -> Vec<Shown> {
        let mirror = self.open(&Life::long()).await;
        let owner = Owner { id: CanonicalId::from_text(&"a".repeat(64)), display_name: "owner".into() };
        let mut bucket =
            mirror.create_bucket(&cx(), &bucket_name(), &owner, &TagSet::default()).await.unwrap();
        put(&mirror, &bucket, "early", 1).await.unwrap();
        let steps: &[Versioning] = match self.nature.versioning {
            Versioning::Off => &[],
            Versioning::Enabled => &[Versioning::Enabled],
            Versioning::Suspended => &[Versioning::Enabled, Versioning::Suspended],
        };
        for versioning in steps {
            let update = BucketUpdate::Versioning(*versioning);
            bucket = mirror.update_bucket(&cx(), &bucket, update).await.unwrap();
            put(&mirror, &bucket, "k", 2).await.unwrap();
        }
        put(&mirror, &bucket, "k", 3).await.unwrap();
        put(&mirror, &bucket, "source", 4).await.unwrap();
        self.alike("prepared").await
    }

    pub(crate) async fn bucket(&self, mirror: &Mirror) -> Bucket {
        mirror.bucket(&cx(), &bucket_name()).await.unwrap()
    }

    /// Does the work in a life that may end on the way. Tells whether it was acknowledged.
    pub(crate) async fn work(&self, life: &Life, work: Work) -> bool {
        let opened = Life::long();
        let ready = set_up(&self.open(&opened).await, work).await;
        let mirror = self.open(life).await;
        let bucket = self.bucket(&mirror).await;
        tokio::select! {
            biased;
            () = life.ended() => false,
            done = work.run(&mirror, &bucket, ready) => {
                done.unwrap();
                true
            }
        }
    }

    /// Opens the mirror again, has it settle and repair, and tells what all targets then show.
    pub(crate) async fn recovered(&self, what: &str) -> Vec<Shown> {
        let mirror = self.open(&Life::long()).await;
        assert_eq!(mirror.recover().await.unwrap(), 0, "{what}: not settled");
        for _ in 0..PASSES {
            mirror.repair(&mut |_| {}).await.unwrap();
        }
        let status = mirror.status().await.unwrap();
        for target in &status.targets {
            assert_eq!(target.owed_operations, 0, "{what}: {status:?}");
        }
        let there = self.alike(what).await;
        let through = shown(&mirror, &self.bucket(&mirror).await).await;
        assert_eq!(through, there, "{what}: the mirror shows something else than its targets");
        there
    }

    /// What every target shows, which is the same.
    async fn alike(&self, what: &str) -> Vec<Shown> {
        let mut all = Vec::new();
        for target in &self.targets {
            let bucket = target.store.bucket(&cx(), &bucket_name()).await.unwrap();
            all.push(shown(&*target.store, &bucket).await);
        }
        assert!(all.windows(2).all(|pair| pair[0] == pair[1]), "{what}: targets differ: {all:#?}");
        all.swap_remove(0)
    }

    /// What the work makes of a world where nothing ends.
    pub(crate) async fn expected(&self, before: &[Shown], work: Work) -> Vec<Shown> {
        let world = Self::new(self.nature);
        assert_eq!(world.prepared().await, before);
        assert!(world.work(&Life::long(), work).await);
        world.recovered("without an end").await
    }
}
