use std::sync::Arc;

use meta::Commit;
use store::{Bucket, Missing, StoreError, StoreErrorKind, Support};
use types::{Context, ObjectKey, TagSet, VersionId};

use super::ask::refusal;
use super::turn::owe;
use super::{Fan, Replies, Reply, Turn, to_its_end};
use crate::core::Core;
use crate::journal::{CopyState, Coverage, Current, KeyState, Plan, Version};

const OPERATION: &str = "set object tags";

impl Core {
    /// Replaces an object's tags at every target that has it. One that does not get them owes them.
    pub(crate) async fn set_tags(
        self: &Arc<Self>,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        (version_id, tags): (Option<VersionId>, TagSet),
    ) -> Result<Option<VersionId>, StoreError> {
        if let Support::No(why) = self.capabilities(bucket).object_tags {
            return Err(StoreError::new(StoreErrorKind::Unsupported(why), OPERATION));
        }
        let (core, cx, bucket, key) = (self.clone(), cx.clone(), bucket.clone(), key.clone());
        to_its_end(OPERATION, |wanted| async move {
            let mut turn = core.turn(&bucket, &key, OPERATION).await?.wanted(&wanted);
            let version = turn.find_object(version_id.as_ref()).await?;
            turn.commit_tags(&cx, version, tags).await
        })
        .await
    }
}

impl Turn {
    /// An object by its version, or the current one.
    pub(crate) async fn find_object(
        &mut self,
        version_id: Option<&VersionId>,
    ) -> Result<Version, StoreError> {
        let found = match version_id {
            Some(id) => self.find_version(id).await?,
            None => match self.current().await? {
                Current::Version(version) => Some(version.clone()),
                Current::Absent | Current::Unrecorded => None,
            },
        };
        let missing = if version_id.is_some() { Missing::Version } else { Missing::Key };
        let version = found.ok_or_else(|| StoreError::missing(missing, OPERATION))?;
        if version.facts().is_none() {
            let kind = StoreErrorKind::DeleteMarker {
                version_id: version.id(),
                named: version_id.is_some(),
                modified_at: version.modified_at,
            };
            return Err(StoreError::new(kind, OPERATION));
        }
        Ok(version)
    }

    async fn commit_tags(
        &mut self,
        cx: &Context,
        version: Version,
        tags: TagSet,
    ) -> Result<Option<VersionId>, StoreError> {
        let writable = self.core.writable(&self.record);
        let mut holders = Vec::new();
        for place in writable {
            if let Some(held) = version.held_at(self.core.targets[place].number)
                && !self.core.is_running(place, &self.bucket, &self.key)
            {
                holders.push((place, held.address(self.record.versioning)));
            }
        }
        if holders.len() < self.core.needed() {
            return Err(self.core.unmet(OPERATION));
        }
        let places: Vec<usize> = holders.iter().map(|(place, _)| *place).collect();
        self.begin(Plan::Tags { sequence: version.sequence, tags: tags.clone() }, &places).await?;
        let mut fan = Fan::new(self.core.clone());
        for (place, address) in holders {
            let (key, tags) = (self.key.clone(), tags.clone());
            let call = self.core.call(place, &self.bucket, move |store, bucket| async move {
                store.set_tags(&Context::background(), &bucket, &key, address, tags).await.map(|_| ())
            });
            fan.start(place, call);
        }
        let (core, bucket, key) = (self.core.clone(), self.bucket.clone(), self.key.clone());
        fan.let_go(|place| core.running(place, &bucket, std::slice::from_ref(&key)));
        let replies = fan.collect(self.core.needed()).await;
        self.conclude_tags(cx, version, replies).await
    }

    async fn conclude_tags(
        &mut self,
        cx: &Context,
        version: Version,
        replies: Replies<()>,
    ) -> Result<Option<VersionId>, StoreError> {
        let is_done = replies.iter().any(|(_, reply)| reply.done().is_some());
        if !is_done && !replies.iter().any(|(_, reply)| matches!(reply, Reply::Unknown(_))) {
            return Err(self.nothing_done(replies, OPERATION).await);
        }
        if !is_done {
            // Nobody knows: the targets are asked when the key is settled.
            self.core.leave_unsettled(self.record.handle, &self.key);
            return Err(refusal(&self.core, replies, OPERATION));
        }
        let version_id = version.shown_id(self.record.versioning);
        let mut commit = Commit::default();
        let has =
            |place: usize| replies.iter().any(|(replied, reply)| *replied == place && reply.done().is_some());
        let after = self.after_tags(&mut commit, version, has);
        self.apply(commit, after).await?;
        self.tell(cx, &replies, OPERATION)?;
        Ok(version_id)
    }

    /// The state after new tags of a version, which the targets have of which `has` says so. In a bucket whose keys are not
    /// all known, what the targets were found to have becomes known.
    pub(crate) fn after_tags(
        &self,
        commit: &mut Commit,
        mut version: Version,
        has: impl Fn(usize) -> bool,
    ) -> KeyState {
        let mut after = self.state.clone();
        for (place, target) in self.core.targets.iter().enumerate() {
            let state = match version.copy_at(target.number) {
                _ if has(place) => continue,
                Some(CopyState::Held(held)) => CopyState::OwesTags(held.clone()),
                Some(CopyState::OwesTags(_) | CopyState::Owed) => continue,
                None => CopyState::Owed,
            };
            version.set_copy(target.number, state);
            owe(&mut after.debts, target.number, self.core.now());
        }
        let is_current = match &self.state.current {
            Current::Version(current) => current.sequence == version.sequence,
            Current::Unrecorded => self.record.coverage == Coverage::Partial,
            Current::Absent => false,
        };
        if is_current {
            after.current = Current::Version(version);
        } else {
            self.place().put_noncurrent(commit, &version);
        }
        self.place().settle(commit);
        after
    }
}
