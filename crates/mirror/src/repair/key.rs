use std::sync::Arc;

use store::{
    ExpectedChecksum, ExpectedDigests, Identity, ListParts, Missing, ObjectIdentity, ObjectInfo, OpenOptions,
    PutOptions, PutOutcome, StoreError, StoreErrorKind, WriteCondition,
};
use types::{Body, BucketName, ByteRange, ChecksumKind, Context, ObjectKey, Passage, TagSet};

use super::chore::{Ahead, Chore, KeyName};
use super::mode::Company;
use crate::core::Core;
use crate::journal::{BucketRecord, CopyState, Held, Origin, Sequence, Stray, Version};
use crate::write::{Reply, Tail, Turn, Writers, refusal};

const OPERATION: &str = "repair a target";
/// Parts of an object that are asked for at once.
const PAGE_PARTS: usize = 1_000;

/// An object on its way to a target, all but its end.
pub(crate) struct Prepared {
    sequence: Sequence,
    writers: Writers<PutOutcome>,
    tail: Tail,
    /// The target that it comes of, and the tags that it comes with.
    source: (usize, TagSet),
    age: Age,
    /// Held until the last byte is written. What is copied in the middle of a turn has none: whoever has one may be waiting
    /// for that turn.
    passage: Option<Passage>,
}

/// Whether what was prepared is what is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Age {
    /// It is, with its tags.
    Fresh,
    /// It is, but its source does not tell whether its tags were set meanwhile.
    Untold,
    /// It is not, or its tags were set meanwhile.
    Stale,
}

/// What is copied to a target: a version of a key.
struct Errand<'a> {
    bucket: &'a BucketName,
    record: &'a BucketRecord,
    key: &'a ObjectKey,
    version: &'a Version,
}

impl Core {
    /// Brings a target to what the others have of a key, all versions of it, whether it owed that or not.
    ///
    /// # Errors
    /// That of the target, or of the one that has what it lacks; it owes the rest.
    pub(crate) async fn repair_key(
        self: &Arc<Self>,
        place: usize,
        bucket: &BucketName,
        handle: u64,
        key: &ObjectKey,
    ) -> Result<(), StoreError> {
        let name = KeyName { bucket: bucket.clone(), handle, key: key.clone() };
        self.add_debt(place, &name).await?;
        self.work_off(place, &name).await
    }

    /// Has a target do all that it owes of a key, and finds out where it has lost the bucket.
    pub(crate) async fn work_off(self: &Arc<Self>, place: usize, name: &KeyName) -> Result<(), StoreError> {
        let repaired = self.repair_steps(place, name).await;
        if let Err(error) = &repaired
            && matches!(error.kind, StoreErrorKind::Missing(Missing::Bucket))
        {
            self.bucket_lost(place, &name.bucket).await?;
        }
        repaired
    }

    /// Has a target do all that it owes of a key. Bodies are copied without the key's lock; only their ends wait for it, and
    /// one that is not wanted any more by then is dropped.
    async fn repair_steps(self: &Arc<Self>, place: usize, name: &KeyName) -> Result<(), StoreError> {
        let (mut prepared, mut ahead) = (None::<Prepared>, Ahead::default());
        let mut company = Company::Shared;
        loop {
            let Some(record) = self.journal.bucket(&name.bucket).await? else {
                return self.forget_debt(place, name).await;
            };
            if record.handle != name.handle {
                return self.forget_debt(place, name).await;
            }
            let mut turn = self.turn_in_company(company, (&record, name)).await?;
            let chore = turn.next_chore(place, &mut ahead).await?;
            let has_company = std::mem::replace(&mut company, Company::of(&turn.record, &chore)) == company;
            match chore {
                Chore::Nothing => return turn.bring_up(place).await,
                Chore::Put(version) => {
                    let mut ready = prepared.take();
                    if let Some(prepared) = &mut ready {
                        prepared.age = turn.age_of(&version, prepared).await?;
                    }
                    ready = ready.filter(|prepared| prepared.age != Age::Stale);
                    if ready.is_some() || turn.is_there(place, &version).await {
                        if has_company {
                            turn.do_chore(place, Chore::Put(version), ready).await?;
                        } else {
                            prepared = ready;
                        }
                        continue;
                    }
                    let record = turn.record.clone();
                    drop(turn);
                    let (bucket, key) = (&name.bucket, &name.key);
                    let errand = Errand { bucket, record: &record, key, version: &version };
                    let passage = Some(self.budget.passage().await);
                    prepared = Some(Prepared { passage, ..self.prepare(place, &errand).await? });
                }
                chore if has_company => turn.do_chore(place, chore, None).await?,
                _ => {}
            }
        }
    }

    /// A debt of a bucket that is no more: the bucket's own debt removes what is left of it.
    async fn forget_debt(self: &Arc<Self>, place: usize, name: &KeyName) -> Result<(), StoreError> {
        let number = self.targets[place].number;
        let owed = self.journal.bucket_debt(number, &name.bucket).await?;
        if owed.is_some_and(|debt| debt.removed.contains(&name.handle)) {
            return Err(StoreError::new(StoreErrorKind::Unavailable, OPERATION));
        }
        self.drop_key_debt(number, name).await
    }

    /// Streams a version from a target that has it to one that does not, all but its end.
    async fn prepare(self: &Arc<Self>, place: usize, errand: &Errand<'_>) -> Result<Prepared, StoreError> {
        let (body, options, source) = self.fetch(place, errand).await?;
        let source = (source, options.metadata.tags.clone());
        let start = self.putting(errand.bucket, errand.key, options);
        let mut writers = Writers::new(self.clone(), vec![place], 1, start);
        let tail = writers.stream(body).await?;
        Ok(Prepared {
            sequence: errand.version.sequence,
            writers,
            tail,
            source,
            age: Age::Fresh,
            passage: None,
        })
    }

    /// Opens a version at a target that has it, whole whatever becomes of that one, and says how it is put, and which that is.
    async fn fetch(
        self: &Arc<Self>,
        place: usize,
        errand: &Errand<'_>,
    ) -> Result<(Body, PutOptions, usize), StoreError> {
        let Some(facts) = errand.version.facts() else {
            return Err(StoreError::new(StoreErrorKind::Internal, OPERATION));
        };
        let bucket = errand.record.to_bucket(errand.bucket);
        let (source, opened) = self.open_version(&bucket, errand.key, errand.version).await?;
        let body = opened.content.read(ByteRange::whole(facts.size_bytes)).await?;
        let there = self.target_bucket(place, errand.bucket).await?;
        let (etag, checksum) = (facts.etag.clone(), facts.checksum);
        let identity = if self.targets[place].store.capabilities(&there).supplied_identity.is_yes() {
            let part_sizes = match opened.info.part_count {
                None => Vec::new(),
                Some(_) => self.part_sizes(source, errand).await?,
            };
            Identity::Supplied(ObjectIdentity { etag, checksum, part_sizes })
        } else {
            let known = checksum.filter(|checksum| {
                checksum.kind == ChecksumKind::FullObject && facts.origin == Origin::Computed
            });
            let checksum = known.map_or(ExpectedChecksum::Default, ExpectedChecksum::Value);
            Identity::Compute(ExpectedDigests { content_md5: None, checksum })
        };
        let (metadata, condition) = (opened.info.metadata, WriteCondition::Always);
        Ok((body, PutOptions { metadata, identity, condition }, source))
    }

    async fn part_sizes(&self, source: usize, errand: &Errand<'_>) -> Result<Vec<u64>, StoreError> {
        let held = errand.version.held_at(self.targets[source].number);
        let version_id = held.and_then(|held| held.address(errand.record.versioning));
        let options = OpenOptions { version_id, ..OpenOptions::default() };
        let (cx, store) = (Context::background(), &self.targets[source].store);
        let bucket = self.target_bucket(source, errand.bucket).await?;
        let (mut sizes, mut after) = (Vec::new(), 0);
        loop {
            let page = ListParts { after, limit: PAGE_PARTS };
            let asked = store.parts(&cx, &bucket, errand.key, options.clone(), page);
            let page = match self.ask(source, asked).await {
                // A service that does not list parts: the copy goes without their sizes.
                Err(error) if matches!(error.kind, StoreErrorKind::Unsupported(_)) => return Ok(Vec::new()),
                page => page?,
            };
            sizes.extend(page.parts.iter().map(|part| part.range.len()));
            match page.parts.last() {
                Some(last) if page.more => after = last.number,
                _ => return Ok(sizes),
            }
        }
    }
}

impl Turn {
    /// Whether what was prepared is a version as its source has it now: while it was copied, its tags may have been set.
    ///
    /// # Errors
    /// That of the source, where it does not have the version any more.
    async fn age_of(&self, version: &Version, prepared: &Prepared) -> Result<Age, StoreError> {
        let (source, tags) = &prepared.source;
        let held = version.held_at(self.core.targets[*source].number);
        let Some(held) = held.filter(|_| prepared.sequence == version.sequence) else {
            return Ok(Age::Stale);
        };
        let version_id = held.address(self.record.versioning);
        let options = OpenOptions { version_id, ..OpenOptions::default() };
        match self.core.head(*source, &self.bucket, &self.key, options).await {
            Ok(info) if info.metadata.tags == *tags => Ok(Age::Fresh),
            Ok(_) => Ok(Age::Stale),
            Err(error) => match error.kind {
                StoreErrorKind::Missing(_) | StoreErrorKind::DeleteMarker { .. } => Err(error),
                _ => Ok(Age::Untold),
            },
        }
    }

    /// Whether a target has a version already that it is said to owe: from a write that ended after nobody waited for it any
    /// more.
    async fn is_there(&self, place: usize, version: &Version) -> bool {
        self.found_there(place, version).await.is_some()
    }

    async fn found_there(&self, place: usize, version: &Version) -> Option<Held> {
        let number = self.core.targets[place].number;
        let is_wrong =
            self.state.debts.iter().any(|debt| debt.target == number && debt.stray == Stray::Wrong);
        if self.record.versioning != store::Versioning::Off || is_wrong {
            return None;
        }
        let facts = version.facts()?;
        let look = |place| self.core.head(place, &self.bucket, &self.key, OpenOptions::default());
        let theirs: ObjectInfo = look(place).await.ok()?;
        if theirs.etag != facts.etag || theirs.size_bytes != facts.size_bytes {
            return None;
        }
        let holds = |source: &usize| version.held_at(self.core.targets[*source].number).is_some();
        let source = self.core.health.order(self.core.read).into_iter().find(holds)?;
        let info = look(source).await.ok()?;
        (info.metadata == theirs.metadata).then(Held::default)
    }

    /// Gives a target a version, from what was prepared or from now on. Returns as what it has it.
    pub(crate) async fn put_at(
        &self,
        place: usize,
        version: &Version,
        prepared: Option<Prepared>,
    ) -> Result<CopyState, StoreError> {
        let ready = match prepared {
            Some(ready) => ready,
            None => {
                if let Some(held) = self.found_there(place, version).await {
                    return Ok(CopyState::Held(held));
                }
                let (bucket, record, key) = (&self.bucket, &self.record, &self.key);
                self.core.prepare(place, &Errand { bucket, record, key, version }).await?
            }
        };
        let (core, bucket, key) = (self.core.clone(), self.bucket.clone(), self.key.clone());
        let running = move |place| core.running(place, &bucket, std::slice::from_ref(&key));
        let (size_bytes, age) = (ready.tail.size_bytes, ready.age);
        let finishing = ready.writers.finish(ready.tail, running);
        let replies = self.in_mode_of(place, version, async { Ok(finishing.await) }).await?;
        drop(ready.passage);
        let done = replies.iter().find_map(|(_, reply)| match reply {
            Reply::Done(outcome) => Some(outcome.clone()),
            Reply::Refused(_) | Reply::Unknown(_) => None,
        });
        let Some(outcome) = done else { return Err(refusal(&self.core, replies, OPERATION)) };
        self.core.stats.targets[place].repaired_bytes.add(size_bytes);
        let shown = version.facts().map(|facts| &facts.etag);
        let held = Held {
            version_id: outcome.version_id,
            etag: (shown != Some(&outcome.etag)).then_some(outcome.etag),
        };
        Ok(if age == Age::Untold { CopyState::OwesTags(held) } else { CopyState::Held(held) })
    }
}
