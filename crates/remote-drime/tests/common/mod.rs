#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "each test binary uses what it needs; what cannot go on has failed"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use meta::{MemoryMeta, MetaStore};
use remote::{Client, ClientOptions, Ledger, Limits, RetryLimits, Roots};
use remote_drime::{Conditional, DrimeOptions, DrimeStore, Root, Tuning};
use store::{Bucket, BucketStore};
use stubs::drime::{Settings, Stub};
use types::{BucketName, Budget, CanonicalId, Context, Owner, Random, SystemClock, TagSet};

/// Numbers that are as good as chance for tests.
#[derive(Default)]
pub(crate) struct Counting(AtomicU64);

impl Random for Counting {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(8) {
            let mut state = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
            state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            chunk.copy_from_slice(&(state ^ (state >> 27)).to_le_bytes()[..chunk.len()]);
        }
    }
}

/// Calls enough for any test, so that the limit is met only where it is the subject.
pub(crate) const CALLS: u32 = 60_000_000;
/// Parts of this size do in tests.
pub(crate) const PART_MIN_BYTES: u64 = 1_024;

pub(crate) fn owner(name: &str) -> Owner {
    Owner { id: CanonicalId::from_text(&format!("{name:0>64}")), display_name: name.into() }
}

/// A drive and what Sluice keeps on its side.
pub(crate) struct World {
    pub(crate) stub: Stub,
    pub(crate) meta: Arc<dyn MetaStore>,
    pub(crate) conditional: Conditional,
    pub(crate) root: Root,
    pub(crate) limits: Limits,
    pub(crate) tuning: Tuning,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) budget_bytes: usize,
}

pub(crate) fn settings() -> Settings {
    Settings { calls_per_minute: CALLS, part_min_bytes: PART_MIN_BYTES, ..Settings::default() }
}

impl World {
    pub(crate) fn new(settings: Settings) -> Self {
        let retry = RetryLimits { first_pause: Duration::from_millis(1), ..RetryLimits::default() };
        let tuning = Tuning {
            calls_per_minute: CALLS,
            small_max_bytes: 150_000,
            part_bytes: 100_000,
            part_min_bytes: PART_MIN_BYTES,
            look_pause: Duration::from_millis(1),
            ..Tuning::default()
        };
        Self {
            stub: Stub::start(settings).unwrap(),
            meta: Arc::new(MemoryMeta::new(types::Ceiling::new(1 << 30))),
            conditional: Conditional::Refuse,
            root: Root::Buckets,
            limits: Limits { retry, ..Limits::default() },
            tuning,
            random: Arc::new(Counting::default()),
            budget_bytes: 64 << 20,
        }
    }

    /// A store over the drive.
    pub(crate) fn open(&self) -> DrimeStore {
        self.open_at(self.stub.endpoint())
    }

    /// A store that reaches the drive by this address.
    pub(crate) fn open_at(&self, endpoint: String) -> DrimeStore {
        let budget = Budget::new(self.budget_bytes);
        let client = Client::new(ClientOptions {
            name: "drime".to_owned(),
            budget: budget.clone(),
            clock: Arc::new(SystemClock),
            random: self.random.clone(),
            limits: self.limits,
            roots: Roots::System,
        });
        DrimeStore::new(DrimeOptions {
            endpoint,
            token: "drime-stub-token".to_owned(),
            workspace: 0,
            root: self.root,
            conditional: self.conditional,
            client: client.unwrap(),
            ledger: Ledger::new(self.meta.clone()),
            clock: Arc::new(SystemClock),
            random: self.random.clone(),
            budget,
            root_owner: owner("root"),
            tuning: self.tuning,
        })
        .unwrap()
    }
}

pub(crate) fn cx() -> Context {
    Context::background()
}

pub(crate) async fn make_bucket(store: &DrimeStore, name: &str) -> Bucket {
    let name = BucketName::new(name).unwrap();
    store.create_bucket(&cx(), &name, &owner("alice"), &TagSet::default()).await.unwrap()
}
