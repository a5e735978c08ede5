//! Encryption over a cache over a mirror whose targets fail, lose answers and break bodies off: nothing acknowledged is lost,
//! no wrong byte is read, and in the end the targets agree.

use std::collections::BTreeMap;
use std::time::Duration;

use crypt::Algorithm;
use layers::{Fault, FaultOptions, Retry, RetryOptions};
use mirror::{Mirror, WritePolicy};
use store::{
    Bucket, DeleteOptions, Layer, ListEntry, ListObjects, Missing, OpenOptions, PutOptions, SharedStore,
    StoreError, StoreErrorKind,
};
use tokio::sync::watch;
use types::{Body, BucketName, ByteRange, CanonicalId, Context, ObjectKey, Owner, Random, TagSet};

use crate::parts::{Copies, Near, Nearby, Seal, Seeded, budget};

const TARGETS: usize = 3;
const KEYS: u64 = 5;
const STEPS: u64 = 150;
/// How many seeds are played.
const SEEDS: u64 = 6;

/// What the key may hold: the last write that was acknowledged, and each later one of which nobody knows.
type Possible = BTreeMap<String, Vec<Option<Vec<u8>>>>;

struct Troubles {
    near: Vec<Near>,
    seal: Seal,
    nearby: Nearby,
    copies: Copies,
    possible: Possible,
    random: std::sync::Arc<Seeded>,
}

struct Open {
    store: SharedStore,
    mirror: Mirror,
    bucket: Bucket,
    _running: watch::Sender<()>,
}

fn cx() -> Context {
    Context::background()
}

fn name() -> BucketName {
    BucketName::new("bucket").unwrap()
}

fn flaky(near: SharedStore, seed: u64) -> SharedStore {
    let faults =
        FaultOptions { errors: 0.04, lost: 0.04, cuts: 0.04, seed: Some(seed), ..FaultOptions::default() };
    let retry = RetryOptions { timeout: Duration::from_secs(5), attempts: 2 };
    let flaky = Fault::new(faults, Seeded::new(seed)).unwrap().wrap(near);
    Retry::new(retry, Seeded::new(seed)).unwrap().wrap(flaky)
}

impl Troubles {
    fn new(seed: u64) -> Self {
        Self {
            near: (0..TARGETS as u64).map(|target| Near::new(seed * 8 + target)).collect(),
            seal: Seal::new(Algorithm::Aes256Gcm, 1),
            nearby: Nearby::new(&budget()),
            copies: Copies::default(),
            possible: Possible::new(),
            random: Seeded::new(seed + 1000),
        }
    }

    fn pick(&self, below: u64) -> u64 {
        self.random.next_u64() % below
    }

    /// Opens the stack, over targets in trouble where a seed is given.
    async fn open(&self, trouble: Option<u64>) -> Open {
        let target = |(place, near): (usize, &Near)| match trouble {
            Some(seed) => flaky(near.open(), seed * 8 + place as u64),
            None => near.open(),
        };
        let targets = self.near.iter().enumerate().map(target).collect();
        let (running, stop) = watch::channel(());
        let mirror = self.copies.open(targets, WritePolicy::Quorum, &budget(), stop).await;
        let store = self.seal.wrap(self.nearby.wrap(std::sync::Arc::new(mirror.clone())), &budget());
        let owner = Owner { id: CanonicalId::from_text(&"0".repeat(64)), display_name: "o".into() };
        let bucket = match store.bucket(&cx(), &name()).await {
            Ok(bucket) => bucket,
            Err(_) => store.create_bucket(&cx(), &name(), &owner, &TagSet::default()).await.unwrap(),
        };
        Open { store, mirror, bucket, _running: running }
    }

    /// Writes, deletes and reads one key after the other.
    async fn play(&mut self, open: &Open) {
        for _ in 0..STEPS {
            let text = format!("k{}", self.pick(KEYS));
            let key = ObjectKey::new(&text).unwrap();
            match self.pick(10) {
                0..=4 => {
                    let (byte, size) = (self.random.next_u64() as u8, self.pick(200_000) as usize);
                    let bytes = vec![byte; size];
                    let body = Body::from_bytes(bytes.clone().into());
                    let put = open.store.put(&cx(), &open.bucket, &key, body, PutOptions::default()).await;
                    self.wrote(&text, Some(bytes), put.is_ok());
                }
                5 => {
                    let options = DeleteOptions::default();
                    let deleted = open.store.delete(&cx(), &open.bucket, &key, options).await;
                    self.wrote(&text, None, deleted.is_ok());
                }
                _ => match read(open, &key).await {
                    Ok(found) => self.saw(&text, found),
                    Err(error) => assert!(is_passing(&error), "{error}: {:?}", error.source),
                },
            }
        }
    }

    fn wrote(&mut self, key: &str, value: Option<Vec<u8>>, is_acknowledged: bool) {
        let possible = self.possible.entry(key.to_owned()).or_insert_with(|| vec![None]);
        if is_acknowledged {
            possible.clear();
        }
        possible.push(value);
    }

    fn saw(&self, key: &str, found: Option<Vec<u8>>) {
        let nothing = vec![None];
        let possible = self.possible.get(key).unwrap_or(&nothing);
        let told =
            |value: &Option<Vec<u8>>| value.as_ref().map(|bytes| (bytes.first().copied(), bytes.len()));
        let all: Vec<_> = possible.iter().map(told).collect();
        assert!(possible.contains(&found), "{key} holds {:?}, not one of {all:?}", told(&found));
    }
}

/// What a key holds.
async fn read(open: &Open, key: &ObjectKey) -> Result<Option<Vec<u8>>, StoreError> {
    let opened = match open.store.open(&cx(), &open.bucket, key, OpenOptions::default()).await {
        Err(error) if matches!(error.kind, StoreErrorKind::Missing(Missing::Key)) => return Ok(None),
        opened => opened?,
    };
    let size = opened.info.size_bytes;
    let body = opened.content.read(ByteRange::whole(size)).await?;
    let read = body.collect(1 << 20).await;
    let bytes = read.map_err(|error| StoreError::new(StoreErrorKind::Body(error), "read"))?;
    assert_eq!(bytes.len() as u64, size);
    Ok(Some(bytes.to_vec()))
}

/// Whether a read may fail so while targets are in trouble. Damage is none of these: no target has any.
fn is_passing(error: &StoreError) -> bool {
    match &error.kind {
        StoreErrorKind::Unavailable | StoreErrorKind::Conflict => true,
        StoreErrorKind::Body(body) => body.kind == types::BodyErrorKind::Storage,
        _ => false,
    }
}

/// The current objects of a store: keys, tags and sizes.
async fn objects(store: &SharedStore) -> Vec<(String, String, u64)> {
    let bucket = store.bucket(&cx(), &name()).await.unwrap();
    let options = ListObjects { limit: 1000, ..ListObjects::default() };
    let page = store.list(&cx(), &bucket, options).await.unwrap();
    let shown = |entry| match entry {
        ListEntry::Object(object) => (object.key.to_string(), object.etag.to_string(), object.size_bytes),
        ListEntry::Prefix(prefix) => panic!("{prefix} without a delimiter"),
    };
    page.entries.into_iter().map(shown).collect()
}

async fn is_drained(mirror: &Mirror) -> bool {
    let status = mirror.status().await.unwrap();
    status.unsettled == 0 && status.targets.iter().all(|target| target.owed_operations == 0)
}

/// What was owed to targets meanwhile.
async fn one_life_after_another(seed: u64) -> u64 {
    let (mut troubles, mut owed) = (Troubles::new(seed), 0);
    // The bucket is made while all is well.
    drop(troubles.open(None).await);
    for life in 0..3 {
        let open = troubles.open(Some(seed * 31 + life)).await;
        troubles.play(&open).await;
        owed += open.mirror.stats().targets.iter().map(|target| target.owed.get()).sum::<u64>();
    }
    let open = troubles.open(None).await;
    for _ in 0..600 {
        if is_drained(&open.mirror).await {
            break;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert!(is_drained(&open.mirror).await, "seed {seed}: {:?}", open.mirror.status().await);
    for key in 0..KEYS {
        let key = ObjectKey::new(&format!("k{key}")).unwrap();
        troubles.saw(key.as_str(), read(&open, &key).await.unwrap());
    }
    let first = objects(&troubles.near[0].open()).await;
    for near in &troubles.near[1..] {
        assert_eq!(objects(&near.open()).await, first, "seed {seed}");
    }
    owed
}

#[tokio::test(start_paused = true)]
async fn nothing_acknowledged_is_lost_and_targets_agree_in_the_end() {
    let mut owed = 0;
    for seed in 0..SEEDS {
        owed += one_life_after_another(seed).await;
    }
    assert!(owed > SEEDS * 10, "{owed} debts are no trouble");
}
