use std::sync::Arc;

use meta::Commit;
use store::{
    DeleteOutcome, Missing, ObjectInfo, OpenOptions, PutOutcome, StoreError, StoreErrorKind, Versioning,
};
use types::{BucketName, Context, ETag, ObjectKey, TagSet, Timestamp, VersionId};

use crate::core::Core;
use crate::journal::{CopyState, Current, Intent, KeyState, Origin, Plan, Sequence, UploadNumber, Version};
use crate::write::{Draft, Kept, Refusals, Replies, Reply, Turn};

const OPERATION: &str = "settle what was begun";

/// What stands under a key at a target.
#[derive(Debug)]
enum There {
    Object(Box<ObjectInfo>),
    Marker(VersionId),
    Nothing,
    /// It does not answer.
    Away(StoreError),
}

impl Core {
    /// Settles what was begun at a key by an earlier process, or by a write whose end nobody saw. Cheap where there is nothing.
    ///
    /// # Errors
    /// `Unavailable` while no target tells what became of it.
    pub(crate) async fn settle_key(
        self: &Arc<Self>,
        bucket: &BucketName,
        handle: u64,
        key: &ObjectKey,
    ) -> Result<(), StoreError> {
        if !self.is_unsettled(handle, key) {
            return Ok(());
        }
        match self.journal.bucket(bucket).await?.filter(|record| record.handle == handle) {
            Some(record) => self.turn(&record.to_bucket(bucket), key, OPERATION).await.map(|_| ()),
            None => Ok(()),
        }
    }

    /// Settles everything that was begun and left. Returns how many are left because no target tells.
    pub(crate) async fn settle_all(self: &Arc<Self>) -> Result<usize, StoreError> {
        let mut left = 0;
        for (handle, key) in self.all_unsettled() {
            let Some(intent) = self.journal.intent(handle, &key).await? else {
                self.has_settled(handle, &key);
                continue;
            };
            let record = self.journal.bucket(&intent.bucket).await?;
            if record.is_none_or(|record| record.handle != handle) {
                self.drop_intent(&intent, handle, &key).await?;
                continue;
            }
            match self.settle_key(&intent.bucket, handle, &key).await {
                Ok(()) => {}
                Err(error) if matches!(error.kind, StoreErrorKind::Unavailable) => left += 1,
                Err(error) => return Err(error),
            }
        }
        Ok(left)
    }

    /// Takes away an intent in a bucket that is no more.
    async fn drop_intent(&self, intent: &Intent, handle: u64, key: &ObjectKey) -> Result<(), StoreError> {
        let mut commit = Commit::default();
        crate::journal::KeyPlace { bucket: &intent.bucket, handle, key }.settle(&mut commit);
        self.journal.commit(commit).await?;
        self.has_settled(handle, key);
        Ok(())
    }
}

impl Turn {
    /// Settles what was left open at the key: rolls it forward from a target that has it whole, or drops it everywhere.
    ///
    /// # Errors
    /// `Unavailable` while no target tells what became of it.
    pub(crate) async fn settle_open(&mut self) -> Result<(), StoreError> {
        let handle = self.record.handle;
        if !self.core.is_unsettled(handle, &self.key) {
            return Ok(());
        }
        if let Some(intent) = self.core.journal.intent(handle, &self.key).await? {
            self.settle(intent).await?;
            self.core.stats.settled.add(1);
        }
        self.core.has_settled(handle, &self.key);
        self.reload().await
    }

    async fn settle(&mut self, intent: Intent) -> Result<(), StoreError> {
        let places: Vec<usize> =
            intent.targets.iter().filter_map(|number| self.core.place_of(*number)).collect();
        if places.iter().any(|place| self.core.is_running(*place, &self.bucket, &self.key)) {
            return Err(StoreError::new(StoreErrorKind::Unavailable, OPERATION));
        }
        match intent.plan {
            Plan::Object { sequence, random, upload, origin } => {
                let draft = draft(sequence, random);
                let there = self.look_at(&places).await?;
                self.settle_object(draft, (upload, origin), there).await
            }
            Plan::Marker { sequence, random } => {
                let there = self.look_at(&places).await?;
                self.settle_marker(draft(sequence, random), there).await
            }
            Plan::Remove { sequence } => self.settle_removal(sequence).await,
            Plan::Tags { sequence, tags } => self.settle_tags(sequence, &tags).await,
        }
    }

    /// What stands under the key at the targets that may have been reached.
    ///
    /// # Errors
    /// `Unavailable` where none of them answers, and no other one tells what was there before.
    async fn look_at(&self, places: &[usize]) -> Result<Vec<(usize, There)>, StoreError> {
        let older = match self.record.versioning {
            Versioning::Off => Vec::new(),
            Versioning::Enabled | Versioning::Suspended => {
                self.core.journal.all_noncurrent(self.record.handle, &self.key).await?
            }
        };
        let mut there = Vec::with_capacity(places.len());
        for place in places {
            let look = self.core.head(*place, &self.bucket, &self.key, OpenOptions::default()).await;
            there.push((
                *place,
                match look {
                    Ok(info) if self.came_late(*place, &older, (&info.version_id, Some(&info.etag))) => {
                        There::Nothing
                    }
                    Ok(info) => There::Object(Box::new(info)),
                    Err(error) => match error.kind {
                        StoreErrorKind::DeleteMarker { version_id, .. }
                            if self.came_late(*place, &older, (&Some(version_id.clone()), None)) =>
                        {
                            There::Nothing
                        }
                        StoreErrorKind::DeleteMarker { version_id, .. } => There::Marker(version_id),
                        // A bucket that is not there tells nothing of its keys.
                        StoreErrorKind::Missing(Missing::Key | Missing::Version) => There::Nothing,
                        _ => There::Away(error),
                    },
                },
            ));
        }
        let away = there.iter().filter(|(_, there)| matches!(there, There::Away(_))).count();
        if away > 0 && away == there.len() {
            return Err(StoreError::new(StoreErrorKind::Unavailable, OPERATION));
        }
        Ok(there)
    }

    /// Whether what stands at a target is an older version, which came to it after newer ones.
    fn came_late(
        &self,
        place: usize,
        older: &[Version],
        (id, etag): (&Option<VersionId>, Option<&ETag>),
    ) -> bool {
        let (number, id) = (self.core.targets[place].number, id_of(id.as_ref()));
        older.iter().any(|version| {
            let Some(held) = version.held_at(number) else { return false };
            let same_bytes =
                || version.facts().map(|facts| held.etag.as_ref().unwrap_or(&facts.etag)) == etag;
            // The id of a null version is that of the next one, too.
            id_of(held.version_id.as_ref()) == id && (id != VersionId::Null || same_bytes())
        })
    }

    /// Whether what stands at a target is not what stood there before. A write begins only where that is known: it is the
    /// current version, or nothing. One that owes the current version got the write because nobody had that: what is found
    /// there tells nothing.
    fn is_new(&self, place: usize, there: &There) -> bool {
        let number = self.core.targets[place].number;
        let before =
            self.state.version().and_then(|version| Some((version.held_at(number)?, version.facts())));
        let is_plain = self.record.versioning == Versioning::Off;
        match (there, before) {
            (There::Nothing | There::Away(_), _) => false,
            (There::Object(_), None) => self.state.version().is_none() || !self.state.owes(number),
            (There::Marker(_), None) => true,
            (There::Object(info), Some((held, Some(facts)))) if is_plain => {
                info.etag != *held.etag.as_ref().unwrap_or(&facts.etag) || info.size_bytes != facts.size_bytes
            }
            (There::Object(info), Some((held, facts))) => {
                let (old, new) = (id_of(held.version_id.as_ref()), id_of(info.version_id.as_ref()));
                let replaced =
                    facts.is_none_or(|facts| info.etag != *held.etag.as_ref().unwrap_or(&facts.etag));
                old != new || replaced
            }
            (There::Marker(id), Some((held, facts))) => {
                facts.is_some() || id_of(held.version_id.as_ref()) != id.clone()
            }
        }
    }

    async fn settle_object(
        &mut self,
        draft: Draft,
        (upload, origin): (Option<UploadNumber>, Origin),
        there: Vec<(usize, There)>,
    ) -> Result<(), StoreError> {
        let winner = self.winner(&there).cloned();
        let Some(winner) = winner else { return self.settle_undone(there).await };
        let cx = Context::background();
        let mut commit = Commit::default();
        let replies: Replies<PutOutcome> =
            there.into_iter().map(|(place, there)| (place, reply_of(there, &winner))).collect();
        if let Some(upload) = upload {
            let done: Vec<usize> =
                replies.iter().filter(|(_, reply)| reply.done().is_some()).map(|(place, _)| *place).collect();
            self.end_upload(&mut commit, upload, (draft.sequence, &done)).await?;
        }
        if self.record.versioning != Versioning::Off {
            self.current().await?;
        }
        let kept = Kept { storage_class: winner.metadata.storage_class, origin, refusals: Refusals::Passing };
        match self.conclude_object(&cx, draft, (replies, kept), commit).await {
            // Too few targets have it for the policy: nobody waits for that answer, and the others owe it.
            Err(error) if matches!(error.kind, StoreErrorKind::Unavailable) && self.is_current(draft) => {}
            result => {
                result?;
            }
        }
        match upload {
            Some(upload) => self.core.journal.drop_parts(upload).await,
            None => Ok(()),
        }
    }

    /// Whether the journal has what was drafted as the key's current version.
    pub(crate) fn is_current(&self, draft: Draft) -> bool {
        self.state.version().is_some_and(|version| version.sequence == draft.sequence)
    }

    fn owed_before(&self, place: usize) -> bool {
        self.record.versioning == Versioning::Off && self.state.owes(self.core.targets[place].number)
    }

    /// The object that the write made, if a target has it. Where the tags do not tell, because the same bytes were written
    /// again, and the targets differ in what is said about the object, the latest. A target without versions that owed the key
    /// when the write began tells nothing: what it has may be of before that debt.
    fn winner<'a>(&self, there: &'a [(usize, There)]) -> Option<&'a ObjectInfo> {
        let objects = || {
            there.iter().filter_map(|(place, there)| match there {
                There::Object(info) if !self.owed_before(*place) => Some((place, there, info)),
                _ => None,
            })
        };
        let new = objects()
            .filter(|(place, there, _)| self.is_new(**place, there))
            .max_by_key(|(_, _, info)| info.modified_at);
        if let Some((_, _, info)) = new {
            return Some(info);
        }
        let (_, _, first) = objects().next()?;
        let differ = objects().any(|(_, _, info)| info.metadata != first.metadata);
        differ
            .then(|| objects().max_by_key(|(_, _, info)| info.modified_at))
            .flatten()
            .map(|(_, _, info)| &**info)
    }

    async fn settle_marker(&mut self, draft: Draft, there: Vec<(usize, There)>) -> Result<(), StoreError> {
        let is_done =
            |(place, there): &(usize, There)| matches!(there, There::Marker(_)) && self.is_new(*place, there);
        if !there.iter().any(is_done) {
            return self.settle_undone(there).await;
        }
        let new: Vec<bool> = there.iter().map(is_done).collect();
        let replies: Replies<DeleteOutcome> = there
            .into_iter()
            .zip(new)
            .map(|((place, there), is_new)| {
                (
                    place,
                    match there {
                        There::Marker(id) if is_new => {
                            Reply::Done(DeleteOutcome { version_id: Some(id), delete_marker: true })
                        }
                        There::Away(error) => Reply::Unknown(error),
                        _ => Reply::Refused(StoreError::new(StoreErrorKind::Conflict, OPERATION)),
                    },
                )
            })
            .collect();
        self.current().await?;
        let mut commit = Commit::default();
        let (after, _) = self.after_marker(&mut commit, draft, &replies);
        self.apply(commit, after).await
    }

    /// No target that answers has it: the key stays as it was, and those that do not answer are brought back to that.
    async fn settle_undone(&mut self, there: Vec<(usize, There)>) -> Result<(), StoreError> {
        let replies: Replies<()> = there
            .into_iter()
            .map(|(place, there)| {
                (
                    place,
                    match there {
                        There::Away(error) => Reply::Unknown(error),
                        _ => Reply::Refused(StoreError::new(StoreErrorKind::Conflict, OPERATION)),
                    },
                )
            })
            .collect();
        let mut commit = Commit::default();
        match self.after_nothing(&mut commit, &replies) {
            Some(after) => self.apply(commit, after).await,
            None => Err(StoreError::new(StoreErrorKind::Unavailable, OPERATION)),
        }
    }

    /// A removal that was begun is finished: every target that may have what was to go owes that.
    async fn settle_removal(&mut self, sequence: Option<Sequence>) -> Result<(), StoreError> {
        let mut commit = Commit::default();
        let nobody: Replies<DeleteOutcome> = Vec::new();
        let after = if self.record.versioning == Versioning::Off {
            self.place().settle(&mut commit);
            KeyState { current: Current::Absent, null: self.state.null, debts: self.debts_after(&nobody) }
        } else {
            match self.version_of(sequence).await? {
                Some(version) => self.after_removal(&mut commit, &version, &nobody).await?,
                None => {
                    self.place().settle(&mut commit);
                    self.state.clone()
                }
            }
        };
        self.apply(commit, after).await
    }

    pub(super) async fn version_of(
        &mut self,
        sequence: Option<Sequence>,
    ) -> Result<Option<Version>, StoreError> {
        if let Current::Version(version) = self.current().await?
            && sequence.is_none_or(|sequence| version.sequence == sequence)
        {
            return Ok(Some(version.clone()));
        }
        let Some(sequence) = sequence else { return Ok(None) };
        self.core.journal.noncurrent(self.record.handle, &self.key, sequence).await
    }

    async fn settle_tags(&mut self, sequence: Sequence, tags: &TagSet) -> Result<(), StoreError> {
        let mut commit = Commit::default();
        let Some(version) = self.version_of(Some(sequence)).await? else {
            self.place().settle(&mut commit);
            let after = self.state.clone();
            return self.apply(commit, after).await;
        };
        let (mut new, mut old) = (Vec::new(), Vec::new());
        for (place, target) in self.core.targets.iter().enumerate() {
            let Some(CopyState::Held(held)) = version.copy_at(target.number) else { continue };
            let version_id = held.address(self.record.versioning);
            let options = OpenOptions { version_id, ..OpenOptions::default() };
            match self.core.head(place, &self.bucket, &self.key, options).await {
                Ok(info) if info.metadata.tags == *tags => new.push(place),
                Ok(_) => old.push(place),
                Err(_) => {}
            }
        }
        if new.is_empty() && old.is_empty() {
            return Err(StoreError::new(StoreErrorKind::Unavailable, OPERATION));
        }
        let having = if new.is_empty() { old } else { new };
        let after = self.after_tags(&mut commit, version, |place| having.contains(&place));
        self.apply(commit, after).await
    }
}

fn draft(sequence: Sequence, random: Option<u64>) -> Draft {
    Draft { sequence, random, modified_at: Timestamp::from_nanos(sequence.0) }
}

fn id_of(id: Option<&VersionId>) -> VersionId {
    id.cloned().unwrap_or(VersionId::Null)
}

/// What a target would have answered, by what stands there now.
fn reply_of(there: There, winner: &ObjectInfo) -> Reply<PutOutcome> {
    match there {
        There::Object(info)
            if info.size_bytes == winner.size_bytes
                && info.etag == winner.etag
                && info.metadata == winner.metadata =>
        {
            Reply::Done(PutOutcome {
                etag: info.etag,
                version_id: info.version_id,
                checksum: info.checksum,
                size_bytes: info.size_bytes,
                modified_at: info.modified_at,
            })
        }
        There::Away(error) => Reply::Unknown(error),
        _ => Reply::Refused(StoreError::new(StoreErrorKind::Conflict, OPERATION)),
    }
}
