//! The store: one operation per file.

mod bucket_cache;
mod buckets;
mod complete;
mod conditions;
mod content;
mod copy;
mod copy_part;
mod delete;
mod delete_many;
mod info;
mod list;
mod list_uploads;
mod list_versions;
mod open;
mod parts;
mod put;
mod put_part;
mod spill;
mod store_impl;
mod tags;
mod uploads;
mod walk;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use remote::{Ledger, Stats};
use store::{Bucket, StoreError};
use types::{Budget, ChecksumAlgorithm, Clock, Context, Owner, Random, Timestamp};

use crate::credentials::Keyring;
use crate::probe::Probes;
use crate::wire::Wire;
use crate::{Conditional, Proven, S3Options};
use bucket_cache::BucketCache;
pub(crate) use buckets::with_md5;
use uploads::KnownUploads;

/// The most entries that S3 gives in one page of any listing.
const PAGE_MAX: usize = 1000;
/// How old a recorded upload is before its service is asked whether it still knows it.
const UPLOAD_STALE: Duration = Duration::from_secs(8 * 24 * 60 * 60);
/// How often that is done.
const SWEEP_EVERY: Duration = Duration::from_secs(6 * 60 * 60);
/// How many uploads one sweep asks about.
const SWEEP_MAX: usize = 1000;

/// A store whose buckets are those of another S3. Cloning shares it.
#[derive(Clone)]
pub struct S3Store(Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) wire: Wire,
    pub(crate) ledger: Ledger,
    pub(crate) conditional: Conditional,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) probes: Probes,
    budget: Budget,
    clock: Arc<dyn Clock>,
    root_owner: Owner,
    buckets: BucketCache,
    uploads: KnownUploads,
    creating: tokio::sync::Mutex<()>,
    pub(crate) lacks: Lacks,
}

/// What the service has shown that it leaves out.
#[derive(Default)]
pub(crate) struct Lacks {
    versioning: AtomicBool,
    bucket_tags: AtomicBool,
    many_deletes: AtomicBool,
}

impl S3Store {
    /// A store over a service. Nothing is sent yet.
    #[must_use]
    pub fn new(options: S3Options) -> Self {
        let S3Options {
            endpoint,
            region,
            credentials,
            conditional,
            client,
            ledger,
            budget,
            clock,
            random,
            root_owner,
        } = options;
        let keyring = Keyring::new(credentials, Arc::clone(&clock));
        Self(Arc::new(Inner {
            wire: Wire::new(endpoint, region, client, keyring, Arc::clone(&clock)),
            ledger,
            conditional,
            random,
            probes: Probes::default(),
            budget,
            clock,
            root_owner,
            buckets: BucketCache::default(),
            uploads: KnownUploads::default(),
            creating: tokio::sync::Mutex::default(),
            lacks: Lacks::default(),
        }))
    }

    /// What the client underneath has done.
    #[must_use]
    pub fn stats(&self) -> Arc<Stats> {
        self.0.wire.client.stats()
    }

    /// Finds out now what else is found out at first use: writes below `.sluice-probe/` in a bucket, and removes it again.
    ///
    /// # Errors
    /// Failures of the service; `Denied` where it does not let this account write.
    pub async fn probe(&self, cx: &Context, bucket: &Bucket) -> Result<Proven, StoreError> {
        for algorithm in ChecksumAlgorithm::ALL {
            self.0.checksums(cx, bucket, algorithm).await?;
        }
        self.0.traits(cx, &bucket.name).await?;
        self.0.proven(cx, &bucket.name).await
    }

    /// Forgets records of uploads that the service has ended by itself, now and then, until `stop` is done.
    pub async fn run(&self, stop: impl Future<Output = ()> + Send) {
        tokio::pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => return,
                () = tokio::time::sleep(SWEEP_EVERY) => {}
            }
            if let Err(error) = self.0.sweep(&Context::background()).await {
                tracing::warn!(%error, "records of unfinished uploads could not be swept");
            }
        }
    }
}

impl Inner {
    fn now(&self) -> Timestamp {
        crate::date::whole_seconds(self.clock.now())
    }
}
