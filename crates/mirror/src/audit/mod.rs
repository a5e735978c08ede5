//! The audit: compares what targets have, key by key, and says where they do not agree.

mod compare;
mod cursor;
mod digest;
mod event;
mod held;
mod leftovers;
mod slot;

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use futures_util::stream::{FuturesOrdered, StreamExt};
use store::{Bucket, Missing, StoreError, StoreErrorKind, Versioning};
use types::{BucketName, Context, ObjectKey};

pub use event::{
    Agreement, Depth, Finding, Remedy, Seen, SeenAt, Start, VerifyCounts, VerifyEvent, VerifyOptions,
};

use self::compare::{Compared, Plan, compare};
use self::cursor::Cursor;
use self::held::Holdings;
use crate::Mirror;
use crate::core::Core;
use crate::journal::{BucketRecord, Member};

/// Keys that are compared side by side.
const KEYS_AT_ONCE: usize = 4;
/// Keys after which the audit keeps where it stands and tells how far it is.
const KEYS_PER_MARK: u64 = 200;
/// Bytes read after which it does so, too.
const BYTES_PER_MARK: u64 = 256 * 1024 * 1024;
/// Rows of the journal read at once.
const ROWS: usize = 1_000;

type Comparing = Pin<Box<dyn Future<Output = Result<Compared, StoreError>> + Send>>;

impl Mirror {
    /// Begins an audit of a bucket.
    ///
    /// # Errors
    /// `Missing(Bucket)`; failures of the journal; failures of a target that the audit must read.
    pub async fn verify(&self, options: VerifyOptions) -> Result<Verify, StoreError> {
        Verify::begin(self.0.clone(), options).await
    }
}

/// An audit under way: works while it is asked for events, and not otherwise. Dropped, it can be resumed.
pub struct Verify {
    core: Arc<Core>,
    plan: Arc<Plan>,
    cursor_name: Vec<u8>,
    counts: VerifyCounts,
    marked: (u64, u64),
    keys: u64,
    holdings: Vec<Holdings>,
    /// Keys that the journal knows, read ahead.
    rows: VecDeque<ObjectKey>,
    rows_after: Option<ObjectKey>,
    more_rows: bool,
    comparing: FuturesOrdered<Comparing>,
    told: VecDeque<VerifyEvent>,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Comparing,
    Ended,
}

impl Verify {
    async fn begin(core: Arc<Core>, options: VerifyOptions) -> Result<Self, StoreError> {
        const OPERATION: &str = "compare targets";
        let missing = || StoreError::missing(Missing::Bucket, OPERATION);
        let bucket = core.bucket_record(&Context::background(), &options.bucket).await?;
        let record = core.journal.bucket(&options.bucket).await?.ok_or_else(missing)?;
        let cursor_name = cursor::name(&options.bucket, options.depth);
        if options.start == Start::Anew {
            core.journal.set_cursor(&cursor_name, None).await?;
        }
        let kept = core.journal.cursor(&cursor_name).await?;
        let cursor = kept.as_deref().and_then(Cursor::decode);
        let behind = cursor.as_ref().map(|cursor| cursor.key.clone());
        let (mut at, mut holdings) = (Vec::new(), Vec::new());
        for place in 0..core.targets.len() {
            let own = bucket_at(&core, place, &options.bucket, &record).await?;
            holdings.extend(own.iter().map(|own| Holdings::new(place, own.clone(), behind.clone())));
            at.push(own);
        }
        let plan = Plan { bucket, record, depth: options.depth, remedy: options.remedy, at };
        Ok(Self {
            core,
            plan: Arc::new(plan),
            cursor_name,
            counts: cursor.map(|cursor| cursor.counts).unwrap_or_default(),
            marked: (0, 0),
            keys: 0,
            holdings,
            rows: VecDeque::new(),
            rows_after: behind.clone(),
            more_rows: true,
            comparing: FuturesOrdered::new(),
            told: [VerifyEvent::Began { behind }].into(),
            stage: Stage::Comparing,
        })
    }

    /// What comes next; `None` after the end or an error.
    ///
    /// # Errors
    /// Failures of the journal, or of a target's listing; the audit can be resumed behind what it has told.
    ///
    /// # Cancel safety
    /// Dropped, it loses nothing but work that an audit resumed does again.
    pub async fn next(&mut self) -> Option<Result<VerifyEvent, StoreError>> {
        loop {
            if let Some(event) = self.told.pop_front() {
                return Some(Ok(event));
            }
            if self.stage == Stage::Ended {
                return None;
            }
            if let Err(error) = self.advance().await {
                self.stage = Stage::Ended;
                return Some(Err(error));
            }
        }
    }

    async fn advance(&mut self) -> Result<(), StoreError> {
        while self.comparing.len() < KEYS_AT_ONCE {
            let Some(key) = self.next_key().await? else { break };
            let mut listed = vec![None; self.core.targets.len()];
            for holdings in &mut self.holdings {
                listed[holdings.place] = Some(holdings.take(&self.core, &key).await?);
            }
            self.comparing.push_back(Box::pin(compare(self.core.clone(), self.plan.clone(), key, listed)));
        }
        match self.comparing.next().await {
            Some(compared) => self.take(compared?).await,
            None => {
                self.stage = Stage::Ended;
                self.told.push_back(VerifyEvent::Ended(self.counts));
                self.core.journal.set_cursor(&self.cursor_name, None).await
            }
        }
    }

    /// Takes in what a comparison came to, and keeps where the audit stands now and then.
    async fn take(&mut self, compared: Compared) -> Result<(), StoreError> {
        self.keys += 1;
        for found in compared.found {
            self.counts.add(&found.finding, found.bytes);
            self.told.push_back(VerifyEvent::Found(found.finding));
        }
        let (keys, bytes) = self.marked;
        if self.keys - keys < KEYS_PER_MARK
            && self.counts.bytes - bytes.min(self.counts.bytes) < BYTES_PER_MARK
        {
            return Ok(());
        }
        self.marked = (self.keys, self.counts.bytes);
        self.told.push_back(VerifyEvent::Progress(self.counts));
        let cursor = Cursor { key: compared.key, counts: self.counts };
        self.core.journal.set_cursor(&self.cursor_name, Some(&cursor.encode())).await
    }

    /// The next key that the journal or a target knows.
    async fn next_key(&mut self) -> Result<Option<ObjectKey>, StoreError> {
        if self.rows.is_empty() && self.more_rows {
            let start = self
                .rows_after
                .as_ref()
                .map_or_else(Vec::new, |key| [key.as_str().as_bytes(), &[0]].concat());
            let handle = self.plan.bucket.handle;
            let (rows, more) = self.core.journal.known_between(handle, (&start, None), ROWS).await?;
            self.more_rows = more;
            self.rows_after = rows.last().map(|(key, _)| key.clone()).or(self.rows_after.take());
            self.rows = rows.into_iter().map(|(key, _)| key).collect();
        }
        let mut next = self.rows.front().cloned();
        for holdings in &mut self.holdings {
            let held = holdings.peek(&self.core).await?;
            next = next.into_iter().chain(held.cloned()).min();
        }
        if next.is_some() && self.rows.front() == next.as_ref() {
            self.rows.pop_front();
        }
        Ok(next)
    }
}

/// A target's own record of the bucket; `None` where it owes all of the bucket, as one does that has lost it.
async fn bucket_at(
    core: &Arc<Core>,
    place: usize,
    name: &BucketName,
    record: &BucketRecord,
) -> Result<Option<Bucket>, StoreError> {
    let target = &core.targets[place];
    if !matches!(record.member(target.number), Some(Member::Full | Member::Filling)) {
        return Ok(None);
    }
    // What is kept of the target's buckets may be older than a loss of them.
    core.forget_target_bucket(place, name);
    let own = match core.target_bucket(place, name).await {
        Err(error) if matches!(error.kind, StoreErrorKind::Missing(Missing::Bucket)) => {
            core.bucket_lost(place, name).await?;
            return Ok(None);
        }
        own => own?,
    };
    // A target may have begun to keep versions for older ones that came late.
    let versioning = match record.versioning {
        Versioning::Off => Versioning::Off,
        Versioning::Enabled | Versioning::Suspended => Versioning::Enabled,
    };
    Ok(Some(Bucket { versioning, ..own }))
}
