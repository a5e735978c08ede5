use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use conformance::store::StoreWorld;
use crypt::Algorithm;
use layers::{
    Bandwidth, BandwidthOptions, Limit, LimitOptions, Observe, Prefix, Quota, QuotaOptions, RequestLog,
    Retry, RetryOptions,
};
use mirror::WritePolicy;
use store::{Layer, SharedStore, stack};
use tokio::sync::{Mutex, OnceCell, watch};

use crate::far::{Azure, OtherSluice};
use crate::parts::{Copies, Near, Nearby, PART_MIN_BYTES, Seal, Seeded, budget};

/// What stands on what.
#[derive(Clone, Copy)]
pub(crate) enum Stack {
    /// `crypt` over `cache` over `mirror`; of stores near, or also of two elsewhere.
    SealedCachedMirror { is_far: bool },
    /// `mirror` over stores, each behind its own `crypt`.
    MirrorOfSealed,
    /// The same behind every light layer.
    Bounded,
}

/// A stack and what outlives it.
pub(crate) struct World {
    stack: Stack,
    near: [Near; 2],
    seals: [Seal; 2],
    nearby: Nearby,
    copies: Copies,
    elsewhere: OnceCell<(OtherSluice, Azure)>,
    /// Dropped, the mirror opened before stops its work.
    running: Mutex<Option<watch::Sender<()>>>,
}

impl World {
    pub(crate) fn new(stack: Stack) -> Self {
        Self {
            stack,
            near: [Near::new(1), Near::new(2)],
            seals: [Seal::new(Algorithm::Aes256Gcm, 1), Seal::new(Algorithm::ChaCha20Poly1305, 2)],
            nearby: Nearby::new(&budget()),
            copies: Copies::default(),
            elsewhere: OnceCell::new(),
            running: Mutex::default(),
        }
    }

    async fn mirror(&self, targets: Vec<SharedStore>) -> SharedStore {
        let (stop, stopped) = watch::channel(());
        drop(self.running.lock().await.replace(stop));
        Arc::new(self.copies.open(targets, WritePolicy::All, &budget(), stopped).await)
    }

    async fn sealed_cached_mirror(&self, is_far: bool) -> SharedStore {
        let targets = match is_far {
            true => {
                let start = async || (OtherSluice::start(), Azure::start());
                let (sluice, azure) = self.elsewhere.get_or_init(start).await;
                vec![self.near[0].open(), sluice.open(), azure.open()]
            }
            false => self.near.iter().map(Near::open).collect(),
        };
        self.seals[0].wrap(self.nearby.wrap(self.mirror(targets).await), &budget())
    }

    async fn mirror_of_sealed(&self) -> SharedStore {
        let sealed = self.near.iter().zip(&self.seals).map(|(near, seal)| seal.wrap(near.open(), &budget()));
        self.mirror(sealed.collect()).await
    }
}

/// Every light layer that lets everything through, at more than any case needs.
fn light() -> Vec<Box<dyn Layer>> {
    let (minute, rate) = (Duration::from_secs(60), Some(1 << 40));
    let limit = LimitOptions { requests_per_second: Some(u32::MAX), concurrency: Some(1000), wait: minute };
    let bandwidth = BandwidthOptions { read_bytes_per_second: rate, write_bytes_per_second: rate };
    let retry = RetryOptions { timeout: minute, attempts: 3 };
    vec![
        Box::new(Observe::new()),
        Box::new(RequestLog::new("both")),
        Box::new(Limit::new(limit).unwrap()),
        Box::new(Bandwidth::new(bandwidth).unwrap()),
        Box::new(Retry::new(retry, Seeded::new(3)).unwrap()),
        Box::new(Quota::new(QuotaOptions { bytes: rate, objects: rate }).unwrap()),
        Box::new(Prefix::new("").unwrap()),
    ]
}

#[async_trait]
impl StoreWorld for World {
    async fn open(&self) -> SharedStore {
        match self.stack {
            Stack::SealedCachedMirror { is_far } => self.sealed_cached_mirror(is_far).await,
            Stack::MirrorOfSealed => self.mirror_of_sealed().await,
            Stack::Bounded => stack(&light(), self.mirror_of_sealed().await).unwrap(),
        }
    }

    fn part_min_bytes(&self) -> u64 {
        PART_MIN_BYTES
    }

    fn is_lasting(&self) -> bool {
        true
    }
}
