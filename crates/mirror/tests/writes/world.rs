use std::sync::Arc;

use meta::MemoryMeta;
use mirror::{Mirror, MirrorOptions, ReadPolicy, Target, WritePolicy};
use sim::SimRandom;
use store::{Bucket, BucketStore, ObjectStore, OpenOptions, PutOptions, PutOutcome, SharedStore, StoreError};
use types::{
    Body, BucketName, ByteRange, CanonicalId, Clock, Context, Notes, ObjectKey, Owner, TagSet, TargetOutcome,
};

use crate::clock::RuntimeClock;
use crate::journal::{JournalFaults, JournalInLife};
use crate::life::Life;
use crate::target::SimTarget;

/// A mirror of targets whose moods a test changes.
pub(crate) struct World {
    pub(crate) mirror: Mirror,
    pub(crate) targets: Vec<SimTarget>,
    pub(crate) bucket: Bucket,
    pub(crate) journal: JournalFaults,
}

pub(crate) fn key(text: &str) -> ObjectKey {
    ObjectKey::new(text).unwrap()
}

pub(crate) fn cx() -> Context {
    Context::background()
}

/// A context whose notes are read.
pub(crate) fn noted() -> Context {
    Context { notes: Notes::kept(), ..Context::background() }
}

impl World {
    pub(crate) async fn of(count: usize, write: WritePolicy) -> Self {
        let random = Arc::new(SimRandom::new(3));
        let clock: Arc<dyn Clock> = Arc::new(RuntimeClock::new());
        let targets: Vec<SimTarget> =
            (0..count).map(|_| SimTarget::new(clock.clone(), random.clone())).collect();
        let stores: Vec<SharedStore> = targets.iter().map(|target| target.in_life(&Life::long())).collect();
        let journal = JournalFaults::default();
        let mirror = open(stores, write, clock, journal.clone()).await;
        let owner = Owner { id: CanonicalId::from_text(&"a".repeat(64)), display_name: "owner".into() };
        let name = BucketName::new("writes").unwrap();
        let bucket = mirror.create_bucket(&cx(), &name, &owner, &TagSet::default()).await.unwrap();
        Self { mirror, targets, bucket, journal }
    }

    pub(crate) async fn put(&self, cx: &Context, name: &str, body: Body) -> Result<PutOutcome, StoreError> {
        self.mirror.put(cx, &self.bucket, &key(name), body, PutOptions::default()).await
    }

    pub(crate) async fn read(&self, name: &str) -> Vec<u8> {
        read(&self.mirror, &self.bucket, name).await.unwrap()
    }

    /// The bytes that a target has.
    pub(crate) async fn at(&self, place: usize, name: &str) -> Option<Vec<u8>> {
        let store = &self.targets[place].store;
        let bucket = store.bucket(&cx(), &self.bucket.name).await.unwrap();
        read(&**store, &bucket, name).await
    }

    pub(crate) async fn owed_keys(&self) -> Vec<u64> {
        self.mirror.status().await.unwrap().targets.iter().map(|target| target.owed_keys).collect()
    }

    /// Works off what is owed.
    pub(crate) async fn repair(&self) {
        let report = self.mirror.repair(&mut |_| {}).await.unwrap();
        assert_eq!(report.failed, 0);
    }
}

async fn open(
    stores: Vec<SharedStore>,
    write: WritePolicy,
    clock: Arc<dyn Clock>,
    faults: JournalFaults,
) -> Mirror {
    let target = |(place, store)| Target { name: format!("target-{place}").into(), store };
    let options = MirrorOptions {
        name: "mirror".into(),
        targets: stores.into_iter().enumerate().map(target).collect(),
        write,
        read: ReadPolicy::Order,
        hedge: None,
        budget: types::Budget::new(64 * types::FRAME_MAX_BYTES),
        journal: JournalInLife::failing(&MemoryMeta::default(), &Life::long(), faults),
        clock,
        random: Arc::new(SimRandom::new(5)),
    };
    Mirror::open(options).await.unwrap()
}

async fn read(store: &dyn store::Store, bucket: &Bucket, name: &str) -> Option<Vec<u8>> {
    let opened = store.open(&cx(), bucket, &key(name), OpenOptions::default()).await.ok()?;
    let body = opened.content.read(ByteRange::whole(opened.info.size_bytes)).await.unwrap();
    Some(body.collect(1 << 26).await.unwrap().to_vec())
}

/// What the notes of a request say of each target.
pub(crate) fn outcomes(cx: &Context) -> Vec<TargetOutcome> {
    cx.notes.read().targets.iter().map(|(_, outcome)| *outcome).collect()
}
