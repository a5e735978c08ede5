//! Back-fill: brings a target that has joined later to what the others have, bucket by bucket, while the mirror serves.
//!
//! Until it is done the target is no full member of the bucket: a key that it was not given yet is read from others, and
//! what is written meanwhile is written to it, too.

mod cursor;
mod retire;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};
use store::{
    ListEntry, ListObjects, Missing, ObjectInfo, OpenOptions, Position, StoreError, StoreErrorKind,
    Versioning,
};
use tokio::time::sleep;
use types::{BucketName, Context, ObjectKey};

pub use cursor::BackfillProgress;
pub(crate) use cursor::{NAMES, name as cursor_name, names_of, parse_name};

use crate::core::Core;
use crate::journal::{BucketRecord, Held, KeyState, Member, Version, What};
use crate::locks::LockName;
use crate::repair::KeyName;

/// Keys that are brought to a target side by side.
const KEYS_AT_ONCE: usize = 4;
/// Keys after which it is kept how far a back-fill has come.
const KEYS_PER_MARK: usize = 100;
/// Buckets whose records are read at once.
const BUCKETS: usize = 100;
/// How long it takes until somebody looks again whether a target has joined, and the rest after a failure.
pub(crate) const REST: Duration = Duration::from_secs(5);

type Filling<'a> = Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send + 'a>>;

impl Core {
    /// Fills targets for as long as it is polled.
    pub(crate) async fn keep_filling(self: &Arc<Self>) {
        let mut retired = false;
        loop {
            // What fails is tried again after the rest: a target that is away is out by then.
            retired = retired || self.retire().await.is_ok();
            let _failed = self.fill_all().await;
            sleep(REST).await;
        }
    }

    /// One pass over all buckets and the targets that are being filled.
    ///
    /// # Errors
    /// The last failure of a bucket; those behind it were tried all the same.
    pub(crate) async fn fill_all(self: &Arc<Self>) -> Result<(), StoreError> {
        let (mut after, mut outcome): (Option<BucketName>, _) = (None, Ok(()));
        loop {
            let (buckets, more) =
                self.journal.buckets("", after.as_ref().map(BucketName::as_str), BUCKETS).await?;
            for (name, record) in &buckets {
                for place in self.filling(record) {
                    outcome = self.fill(name, record, place).await.and(outcome);
                }
            }
            match buckets.into_iter().next_back() {
                Some((name, _)) if more => after = Some(name),
                _ => return outcome,
            }
        }
    }

    /// The targets that are being filled in a bucket and answer.
    fn filling(&self, record: &BucketRecord) -> Vec<usize> {
        let is_filling = |place: &usize| record.member(self.targets[*place].number) == Some(Member::Filling);
        (0..self.targets.len()).filter(is_filling).filter(|place| !self.health.is_out(*place)).collect()
    }

    /// Walks over a bucket's keys. One that cannot be brought to the target now keeps nothing that lies behind it from being
    /// brought; but the walk then marks nothing any more and does not finish, and the next one begins at the mark.
    async fn fill(
        self: &Arc<Self>,
        name: &BucketName,
        record: &BucketRecord,
        place: usize,
    ) -> Result<(), StoreError> {
        let cursor_name = cursor::name(self.targets[place].number, name);
        let kept = self.journal.cursor(&cursor_name).await?;
        let progress = kept.as_deref().and_then(BackfillProgress::decode);
        let mut progress = progress
            .filter(|progress| progress.handle == record.handle)
            .unwrap_or(BackfillProgress { handle: record.handle, keys: 0, behind: None });
        let (mut marked, mut failed) = (progress.encode(), None);
        if kept.as_deref() != Some(&marked[..]) {
            self.journal.set_cursor(&cursor_name, Some(&marked)).await?;
        }
        loop {
            let page = self.keys_behind(name, record, progress.behind.as_ref()).await?;
            let Some(last) = page.last().cloned() else { break };
            let (filled, failure) = self.fill_keys(name, record, place, &page).await;
            self.stats.filled.add(filled);
            progress.keys += filled;
            progress.behind = Some(last);
            failed = failure.or(failed);
            if let Some(error) = failed.take_if(|_| self.is_pointless(place, filled)) {
                return Err(error);
            }
            let next = if failed.is_some() { marked.clone() } else { progress.encode() };
            if !self.mark(name, &cursor_name, (&marked, &next)).await? {
                return Ok(());
            }
            marked = next;
        }
        match failed {
            Some(error) => Err(error),
            None => {
                let holds = self.look_for_leftovers(place, (name, record)).await?;
                self.finish_fill(name, (&cursor_name, &marked), (record.handle, place, holds)).await
            }
        }
    }

    /// Whether the keys of a walk fail because a target is away, and not for themselves.
    fn is_pointless(&self, place: usize, filled: u64) -> bool {
        self.health.is_out(place)
            || (filled == 0 && (0..self.targets.len()).any(|place| self.health.is_out(place)))
    }

    /// Moves the mark of a walk. False where that is not there any more: the target has lost the bucket, and what was brought
    /// to it before counts no more.
    async fn mark(
        &self,
        name: &BucketName,
        cursor_name: &[u8],
        (from, to): (&[u8], &[u8]),
    ) -> Result<bool, StoreError> {
        let _shared = self.locks.shared(LockName::Bucket(name.clone())).await;
        if self.journal.cursor(cursor_name).await?.as_deref() != Some(from) {
            return Ok(false);
        }
        if from != to {
            self.journal.set_cursor(cursor_name, Some(to)).await?;
        }
        Ok(true)
    }

    /// The next keys of a bucket, in order: all that the journal knows, and all that are there without its knowing.
    async fn keys_behind(
        self: &Arc<Self>,
        name: &BucketName,
        record: &BucketRecord,
        behind: Option<&ObjectKey>,
    ) -> Result<Vec<ObjectKey>, StoreError> {
        let start = behind.map_or_else(Vec::new, |key| [key.as_str().as_bytes(), &[0]].concat());
        let (rows, more) = self.journal.known_between(record.handle, (&start, None), KEYS_PER_MARK).await?;
        let mut keys: Vec<ObjectKey> = rows.into_iter().map(|(key, _)| key).collect();
        if record.coverage == crate::journal::Coverage::Whole {
            return Ok(keys);
        }
        let known_to = keys.last().filter(|_| more).cloned();
        let options = ListObjects {
            after: behind.map(|key| Position::Key(key.as_str().to_owned())),
            limit: KEYS_PER_MARK,
            ..ListObjects::default()
        };
        let page = self.objects_page(&Context::background(), &record.to_bucket(name), options).await?;
        let listed = page.entries.into_iter().filter_map(|entry| match entry {
            ListEntry::Object(object) => Some(object.key),
            ListEntry::Prefix(_) => None,
        });
        let listed: Vec<ObjectKey> = listed.collect();
        let listed_to = listed.last().filter(|_| page.more).cloned();
        keys.extend(listed);
        let to = known_to.into_iter().chain(listed_to).min();
        keys.retain(|key| to.as_ref().is_none_or(|to| key <= to));
        keys.sort();
        keys.dedup();
        Ok(keys)
    }

    /// Brings keys to a target. Returns how many, and the last failure of the others.
    async fn fill_keys(
        self: &Arc<Self>,
        name: &BucketName,
        record: &BucketRecord,
        place: usize,
        keys: &[ObjectKey],
    ) -> (u64, Option<StoreError>) {
        let mut waiting = keys.iter();
        let mut filling: FuturesUnordered<Filling<'_>> = FuturesUnordered::new();
        let (mut filled, mut failed) = (0, None);
        loop {
            while filling.len() < KEYS_AT_ONCE {
                let Some(key) = waiting.next() else { break };
                filling.push(Box::pin(self.fill_key(place, record, (name, key))));
            }
            match filling.next().await {
                Some(Ok(())) => filled += 1,
                Some(Err(error)) => failed = Some(error),
                None => return (filled, failed),
            }
        }
    }

    /// Brings a key to a target. One that has been a member before may have lost what the journal says it has: it is asked.
    async fn fill_key(
        self: &Arc<Self>,
        place: usize,
        record: &BucketRecord,
        (name, key): (&BucketName, &ObjectKey),
    ) -> Result<(), StoreError> {
        let number = self.targets[place].number;
        let state = self.journal.key(record.handle, key).await?;
        let current = state.as_ref().and_then(KeyState::version).cloned();
        let older = match record.versioning {
            Versioning::Off => Vec::new(),
            Versioning::Enabled | Versioning::Suspended => {
                self.journal.all_noncurrent(record.handle, key).await?
            }
        };
        for version in current.into_iter().chain(older) {
            let Some(held) = version.held_at(number) else { continue };
            let options =
                OpenOptions { version_id: held.address(record.versioning), ..OpenOptions::default() };
            let there = self.head(place, name, key, options).await;
            if matches!(&there, Err(error) if matches!(error.kind, StoreErrorKind::Missing(Missing::Bucket)))
            {
                self.bucket_lost(place, name).await?;
            }
            if !is_there(&version, held, there)? {
                let name = KeyName { bucket: name.clone(), handle: record.handle, key: key.clone() };
                self.owe_again(place, &name, &version).await?;
            }
        }
        self.repair_key(place, name, record.handle, key).await
    }
}

/// Whether what a target answered is what the journal says it has.
fn is_there(
    version: &Version,
    held: &Held,
    answer: Result<ObjectInfo, StoreError>,
) -> Result<bool, StoreError> {
    match (&version.what, answer) {
        (What::Object(facts), Ok(info)) => {
            Ok(info.size_bytes == facts.size_bytes && info.etag == *held.etag.as_ref().unwrap_or(&facts.etag))
        }
        (What::Marker, Ok(_)) => Ok(false),
        (what, Err(error)) => match error.kind {
            StoreErrorKind::DeleteMarker { .. } => Ok(*what == What::Marker),
            StoreErrorKind::Missing(Missing::Key | Missing::Version) => Ok(false),
            _ => Err(error),
        },
    }
}
