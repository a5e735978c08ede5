//! What an operator asks of a running cache.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use store::{
    Bucket, ListEntry, ListObjects, ListPage, ObjectSummary, OpenOptions, Position, SharedStore, StoreError,
};
use types::{ByteRange, Context, Frame};

use crate::cache::{Cache, Core, ERRANDS_MAX};
use crate::disk::{Purge, PurgeProgress, PurgeScope, Verify, VerifyCursor};
use crate::name::bucket_id;

/// How many objects are warmed side by side.
const WARM_CONCURRENCY: usize = 4;
/// How many keys are listed at a time.
const WARM_PAGE: usize = 1000;

/// How often the directory is looked after: whether others fill its device, and whether it works again.
const TEND_EVERY: Duration = Duration::from_secs(10);

/// How far warming has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WarmProgress {
    /// Objects that were read.
    pub done: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Objects that could not be read.
    pub failed: u64,
    /// Objects found so far; more may follow while `is_listing`.
    pub found: u64,
    /// Whether there is more to list.
    pub is_listing: bool,
}

/// Reads all objects of a bucket under a prefix through a store, so that the caches in it have them. Call
/// [`Warm::next`] until it gives `None`.
pub struct Warm {
    store: SharedStore,
    bucket: Arc<Bucket>,
    prefix: String,
    after: Option<Position>,
    waiting: VecDeque<ObjectSummary>,
    reading: FuturesUnordered<Reading>,
    progress: WarmProgress,
}

type Reading = std::pin::Pin<Box<dyn Future<Output = Result<u64, StoreError>> + Send>>;

impl Warm {
    /// Warms what is under `prefix` in `bucket` of `store`, the outermost one: names are those that its clients use.
    #[must_use]
    pub fn new(store: SharedStore, bucket: Bucket, prefix: String) -> Self {
        Self {
            store,
            bucket: Arc::new(bucket),
            prefix,
            after: None,
            waiting: VecDeque::new(),
            reading: FuturesUnordered::new(),
            progress: WarmProgress { is_listing: true, ..WarmProgress::default() },
        }
    }

    /// Goes on by one object; `None` once all are read.
    ///
    /// # Errors
    /// Where the bucket cannot be listed. Objects that cannot be read are counted.
    ///
    /// # Cancel safety
    /// Nothing is lost when the future is dropped.
    pub async fn next(&mut self) -> Option<Result<WarmProgress, StoreError>> {
        while self.waiting.is_empty() && self.progress.is_listing {
            if let Err(error) = self.list().await {
                self.progress.is_listing = false;
                return Some(Err(error));
            }
        }
        while self.reading.len() < WARM_CONCURRENCY {
            let Some(object) = self.waiting.pop_front() else { break };
            self.reading.push(Box::pin(read(self.store.clone(), self.bucket.clone(), object)));
        }
        match self.reading.next().await? {
            Ok(bytes) => {
                self.progress.done += 1;
                self.progress.bytes += bytes;
            }
            Err(error) => {
                tracing::warn!(%error, bucket = %self.bucket.name, "an object could not be read into the cache");
                self.progress.failed += 1;
            }
        }
        Some(Ok(self.progress))
    }

    async fn list(&mut self) -> Result<(), StoreError> {
        let options = ListObjects {
            prefix: self.prefix.clone(),
            delimiter: None,
            after: self.after.clone(),
            limit: WARM_PAGE,
        };
        let ListPage { entries, more } =
            self.store.list(&Context::background(), &self.bucket, options).await?;
        let objects = entries.into_iter().filter_map(|entry| match entry {
            ListEntry::Object(object) => Some(object),
            ListEntry::Prefix(_) => None,
        });
        self.waiting.extend(objects);
        self.progress.found += self.waiting.len() as u64;
        self.after = self.waiting.back().map(|object| Position::Key(object.key.as_str().to_owned()));
        self.progress.is_listing = more && self.after.is_some();
        Ok(())
    }
}

async fn read(store: SharedStore, bucket: Arc<Bucket>, object: ObjectSummary) -> Result<u64, StoreError> {
    let cx = Context::background();
    let opened = store.open(&cx, &bucket, &object.key, OpenOptions::default()).await?;
    let mut body = opened.content.read(ByteRange::whole(opened.info.size_bytes)).await?;
    let mut bytes = 0;
    while let Some(frame) = body.next_frame().await {
        let frame = frame.map_err(|error| {
            StoreError::new(store::StoreErrorKind::Body(error), "read an object into the cache")
        })?;
        if let Frame::Data(data) = frame {
            bytes += data.len() as u64;
        }
    }
    Ok(bytes)
}

/// A purge on its way: each call of [`CachePurge::next`] does a part of it.
pub struct CachePurge {
    disk: Purge,
    scope: PurgeScope,
    core: Arc<Core>,
}

impl CachePurge {
    /// Does a part; `None` when all is done.
    ///
    /// # Cancel safety
    /// The part is done at the next call.
    pub async fn next(&mut self) -> Option<PurgeProgress> {
        let progress = self.disk.next().await;
        if progress.is_none() {
            // What was read from disk meanwhile is forgotten too.
            self.core.forget(&self.scope);
        }
        progress
    }
}

impl Core {
    /// Forgets what is in memory of a scope. Where not both store and bucket are named, more is forgotten than was asked for: it
    /// is on disk, or asked of the store again.
    fn forget(&self, scope: &PurgeScope) {
        let (store, bucket) = (scope.store.as_deref(), scope.bucket.as_deref());
        let id = store.zip(bucket).map(|(store, bucket)| bucket_id(store, bucket));
        self.table.forget_prefix(id, if id.is_some() { &scope.key_prefix } else { "" });
        self.small.forget(store, bucket, &scope.key_prefix);
        self.listings.forget_bucket(id);
    }
}

impl Cache {
    /// Drops all that is cached of a scope, in memory at once and on disk as the returned work goes on. What is fetched
    /// meanwhile may stay.
    #[must_use]
    pub fn purge(&self, scope: PurgeScope) -> CachePurge {
        self.0.forget(&scope);
        CachePurge { disk: self.0.disk.purge(scope.clone()), scope, core: self.0.clone() }
    }

    /// Reads every block on disk and drops the damaged ones; goes on behind `from` where it was interrupted there.
    #[must_use]
    pub fn verify(&self, from: Option<VerifyCursor>) -> Verify {
        self.0.disk.verify(from, &self.0.budget)
    }

    /// Looks after the directory until `stop`, and then waits until what was begun in the background has ended.
    pub async fn run(&self, stop: impl Future<Output = ()>) {
        let mut stop = std::pin::pin!(stop);
        while tokio::time::timeout(TEND_EVERY, &mut stop).await.is_err() {
            self.0.disk.tend().await;
        }
        let all = u32::try_from(ERRANDS_MAX).unwrap_or(u32::MAX);
        let _ended = self.0.errands.acquire_many(all).await;
    }
}
